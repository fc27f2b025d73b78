"""One way to read a moment: whatever is written, whatever the host's zone, nothing is raised."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from workbench.core.clock import (
    AccountClock,
    ShiftedClock,
    SystemClock,
    as_moment,
    host_behind,
    iso,
    off_by,
)

MOMENT = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
DOMAIN = Path(__file__).resolve().parents[3] / "workbench" / "domain" / "runbook"


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host whose zone is eleven hours from UTC."""
    monkeypatch.setenv("TZ", "Pacific/Noumea")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T14:02:07Z",
        "2026-11-21T14:02:07+00:00",
        "2026-11-21T16:02:07+02:00",
        "2026-11-21T14:02:07",
        "2026-11-21 14:02:07",
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=-7))),
    ],
)
def test_every_form_is_the_same_moment_in_utc(value: object, far_away: None) -> None:
    found = as_moment(value)
    assert found == MOMENT and found.tzinfo is UTC
    assert iso(found) == "2026-11-21T14:02:07Z"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "0",
        None,
        0,
        1764000000.0,
        [],
        {},
        True,
        b"2026-11-21",
    ],
)
def test_what_is_no_moment_is_none(value: object) -> None:
    assert as_moment(value) is None


def test_the_runbook_reads_moments_in_this_one_way() -> None:
    # A second way would fail on another odd value, or count a moment without a zone by the host's.
    own = [
        (path.name, node.name)
        for path in DOMAIN.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name in ("_moment", "moment", "when", "_when")
    ]
    assert own == []


def test_a_moved_clock_can_begin_at_a_moment_of_its_own() -> None:
    at = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    clock = ShiftedClock(at)
    assert timedelta(0) <= clock.now() - at < timedelta(hours=1)
    assert ShiftedClock().now().year > at.year


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (120, "2 min behind"),
        (-3_600, "60 min ahead of"),
        (-3 * 3_600, "3 hours ahead of"),
        (5 * 86_400, "5 days behind"),
        (-10 * 366 * 86_400, "10 years ahead of"),
    ],
)
def test_how_far_a_clock_is_off_is_said_in_the_unit_that_says_it_best(ahead: float, said: str) -> None:
    assert off_by(ahead) == said


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What the host's clock shows: the one moment in the list."""
    shown = [MOMENT]
    monkeypatch.setattr(SystemClock, "now", lambda _self: shown[0])
    return shown


def test_a_session_clock_follows_the_account_once_three_answers_agree(host: list[datetime]) -> None:
    clock = AccountClock()
    assert [clock.follow(10_800.0), clock.follow(10_801.0)] == [False, False]
    assert clock.now() == MOMENT, "two answers may come from one cache"
    assert clock.follow(10_800.0) and clock.now() == MOMENT + timedelta(hours=3)
    assert (clock.ahead, host_behind(clock), host_behind(ShiftedClock(MOMENT))) == (10_800.0, 10_800.0, 0.0)
    assert not any(clock.follow(0.5) for _ in range(9)) and clock.ahead == 10_800.0
    # Somebody sets the host's clock: it is believed again.
    host[0] = MOMENT + timedelta(hours=3)
    assert [clock.follow(-10_800.0) for _ in range(3)] == [False, False, True]
    assert (clock.now(), clock.ahead) == (host[0], 0.0)


@pytest.mark.parametrize(
    "offsets", [[10_800.0, 0.0, 10_800.0, 10_800.0], [60.0] * 9, [5e8, -5e8, 5e8, -5e8], [10_800.0, 0.2] * 5]
)
def test_answers_that_disagree_or_differ_by_chance_move_no_clock(
    host: list[datetime], offsets: list[float]
) -> None:
    clock = AccountClock()
    assert not any(clock.follow(seconds) for seconds in offsets)
    assert (clock.now(), clock.ahead) == (MOMENT, 0.0)


def test_time_does_not_run_backwards_while_nobody_said_what_time_it_is(host: list[datetime]) -> None:
    clock = AccountClock()
    last = MOMENT + timedelta(hours=3)
    clock.after(last - timedelta(seconds=1))
    assert clock.now() == last and clock.ahead == 0.0
    # The host is three hours behind, and what was dated last was dated just now: it is behind all the same.
    assert not any(clock.follow(0.5) for _ in range(3))
    assert clock.ahead == pytest.approx(10_800.5)
    host[0] += timedelta(minutes=5)
    assert clock.now() == last + timedelta(minutes=5, seconds=0.5)


def test_what_was_dated_ahead_of_time_holds_no_clock_up_once_the_account_was_heard(
    host: list[datetime],
) -> None:
    clock = AccountClock()
    clock.after(MOMENT + timedelta(days=3_650))
    assert [clock.follow(-3_650 * 86_400.0) for _ in range(3)] == [False, False, True]
    assert (clock.now(), clock.ahead) == (MOMENT, 0.0)
