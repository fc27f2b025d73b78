"""What counts as abnormal: the abuse does, the daily newsletter does not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from workbench.domain.detection.baseline_hours import HourlyRhythm, last_run
from workbench.domain.forensics import abuse_window
from workbench.domain.model.sending_volume import AcceptedHour, judge

NOW = datetime(2026, 11, 21, 19, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _business(days: int = 28, seed: int = 4) -> dict[datetime, int]:
    draw = random.Random(seed)
    first = (NOW - timedelta(days=days)).replace(minute=0)
    hours: dict[datetime, int] = {}
    for number in range(days * 24):
        start = first + number * HOUR
        rate = (20 if start.hour < 7 else 200) * (0.4 if start.weekday() >= 5 else 1.0)
        hours[start] = round(rate * draw.uniform(0.8, 1.2)) + (900 if start.hour == 9 else 0)
    return hours


def test_a_daily_peak_and_a_weekend_are_no_abuse() -> None:
    window = abuse_window.from_metrics(_business(), NOW)
    assert window.began is None
    assert judge([AcceptedHour(s, n) for s, n in _business().items()], NOW).began is None


def test_nine_hours_of_abuse_are_found_to_the_hour_with_their_excess() -> None:
    hours = _business()
    began = NOW.replace(minute=0) - 9 * HOUR
    for number in range(9):
        hours[began + number * HOUR] += 500
    window = abuse_window.from_metrics(hours, NOW)
    assert window.began == began
    assert window.ended is None
    assert 4000 < window.excess < 5000


def test_nine_days_of_abuse_do_not_raise_the_bar_they_are_measured_against() -> None:
    hours = _business()
    began = (NOW - timedelta(days=9)).replace(hour=0, minute=0)
    for start in hours:
        if start >= began:
            hours[start] += 2000
    assert abuse_window.from_metrics(hours, NOW).began == began


def test_an_abuse_that_is_over_has_an_end() -> None:
    hours = _business()
    began = NOW.replace(minute=0) - 30 * HOUR
    for number in range(5):
        hours[began + number * HOUR] += 3000
    window = abuse_window.from_metrics(hours, NOW)
    assert (window.began, window.ended) == (began, began + 5 * HOUR)


def test_a_young_account_is_compared_with_its_calm_hours() -> None:
    start = NOW.replace(minute=0) - 20 * HOUR
    hours = {start + n * HOUR: 10 for n in range(20)}
    for number in range(15, 20):
        hours[start + number * HOUR] = 400
    assert abuse_window.from_metrics(hours, NOW).began == start + 15 * HOUR


def test_no_hours_at_all_are_said() -> None:
    window = abuse_window.from_metrics({}, NOW)
    assert window.began is None
    assert window.notes
    assert HourlyRhythm({}).at(NOW).usual == 0


def test_runs_far_apart_are_two_stories() -> None:
    first = NOW - timedelta(days=3)
    assert last_run([first, first + HOUR, NOW - HOUR, NOW]) == (NOW - HOUR, NOW)
    assert last_run([]) is None


def test_a_breakdown_compares_with_as_many_usual_hours() -> None:
    shares = abuse_window.breakdown({"a": 100, "b": 500}, {"a": 2400, "b": 240}, 10.0, 240.0)
    assert [(s.value, s.accepted, round(s.usual)) for s in shares] == [("b", 500, 10), ("a", 100, 100)]
