"""Every paging style, and servers that never end or point elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, gather_pages, json_of, reply
from workbench.core.errors import Incomplete, UnreadableAnswer
from workbench.core.turns import A_TURN
from workbench.mailgun import evidence, pagination
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import LogEvent
from workbench.mailgun.pagination import ListScope, skip_pages, url_pages
from workbench.mailgun.requests import at

SCOPE = ListScope(Region.US)
BASE = "https://api.mailgun.net"


def numbered(total: int, page_cap: int = 1000) -> Any:
    """Return a handler with ``total`` items that counts, as the vendor does, only what it returns."""

    def handle(request: httpx.Request) -> httpx.Response:
        skip, limit = int(request.url.params["skip"]), int(request.url.params["limit"])
        items = list(range(total))[skip : skip + min(limit, page_cap)]
        return reply({"items": items, "total_count": len(items)})

    return handle


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 35])
async def test_skip_and_limit_until_a_short_page(total: int) -> None:
    client, api = fake_client(numbered(total))
    assert await gather_pages(skip_pages(client, "/a", SCOPE, size=10)) == list(range(total))
    assert len(api.requests) == total // 10 + 1


async def test_ten_thousand_items() -> None:
    client, api = fake_client(numbered(10_000))
    assert len(await gather_pages(skip_pages(client, "/a", SCOPE, size=1000))) == 10_000
    assert len(api.requests) == 11


@pytest.mark.parametrize("document", [{"items": []}, {"items": [], "total_count": 0}])
async def test_empty_lists_are_empty(document: dict[str, Any]) -> None:
    client, _ = fake_client(lambda request: reply(document))
    assert await gather_pages(skip_pages(client, "/a", SCOPE)) == []
    assert await gather_pages(url_pages(client, "/a", SCOPE)) == []


async def test_null_is_no_list_but_where_it_is_known_to_be_an_empty_one() -> None:
    client, _ = fake_client(lambda request: reply({"items": None, "total_count": 0}))
    for pages in (skip_pages(client, "/a", SCOPE), url_pages(client, "/a", SCOPE)):
        with pytest.raises(UnreadableAnswer):
            await gather_pages(pages)
    assert await gather_pages(url_pages(client, "/a", SCOPE, null_is_none=True)) == []
    client, _ = fake_client(lambda request: reply({"items": None, "total_count": 5}))
    with pytest.raises(Incomplete):
        await gather_pages(url_pages(client, "/a", SCOPE, null_is_none=True))


@pytest.mark.parametrize(
    "document", [{"items": {}}, {"items": "abc"}, {"items": 7}, [], {}, {"message": "ok"}, {"users": []}]
)
async def test_no_list_where_one_was_expected_is_unreadable(document: Any) -> None:
    client, _ = fake_client(lambda request: reply(document))
    with pytest.raises(UnreadableAnswer):
        await gather_pages(skip_pages(client, "/a", SCOPE))


async def test_a_server_that_ignores_skip_is_found_out() -> None:
    client, api = fake_client(lambda request: reply({"items": list(range(10))}))
    with pytest.raises(UnreadableAnswer, match="same page"):
        await gather_pages(skip_pages(client, "/a", SCOPE, size=10))
    assert len(api.requests) == 2


def chained(pages: int, make: Any) -> Any:
    """Return a handler whose pages point to the next one, the last to an empty one, as the vendor's do."""

    def handle(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "0"))
        items = [number] if number < pages else []
        return reply({"items": items, "paging": {"next": make(number + 1), "first": make(0)}})

    return handle


@pytest.mark.parametrize(
    "make",
    [
        lambda number: f"{BASE}/v3/mg/bounces?page={number}&limit=10",
        lambda number: f"https://API.mailgun.net:443/v3/mg/bounces?page={number}",
        lambda number: f"/v3/mg/bounces?page={number}",
    ],
    ids=["absolute", "spelled otherwise", "relative"],
)
async def test_paging_addresses_until_an_empty_page(make: Any) -> None:
    client, api = fake_client(chained(3, make))
    found = await gather_pages(url_pages(client, "/v3/mg/bounces", SCOPE, query={"limit": 10}))
    assert found == [0, 1, 2]
    assert api.requests[0].url.params["limit"] == "10"
    assert len(api.requests) == 4
    assert {request.url.host for request in api.requests} == {"api.mailgun.net"}


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/v3/mg/bounces?page=2",
        "http://api.mailgun.net/v3/mg/bounces?page=2",
        "https://api.mailgun.net:8443/x",
        "https://api.mailgun.net@evil.example/x",
        "//evil.example/x",
        "https://api.eu.mailgun.net/v3/mg/bounces?page=2",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[::1/x",
    ],
)
async def test_a_paging_address_of_another_origin_gets_no_key(following: str) -> None:
    client, api = fake_client(lambda request: reply({"items": [1], "paging": {"next": following}}))
    with pytest.raises(UnreadableAnswer, match="another server"):
        await gather_pages(url_pages(client, "/v3/mg/bounces", SCOPE))
    assert len(api.requests) == 1


