"""The report's parts for those who answer for privacy and insurance: facts, hours, drafts with blanks. Pure.

No legal advice: whether a duty applies is decided by whoever answers for it, and each sheet says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import estimated
from workbench.domain.forensics import reach
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.forensics.since import abuse_began_text
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.containment_state import containment
from workbench.reports.audiences import BLANK, ended, log_read, misuse, unjudged
from workbench.reports.blocks import Bullets, Section, Table, Text

# The step whose attestation says since when the company knows; asked once.
AWARE = "aware"
NOTICE_HOURS = 72  # GDPR Art. 33(1)
_NO_ADVICE = (
    "This sheet holds facts and blanks. It is no legal advice: whether and to whom a notice is due is decided by "
    "whoever answers for data protection."
)


def clock(situation: Situation) -> Section:
    """Return since when the company is aware, and when 72 hours of it are over."""
    aware = aware_since(situation)
    lines: tuple[str, ...]
    if aware is None:
        lines = (
            f"Aware since: {BLANK} (say it once: `workbench report --aware 2026-11-21T14:00Z`; the hours count from "
            "it)",
        )
    else:
        due = aware + timedelta(hours=NOTICE_HOURS)
        left = due - situation.now
        hours = int(left.total_seconds() // 3600)
        passed = f"{-hours} h ago" if left.total_seconds() < 0 else f"in {hours} h"
        lines = (
            f"Aware since {aware:%Y-%m-%d %H:%M}Z.",
            f"72 hours are over at {due:%Y-%m-%d %H:%M}Z ({passed}, as of {situation.now:%Y-%m-%d %H:%M}Z).",
        )
    return Section("The hours", (Text(_NO_ADVICE), Bullets(lines)))


def aware_since(situation: Situation) -> datetime | None:
    """Return the moment somebody said the company became aware, the latest word counting; None before one."""
    said = [a for a in situation.state.attestations if a.step == AWARE]
    return as_moment(said[-1].subject) if said else None


def what_could_be_read(situation: Situation) -> Section:
    """Return, for each credential in the intruder's hands, what it opened, and what nobody can tell."""
    found = reach.reach(situation)
    rows = tuple(
        (
            one.credential,
            one.rights,
            one.since or "cannot tell",
            one.until or "cannot tell",
            _opened(one),
        )
        for one in found
    )
    headers = ("credential", "rights", "since", "until", "what it opened")
    table = (
        (Table(headers, rows),) if rows else (Text("No credential is known to be the intruder's so far."),)
    )
    return Section("What could be read", (*table, Bullets(tuple(reach.gaps(situation)))))


def _opened(one: reach.Reach) -> str:
    """Return what a credential opened, each answer once with all it holds of."""
    by_answer: dict[str, list[str]] = {}
    for data in one.data:
        by_answer.setdefault(data.sure.said, []).append(data.words)
    return ". ".join(f"{said}: {'; '.join(words)}" for said, words in by_answer.items()) or "nothing"


def affected(situation: Situation) -> Section:
    """Return whom it concerns: recipients reached, kinds of data, with how sure each is."""
    fact = situation.state.known(RecordedAssessment)
    harm = fact.damage.intruder
    if harm is not None:
        reached = estimated(harm.recipients, "recipient", exact=harm.recipients_exact)
        people = f"The intruder's mail was delivered to {reached}{log_read(fact)}."
        if waiting := unjudged(situation):
            people = f"{people[:-1]}, as far as is judged; {waiting}."
    else:
        people = "How many people were sent the intruder's mail was not counted yet (`workbench assess`)."
    kinds = [f"{sure.said}: {words}" for words, sure in reach.kinds_of(reach.reach(situation))]
    return Section(
        "Whom it concerns",
        (
            Text(people),
            Text("Kinds of data that the stolen and planted credentials reached:"),
            Bullets(tuple(kinds)),
        )
        if kinds
        else (
            Text(people),
            Text(
                "No key is known to have been the intruder's, so what data was within reach cannot be told."
            ),
        ),
    )


def notice_to_authority(situation: Situation) -> Section:
    """Return a first, phased notice with blanks (GDPR Art. 33(3), 33(4))."""
    name = visible(situation.state.name or BLANK, 60)
    items = (
        f"Controller: {name}. Contact for questions: {BLANK}.",
        f"What happened: somebody {misuse(situation)}, since about {abuse_began_text(situation, BLANK)}. "
        f"State: {containment(situation).words}.",
        f"Categories and number of people: see *Whom it concerns*; further: {BLANK}.",
        f"Likely consequences: {BLANK} (mail in our name that may ask for passwords or payment).",
        "Measures taken: see the decision log and the steps of the report to Support.",
        f"Not known yet, to follow: {BLANK}.",
    )
    return Section("First notice, draft", (Bullets(items),))


def letter_to_people(situation: Situation) -> Section:
    """Return a letter to people affected, for the case that one is due (GDPR Art. 34)."""
    text = (
        f"Dear {BLANK}, somebody {misuse(situation)}. Of you the following may have been seen: "
        f"{BLANK}. You may get mail that claims to come from us: do not follow links in it and enter no password. "
        f"{ended(situation)} Questions: {BLANK}."
    )
    return Section("Letter to people affected, draft, if one is due", (Text(text),))


def decision_log(situation: Situation) -> Section:
    """Return what was decided and attested, by whom and when, in order."""
    rows = tuple(sorted(_decided(situation)))
    headers = ("at", "who", "what", "why")
    text = Text("Nothing was decided or attested yet.")
    return Section("Decisions", (Table(headers, rows) if rows else text,))


def _decided(situation: Situation) -> Iterator[tuple[str, str, str, str]]:
    for decision in situation.state.decisions.values():
        what = f"{visible(decision.finding, 100)}: {visible(decision.decision, 20)}"
        yield decision.at, visible(decision.who, 80), what, visible(decision.reason, 160)
    for said in situation.state.attestations:
        about = f": {visible(said.subject, 60)}" if said.subject else ""
        what = f"aware since{about}" if said.step == AWARE else f"step {said.step} attested{about}"
        yield said.at, visible(said.who, 80), what, visible(said.text, 160)


def insurer(situation: Situation) -> Section:
    """Return what an insurer asks first, as far as it is known."""
    state, volume = situation.state, situation.volume
    aware = aware_since(situation)
    discovered = (
        f"{aware:%Y-%m-%d %H:%M}Z" if aware is not None else f"{BLANK}, the incident's opening at the latest"
    )
    fact = state.known(RecordedAssessment)
    theirs = fact.damage.intruder
    by_log = f"; the intruder's by the log: {theirs.accepted:,}{log_read(fact)}" if theirs is not None else ""
    known = volume is not None and volume.began is not None
    sent = f"{volume.abuse_accepted:,} ({volume.span()})" if volume is not None and known else "not known"
    items = (
        f"Discovered: {discovered}; incident {state.incident} opened {visible(state.opened_at, 30)}. "
        f"Policy number: {BLANK}.",
        f"Kind: misuse of an e-mail sending account. Messages accepted while it lasted, all senders: {sent}{by_log}.",
        f"State: {containment(situation).words}.",
        f"Access was cut from {state.first_cut_at or 'not yet'} on.",
        f"Costs so far: {BLANK}. Loss of business: {BLANK}.",
    )
    return Section("For the insurer", (Text(_NO_ADVICE), Bullets(items)))
