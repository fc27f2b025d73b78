"""Steps 6 to 12: what the intruder left, the leak, the damage, blocklists, adoption, hardening, the report.

These read facts that the sweep, the search, the look-ups and the report have journaled; a step whose fact
is missing is open, and a person may attest it.
"""

from __future__ import annotations

from dataclasses import replace

from workbench.core.redact import visible
from workbench.core.words import listed, plural
from workbench.domain.detection.alarms import names_of
from workbench.domain.detection.findings import Finding, findings
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.hardening.measures import Standing, items, score, settled
from workbench.domain.hardening.recorded import ScoreBefore
from workbench.domain.leaks import leaks
from workbench.domain.leaks.beside import reach
from workbench.domain.leaks.recorded import LeaksFound
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.state import Alarm
from workbench.domain.runbook.adoption import (
    by_one_hour,
    down_words,
    log_unread,
    replacements,
    source_question,
    told,
)
from workbench.domain.runbook.recorded import ReportWritten
from workbench.domain.runbook.verdict import Found, Verdict, attested, counted
from workbench.domain.settings_audit.recorded import SweepRead

_ACCEPTED = (EffectState.DONE, EffectState.VERIFIED)
# What is taken away in a plan of its own: a name is typed, or this host's own address.
_OF_ITS_OWN = ("domains.delete", "allowlist.remove")
_NAMED = 3  # measures left for later, named one by one


def leftovers(situation: Situation) -> Found:
    """Step 6: every finding judged, and what was judged the intruder's is gone."""
    found = [f for f in findings(situation) if not f.key.startswith("leak:")]
    open_ = [f for f in found if not f.decision]
    bad = [f for f in found if f.decision == INTRUDER]
    lines = [f"{f.title}: {'; '.join(f.why[:1])}" for f in open_[:6]]
    if len(open_) > 6:
        lines.append(f"and {len(open_) - 6} more")
    lines += [f"{f.title}: judged the intruder's, still there" for f in bad]
    sweep = situation.state.fact(SweepRead)
    if sweep is not None:
        lines.append(f"swept {sweep.at}: {sweep.looked_at} settings looked at")
    done = len(found) - len(open_) - len(bad)
    if sweep is None:
        said = attested(situation.state, "6")
        if said is not None and not open_ and not bad:
            return said
        lines = lines or [
            "keys, logins, users and domains show nothing unexplained; settings are not swept yet"
        ]
        return Found(Verdict.OPEN, tuple(lines), (done, len(found)) if found else None, "leftovers.sweep")
    if open_:
        happens = f"A list of the {plural(len(open_), 'finding')} to judge: yours or the intruder's. Nothing changes."
        return replace(counted(done, len(found), tuple(lines)), action="findings.judge", happens=happens)
    if bad:
        return _to_remove(situation, counted(done, len(found), tuple(lines)), bad)
    if situation.state.access_cut_at and not situation.state.after_cut(sweep, sweep.row):
        if (said := _attested_since(situation, "6")) is not None:
            return said
        early = (
            f"swept {sweep.at[:16]}Z, before access was cut last: what was changed in between is not in it"
        )
        return Found(Verdict.IN_PROGRESS, (early, *lines[:-1]), action="leftovers.sweep")
    return Found(Verdict.DONE, tuple(lines))


def _attested_since(situation: Situation, step: str) -> Found | None:
    """Return what a person said of a step since access was cut last, None where nobody did: earlier is too early."""
    state = situation.state
    said = any(a.step == step and not a.subject and a.at >= state.access_cut_at for a in state.attestations)
    return attested(state, step) if said else None


