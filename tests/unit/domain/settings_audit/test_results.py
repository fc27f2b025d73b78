"""What of a sweep is open: what came back after it was taken away asks anew, once for each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, situation
from workbench.core.clock import iso
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.results import open_items

ITEM = Swept("route", "r1", "all mail to a stranger", ("US",), JudgedAge.UNDATED, 3, (), remedy="delete")


def seen_again(judged: timedelta, decision: str = "intruder") -> Situation:
    """Return an account in which a route was deleted at ``NOW`` and is there again; it was judged so long after."""
    repair = an_effect(EffectKind.ROUTE_DELETE, "r1", US, about=ITEM.key)
    state = Story().verified([repair]).state()
    state.learn(SweepRead(items=(ITEM,), cared_for=(repair.id,), row=9))
    state.decisions[ITEM.key] = Decision(ITEM.key, decision, "", "ann", iso(NOW + judged))
    return situation(state=state)


@pytest.mark.parametrize(
    ("judged", "decision"),
    [(timedelta(minutes=-1), ""), (timedelta(0), ""), (timedelta(minutes=1), "intruder")],
)
def test_what_came_back_is_judged_once_more_and_that_counts(judged: timedelta, decision: str) -> None:
    [(item, said)] = open_items(seen_again(judged))
    assert said == decision and "there again" in item.why[0] and item.score == 3


def test_what_is_ours_is_no_finding_whenever_that_was_said() -> None:
    assert list(open_items(seen_again(timedelta(minutes=-1), "ours"))) == []
