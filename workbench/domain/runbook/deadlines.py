"""Deadlines of an incident: what they are for, how long they still run, and which are to be set now. Pure.

A timer is a journal row, so it survives the program; it never acts. When it runs out the operator is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from workbench.core.clock import as_moment, iso
from workbench.domain.model.plan import EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import CALM_DEADLINE, DEADLINE, kept, timer_id
from workbench.domain.runbook.user_actions import LINK, TOLD, pending

HAND_OVER = "hand-over"
PROOF = "proof"
# Dead credentials are proven dead again after an hour, and after 48: that long a key revoked by the vendor's
# old reset button went on working (dossier A2).
PROOFS = (("1 h", timedelta(hours=1)), ("48 h", timedelta(hours=48)))

_ACTIONS = {HAND_OVER: "handover.finish", LINK: "people.message", TOLD: "people.message"}


@dataclass(frozen=True, slots=True)
class Timer:
    """One running deadline. ``left`` is negative when it ran out; ``action`` the catalogue's action to offer,
    ``""`` where there is none."""

    id: str
    kind: str
    subject: str
    text: str
    due: datetime
    left: timedelta
    action: str

    @property
    def over(self) -> bool:
        """Return whether the time is up: ask the operator."""
        return self.left <= timedelta(0)


def running(situation: Situation) -> list[Timer]:
    """Return the timers that still matter, the next one due first."""
    waiting = {timer_id(item.credential) for item in kept(situation)}
    waiting |= {f"{kind}:{one.item.id}" for one in pending(situation) for kind in (LINK, TOLD)}
    found = []
    for set_ in situation.state.timers.values():
        if (set_.kind in (HAND_OVER, LINK, TOLD) and set_.id not in waiting) or set_.ended:
            continue
        # A deadline that cannot be read is over: it is asked about rather than forgotten.
        due = as_moment(set_.due) or situation.now
        action = _ACTIONS.get(set_.kind, "")
        found.append(Timer(set_.id, set_.kind, set_.subject, set_.text, due, due - situation.now, action))
    return sorted(found, key=lambda timer: timer.due)


def wanted(situation: Situation, deadline: timedelta = DEADLINE) -> list[RecordedTimer]:
    """Return the timers that should run and do not yet, or not for long enough."""
    state, now = situation.state, situation.now
    made = [
        RecordedTimer(
            id=timer_id(item.credential),
            kind=HAND_OVER,
            subject=item.credential,
            due=iso(now + (CALM_DEADLINE if item.calm else deadline)),
            text=f"hand over the replacement of {item.target}, then end the old one",
        )
        for item in kept(situation)
        if item.proven and timer_id(item.credential) not in state.timers
    ]
    cut = as_moment(state.last_cut_at)
    if cut is not None and any(r.state is EffectState.VERIFIED for r in state.effects.values()):
        for name, after in PROOFS:
            due = iso(cut + after)
            known = state.timers.get(f"{PROOF}:{name}")
            # A later cut moves both proofs: what died last must be looked at as long after as the rest.
            if known is None or known.due < due:
                text = f"prove again, {name} after the last cut, that what is dead stayed dead"
                made.append(RecordedTimer(id=f"{PROOF}:{name}", kind=PROOF, due=due, text=text))
    return made


def ended(situation: Situation) -> list[RecordedTimer]:
    """Return the proof timers that are due, ended: journal them after proving again."""
    return [
        replace(timer, ended=iso(situation.now))
        for timer in situation.state.timers.values()
        if timer.kind == PROOF
        and not timer.ended
        and (as_moment(timer.due) or situation.now) <= situation.now
    ]