def _to_remove(situation: Situation, found: Found, bad: list[Finding]) -> Found:
    """Name what takes the intruder's things away: one plan for most, one of its own for some, else the panel."""
    vain = _in_vain(situation)
    away = [f for f in bad if f.remedy and f.remedy not in _OF_ITS_OWN and f.id not in vain]
    if away and all(f.key.startswith("alarm:") and f.remedy == "leftovers.remove" for f in away):
        happens = (
            "What changed came after the settings were looked at: they are read again, and show what can go."
        )
        return replace(found, action="leftovers.sweep", happens=happens)
    if away:
        return replace(
            found,
            action="leftovers.remove",
            happens="What was judged the intruder's is removed, in one plan.",
        )
    accepted = {
        r.effect.target for r in situation.state.of_kind(EffectKind.DOMAIN_DELETE) if r.state in _ACCEPTED
    }
    domains = [f.id for f in bad if f.kind == "domain" and f.id not in accepted | vain]
    if domains:
        name = visible(domains[0], 100)
        happens = f"{name} is deleted for good, in a plan of its own: Mailgun cannot switch a domain off."
        return replace(found, action="domains.delete", happens=happens)
    entries = [visible(f.id, 60) for f in bad if f.kind == "allowlist" and f.id not in vain]
    if entries:
        happens = (
            f"{listed(entries, _NAMED)} off the IP allowlist, in a plan of its own: this host's own address is asked "
            "for first, or the workbench might lock itself out."
        )
        return replace(found, action="allowlist.remove", happens=happens)
    # Users go in the panel (step 1b), a domain's deletion runs in Mailgun's background for minutes.
    if not by_hand(situation):
        happens = "The rest goes by itself or in step 1b; the account is read again every minute."
        waits = "Mailgun, which deletes a domain in the background, and the control panel (step 1b); read every minute"
        return replace(found, action="pane.domains", happens=happens, idle=True, waits=waits)
    happens = (
        "No call removes these: repair them in the control panel, then say so in the list. The evidence below names "
        "them."
    )
    return replace(found, action="findings.judge", happens=happens)


def by_hand(situation: Situation) -> list[Finding]:
    """Return the intruder's things that only somebody in the control panel can take away, or see to be gone."""
    vain = _in_vain(situation)
    bad = [f for f in findings(situation) if f.decision == INTRUDER and not f.key.startswith("leak:")]
    # Users have step 1b of their own, and a domain is deleted by a plan of its own.
    return [f for f in bad if f.id in vain or (not f.remedy and f.kind not in ("user", "domain"))]


def _in_vain(situation: Situation) -> set[str]:
    """Return what was removed without that being shown from here, or failed to be removed twice: a person looks.

    A domain is not among them while its deletion runs in Mailgun's background.
    """
    found = set()
    for record in situation.state.effects.values():
        slow = record.effect.kind is EffectKind.DOMAIN_DELETE
        unseen = record.state is EffectState.DONE and record.tried_at and not slow
        if unseen or record.given_up:
            found.add(record.effect.target)
    return found


def leak(situation: Situation) -> Found:
    """Step 7: exposures found and closed, or every place searched and recorded."""
    fact = situation.state.fact(LeaksFound)
    said = attested(situation.state, "7")
    if fact is None:
        return said or Found(
            Verdict.OPEN, ("nothing searched yet: workbench leaks PATH…",), action="leaks.search"
        )
    found = leaks.leaks(situation.state)
    open_ = [one for one in found if one.open]
    lines = (*leaks.lines(situation.state), *reach(situation.state))
    if open_:
        happens = (
            "Take each secret out of where it lies (and out of the history), block what the site serves, then "
            "search again: what is gone closes by itself. What stays for a reason is judged in the list."
        )
        waiting = counted(len(found) - len(open_), len(found), lines)
        return replace(waiting, action="leaks.judge", happens=happens)
    return said or _searched(fact, lines)


def _searched(fact: LeaksFound, lines: tuple[str, ...]) -> Found:
    """Return how a search stands that left nothing open: done only where it read all that it was asked to read."""
    unread = [*fact.failed, *fact.skipped]
    if fact.searched and not unread:
        return Found(Verdict.DONE, lines)
    told = [f"not read: {visible(one, 160)}" for one in dict.fromkeys(unread)][:4] or [
        "no place was searched to its end"
    ]
    happens = "Search again, with what this search could not read: other places, an unpacked archive, a log's format."
    waits = "a search that reads what this one could not; where that stays so, attest what is known (t)"
    return Found(
        Verdict.IN_PROGRESS,
        (*told, *lines),
        action="leaks.search",
        happens=happens,
        idle=True,
        waits=waits,
    )


