"""The blocklists pane: verdicts with days, lists not asked said aloud, the way off, what is recorded, the bell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import START, FakeSession
from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Subject
from workbench.blocklists.verdicts import Listing, ListingVerdict, read_addresses
from workbench.domain.blocklists.listings import round_body
from workbench.domain.runbook.runbook import StepView
from workbench.domain.runbook.runbook import Verdict as StepVerdict
from workbench.execution.progress import ProgressNotice

CATALOGUE = load()
IP = Subject.parse("192.0.2.7", shared=False)
PSBL, SPAMCOP = CATALOGUE.zones["psbl.surriel.com"], CATALOGUE.zones["bl.spamcop.net"]


def looked(zone_name: str, code: str, hours: float = 0) -> Listing:
    """Return a look-up, listed where a code is given."""
    zone = CATALOGUE.zones[zone_name]
    found = read_addresses(zone, [code]) if code else None
    return Listing(
        subject=IP,
        zone=zone,
        verdict=ListingVerdict.LISTED if found else ListingVerdict.NOT_LISTED,
        tier=zone.tier,
        codes=found.codes if found else (),
        matched=found.matched if found else (),
        reason=found.reason if found else "no entry",
        txt=("[bold]spam[/] seen",) if found else (),
        asked_at=START + timedelta(hours=hours),
        ttl=60,
        resolver="127.0.0.1",
    )


def listed(session: FakeSession) -> FakeSession:
    """Give a session two rounds: PSBL lists the address, SpamCop did and no longer does."""
    session.blocklists._catalogue = CATALOGUE
    for hours, spamcop in ((-30.0, "127.0.0.2"), (0.0, "")):
        ones = [looked("psbl.surriel.com", "127.0.0.2", hours), looked("bl.spamcop.net", spamcop, hours)]
        at = START + timedelta(hours=hours)
        book = session.state.listings
        book.observed(round_body(book, ones, at, health={}, resolver="r", whole=True))
        session.listings.update({"|".join(one.pair): one for one in ones})
    return session


async def test_the_pane_shows_days_removal_and_what_is_not_asked(running: Running) -> None:
    async with running(listed(FakeSession()), (160, 50)) as pilot:
        app = app_of(pilot)
        await pilot.press("5", "z")
        await settle(pilot)
        text = screen_text(pilot)
        assert "NOT ASKED (i says why): Spamhaus" in text
        rows = [line for line in text.splitlines() if "192.0.2.7" in line]
        psbl = next(line for line in rows if "PSBL" in line)
        assert "✗ listed" in psbl and "██" in psbl and "to do" in psbl and "20 Nov 08:02" in psbl
        gone = next(line for line in rows if "SpamCop" in line)
        assert "✓ not listed" in gone and "█·" in gone and "gone" in gone
        assert "[bold]spam" in psbl, "markup of a list is text"
        await pilot.press("i")
        await settle(pilot)
        assert "zen.spamhaus.org" in screen_text(pilot)
        assert app.screen.focused is not None


async def test_no_removal_is_ready_while_containment_is_open(running: Running) -> None:
    session = listed(FakeSession())
    async with running(session, (120, 40)) as pilot:
        await pilot.press("5", "m")
        await settle(pilot)
        text = screen_text(pilot)
        assert "NOT READY: containment is open" in text and "Please remove the IP address 192.0.2.7" in text
        await pilot.press("escape", "Y")
        await settle(pilot)
        assert "cannot be asked for yet" in screen_text(pilot)
        assert not [one for one in session.asked if one[0] == "removal.requested"]


async def test_a_request_is_copied_recorded_and_waits(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = listed(FakeSession())
    session.drill = False
    session.state.contained_at = "2026-11-21T14:00:00Z"
    done = StepView("1", "t", "s", StepVerdict.DONE, (), None, "", "", "", "", "", "")
    # Every step closed and nothing left open: containment is judged by both.
    monkeypatch.setattr("workbench.domain.blocklists.delisting.runbook.steps", lambda _: [done])
    monkeypatch.setattr("workbench.domain.blocklists.delisting.is_contained", lambda _: True)
    monkeypatch.setattr("workbench.session.delisting_requests.is_contained", lambda _: True)
    async with running(session, (120, 40)) as pilot:
        app = app_of(pilot)
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_to_clipboard", copied.append)
        await pilot.press("5", "m")
        await settle(pilot)
        assert "Ready to be sent" in screen_text(pilot)
        await pilot.press("c", "escape")
        assert copied and copied[0].startswith("Please remove the IP address")
        await settle(pilot)
        assert "Was the request sent?" in screen_text(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert [one[1]["zone"] for one in session.asked if one[0] == "removal.requested"] == [
            "psbl.surriel.com"
        ]
        app.main.renew()
        await settle(pilot)
        row = next(line for line in screen_text(pilot).splitlines() if "192.0.2.7" in line and "PSBL" in line)
        assert "requested" in row
        await pilot.press("N")
        await settle(pilot)
        await pilot.press(*"no", "enter")
        await settle(pilot)
        refused = [one[1] for one in session.asked if one[0] == "removal.refused"]
        assert refused and refused[0]["request"]["note"] == "no"


async def test_a_new_listing_rings(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    session = listed(FakeSession())
    async with running(session) as pilot:
        app = app_of(pilot)
        rung: list[bool] = []
        monkeypatch.setattr(app, "bell", lambda: rung.append(True))
        session.tell(
            ProgressNotice("newly listed: 192.0.2.7 on zen.spamhaus.org (tier 1)", loud=True, rings=True)
        )
        await settle(pilot)
        assert rung == [True]
        session.tell(ProgressNotice("something quiet", loud=True))
        await settle(pilot)
        assert rung == [True]


async def test_a_row_that_is_not_listed_has_nothing_to_record(running: Running) -> None:
    session = listed(FakeSession())
    session.listings = {
        key: replace(one, verdict=ListingVerdict.NOT_LISTED)
        for key, one in session.listings.items()
        if "spamcop" in key
    }
    async with running(session) as pilot:
        await pilot.press("5", "Y")
        await settle(pilot)
        assert not [one for one in session.asked if one[0] == "removal.requested"]
