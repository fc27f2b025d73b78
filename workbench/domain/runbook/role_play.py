"""In the drill nobody sits at the control panel and nobody deploys: their parts are offered as the next thing.

A step that waits for others is passed over on a real account. On the drill the same step names the part to
play, so that somebody who only presses Enter gets to the end. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.domain.model.state import State
from workbench.domain.runbook.blocklists import REMOVE
from workbench.domain.runbook.runbook import Order, StepView
from workbench.domain.runbook.verdict import Verdict

FACT = "drill_parts"
PEOPLE, DEPLOY, HOUR = "drill.people", "drill.deploy", "drill.hour"
SUPPORT, LISTS = "drill.support", "drill.lists"
_PEOPLE_STEPS = (Order.STRANGERS, Order.PASSWORDS, Order.TWO_FACTOR)
_WAITING = (Verdict.OPEN, Verdict.IN_PROGRESS)
_HAPPENS = {
    PEOPLE: "The drill plays the people: strangers deleted in the panel, passwords reset, two-factor on.",
    DEPLOY: "The drill plays your developers: every simulated application gets its new credential.",
    HOUR: "The drill lets an hour pass, so that the log shows who sends with what.",
    LISTS: "The drill writes to the blocklists for you: on a real account, the way off each listing stands in pane 5.",
    SUPPORT: "The drill plays Mailgun Support: the account is re-enabled.",
}


def played(views: Sequence[StepView], state: State) -> list[StepView]:
    """Return the steps with the drill's part as the next action of each that waits for others."""
    return [_with_part(view, state) for view in views]


def _with_part(view: StepView, state: State) -> StepView:
    part = _part(view, state)
    if not part:
        return view
    return replace(
        view, next_action=part, happens=_HAPPENS[part], idle=False, breaks="nothing: it is the drill"
    )


def _part(view: StepView, state: State) -> str:
    if view.id == Order.BLOCKLISTS and view.next_action == REMOVE and view.verdict in _WAITING:
        return LISTS
    if not view.idle or view.verdict not in _WAITING:
        return ""
    if view.id == Order.STRANGERS:
        return PEOPLE
    if view.id in _PEOPLE_STEPS:
        return PEOPLE if state.people_cut_at else ""
    if view.id == Order.ADOPTION:
        if not any(r.entry for r in state.created_keys.values()) and not state.entries:
            return ""
        played_at = str(state.facts.get(FACT, {}).get(DEPLOY, ""))
        return HOUR if played_at and played_at >= state.last_cut_at else DEPLOY
    return SUPPORT if view.id == Order.REPORT else ""


def with_part(state: State, part: str, at: str) -> dict[str, str]:
    """Return the fact of the parts played so far, with one more played at a moment."""
    before = {k: str(v) for k, v in state.facts.get(FACT, {}).items() if k not in ("name", "at")}
    return {**before, part: at}
