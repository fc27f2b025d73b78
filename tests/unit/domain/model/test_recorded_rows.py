"""Timers and snapshots of the journal: typed, opened as they were written, and a damaged one costs itself alone."""

from __future__ import annotations

from tests.support.situations import Story
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.recorded_rows import RecordedSnapshot, RecordedTimer


def test_a_timer_is_opened_as_it_was_written_before_it_was_typed() -> None:
    state = (
        Story()
        .add("timer", id="proof:1 h", kind="proof", subject="", due="2026-11-21T15:00:00Z", text="x")
        .state()
    )
    found = state.timers["proof:1 h"]
    assert (found.kind, found.subject, found.due, found.ended) == ("proof", "", "2026-11-21T15:00:00Z", "")
    assert found.at, "when the journal took it in is told by its row"


def test_a_timer_is_written_without_what_it_does_not_say_and_read_again() -> None:
    timer = RecordedTimer(id="link:u1", kind="link", subject="u1", due="2026-11-21T15:00:00Z", at="then")
    assert timer.body() == {"id": "link:u1", "kind": "link", "subject": "u1", "due": "2026-11-21T15:00:00Z"}
    assert RecordedTimer.from_body(timer.body(), "then") == timer


def test_a_note_keeps_what_only_the_one_before_it_speaks_of() -> None:
    story = Story().add("adoption.noted", effect="e", owner="Team Web", places=["/etc/shop.env"])
    story.add("adoption.noted", effect="e", unneeded="me").add("adoption.noted", effect="e", owner="")
    found = story.state().adoption["e"]
    assert (found.owner, found.places, found.unneeded) == ("", ("/etc/shop.env",), "me")


def test_what_a_row_holds_beside_the_fields_is_left_alone() -> None:
    state = (
        Story()
        .add("snapshot.stored", part="0a", file="f", sha256="ab", counts={"keys": 3}, baseline={"keys": []})
        .state()
    )
    assert state.snapshots["0a"] == RecordedSnapshot(
        part="0a", file="f", sha256="ab", at=state.snapshots["0a"].at
    )
    assert state.baseline == AccountBaseline(keys=())


def test_a_row_that_holds_what_it_cannot_hold_costs_itself_alone() -> None:
    story = Story().add("timer", id="proof:1 h", due="2026-11-21T15:00:00Z")
    state = (
        story.add("timer", id="proof:1 h", due=["never"]).add("snapshot.stored", part="0a", sha256=7).state()
    )
    assert state.unread_rows == [2, 3]
    assert state.timers["proof:1 h"].due == "2026-11-21T15:00:00Z"
    assert not state.snapshots
