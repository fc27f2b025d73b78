"""The reports' word on blocklists: the table, and only what is Mailgun's to do in what Mailgun is asked."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.domain.blocklists.test_listings import START, Book, looked
from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Subject
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.reports.blocklists import asked_of_support, blocklists
from workbench.reports.blocks import Table, Text

ZONES = load().zones
SHARED = Subject.parse("192.0.2.7", shared=True)
OURS = Subject.parse("192.0.2.8", shared=False)


def _book() -> Book:
    book = Book()
    first = [looked(SHARED, code="127.0.0.2"), looked(OURS, code="127.0.0.2")]
    book.round(0, *first, looked(SHARED, ZONES["bl.spamcop.net"], code="127.0.0.2"))
    book.round(30, looked(SHARED, code="127.0.0.2"), looked(OURS), looked(SHARED, ZONES["bl.spamcop.net"]))
    return book


def test_the_table_holds_what_is_and_what_was_listed() -> None:
    section = blocklists(Situation(Inventory(), State(listings=_book().book), START + timedelta(hours=31)))
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert [row[0] for row in table.rows] == ["listed", "not listed", "not listed"]
    assert table.rows[0][1] == "192.0.2.7" and table.rows[0][5].endswith("##")
    assert {row[6] for row in table.rows} == {"to do", "gone"}


def test_support_is_asked_for_shared_addresses_only() -> None:
    asked = asked_of_support(_book().book)
    assert len(asked) == 1 and "192.0.2.7" in asked[0] and "shared" in asked[0]
    clean = Book()
    clean.round(0, looked(SHARED))
    assert "192.0.2.7" not in "".join(asked_of_support(clean.book))


def test_before_the_first_look_up_it_says_so() -> None:
    section = blocklists(Situation(Inventory(), State(), START))
    assert isinstance(section.blocks[0], Text) and "not been asked" in section.blocks[0].text
