"""Deadlines of an incident: what they are for, how long they still run, and which are to be set now. Pure.

A timer is a journal row, so it survives the program; it never acts. When it runs out the operator is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workbench.core.clock import as_moment, iso
from workbench.domain.model.plan import EffectState
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
    for name, body in situation.state.timers.items():
        kind = str(body.get("kind", ""))
        if (kind in (HAND_OVER, LINK, TOLD) and name not in waiting) or body.get("ended"):
            continue
        # A deadline that cannot be read is over: it is asked about rather than forgotten.
        due = as_moment(body.get("due")) or situation.now
        action = _ACTIONS.get(kind, "")
        subject, text = str(body.get("subject", "")), str(body.get("text", ""))
        found.append(Timer(name, kind, subject, text, due, due - situation.now, action))
    return sorted(found, key=lambda timer: timer.due)


def wanted(situation: Situation, deadline: timedelta = DEADLINE) -> list[dict[str, Any]]:
    """Return the journal bodies of timers that should run and do not yet, or not for long enough."""
    state, now = situation.state, situation.now
    made = [
        {
            "id": timer_id(item.credential),
            "kind": HAND_OVER,
            "subject": item.credential,
            "due": iso(now + (CALM_DEADLINE if item.calm else deadline)),
            "text": f"hand over the replacement of {item.target}, then end the old one",
        }
        for item in kept(situation)
        if item.proven and timer_id(item.credential) not in state.timers
    ]
    cut = as_moment(state.last_cut_at)
    if cut is not None and any(r.state is EffectState.VERIFIED for r in state.effects.values()):
        for name, after in PROOFS:
            due = iso(cut + after)
            known = state.timers.get(f"{PROOF}:{name}", {})
            # A later cut moves both proofs: what died last must be looked at as long after as the rest.
            if str(known.get("due", "")) < due:
                text = f"prove again, {name} after the last cut, that what is dead stayed dead"
                body = {"id": f"{PROOF}:{name}", "kind": PROOF, "subject": "", "due": due, "text": text}
                made.append(body)
    return made


def ended(situation: Situation) -> list[dict[str, Any]]:
    """Return the journal bodies that end the proof timers that are due: call it after proving again."""
    return [
        {**{k: v for k, v in body.items() if k != "at"}, "ended": iso(situation.now)}
        for body in situation.state.timers.values()
        if body.get("kind") == PROOF
        and not body.get("ended")
        and (as_moment(body.get("due")) or situation.now) <= situation.now
    ]
