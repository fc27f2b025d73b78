"""While a plan is carried out no step offers to plan the same once more."""

from __future__ import annotations

from dataclasses import replace

from tests.support.situations import situation
from workbench.domain.runbook import guide, runbook, under_way
from workbench.domain.runbook.runbook import Verdict

PLANS = {"keys.replace", "logins.reset", guide.FINISH}


def test_what_would_plan_stands_back_and_what_only_judges_leads() -> None:
    views = [replace(v, verdict=Verdict.OPEN, idle=False, waits="") for v in runbook.steps(situation())]
    views = [replace(v, next_action="keys.replace") if v.id in ("0", "1") else v for v in views]
    views = [replace(v, next_action="pane.users") if v.id == "1b" else v for v in views]
    back = under_way.standing_back(views, PLANS)
    assert [v.id for v in back if v.waits == under_way.WAITS][:2] == ["0", "1"]
    assert guide.next_of(back) == "1b"
    assert [v.verdict for v in back] == [v.verdict for v in views], "nothing is claimed by it"


def test_what_is_closed_or_waits_already_is_left_as_it_is() -> None:
    views = [replace(v, next_action=guide.FINISH) for v in runbook.steps(situation())]
    views = [
        replace(v, verdict=Verdict.DONE) if v.id == "1" else replace(v, idle=True, waits="somebody")
        for v in views
    ]
    assert under_way.standing_back(views, PLANS) == views


def test_steps_that_wait_for_the_same_share_a_sentence() -> None:
    views = [replace(v, verdict=Verdict.DONE) for v in runbook.steps(situation())]
    views = [
        replace(v, verdict=Verdict.OPEN, idle=False, next_action="keys.replace") for v in views[:3]
    ] + views[3:]
    told = guide.waiting(under_way.standing_back(views, PLANS))
    assert told == (f"Steps 0, 1 and 1b wait for {under_way.WAITS}",)
    blocked = [replace(v, verdict=Verdict.BLOCKED, evidence=("no answer",), waits="") for v in views[:2]]
    assert guide.waiting(blocked) == ("Steps 0 and 1 are blocked: no answer; it is read again every minute",)
