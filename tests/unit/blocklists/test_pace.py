"""Turn, share and pace of the lanes, and how soon a query is sent again. No network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.blocklists.zonekit import one_zone
from workbench.blocklists.lanes import Lane, LaneTrust, Pacer, Schedule
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.names import Subject, SubjectKind
from workbench.blocklists.transport import AnswerRhythm
from workbench.blocklists.wire import wire_labels
from workbench.core.errors import UsageError


def lane(name: str, count: int, owner: str = "") -> Lane:
    """Return a believed lane with so many subjects."""
    zone = one_zone(name, owner=owner or name)
    made = Lane(zone, SubjectKind.IP4, wire_labels(name), trust=LaneTrust.BELIEVED)
    made.todo.extend((Subject.parse(f"198.18.0.{n}"), wire_labels(f"{n}.0.18.198")) for n in range(count))
    return made


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 0.2)), max_size=80))
def test_no_owner_is_asked_more_often_than_its_cap(events: list[tuple[str, float]]) -> None:
    pacer = Pacer(20.0)
    now = 0.0
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for owner, step in events:
        now += step
        if pacer.wait(owner, now) == 0:
            pacer.take(owner, now)
            taken[owner].append(now)
    for times in taken.values():
        for index, start in enumerate(times):
            assert sum(1 for at in times[index:] if at < start + 1.0 - 1e-9) <= 20


def test_a_query_sent_again_counts_and_no_cap_never_waits() -> None:
    pacer = Pacer(10.0)
    pacer.take("a", 0.0)
    pacer.take("a", 0.0)
    assert pacer.wait("a", 0.0) == pytest.approx(0.2)
    assert pacer.wait("b", 0.0) == 0
    free = Pacer(None)
    free.take("a", 0.0)
    assert free.wait("a", 0.0) == 0


def test_lanes_take_turns_and_none_takes_more_than_its_share() -> None:
    lanes = [lane("a.test", 10), lane("b.test", 10), lane("c.test", 10)]
    schedule = Schedule(lanes, Pacer(None), in_flight=9, share_at_least=2)
    got = [schedule.next(0.0)[0] for _ in range(9)]
    names = [ask.lane.zone.name for ask in got if ask is not None]
    assert names == ["a.test", "b.test", "c.test"] * 3
    assert schedule.next(0.0) == (None, None)
    lanes[0].in_flight -= 1
    ask, _ = schedule.next(0.0)
    assert ask is not None
    assert ask.lane is lanes[0]


def test_a_finished_lane_leaves_its_share_to_the_others() -> None:
    first, second = lane("a.test", 0), lane("b.test", 10)
    schedule = Schedule([first, second], Pacer(None), in_flight=8, share_at_least=1)
    assert sum(schedule.next(0.0)[0] is not None for _ in range(8)) == 4
    schedule.finished(first)
    assert sum(schedule.next(0.0)[0] is not None for _ in range(8)) == 4
    schedule.back(first)
    assert schedule.next(0.0) == (None, None)


def test_zones_of_one_owner_share_its_pace() -> None:
    lanes = [lane("a.test", 5, "same"), lane("b.test", 5, "same"), lane("c.test", 5)]
    schedule = Schedule(lanes, Pacer(10.0), in_flight=9, share_at_least=3)
    got = [ask.lane.zone.name for ask, _ in (schedule.next(0.0) for _ in range(2)) if ask is not None]
    assert sorted(got) in (["a.test", "c.test"], ["b.test", "c.test"])
    ask, wait = schedule.next(0.0)
    assert ask is None
    assert wait == pytest.approx(0.1)
    ask, _ = schedule.next(0.1)
    assert ask is not None


def test_few_look_ups_go_ahead_of_the_health_check() -> None:
    waiting = lane("a.test", 50)
    waiting.trust = LaneTrust.TESTING
    schedule = Schedule([waiting], Pacer(None), in_flight=200, share_at_least=3)
    assert sum(schedule.next(0.0)[0] is not None for _ in range(50)) == 2
    waiting.trust = LaneTrust.VOID
    assert schedule.next(0.0) == (None, None)


def test_patience_learns_and_stays_within_its_bounds() -> None:
    rhythm = AnswerRhythm()
    assert rhythm.patience(0.7) == 0.7
    for _ in range(50):
        rhythm.heard(0.03)
    assert rhythm.patience(0.7) == pytest.approx(0.15)
    for _ in range(50):
        rhythm.heard(0.4)
    assert 0.4 < rhythm.patience(0.7) <= 0.7
    assert rhythm.patience(0.2) == 0.2


@pytest.mark.parametrize(
    "values",
    [
        {"in_flight": 0},
        {"in_flight": 1000},
        {"timeout": 0},
        {"tries": 0},
        {"owner_rate": 0},
        {"give_up_after": 0},
    ],
)
def test_limits_that_cannot_be_used_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        QueryLimits(**values)  # type: ignore[arg-type]
    assert QueryLimits().in_flight == 200
    assert QueryLimits().owner_rate == 20
