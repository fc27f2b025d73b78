"""Steps 6 to 12: what the intruder left, the leak, the damage, blocklists, adoption, hardening, the report.

These read facts that the sweep, the search, the look-ups and the report have journaled; a step whose fact
is missing is open, and a person may attest it.
"""

from __future__ import annotations

from workbench.incident.adoption import replacements
from workbench.incident.findings import findings
from workbench.incident.hardening import Standing, items, score
from workbench.incident.situation import Situation
from workbench.incident.verdicts import Found, Verdict, attested, counted


def leftovers(situation: Situation) -> Found:
    """Step 6: every finding judged, and what was judged the intruder's is gone."""
    found = findings(situation)
    open_ = [f for f in found if not f.decision]
    bad = [f for f in found if f.decision == "intruder"]
    lines = [f"{f.title}: {'; '.join(f.why[:1])}" for f in open_[:6]]
    if len(open_) > 6:
        lines.append(f"and {len(open_) - 6} more")
    lines += [f"{f.title}: judged the intruder's, still there" for f in bad]
    sweep = situation.state.facts.get("sweep")
    if sweep is not None:
        lines.append(f"swept {sweep['at']}: {sweep.get('looked_at', 0)} settings looked at")
    if open_ or bad:
        decided = len(found) - len(open_) - len(bad)
        return counted(decided, len(found), tuple(lines))
    if sweep is None:
        return attested(situation.state, "6") or Found(
            Verdict.OPEN,
            ("keys, logins, users and domains show nothing unexplained; settings are not swept yet",),
        )
    return Found(Verdict.DONE, tuple(lines))


def leak(situation: Situation) -> Found:
    """Step 7: exposures found and closed, or every place searched and recorded."""
    fact = situation.state.facts.get("leaks")
    said = attested(situation.state, "7")
    if fact is None:
        return said or Found(Verdict.OPEN, ("nothing searched yet: workbench leaks PATH…",))
    open_ = int(fact.get("open", 0))
    lines = (
        f"searched {fact['at']}: {fact.get('places', 0)} place(s), "
        f"{fact.get('found', 0)} secret(s) found, {open_} open",
    )
    if said is not None and not open_:
        return said
    return Found(Verdict.IN_PROGRESS if open_ else Verdict.DONE, lines)


def damage(situation: Situation) -> Found:
    """Step 8: the abuse window and what went out are known."""
    fact = situation.state.facts.get("assessment")
    if fact is not None:
        return Found(Verdict.DONE, tuple(str(line) for line in fact.get("lines", ())))
    volume = situation.volume
    said = attested(situation.state, "8")
    if said is not None:
        return said
    if volume is None:
        return Found(Verdict.OPEN, ("the sending figures are not read yet",))
    if volume.began is None:
        return Found(Verdict.OPEN, ("no abnormal hour in the metrics", volume.explained()))
    sent = sum(hour.accepted for hour in volume.hours if hour.start >= volume.began)
    return Found(
        Verdict.IN_PROGRESS,
        (f"abnormal since {volume.began:%d %b %H:%M}Z, {sent:,} messages accepted", volume.explained()),
    )


def adoption(situation: Situation) -> Found:
    """Step 10: each replacement seen in use; opens as soon as one is proven."""
    said = attested(situation.state, "10")
    made = replacements(situation)
    if not made:
        return said or Found(Verdict.OPEN, ("opens when the first replacement is proven",))
    waiting = [one for one in made if one.down]
    unused = [one for one in made if one.used_before is False and not one.in_use]
    lines = [f"{len(waiting)} sender(s) still down"] if waiting else ["no sender is down"]
    lines += [one.line() for one in waiting[:6]]
    if unused:
        lines.append(f"{len(unused)} more were not in use before: nobody is waiting for them")
    done = len(made) - len(waiting)
    return said or counted(done, len(made), tuple(lines))


def harden(situation: Situation) -> Found:
    """Step 11: every measure stands by evidence or attestation; the score is shown."""
    said = attested(situation.state, "11")
    if not situation.state.contained_at:
        return said or Found(Verdict.OPEN, ("after access is cut and production runs again",))
    measures = items(situation)
    reached = score(measures)
    good = (Standing.GOOD, Standing.ATTESTED)
    open_ = [item for item in measures if item.standing not in good]
    first = situation.state.facts.get("hardening_before", {}).get("percent")
    lines = [f"score {reached.percent} %{f' (was {first} %)' if first is not None else ''}"]
    lines += [f"{item.title}: {item.standing.value}, {item.evidence}; {item.how}" for item in open_]
    found = counted(len(measures) - len(open_), len(measures), tuple(lines))
    return said or found


def report(situation: Situation) -> Found:
    """Step 12: the report sent (attested)."""
    said = attested(situation.state, "12")
    if said is not None:
        return said
    fact = situation.state.facts.get("report")
    if fact is not None:
        return Found(
            Verdict.IN_PROGRESS,
            (f"written {fact['at']}, sha256 {fact.get('sha256', '')[:16]}…, not sent yet",),
        )
    return Found(Verdict.OPEN, ("write it when the steps above stand",))
