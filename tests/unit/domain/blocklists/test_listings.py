"""The journal of look-ups: changes only, and yet a strip of days, what rings, requests, and a restart."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Subject
from workbench.blocklists.removal import RemovalRequest, RequestState
from workbench.blocklists.verdicts import Listing, ListingVerdict, read_addresses
from workbench.blocklists.watch import ChangeKind, strip
from workbench.domain.blocklists.listings import (
    ListingBook,
    listing_now,
    listing_of,
    request_word,
    round_body,
    settled,
    subject_of,
)
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.replay import fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.blocklists import WATCH_DAYS, blocklists
from workbench.domain.runbook.claims import claim
from workbench.domain.runbook.containment_state import Containment, Over
from workbench.domain.runbook.verdict import Verdict as StepVerdict

CATALOGUE = load()
SPAMCOP, PSBL, SURBL = (
    CATALOGUE.zones[name] for name in ("bl.spamcop.net", "psbl.surriel.com", "multi.surbl.org")
)
START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
IP = Subject.parse("192.0.2.7", shared=True)
DOMAIN = Subject.parse("mg.acme.example")


@dataclass
class Row:
    """A journal row."""

    kind: str
    body: dict[str, Any]
    seq: int = 1
    at: str = "2026-11-21T14:00:00Z"


@dataclass
class Book:
    """A book that is fed rounds as the watch feeds it; rows go through JSON as in the journal."""

    book: ListingBook = field(default_factory=ListingBook)
    rows: list[Row] = field(default_factory=list)

    def round(
        self, hours: float, *listings: Listing, whole: bool = True, health: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Take one round at START plus so many hours."""
        at = START + timedelta(hours=hours)
        dated = [replace(one, asked_at=at) for one in listings]
        body = round_body(self.book, dated, at, health=health or {}, resolver="127.0.0.1:53", whole=whole)
        body = dict(json.loads(json.dumps(body)))
        self.rows.append(Row("blocklist.observed", body, len(self.rows) + 1))
        self.book.observed(body)
        return body


def looked(subject: Subject = IP, zone: Any = PSBL, code: str = "", reason: str = "") -> Listing:
    """Return a look-up: listed with a code, not listed, or (with a reason) cannot tell."""
    if reason:
        return Listing(
            subject, zone, ListingVerdict.CANNOT_TELL, zone.tier, (), (), reason, (), START, None, "127.0.0.1"
        )
    if not code:
        return Listing(
            subject, zone, ListingVerdict.NOT_LISTED, zone.tier, (), (), "no entry", (), START, None, "r"
        )
    found = read_addresses(zone, [code])
    text = (f"{subject.value} is bad",)
    return Listing(
        subject,
        zone,
        ListingVerdict.LISTED,
        zone.tier,
        found.codes,
        found.matched,
        found.reason,
        text,
        START,
        60,
        "r",
    )


def test_a_round_without_change_is_names_only() -> None:
    book = Book()
    first = book.round(0, looked(code="127.0.0.2"), looked(DOMAIN, SURBL))
    assert [record["subject"] for record in first["listed"]] == ["192.0.2.7"]
    assert first["not_listed"]["multi.surbl.org"]["subjects"] == ["mg.acme.example"]
    again = book.round(1, looked(code="127.0.0.2"), looked(DOMAIN, SURBL))
    assert "listed" not in again and "not_listed" not in again
    assert again["same"] == {"psbl.surriel.com": "*", "multi.surbl.org": "*"}
    assert len(json.dumps(again)) < 250
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    assert seen.last.at == START + timedelta(hours=1)


def test_records_that_rotate_are_no_news() -> None:
    book = Book()
    zen = CATALOGUE.zones["zen.spamhaus.org"]
    both = read_addresses(zen, ["127.0.0.4", "127.0.0.2"])
    full = replace(
        looked(zone=zen, code="127.0.0.2"), codes=both.codes, matched=both.matched, txt=("one", "two")
    )
    assert book.round(0, full)["listed"]
    for hour, (codes, txt) in enumerate(
        [(both.codes[::-1], ("two", "one")), (both.codes[:1], ("one",)), (both.codes[1:], ("two",))], start=1
    ):
        assert "listed" not in book.round(hour, replace(full, codes=codes, txt=txt))
    assert "listed" in book.round(9, replace(full, codes=("127.0.0.3",)))
    assert len(book.book.changes()) == 1


def test_a_part_of_a_zone_is_named() -> None:
    book = Book()
    other = Subject.parse("192.0.2.8")
    book.round(0, looked(), looked(other))
    body = book.round(1, looked(other), whole=False)
    assert body["same"] == {"psbl.surriel.com": ["192.0.2.8"]}
    assert book.book.pairs["192.0.2.7", "psbl.surriel.com"].last.at == START
    assert book.book.pairs["192.0.2.8", "psbl.surriel.com"].last.at == START + timedelta(hours=1)


def test_weeks_of_rounds_keep_two_looks_a_day_and_draw_every_day() -> None:
    book = Book()
    book.round(0, looked(code="127.0.0.2"))
    for hour in range(1, 24 * 10):
        book.round(hour, looked(code="127.0.0.2") if hour < 60 else looked())
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    assert len(seen.observations) < 40
    assert strip(seen.history, date(2026, 11, 21), 10) == "████······"
    assert [change.kind for change in seen.history.changes] == [ChangeKind.LISTED, ChangeKind.GONE]


