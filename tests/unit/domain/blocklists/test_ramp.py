"""The return to the usual amount: from little to all of it, and no amounts where none are known."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.blocklists.rates import RateDay
from workbench.domain.blocklists.ramp import SMALL, plan, plan_lines, usual_day

FIRST = date(2026, 11, 29)


@settings(deadline=None)
@given(st.integers(0, 5_000_000))
def test_the_amount_only_grows_and_ends_at_the_usual(usual: int) -> None:
    steps = plan(usual, FIRST)
    amounts = [step.messages for step in steps]
    assert amounts == sorted(amounts)
    assert steps[-1].messages == usual or usual == 0
    assert [step.day for step in steps] == [FIRST + timedelta(days=n) for n in range(len(steps))]
    assert len(steps) == (1 if usual < SMALL else 5)
    assert "transactional" in steps[0].what


def test_an_unknown_usual_day_gets_no_made_up_amount() -> None:
    assert plan(None, FIRST) == ()
    words = "\n".join(plan_lines(None, FIRST))
    assert "cannot be told" in words
    assert "at most" not in words


def test_the_usual_day_is_the_one_before_the_abuse() -> None:
    days = [RateDay(FIRST - timedelta(days=n), 1_000 if n > 3 else 90_000, 0, 0) for n in range(10)]
    assert usual_day(days, FIRST - timedelta(days=3)) == 1_000
    assert usual_day(days[:2], None) is None
    assert usual_day([], None) is None