def damage(situation: Situation) -> Found:
    """Step 8: the abuse window and what went out are known."""
    fact = situation.state.fact(RecordedAssessment)
    if fact is not None:
        return _assessed(situation, fact)
    volume = situation.volume
    said = attested(situation.state, "8")
    if said is not None:
        return said
    if volume is None:
        return Found(Verdict.OPEN, ("the sending figures are not read yet",), action="damage.assess")
    if volume.began is None:
        lines = ("no abnormal hour in the metrics", volume.explained())
        return Found(Verdict.OPEN, lines, action="damage.assess")
    return Found(
        Verdict.IN_PROGRESS,
        (f"abnormal {volume.span('%d %b')}, {volume.abuse_accepted:,} messages accepted", volume.explained()),
        action="damage.assess",
    )


def _assessed(situation: Situation, fact: RecordedAssessment) -> Found:
    """Return how the assessment stands: one made before access was cut does not know how it ended."""
    lines = fact.lines
    if begun := _sends_since(situation, fact.at):
        words = f"{visible(begun[0].text, 120)}: not in the assessment of {fact.at[:16]}Z"
        return Found(Verdict.IN_PROGRESS, (words, *lines), action="damage.assess")
    if not situation.state.access_cut_at or situation.state.after_cut(fact, fact.since):
        said = attested(situation.state, "8") if fact.missing else None
        if not fact.missing or said is not None:
            return said or Found(Verdict.DONE, lines)
        missing = tuple(f"not read: {visible(line, 160)}" for line in fact.missing[:4])
        waits = "a log that can be read: Enter reads it again; where it stays unreadable, attest it (t)"
        return Found(Verdict.IN_PROGRESS, (*missing, *lines), action="damage.assess", idle=True, waits=waits)
    words = f"assessed {fact.at[:16]}Z, before access was cut: how it ended is not in it"
    return Found(Verdict.IN_PROGRESS, (words, *lines), action="damage.assess")


def _sends_since(situation: Situation, at: str) -> list[Alarm]:
    """Return the alarms of somebody who began to send after ``at``, the newest first, what was judged ours left out."""
    rang = sorted(situation.state.alarms.values(), key=lambda alarm: alarm.at, reverse=True)
    ours = {name for name, one in situation.state.decisions.items() if one.decision == "ours"}
    begun = (alarm for alarm in rang if alarm.id.startswith("sends:") and alarm.at > at)
    return [alarm for alarm in begun if not ours & set(names_of(alarm))]


def adoption(situation: Situation) -> Found:
    """Step 10: each replacement seen in use; opens as soon as one is proven."""
    said = attested(situation.state, "10")
    made = replacements(situation)
    if not made:
        if said is None and situation.state.contained_at:
            return Found(Verdict.NOT_APPLICABLE, ("access is cut, and no program needs a replacement",))
        why = "opens when the first replacement is proven"
        found = Found(Verdict.OPEN, (why,), action="adoption.show", idle=True)
        return said or replace(found, waits="steps 1 and 2: no replacement is proven yet")
    waiting = [one for one in made if one.waits]
    down = sum(one.down for one in waiting)
    unused = [one for one in made if one.used_before is False and not one.in_use]
    blind = log_unread(situation)
    lines = [down_words(situation, made)]
    if question := source_question(situation):
        lines.append(question)
    # Whoever's session was stolen would hand the new secrets straight on.
    lines += leaks.devices(situation.state)
    lines += [one.line() for one in waiting[:6]]
    if unused:
        lines.append(f"{len(unused)} more were not in use before: nobody is waiting for them")
    if said is not None:
        return said
    # What is kept until its hand-over holds the step open, and nobody is down for it.
    found = counted(len(made) - down, len(made), tuple(lines))
    if (waiting and not down) or (blind and found.verdict is Verdict.DONE):
        found = replace(found, verdict=Verdict.IN_PROGRESS)
    if found.verdict is Verdict.DONE and by_one_hour(situation, made):
        waits = "step 8: who sends once a day, or could not send, shows once the log is assessed"
        return replace(found, verdict=Verdict.IN_PROGRESS, action="adoption.show", idle=True, waits=waits)
    if waiting and (told(situation, waiting) or all(one.handed_over for one in waiting)):
        happens = (
            f"{plural(len(waiting), 'credential')} handed over; it is the turn of those who run the programs. The log "
            "is read again and again: each closes by itself when it is seen in use."
        )
        waits = (
            f"whoever runs the programs: {plural(len(waiting), 'credential')} not seen in use yet; until then the log "
            "is read every few minutes. What nobody needs is said so in the list (H, then x)"
        )
        return replace(found, action="adoption.show", happens=happens, idle=True, waits=waits)
    if question and not waiting and any(one.in_use for one in made):
        # Done is when production runs on the new ones and the old places are clean: step 7 says of that.
        happens = (
            "Production runs on the new ones. The places where the old ones lay are not clean yet: step 7."
        )
        waits = "step 7: the places where the old ones lay"
        return replace(
            found,
            verdict=Verdict.IN_PROGRESS,
            action="adoption.show",
            happens=happens,
            idle=True,
            waits=waits,
        )
    return replace(found, action="adoption.show")


