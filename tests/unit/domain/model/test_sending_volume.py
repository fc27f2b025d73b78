"""What goes out hour by hour, and the meter of the present rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.model.sending_volume import AcceptedHour, RateMeter, Volume, judge, pace

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
TOP = NOW.replace(minute=0)


def hours(*counts: int) -> list[AcceptedHour]:
    """Return hours that end with the present one."""
    return [AcceptedHour(TOP - timedelta(hours=len(counts) - 1 - n), count) for n, count in enumerate(counts)]


def test_a_burst_in_a_calm_account_is_found_with_its_beginning() -> None:
    volume = judge(hours(*[50] * 40, *[2000] * 5), NOW)
    assert volume.abnormal
    assert volume.began == TOP - timedelta(hours=4)
    assert volume.excess_now == 2000 - volume.usual
    assert f"{volume.usual:.0f}" in volume.explained()


def test_silence_after_a_burst_is_not_abnormal_but_the_burst_is_remembered() -> None:
    volume = judge(hours(*[50] * 40, *[2000] * 5), NOW, rate_now=30.0)
    assert not volume.abnormal
    assert volume.excess_now == 0
    assert volume.began is not None


@given(st.lists(st.integers(0, 10_000), max_size=72), st.one_of(st.none(), st.floats(0, 1e6)))
def test_the_figures_never_contradict_each_other(counts: list[int], rate: float | None) -> None:
    volume = judge(hours(*counts), NOW, rate_now=rate)
    assert volume.bar >= volume.usual >= 0
    assert volume.excess_now >= 0
    assert volume.abnormal == (volume.excess_now > 0)
    shuffled = judge(list(reversed(hours(*counts))), NOW, rate_now=rate)
    assert shuffled == volume


@given(st.lists(st.integers(100, 130), min_size=30, max_size=72))
def test_an_even_account_raises_no_suspicion(counts: list[int]) -> None:
    volume = judge(hours(*counts), NOW)
    assert volume.began is None
    assert not volume.abnormal


def test_the_rate_is_the_growth_of_the_last_minute() -> None:
    meter = RateMeter(span=60)
    shown = []
    for moment, count in ((0, 100), (20, 110), (40, 140), (100, 140), (101, 5)):
        meter.add(moment, count)
        shown.append(meter.per_hour(prior=77))
    # A count that fell was corrected: what was known before stands until there are two readings again.
    assert shown == [77, 10 * 180, 40 * 90, 0, 77]


def test_the_first_seconds_are_weighed_with_what_was_known() -> None:
    meter = RateMeter()
    meter.add(0, 100)
    meter.add(4, 100)
    # Silent for four seconds: half of 1,800 an hour is believed, not zero.
    assert meter.per_hour(prior=1800) == 900
    # With nothing known the seconds are all there is.
    meter.add(8, 110)
    assert meter.per_hour(prior=0) == 10 * 3600 / 8


def test_an_hour_that_passes_at_once_counts_as_an_hour_and_a_clock_set_back_starts_over() -> None:
    meter = RateMeter(span=60)
    for moment, count in ((0, 100), (5, 110), (3605, 196)):
        meter.add(moment, count)
    assert 86 <= meter.per_hour(prior=0) < 100
    meter.add(3000, 200)
    assert meter.per_hour(prior=12) == 12


@given(st.lists(st.integers(0, 50), min_size=2, max_size=200))
def test_the_meter_forgets_what_is_older_than_its_span(steps: list[int]) -> None:
    meter = RateMeter(span=60)
    count = 0
    for moment, step in enumerate([*steps, *[0] * 70]):
        count += step
        meter.add(float(moment), count)
    assert meter.per_hour(prior=500) == 0


@pytest.mark.parametrize(
    ("running", "before", "into", "rate"),
    [
        (900, 0, 1800.0, 1800.0),
        # Ten seconds into the hour of an intruder who goes on: neither silent nor a burst.
        (5, 1800, 10.0, 5 + 1800 * (1 - 10 / 3600)),
        (0, 1800, 10.0, 1800 * (1 - 10 / 3600)),
        # A minute without a message where thirty were due: it has stopped.
        (0, 1800, 60.0, 0.0),
        # Sixty in a minute after a calm hour: it has begun.
        (60, 26, 60.0, 3600.0),
    ],
)
def test_a_young_hour_is_believed_where_it_contradicts_the_one_before(
    running: int, before: int, into: float, rate: float
) -> None:
    assert pace(running, before, into) == pytest.approx(rate)


def test_abuse_that_ended_by_whole_hours_and_goes_out_again_is_said_to() -> None:
    later = NOW + timedelta(hours=5)
    volume = Volume((), 40.0, 60.0, TOP, 900.0, later, ended=TOP + timedelta(hours=1))
    assert volume.span("%d %b") == "since 21 Nov 14:00Z until 21 Nov 15:00Z, and again by 21 Nov 19:30Z"
    assert replace(volume, excess_now=0.0).span("%d %b") == "since 21 Nov 14:00Z until 21 Nov 15:00Z"
