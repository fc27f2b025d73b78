"""A claim is good only while every reading it rests on was answered; where one is missing it is *cannot tell*."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from workbench.domain.runbook.claims import Claim, ClaimAnswer, Coverage, Reading, age, aged, claim, stamp

NOW = datetime(2026, 11, 21, 14, 9, 30, tzinfo=UTC)
READ = Reading("the key list", NOW)
UNREAD = Reading("the routes", NOW, Coverage.NOT_READABLE, "refused (403)")
YES, NO, UNSURE = ClaimAnswer.YES, ClaimAnswer.NO, ClaimAnswer.CANNOT_TELL


@pytest.mark.parametrize(
    ("holds", "grounds", "answer"),
    [
        (True, (READ,), YES),
        (True, (READ, READ), YES),
        (True, (), UNSURE),
        (True, (READ, UNREAD), UNSURE),
        (True, (UNREAD, READ), UNSURE),
        (True, (Reading("x", NOW, Coverage.STALE),), UNSURE),
        (True, (Reading("x", None, Coverage.NOT_ASKED),), UNSURE),
        # What was seen to be bad stays bad, whatever could not be read beside it.
        (False, (READ,), NO),
        (False, (UNREAD,), NO),
        (False, (), NO),
    ],
)
def test_only_what_was_found_in_all_that_was_read_is_a_yes(
    holds: bool, grounds: tuple[Reading, ...], answer: ClaimAnswer
) -> None:
    made = claim("access is cut", holds, iter(grounds))
    assert made == Claim("access is cut", answer, grounds)
    assert made.good is (answer is YES)


def test_a_claim_names_what_it_lacks_and_is_as_old_as_its_oldest_reading() -> None:
    older = Reading("logins", NOW - timedelta(hours=1))
    made = claim("x", True, (READ, UNREAD, older, Reading("panel")))
    assert made.missing == (UNREAD,)
    assert made.as_of == older.at
    assert claim("x", True, ()).as_of is None and claim("x", True, (Reading("panel"),)).as_of is None


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (READ, "the key list, read 21 Nov 14:09Z"),
        (Reading("the panel"), "the panel"),
        (UNREAD, "the routes: not readable, refused (403)"),
        (Reading("the routes", None, Coverage.NOT_ASKED), "the routes: not asked"),
        (Reading("keys", NOW, Coverage.STALE), "keys: out of date (21 Nov 14:09Z)"),
        (Reading("keys", None, Coverage.STALE, "a fault"), "keys: out of date, a fault"),
    ],
)
def test_a_reading_says_when_it_was_made_or_why_it_was_not(reading: Reading, words: str) -> None:
    assert reading.words() == words


def test_a_reading_in_a_document_has_its_moment_in_utc() -> None:
    abroad = NOW.astimezone(timezone(timedelta(hours=5)))
    assert Reading("keys", abroad).to_json() == {
        "what": "keys",
        "at": "2026-11-21T14:09:30Z",
        "coverage": "answered",
        "why": None,
    }
    assert UNREAD.to_json() | {"at": ""} == {
        "what": "the routes",
        "at": "",
        "coverage": "not readable",
        "why": "refused (403)",
    }
    assert Reading("keys").to_json()["at"] is None
    assert stamp(abroad) == "21 Nov 14:09Z" and stamp(None) == ""


def test_a_reading_is_out_of_date_only_once_it_is_older_than_it_may_be() -> None:
    lasts = timedelta(minutes=5)
    assert aged(READ, NOW + lasts, lasts) is READ
    late = aged(Reading("keys", NOW, why="w"), NOW + lasts + timedelta(seconds=1), lasts)
    assert late == Reading("keys", NOW, Coverage.STALE, "w") and not late.answered
    assert aged(UNREAD, NOW + timedelta(days=9), lasts) is UNREAD, "one reason is enough"
    undated = Reading("panel")
    assert aged(undated, NOW + timedelta(days=9), lasts) is undated


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (172_799, "47 h"),
        (172_800, "2 days"),
        (300_000, "3 days"),
    ],
)
def test_how_long_ago_is_said_in_the_largest_unit_that_tells(seconds: int, words: str) -> None:
    assert age(NOW, NOW + timedelta(seconds=seconds)) == words


def test_a_reading_dated_after_now_is_of_no_known_age() -> None:
    """A clock that was set back since would keep it fresh for as long as it was ahead."""
    lasts = timedelta(minutes=10)
    assert aged(READ, NOW - timedelta(minutes=5), lasts) is READ, "two clocks may differ by so much"
    for ahead in (timedelta(minutes=5, seconds=1), timedelta(hours=3)):
        assert aged(READ, NOW - ahead, lasts).coverage is Coverage.STALE
