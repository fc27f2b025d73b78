"""What all readings together saw of a credential's use: each tells of its own hour only, and none takes back."""

from __future__ import annotations

from tests.support.situations import Story
from workbench.domain.model.credential_use import MOST_ADDRESSES, NEVER_SEEN, EverSeen, RecordedUse

EARLY, LATE = "2026-11-21T13:00:00Z", "2026-11-21T15:00:00Z"


def test_the_earliest_and_the_latest_moment_stand_in_whatever_order_they_are_read() -> None:
    uses = [RecordedUse(last_used=LATE), RecordedUse(), RecordedUse(last_used=EARLY)]
    for order in (uses, uses[::-1]):
        seen = NEVER_SEEN
        for use in order:
            seen = seen.and_now(use)
        assert (seen.first, seen.last) == (EARLY, LATE)
    assert NEVER_SEEN.and_now(RecordedUse()) == NEVER_SEEN


def test_an_address_that_is_strange_now_is_left_out_and_one_that_was_kept_stays() -> None:
    seen = NEVER_SEEN.and_now(RecordedUse(addresses=("192.0.2.1", "203.0.113.9"), strange=("203.0.113.9",)))
    assert seen.addresses == ("192.0.2.1",)
    again = RecordedUse(addresses=("192.0.2.1", "192.0.2.2"), strange=("192.0.2.1",))
    assert seen.and_now(again).addresses == ("192.0.2.1", "192.0.2.2")


def test_no_more_addresses_are_kept_than_are_named() -> None:
    many = tuple(f"192.0.2.{n}" for n in range(MOST_ADDRESSES + 5))
    seen = NEVER_SEEN.and_now(RecordedUse(addresses=many[:3])).and_now(RecordedUse(addresses=many))
    assert seen.addresses == many[:MOST_ADDRESSES]


def test_a_stranger_seen_once_is_not_forgotten() -> None:
    for looks, strange in (("intruder", True), ("both", True), ("production", False), ("unclear", False)):
        seen = NEVER_SEEN.and_now(RecordedUse(looks=looks)).and_now(RecordedUse(looks="production"))
        assert seen.strange is strange


def test_each_reading_of_the_journal_is_taken_in() -> None:
    story = Story().use(**{"key:a": {"last_used": EARLY, "addresses": ["192.0.2.1"], "looks": "production"}})
    state = story.use(**{"key:a": {"last_used": LATE, "looks": "both"}, "key:b": {}}).state()
    assert state.seen_use == {"key:a": EverSeen(EARLY, LATE, ("192.0.2.1",), True), "key:b": NEVER_SEEN}