def test_cannot_tell_neither_begins_nor_ends_a_listing() -> None:
    book = Book()
    book.round(0, looked(code="127.0.0.2"))
    book.round(1, looked(reason="timeout"))
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    assert seen.listed and seen.matters and seen.since == START
    assert book.book.unclear == 1
    standing = listing_of(seen, IP, PSBL)
    assert standing is not None and standing.codes == ("127.0.0.2",) and standing.matched
    assert listing_now(seen, IP, PSBL).verdict is ListingVerdict.CANNOT_TELL


def test_what_comes_back_rings_again_and_its_request_begins_anew() -> None:
    book = Book()
    book.round(0, looked(code="127.0.0.2"))
    asked = RemovalRequest().requested(START + timedelta(hours=1), 24, containment_done=True)
    row = {"subject": "192.0.2.7", "zone": "psbl.surriel.com", "request": asked.record()}
    book.book.requested(json.loads(json.dumps(row)))
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    now = START + timedelta(hours=2)
    assert request_word(seen, now) == "requested" and settled(seen, now)
    assert request_word(seen, START + timedelta(hours=30)) == "check again"
    book.round(30, looked())
    assert seen.request.state is RequestState.REMOVED and request_word(seen, now) == "gone"
    book.round(40, looked(code="127.0.0.2"))
    assert seen.request.relisted and seen.request.times == 1
    assert request_word(seen, now) == "listed again" and not settled(seen, now)
    kinds = [change.kind for change in book.book.changes()]
    assert kinds == [ChangeKind.LISTED, ChangeKind.GONE, ChangeKind.RELISTED]
    assert [change.rings for change in book.book.changes()] == [True, False, True]


def test_still_listed_after_the_cool_down_is_refused() -> None:
    book = Book()
    book.round(0, looked(code="127.0.0.2"))
    asked = RemovalRequest().requested(START, 24, containment_done=True)
    book.book.requested({"subject": "192.0.2.7", "zone": "psbl.surriel.com", "request": asked.record()})
    book.round(25, looked(code="127.0.0.2"))
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    assert seen.request.state is RequestState.REFUSED
    assert "still listed" in seen.request.note


def test_clean_from_the_first_look_is_not_called_removed() -> None:
    book = Book()
    book.round(0, looked())
    seen = book.book.pairs["192.0.2.7", "psbl.surriel.com"]
    assert seen.request.state is RequestState.OPEN and request_word(seen, START) == ""
    assert book.book.requests() == {}


def test_a_list_that_takes_no_requests_waits_for_nobody() -> None:
    book = Book()
    book.round(0, looked(zone=SPAMCOP, code="127.0.0.2"))
    assert settled(book.book.pairs["192.0.2.7", "bl.spamcop.net"], START)


def test_the_fold_is_the_same_after_a_restart() -> None:
    book = Book()
    book.round(0, looked(code="127.0.0.2"), looked(DOMAIN, SURBL), health={"bl.spamcop.net": "SERVFAIL"})
    book.round(5, looked(code="127.0.0.2"), looked(DOMAIN, SURBL, code="127.0.0.64"))
    book.round(9, looked(), looked(DOMAIN, SURBL, reason="timeout"))
    again = fold(book.rows).listings
    assert {p: s.observations for p, s in again.pairs.items()} == {
        p: s.observations for p, s in book.book.pairs.items()
    }
    assert again.unbelieved == {"bl.spamcop.net": "SERVFAIL"}
    subject = subject_of(again, "192.0.2.7")
    assert subject == IP and subject is not None and subject.shared is True


def test_a_zone_that_recovers_is_believed_again() -> None:
    book = Book()
    book.round(0, looked(reason="the health check failed"), health={"psbl.surriel.com": "SERVFAIL"})
    assert book.book.unbelieved
    book.round(1, looked(), health={"psbl.surriel.com": ""})
    assert book.book.unbelieved == {}


def _step(book: Book, *, contained: str = "", now: datetime = START) -> Any:
    state = State(listings=book.book, contained_at=contained, last_cut_at=contained)
    there = Situation(Inventory(), state, now)
    # Whether it is over has tests of its own; step 9 goes by that answer.
    over = Over.CONTAINED if contained else Over.NOT_CONTAINED
    there.over = Containment(over, claim(over.value, bool(contained), ()), ())
    return blocklists(there)


def test_step_nine_goes_from_open_to_done_by_evidence() -> None:
    book = Book()
    assert _step(book).verdict is StepVerdict.OPEN
    book.round(0, looked(code="127.0.0.2"))
    found = _step(book)
    assert found.verdict is StepVerdict.IN_PROGRESS and found.action == "blocklists.check"
    assert "only once access is cut" in found.evidence[0]
    cut = "2026-11-21T13:00:00Z"
    found = _step(book, contained=cut)
    assert found.action == "blocklists.removal" and found.progress == (0, 1) and not found.idle
    asked = RemovalRequest().requested(START, 24, containment_done=True)
    book.book.requested({"subject": "192.0.2.7", "zone": "psbl.surriel.com", "request": asked.record()})
    found = _step(book, contained=cut)
    assert found.verdict is StepVerdict.IN_PROGRESS and found.idle
    book.round(20, looked())
    assert _step(book, contained=cut).idle, "a listing can still come: the days are not over"
    book.round(24 * WATCH_DAYS, looked())
    assert _step(book, contained=cut).verdict is StepVerdict.DONE


@pytest.mark.parametrize("days", [8, 20])
def test_a_listing_after_the_days_opens_the_step_again(days: int) -> None:
    book = Book()
    book.round(24 * days, looked())
    book.round(24 * days + 1, looked(code="127.0.0.2"))
    found = _step(book, contained="2026-11-21T13:00:00Z")
    assert found.verdict is StepVerdict.IN_PROGRESS and not found.idle
