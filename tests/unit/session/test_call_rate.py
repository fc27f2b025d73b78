"""How many calls go out a second: two seconds count, and nothing older is held, whether anybody asks or not."""

from __future__ import annotations

from workbench.session.call_rate import CallRate


def test_two_seconds_count() -> None:
    rate = CallRate()
    for moment in (10.0, 10.5, 11.9):
        rate.noted(moment)
    assert rate.per_second(12.0) == 1.5
    assert rate.per_second(12.4) == 1.0
    assert rate.per_second(20.0) == 0.0


def test_a_day_of_calls_that_nobody_asks_about_is_not_held() -> None:
    rate = CallRate()
    for number in range(5_000):
        rate.noted(number * 0.5)
    assert len(rate) == 5