def harden(situation: Situation) -> Found:
    """Step 11: every measure stands by evidence or attestation; what was left for later is no tick, and says so."""
    said = attested(situation.state, "11")
    if not situation.state.contained_at:
        why = "after access is cut and production runs again"
        waits = "steps 1 and 2, and with them step 10: access is not proven cut yet"
        return said or Found(Verdict.OPEN, (why,), action="harden.show", idle=True, waits=waits)
    measures = items(situation)
    reached = score(measures)
    first = situation.state.known(ScoreBefore).percent
    lines = [f"score {reached.percent} %{f' (was {first} %)' if first is not None else ''}"]
    open_ = [item for item in measures if not settled(item)]
    later = [item for item in measures if item.standing is Standing.LATER]
    lines += [f"{item.title}: {item.standing.value}, {item.evidence}; {item.how}" for item in open_]
    lines += [f"{item.title}: {item.evidence}" for item in later]
    if not later:
        return said or replace(
            counted(len(measures) - len(open_), len(measures), tuple(lines)), action="harden.show"
        )
    # Leaving a measure for later is named and no tick, also where somebody attested the rest as a whole.
    left = f"{plural(len(later), 'measure')} left for later"
    if open_ and said is None:
        stands = counted(len(measures) - len(open_) - len(later), len(measures), (left, *lines))
        return replace(stands, action="harden.show")
    return Found(
        Verdict.LATER,
        (left, *lines),
        (len(measures) - len(later), len(measures)),
        "harden.show",
        "The list of measures: do, or attest, what was left for later.",
        waits=f"you: {left}, until each is done or attested ({listed((i.title for i in later), _NAMED)})",
    )


def report(situation: Situation) -> Found:
    """Step 12: the report sent (attested), and the account's own word that it may send again."""
    said = attested(situation.state, "12")
    stopped = sorted(i.name for i in situation.inventory.domains.values() if i.domain.is_disabled)
    if said is not None:
        if not stopped:
            return replace(said, evidence=(*said.evidence, "no domain of the account is disabled"))
        lines = (*said.evidence, f"still disabled: {', '.join(visible(name, 80) for name in stopped[:6])}")
        happens = (
            "The report is sent; Support re-enables the account. The domains are read again every minute."
        )
        waits = "Mailgun Support, until they enable the account; the domains are read again every minute"
        return Found(
            Verdict.IN_PROGRESS, lines, action="report.write", happens=happens, idle=True, waits=waits
        )
    fact = situation.state.fact(ReportWritten)
    if fact is not None:
        lines = (f"written {fact.at}, sha256 {fact.sha256[:16]}…, not sent yet",)
        return Found(Verdict.IN_PROGRESS, lines, action="report.write")
    return Found(Verdict.OPEN, ("write it when the steps above stand",), action="report.write")
