"""What the watch over the lists asks about: the account's own names of today, and what is listed until it is off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.pilot.fake_session import US, FakeSession
from workbench.blocklists.monitoring import VendorListing
from workbench.core.clock import iso
from workbench.domain.blocklists.ours import ADDRESSES
from workbench.domain.blocklists.recorded import (
    GmailRates,
    LinkedHosts,
    RefusalsRead,
    SendingHealth,
    VendorMonitoring,
)
from workbench.domain.model.inventory import Gap
from workbench.readers import blocklist_targets, deliverability
from workbench.session.events import Changed


def test_what_is_listed_is_asked_about_until_it_is_off_also_where_nothing_names_it_any_more() -> None:
    session = FakeSession()
    name, zone, at = "shop-links.example", "dbl.example", iso(session.clock.now())
    record = {
        "subject": name,
        "zone": zone,
        "tier": 1,
        "reason": "spam",
        "ttl": 60,
        "codes": [],
        "asked_at": at,
    }
    subject = {"subject": name, "role": "linked domain", "shared": None}
    row = {"at": at, "asked": 1, "subjects": [subject], "listed": [record]}
    assert name not in {one.value for one in session.blocklists._subjects()}
    session.state.listings.observed(row)
    asked = [one for one in session.blocklists._subjects() if one.value == name]
    assert [one.role.value for one in asked] == ["linked domain"]
    clear = {"at": at, "asked": 1, "not_listed": {zone: {"tier": 1, "subjects": [name]}}}
    session.state.listings.observed(clear)
    assert name not in {one.value for one in session.blocklists._subjects()}


async def test_after_a_restart_the_pane_shows_what_was_found_also_once_the_watch_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = FakeSession()
    watch, at = session.blocklists, iso(session.clock.now())
    zone, name = (
        next(iter((await blocklist_targets.read_catalogue(watch.config, watch.vault)).zones)),
        "shop-links.example",
    )
    subject = {"subject": name, "role": "linked domain", "shared": None}
    clear = {
        "at": at,
        "asked": 1,
        "subjects": [subject],
        "not_listed": {zone: {"tier": 1, "subjects": [name]}},
    }
    session.state.listings.observed(clear)
    monkeypatch.setattr(type(watch), "over", lambda _: True)
    told: list[object] = []
    watch.tell = told.append
    assert not watch.listings
    assert await watch.follow() is None
    assert [one.subject.value for one in watch.listings.values()] == [name]
    assert told == [Changed("blocklists")]


async def test_what_mailguns_monitoring_told_stands_while_it_cannot_be_read_and_its_gap_ends_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = FakeSession()
    watch = session.blocklists
    session.api.endpoints.regions = ()
    seen = VendorListing("192.0.2.7", "rare.example", "A rare list", None, None, None, ())
    answers = iter([("", [seen]), ("the server is down", []), ("the server is down", []), ("", []), ("", [])])
    facts = {
        "refusals": RefusalsRead(),
        "rates": SendingHealth(),
        "links": LinkedHosts(),
        "gmail": GmailRates(),
    }

    async def monitoring(*_: object) -> object:
        return next(answers)

    for name, fact in facts.items():

        async def read(*_: object, fact: object = fact, **__: object) -> object:
            return fact

        monkeypatch.setattr(deliverability, f"read_{name}", read)
    monkeypatch.setattr(deliverability, "read_monitoring", monitoring)

    async def nothing() -> None:
        return None

    monkeypatch.setattr(type(watch), "_read_policies", lambda _: nothing())
    told = []
    for restarted in (False, False, True, False, False):
        if restarted:
            watch.vendor = []
        await watch.read_aftermath()
        fact = session.state.known(VendorMonitoring)
        told.append(([one.subject for one in fact.listed], fact.gap))
    down = (["192.0.2.7"], "the server is down")
    assert told == [(["192.0.2.7"], ""), down, down, ([], ""), ([], "")]


def test_the_watch_is_not_over_while_addresses_wait_to_be_read() -> None:
    session = FakeSession()
    now = session.clock.now()
    session.state.contained_at = iso(now - timedelta(days=8))
    session.state.listings.observed({"at": iso(now), "asked": 1, "subjects": []})
    told = []
    for gap in (Gap(ADDRESSES, US, "no answer", passing=True), Gap(ADDRESSES, US, "role too low"), None):
        session.inventory.gaps = {"ips US": gap} if gap is not None else {}
        told.append(session.blocklists.over())
    assert told == [False, True, True]
