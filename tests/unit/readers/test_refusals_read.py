"""Who refused the account's mail, read from the log page by page: counted whole, and never held whole."""

from __future__ import annotations

import gc
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, json_of, reply
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import LogEvent
from workbench.readers import deliverability
from workbench.readers.deliverability import read_links, read_refusals

PAGE = 100
BOTH = (Region.US, Region.EU)


class Log:
    """A log of ``pages`` pages in each region; ``held``: entries in memory at each call, where it is ``counting``."""

    def __init__(self, pages: int, entry: dict[str, Any], *, counting: bool = False) -> None:
        self.pages, self.entry, self.counting = pages, entry, counting
        self.held: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return one page."""
        if self.counting:
            self.held.append(sum(type(one) is LogEvent for one in gc.get_objects()))
        number = int(json_of(request)["pagination"].get("token", "0"))
        more = {"next": str(number + 1)} if number + 1 < self.pages else {}
        items = [{**self.entry, "id": f"{number}-{n}"} for n in range(PAGE)]
        return reply({"items": items, "pagination": more})


def refused(sender: str = "evil.example") -> dict[str, Any]:
    """Return an entry of a refused message."""
    return {
        "event": "failed",
        "@timestamp": "2026-11-20T10:00:00Z",
        "delivery-status": {"code": 550, "message": "5.7.1 blocked", "mx-host": "mx.example.net"},
        "message": {"headers": {"from": f"Bank <info@{sender}>"}},
    }


async def test_every_page_counts_and_no_more_than_one_a_region_is_held() -> None:
    log = Log(5, refused(), counting=True)
    client, _ = fake_client(log)
    read = await read_refusals(client, BOTH, START, own=("mg.acme.example",))
    assert (read.read, read.whole, read.gaps) == (10 * PAGE, True, ())
    assert sum(read.kinds.values()) == 10 * PAGE
    assert read.from_domains == ("evil.example",)
    # One that is being read in each region, and one just handed on.
    assert max(log.held) <= 2 * len(BOTH) * PAGE < 5 * len(BOTH) * PAGE


async def test_the_accounts_own_domains_are_no_strangers() -> None:
    client, _ = fake_client(Log(1, refused("MG.acme.example")))
    read = await read_refusals(client, BOTH, START, own=("mg.Acme.example",))
    assert read.from_domains == ()


async def test_a_log_that_goes_on_is_not_called_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliverability, "MOST_PAGES", 7)
    client, _ = fake_client(Log(8, refused()))
    read = await read_refusals(client, (Region.US,), START)
    assert (read.read, read.whole, read.gaps) == (7 * PAGE, False, ())


async def test_an_entry_that_cannot_be_read_is_a_gap() -> None:
    client, _ = fake_client(Log(1, {**refused(), "@timestamp": "yesterday"}))
    read = await read_refusals(client, (Region.US,), START)
    assert not read.whole
    assert len(read.gaps) == 1


async def test_the_hosts_that_were_clicked_are_counted_over_both_regions() -> None:
    client, _ = fake_client(Log(2, {"event": "clicked", "url": "https://shop.example.net/a?b=1"}))
    read = await read_links(client, BOTH, START)
    assert (read.hosts, read.whole, read.gaps) == (("shop.example.net",), True, ())
