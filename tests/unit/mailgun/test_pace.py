"""The pace of a family against servers that keep limits in different ways, in simulated time."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.unit.mailgun.servers import Bucket, Free, Limit, Sliding, Window, run
from workbench.mailgun.pace import Documented, Pace
from workbench.mailgun.retry_hints import NOTHING, Hints

CALLS = 2000
MINUTE = 300 / 60


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(Window(300, 60), id="minute from the first call"),
        pytest.param(Window(300, 60, "exact"), id="minute, exact wait"),
        pytest.param(Window(300, 60, "minute"), id="always says a minute"),
        pytest.param(Window(300, 60, age=30), id="clock minute, half over"),
        pytest.param(Window(300, 60, age=55), id="clock minute, nearly over"),
        pytest.param(Sliding(300, 60), id="sliding minute"),
        pytest.param(Sliding(300, 60, "exact"), id="sliding minute, exact wait"),
        pytest.param(Bucket(300, 5), id="bucket of 300"),
        pytest.param(Bucket(300, 5, "exact"), id="bucket of 300, exact wait"),
        pytest.param(Bucket(300, 5, "silent"), id="bucket of 300, no wait named"),
        pytest.param(Bucket(10, 5), id="bucket of 10"),
    ],
)
def test_an_unknown_limit_of_300_a_minute_is_learned(server: Limit) -> None:
    result = run(server, CALLS)
    assert result.rate >= 0.95 * MINUTE
    assert result.refused < 0.01


@pytest.mark.parametrize("server", [Window(300, 60, "silent"), Bucket(5, 5), Bucket(100, 100)])
def test_harder_servers_are_still_used_well_and_not_hammered(server: Limit) -> None:
    limit = getattr(server, "rate", MINUTE)
    result = run(server, CALLS)
    assert result.rate >= 0.85 * limit
    assert result.refused < 0.01


def test_a_documented_limit_costs_next_to_no_refusal() -> None:
    result = run(Window(300, 60), CALLS, documented=Documented(300, 60))
    assert result.rate >= 0.95 * MINUTE
    assert result.refused < 0.002


def test_a_short_job_within_a_documented_limit_is_quick() -> None:
    assert run(Window(300, 60), 50, documented=Documented(300, 60)).seconds < 2


def test_without_a_limit_twenty_are_in_flight_almost_all_the_time() -> None:
    ideal = CALLS * 0.08 / 20
    assert run(Free(), CALLS, latency=0.08).seconds < 1.05 * ideal


def test_a_limit_of_300_does_not_slow_a_server_that_has_none() -> None:
    before, after = run(Free(), 290, latency=0.08), run(Free(), 400, latency=0.08)
    assert after.seconds - before.seconds < 110 * 0.08 / 20 + 0.5


@pytest.mark.parametrize("latency", [0.03, 0.3, 0.9])
def test_nor_does_it_where_answers_take_long(latency: float) -> None:
    """Looked for by calls of four at once, a bucket filled up as fast as it was passed: 2.6 times the ideal."""
    ideal = CALLS * latency / 20
    assert run(Free(), CALLS, latency=latency).seconds < 1.05 * ideal


@pytest.mark.parametrize("server", [Window(300, 60), Bucket(300, 5)])
def test_finding_the_limit_costs_a_few_refusals_where_answers_take_long(server: Limit) -> None:
    result = run(server, 400, latency=0.3)
    assert 0 < result.refused * (400 / (1 - result.refused)) <= 12


def in_steady_state(rate: float) -> Pace:
    pace = Pace(0.0, 20)
    pace.took(0.0)
    pace.answered(0.0, 0.1, NOTHING)
    pace.rate = rate
    return pace


def test_calls_are_spread_evenly_not_bunched() -> None:
    pace = in_steady_state(5.0)
    leaves = []
    now = 10.0
    for _ in range(20):
        ready = pace.ready_at()
        assert ready is not None
        now = max(now, ready)
        leaves.append(now)
        pace.took(now)
        pace.returned()
    gaps = [later - earlier for earlier, later in pairwise(leaves[2:])]
    assert min(gaps) == pytest.approx(0.2)
    assert max(gaps) == pytest.approx(0.2)


def test_a_late_timer_may_catch_up_a_little_and_no_more() -> None:
    pace = in_steady_state(100.0)
    now = 50.0  # idle for long: what was not used then is gone
    left = 0
    while (ready := pace.ready_at()) is not None and ready <= now:
        pace.took(now)
        pace.returned()
        left += 1
    assert left <= 27


def test_a_429_pauses_as_told_and_halves_nothing_twice_in_one_burst() -> None:
    pace = Pace(0.0, 20)
    for _ in range(20):
        pace.took(0.0)
    for _ in range(10):
        pace.answered(0.0, 1.0, NOTHING)
    for _ in range(10):
        pace.limited(0.0, 1.0, Hints(wait=9.0))
    assert pace.rate == pytest.approx(0.98)  # ten passed in ten seconds
    assert pace.ready_at() == 10.0
    assert pace.refused == 10


def test_after_a_pause_one_call_goes_first() -> None:
    pace = Pace(0.0, 20)
    pace.took(0.0)
    pace.limited(0.0, 0.1, Hints(wait=1.0))
    pace.took(1.1)
    assert pace.ready_at() is None


def test_blind_waits_grow_while_nothing_passes() -> None:
    pace = Pace(0.0, 20)
    now, waits = 0.0, []
    for _ in range(8):
        pace.took(now)
        pace.limited(now, now + 0.1, NOTHING)
        ready = pace.ready_at()
        assert ready is not None
        waits.append(round(ready - now - 0.1, 3))
        now = ready
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_the_pace_grows_again_after_the_limit_is_gone() -> None:
    slow, fast = run(_Recovering(), 3000), run(_Recovering(), 12_000)
    rest = (12_000 - 3000) / (fast.seconds - slow.seconds)
    assert rest > 4 * MINUTE
    assert fast.refused < 0.01


class _Recovering:
    """Limited for five seconds, free from then on: another sender used the account up, and was stopped."""

    def __init__(self) -> None:
        self.bucket = Bucket(300, 5)

    def ask(self, now: float) -> float | None:
        return self.bucket.ask(now) if now < 5 else None


def test_a_quota_more_than_half_used_is_spread_over_what_is_left_of_its_window() -> None:
    pace = Pace(0.0, 20)
    pace.took(0.0)
    pace.answered(0.0, 0.1, Hints(limit=100, remaining=40, reset=20.0))
    pace.took(0.2)
    ready = pace.ready_at()
    assert ready is not None
    assert ready == pytest.approx(0.5, abs=0.3)
    pace.answered(0.2, 0.3, Hints(limit=100, remaining=0, reset=20.0))
    assert pace.ready_at() == pytest.approx(20.3)


def used_slowly(calls: int, every: float) -> tuple[Pace, float]:
    """Return a pace after so many calls, one each ``every`` seconds, and the moment."""
    pace, now = Pace(0.0, 20, careful_at=300), 0.0
    for _ in range(calls):
        pace.took(now)
        pace.answered(now, now + 0.1, NOTHING)
        now += every
    return pace, now


def test_a_family_used_slowly_for_long_is_not_held_back_at_the_assumed_limit() -> None:
    pace, now = used_slowly(400, 10.0)
    for _ in range(20):
        assert pace.ready_at() is not None
        pace.took(now)


def test_a_quiet_hour_before_a_burst_does_not_count_as_slowness() -> None:
    pace, now = used_slowly(360, 10.0)
    for _ in range(290):
        pace.took(now)
        pace.answered(now, now + 0.1, NOTHING)
        now += 0.005
    pace.took(now)
    pace.limited(now, now + 0.1, Hints(wait=55.0))
    assert pace.rate is not None
    assert 4.0 < pace.rate < 6.0
