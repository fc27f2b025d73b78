"""A list is whole or says what it lacks; one odd element costs itself alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import fake_client, reply
from workbench.core.errors import ApiError, Incomplete, NotAuthorised, UnreadableAnswer
from workbench.mailgun import account, credentials, domains, keys, settings
from workbench.mailgun.endpoints import Region
from workbench.mailgun.pagination import ListScope, skip_pages, url_pages, whole

US = Region.US
SCOPE = ListScope(US)


def capped(
    total: int, cap: int, *, name: str = "items", count: str = "total_count", told: bool = True
) -> Any:
    """Return a server that gives at most ``cap`` of what was asked for."""

    def handle(request: httpx.Request) -> httpx.Response:
        skip, limit = int(request.url.params["skip"]), int(request.url.params["limit"])
        items = [{"id": str(n), "name": f"d{n}"} for n in range(total)][skip : skip + min(limit, cap)]
        return reply({name: items, **({count: total} if told else {})})

    return handle


@pytest.mark.parametrize(("total", "cap"), [(5, 2), (1500, 300), (250, 100), (130, 50), (12, 10)])
async def test_a_server_that_caps_pages_is_read_to_its_count(total: int, cap: int) -> None:
    client, _ = fake_client(capped(total, cap))
    assert len(await domains.list_domains(client, region=US)) == total


async def test_a_capped_page_of_a_round_size_is_not_taken_for_the_last() -> None:
    client, _ = fake_client(capped(130, 50, name="users", told=False))
    assert len(await account.list_users(client)) == 130


@pytest.mark.parametrize("document", [{"total_count": 5, "items": None}, {"total_count": 5, "items": []}])
async def test_a_count_without_items_is_a_gap(document: dict[str, Any]) -> None:
    client, _ = fake_client(lambda request: reply(document))
    with pytest.raises(Incomplete, match="announced 5 and gave 0"):
        await credentials.list_credentials(client, "mg.acme.example", region=US)


@pytest.mark.parametrize(
    "told",
    [
        {"total_count": "3"}, {"total_count": 3.0}, {"totalCount": 3}, {"count": 3}, {"total_items": 3},
        {"paging": {"total": 3}}, {"pagination": {"total_count": "3"}}, {"total_count": None, "total": 3},
    ],
)  # fmt: skip
async def test_a_count_is_heeded_whatever_it_is_called_and_written(told: dict[str, Any]) -> None:
    client, _ = fake_client(lambda request: reply({"items": [], **told}))
    with pytest.raises(Incomplete, match="announced 3 and gave 0"):
        await credentials.list_credentials(client, "mg.acme.example", region=US)


@pytest.mark.parametrize("told", ["many", "-3", -3, 3.5, True, None, [3], "3" * 40])
async def test_what_is_no_count_announces_nothing(told: Any) -> None:
    client, _ = fake_client(lambda request: reply({"items": [], "total_count": told}))
    assert await credentials.list_credentials(client, "mg.acme.example", region=US) == []


async def test_what_came_before_the_false_end_is_kept() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        items = [{"id": "1", "name": "d1"}] if request.url.params["skip"] == "0" else []
        return reply({"items": items, "total_count": 3})

    client, _ = fake_client(handle)
    with pytest.raises(Incomplete) as caught:
        await domains.list_domains(client, region=US)
    assert [domain.name for domain in caught.value.rows] == ["d1"]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
async def test_what_came_before_a_page_that_fails_is_kept(status: int) -> None:
    serve = capped(250, 100)

    def handle(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = serve(request)
        return answer if request.url.params["skip"] == "0" else reply({"message": "no"}, status)

    client, _ = fake_client(handle)
    with pytest.raises(Incomplete, match="100 rows of the list came before that") as caught:
        await domains.list_domains(client, region=US)
    assert len(caught.value.rows) == 100 and caught.value.short and caught.value.status == status


async def test_who_is_shut_out_on_the_way_is_shut_out() -> None:
    serve = capped(250, 100)

    def handle(request: httpx.Request) -> httpx.Response:
        answer: httpx.Response = serve(request)
        return answer if request.url.params["skip"] == "0" else httpx.Response(401, text="Forbidden")

    client, _ = fake_client(handle)
    with pytest.raises(NotAuthorised):
        await domains.list_domains(client, region=US)


async def test_a_server_that_ignores_limit_and_skip_is_believed_by_its_count() -> None:
    users = [{"id": str(n)} for n in range(150)]
    client, api = fake_client(lambda request: reply({"users": users, "total": 150}))
    assert len(await account.list_users(client)) == 150
    assert len(api.requests) == 2


async def test_a_limit_refused_is_tried_smaller() -> None:
    serve = capped(30, 1000)

    def handle(request: httpx.Request) -> httpx.Response:
        if int(request.url.params["limit"]) > 100:
            return reply({"message": "Limit parameter can't be larger than 100"}, 400)
        answer: httpx.Response = serve(request)
        return answer

    client, _ = fake_client(handle)
    assert len(await domains.list_domains(client, region=US)) == 30


@pytest.mark.parametrize(
    "following", ["https://evil.example/v3/x", "/a?page=same", "http://[broken", "//evil.example/a"]
)
async def test_a_paging_address_that_leads_nowhere_loses_nothing(following: str) -> None:
    calls = 0

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return reply({"items": [calls], "paging": {"next": following}})

    client, _ = fake_client(handle)
    with pytest.raises(Incomplete) as caught:
        await whole(url_pages(client, "/a", SCOPE))
    assert caught.value.rows[0] == 1


async def test_a_next_address_in_a_short_page_is_heeded() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        skip = int(request.url.params["skip"])
        document: dict[str, Any] = {"items": list(range(5))[skip : skip + 2]}
        return reply({**document, "paging": {"next": "/a?more"}} if skip < 4 else document)

    client, _ = fake_client(handle)
    assert await whole(skip_pages(client, "/a", SCOPE)) == [0, 1, 2, 3, 4]


KEYS = "0123456789abcdef"


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        ({"id": None, "description": "no id"}, 1),
        ({"id": "", "description": "no id"}, 1),
        ({"id": {"a": 1}}, 1),
        (7, 1),
        (None, 1),
        ([], 1),
        ({"id": 77, "role": "admin"}, 2),
        ("bare-text", 2),
    ],
)
async def test_one_odd_key_costs_itself_alone(odd: Any, kept: int) -> None:
    good = {"id": "k1", "role": "admin"}
    client, _ = fake_client(lambda request: reply({"items": [good, odd]}))
    try:
        rows = await keys.list_keys(client)
    except Incomplete as part:
        rows = list(part.rows)
        assert not part.short
        assert part.lost
    assert len(rows) == kept
    assert rows[0].id == "k1"


async def test_rows_keep_what_is_known_and_name_what_is_not() -> None:
    item = {
        "id": "2b3c4d5e-23bc45de",
        "role": "sending",
        "kind": "domain",
        "created_at": "27/11/2026 11:44",
        "is_disabled": "maybe",
        "expires_at": {"t": 1},
    }
    client, _ = fake_client(lambda request: reply({"items": [item]}))
    [key] = await keys.list_keys(client)
    assert key.role == "sending"
    assert set(key.unreadable) == {"created_at", "is_disabled", "expires_at"}


async def test_a_login_without_a_name_is_known_by_its_mailbox() -> None:
    rows = [{"login": "postmaster@a.example"}, {"mailbox": "old@a.example"}]
    client, _ = fake_client(lambda request: reply({"items": rows, "total_count": 2}))
    found = await credentials.list_credentials(client, "a.example", region=US)
    assert [row.login for row in found] == ["postmaster@a.example", "old@a.example"]


async def test_a_mailbox_that_repeats_the_login_is_kept_once() -> None:
    rows = [{"login": f"app{n}@a.example", "mailbox": f"app{n}@a.example"} for n in range(2)]
    rows.append({"login": "app@a.example", "mailbox": "other@a.example"})
    client, _ = fake_client(lambda request: reply({"items": rows, "total_count": 3}))
    found = await credentials.list_credentials(client, "a.example", region=US)
    assert [row.mailbox for row in found] == [row["mailbox"] for row in rows]
    assert found[0].mailbox is found[0].login and found[1].mailbox is found[1].login


async def test_webhooks_in_other_shapes_are_shown() -> None:
    hooks = {
        "bounce": ["http://evil.example.net/b"],
        "drop": "http://evil.example.net/x",
        "opened": {"urls": ["http://evil.example.net/o"]},
        "legacy": {"url": "http://old.example/"},
    }
    client, _ = fake_client(lambda request: reply({"webhooks": hooks}))
    found = await settings.domain_webhooks(client, "a.example", region=US)
    assert set(found.urls) == set(hooks)


@pytest.mark.parametrize(
    "body", [{}, {"message": "ok"}, {"users": None, "total": 3}, {"items": [{"id": "1"}]}]
)
async def test_another_document_in_place_of_a_list_is_no_empty_list(body: dict[str, Any]) -> None:
    client, _ = fake_client(lambda request: reply(body))
    with pytest.raises(UnreadableAnswer):
        await account.list_users(client)


@pytest.mark.parametrize(
    "body", [b'{"items": ["\xff\xfe"]}', b"\xff\xfe", b"[" * 100_000, b"1e400", b'{"items": 1e999}']
)
async def test_bytes_that_are_no_text_are_an_error_of_the_tree(body: bytes) -> None:
    made = httpx.Response(200, content=body, headers={"content-type": "application/json"})
    client, _ = fake_client(lambda request: made)
    with pytest.raises(ApiError):
        await keys.list_keys(client)
