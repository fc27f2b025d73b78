"""One way to read a moment: whatever is written, whatever the host's zone, nothing is raised."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from workbench.core.clock import ShiftedClock, as_moment, iso, off_by

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
