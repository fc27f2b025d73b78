"""The reader of the account: what a list names and no call knows was not read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply
from workbench.core.clock import ManualClock
from workbench.domain.model.inventory import Gap, Inventory, KeyItem
from workbench.domain.model.plan import Place
from workbench.domain.runbook import coverage
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Key
from workbench.readers.inventory import InventoryReader

US = Place(Region.US)
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


async def read(lists: list[list[str]]) -> Inventory:
    """Read an account whose domain list names each of ``lists`` in turn, the last for ever, and knows none of them."""
    asked = iter(lists)
    last: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal last
        if request.url.path != "/v4/domains":
            return reply({"message": "Domain not found"}, 404)
        last = next(asked, last)
        items: list[Any] = [{"name": name, "state": "active"} for name in last]
        return reply({"items": items, "total_count": len(items)})

    client, _ = fake_client(handle)
    inventory = Inventory(places=(US,))
    reader = InventoryReader(client, inventory, ManualClock(NOW), lambda _: None)
    await reader.domains_and_logins(US)
    return inventory


@pytest.mark.parametrize("name", ["x", " mg.acme.example ", "mg.acme.example."])
async def test_a_domain_that_is_listed_and_that_no_call_knows_was_not_read(name: str) -> None:
    found = await read([[name]])
    (gap,) = coverage.cut_by(found)
    assert coverage.part(gap) == "logins" and "Yet the account has that domain" in gap.reason


async def test_a_domain_deleted_between_two_readings_took_its_logins_with_it() -> None:
    found = await read([["mg.acme.example"], []])
    assert not coverage.cut_by(found) and not found.logins


GONE = httpx.Response(404, json={"message": "Not Found"})
PAGE = httpx.Response(404, html="<html>not found</html>")
STILL = httpx.Response(200, json={"subaccount": {"id": "sub1", "name": "bulk", "status": "open"}})


@pytest.mark.parametrize(
    ("listed", "asked", "kept"),
    [
        ([{"id": "sub1", "name": "bulk", "status": "open"}], GONE, True),
        ([{"id": "sub1", "name": "bulk", "status": "closed"}], STILL, False),
        ([], GONE, False),
        ([], STILL, True),
        ([], PAGE, True),
        ([], httpx.Response(500, json={"message": "internal"}), True),
    ],
    ids=["listed", "closed", "gone", "only missing from the list", "a page says so", "no answer"],
)
async def test_what_was_in_a_subaccount_is_forgotten_once_the_account_says_that_it_ended(
    listed: list[dict[str, str]], asked: httpx.Response, kept: bool
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v5/accounts/subaccounts":
            return reply({"subaccounts": listed, "total": len(listed)})
        return httpx.Response(asked.status_code, headers=asked.headers, content=asked.content)

    client, _ = fake_client(handle)
    below = Place(Region.US, "sub1")
    inventory = Inventory(places=(US, below))
    inventory.replace_keys(below, [KeyItem(Key(id="k1"), below)])
    inventory.replace_keys(US, [KeyItem(Key(id="k0"), US)])
    inventory.gaps["users us/sub1"] = Gap("users", below, "no answer")
    await InventoryReader(client, inventory, ManualClock(NOW), lambda _: None).subaccounts()
    assert (set(inventory.keys), bool(inventory.missing)) == ({"k0", "k1"} if kept else {"k0"}, kept)
