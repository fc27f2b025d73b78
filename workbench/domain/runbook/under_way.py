"""While a confirmed plan is carried out: the steps that would plan more stand back until it ended. Pure.

Half of what such a step shows as open is being done that moment. Enter would plan it a second time, as a change that is
none when it is confirmed; whatever only judges, tells or reads goes on beside the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from workbench.domain.runbook.runbook import StepView

WAITS = "the plan that is carried out now; then it shows what is left"


def standing_back(views: Sequence[StepView], plans: Collection[str]) -> list[StepView]:
    """Return the steps with those idle whose next action is one of ``plans``: what changes the account."""
    return [
        replace(view, idle=True, waits=WAITS)
        if view.next_action in plans and view.verdict.to_do and not view.idle
        else view
        for view in views
    ]
