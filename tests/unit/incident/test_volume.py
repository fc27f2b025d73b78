"""What goes out hour by hour, and the meter of the present rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workbench.incident.volume import Hour, RateMeter, judge

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
TOP = NOW.replace(minute=0)


def hours(*counts: int) -> list[Hour]:
    """Return hours that end with the present one."""
    return [Hour(TOP - timedelta(hours=len(counts) - 1 - n), count) for n, count in enumerate(counts)]


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


def test_the_meter_says_nothing_until_it_can_and_starts_over_after_a_correction() -> None:
    meter = RateMeter(span=60, least=4)
    shown = [meter.per_hour]
    for moment, count in ((0, 100), (2, 110), (10, 120), (11, 5)):
        meter.add(moment, count)
        shown.append(meter.per_hour)
    assert shown == [None, None, None, 20 * 360, None]


def test_an_hour_that_passes_at_once_counts_as_an_hour_and_a_clock_set_back_starts_over() -> None:
    meter = RateMeter(span=60, least=4)
    for moment, count in ((0, 100), (5, 110), (3605, 196)):
        meter.add(moment, count)
    assert meter.per_hour is not None and 86 <= meter.per_hour < 100
    meter.add(3000, 200)
    assert meter.per_hour is None


@given(st.lists(st.integers(0, 50), min_size=2, max_size=200))
def test_the_meter_forgets_what_is_older_than_its_span(steps: list[int]) -> None:
    meter = RateMeter(span=60, least=4)
    count = 0
    for moment, step in enumerate([*steps, *[0] * 70]):
        count += step
        meter.add(float(moment), count)
    assert meter.per_hour == 0
