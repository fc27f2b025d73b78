"""The reader of the account: what a list names and no call knows was not read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply
from workbench.core.clock import ManualClock
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.plan import Place
from workbench.domain.runbook import coverage
from workbench.mailgun.endpoints import Region
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
