"""What is put off: the guide goes on with what else there is to do, and asks again. Pure.

Whoever answers *not yet* is not asked the same at the next press: the step stands back for a while, as long as another
one can be done. It stays as open as it was: nothing is claimed by putting it off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from workbench.core.clock import as_moment, iso
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.recorded import PutOff
from workbench.domain.runbook.runbook import StepView

AGAIN = timedelta(minutes=10)
# What is not done yet after each of these actions, by the action's id.
LEFT: Mapping[str, str] = {
    "allowlist.remove": "which address this host has is not known yet",
    "support.message": "the message to Support is not sent yet",
    "support.update": "the update to Support is not sent yet",
    "people.strangers": "the strangers are read, and none of them is named yet",
    "people.message": "the message to the users is not sent yet",
    "adoption.show": "the hand-over list is not sent yet",
    "blocklists.removal": "the request for removal is not sent yet",
    "findings.judge": "what was found is read, and not judged or seen to be gone yet",
    "harden.show": "the measures are read, and nothing is decided yet",
    "report.write": "the report is not sent yet",
}


def with_put_off(state: State, action_id: str, now: datetime) -> PutOff:
    """Return the fact with one more action put off at a moment."""
    return PutOff(until={**state.known(PutOff).until, action_id: iso(now + AGAIN)})


def standing_back(views: Sequence[StepView], situation: Situation) -> list[StepView]:
    """Return the steps with those idle that were put off, as long as another one needs the operator."""
    until = {view.id: moment for view in views if (moment := asked_again_at(view, situation)) is not None}
    others = [v for v in views if v.verdict.to_do and not v.idle and v.id not in until]
    return [_idle(view, until[view.id]) if others and view.id in until else view for view in views]


def asked_again_at(view: StepView, situation: Situation) -> datetime | None:
    """Return until when a step stands back, None where it does not."""
    return None if view.idle or not view.verdict.to_do else put_off_until(situation, view.next_action)


def put_off_until(situation: Situation, action_id: str) -> datetime | None:
    """Return until when nobody is asked for an action again, None where anybody is: a cut since is news to send."""
    until = as_moment(situation.state.known(PutOff).until.get(action_id))
    if until is None or until <= situation.now:
        return None
    cut = as_moment(situation.state.last_cut_at)
    return None if cut is not None and cut > until - AGAIN else until


def _idle(view: StepView, until: datetime) -> StepView:
    # A later version may put off what this one does not know.
    left = LEFT.get(view.next_action, "what was shown is not done yet")
    waits = f"you: {left}; until {until:%d %b %H:%M}Z, then you are asked again"
    return replace(view, idle=True, waits=waits)