async def test_pages_in_a_circle_are_found_out() -> None:
    client, api = fake_client(
        lambda request: reply({"items": [1], "paging": {"next": "/v3/mg/bounces?page=2"}})
    )
    with pytest.raises(UnreadableAnswer, match="circle"):
        await gather_pages(url_pages(client, "/v3/mg/bounces", SCOPE))
    assert len(api.requests) == 2


async def test_pages_without_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MAX_PAGES", 5)
    client, _ = fake_client(chained(10**9, lambda number: f"/a?page={number}"))
    with pytest.raises(UnreadableAnswer, match="more than 5 pages"):
        await gather_pages(url_pages(client, "/a", SCOPE))
    client, _ = fake_client(lambda request: reply({"items": [int(request.url.params["skip"])]}))
    with pytest.raises(UnreadableAnswer, match="more than 5 pages"):
        await gather_pages(skip_pages(client, "/a", SCOPE, size=1))


@pytest.mark.parametrize("paging", [None, [], {}, {"next": None}, {"next": 7}, {"next": ""}])
async def test_no_next_address_ends_the_list(paging: Any) -> None:
    client, _ = fake_client([reply({"items": [1], "paging": paging})])
    assert await gather_pages(url_pages(client, "/a", SCOPE)) == [1]


async def test_the_subaccount_goes_along_to_every_page() -> None:
    client, api = fake_client(chained(2, lambda number: f"/a?page={number}"))
    await gather_pages(url_pages(client, "/a", ListScope(Region.EU, "sub-1")))
    assert [request.headers["x-mailgun-on-behalf-of"] for request in api.requests] == ["sub-1"] * 3
    assert {request.url.host for request in api.requests} == {"api.eu.mailgun.net"}


async def test_logs_are_paged_by_a_token_in_the_body() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        token = json_of(request)["pagination"].get("token")
        number = int(token) if token else 0
        items = [{"id": str(number), "event": "accepted"}] if number < 3 else []
        return reply({"items": items, "pagination": {"next": str(number + 1)}})

    client, api = fake_client(handle)
    pages = evidence.iter_logs(client, region=Region.US, start=START, end=START, domains=["mg.acme.example"])
    events = await gather_pages(pages)
    assert [event.id for event in events] == ["0", "1", "2"]
    body = json_of(api.requests[0])
    assert body["start"] == "Sat, 21 Nov 2026 14:02:07 +0000"
    assert body["filter"]["AND"][0]["values"] == [{"label": "mg.acme.example", "value": "mg.acme.example"}]
    assert body["pagination"]["limit"] == 100


async def test_a_page_of_records_is_read_in_turns_and_what_is_lost_in_any_of_them_is_said() -> None:
    made, others = 0, 0
    items: list[Any] = [{"id": str(number)} for number in range(2 * A_TURN + 5)]
    items[A_TURN + 1] = 7

    async def pages() -> AsyncIterator[list[Any]]:
        yield items

    async def read() -> None:
        nonlocal made
        with pytest.raises(Incomplete) as odd:
            async for rows in pagination.records(LogEvent, pages(), "POST /logs"):
                made += len(rows)
        assert len(odd.value.lost) == 1

    async def other(reading: asyncio.Task[None]) -> None:
        nonlocal others
        while not reading.done():
            others += 1
            await asyncio.sleep(0)

    reading = asyncio.ensure_future(read())
    await other(reading)
    await reading
    # The loop is let go once for each started A_TURN of them, so that no turn reads more.
    assert made == len(items) - 1 and others >= 3


async def test_a_log_token_that_repeats_is_found_out() -> None:
    client, api = fake_client(lambda request: reply({"items": [{"id": "1"}], "pagination": {"next": "same"}}))
    with pytest.raises(UnreadableAnswer, match="circle"):
        await gather_pages(evidence.iter_logs(client, region=Region.US, start=START, end=START))
    assert len(api.requests) == 2


def test_a_path_has_one_place_for_each_name() -> None:
    with pytest.raises(IndexError):
        at("/v3/{}/{}", "one")
