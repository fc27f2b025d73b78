"""Settings in which an intruder can stay: routes, webhooks, addresses, pools, sandbox (dossier B3, B4, F)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Unpack

from workbench.mailgun.client import Mailgun
from workbench.mailgun.models import (
    AccountWebhook,
    DomainWebhooks,
    Ip,
    IpPool,
    PoolMove,
    Route,
    SandboxRecipient,
)
from workbench.mailgun.pagination import (
    ListScope,
    announced,
    items_of,
    listed,
    lost_elements,
    missing,
    no_list,
    records,
    skip_pages,
    whole,
)
from workbench.mailgun.records import read_records
from workbench.mailgun.requests import at
from workbench.mailgun.where import Anywhere, Where, as_write

ACCOUNT_WEBHOOKS = "/v1/webhooks"
SANDBOX_RECIPIENTS = "/v5/sandbox/auth_recipients"


async def iter_routes(
    client: Mailgun,
    *,
    page_size: int = 1000,
    **where: Unpack[Where],
) -> AsyncIterator[list[Route]]:
    """Yield the inbound routes of one region page by page."""
    pages = skip_pages(client, "/v3/routes", ListScope(**where), size=page_size)
    async for page in records(Route, pages, "GET /v3/routes"):
        yield page


async def list_routes(
    client: Mailgun,
    **where: Unpack[Where],
) -> list[Route]:
    """Return all inbound routes of one region."""
    return await whole(iter_routes(client, **where))


async def delete_route(
    client: Mailgun,
    route_id: str,
    **where: Unpack[Where],
) -> None:
    """Delete a route."""
    await _delete(client, at("/v3/routes/{}", route_id), as_write(where))


async def domain_webhooks(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> DomainWebhooks:
    """Return the addresses that get a domain's events; the older single ``url`` is read as well.

    Raises Incomplete, with what could be read as its one row, where an event type holds something else.
    """
    answer = await client.call("GET", at("/v3/domains/{}/webhooks", domain), **where)
    found = answer.object().get("webhooks")
    if not isinstance(found, dict) and items_of(answer, "webhooks"):
        raise no_list(answer)
    urls: dict[str, list[str]] = {}
    odd: list[str] = []
    for kind, entry in found.items() if isinstance(found, dict) else ():
        several, ok = _addresses(entry)
        if several:
            urls[str(kind)] = several
        if not ok:
            odd.append(str(kind))
    if odd:
        part = lost_elements(answer.where, odd)
        part.rows = [DomainWebhooks(urls=urls)]
        raise part
    return DomainWebhooks(urls=urls)


def _addresses(entry: Any) -> tuple[list[str], bool]:
    """Return the addresses of one event type, and whether all of the entry was understood."""
    if isinstance(entry, list) or (isinstance(entry, str) and "://" in entry):
        # Shapes of other versions of this call; the vendor's Go SDK still reads both.
        entry = {"urls": entry}
    if not isinstance(entry, dict):
        return [], False
    held = [entry[name] for name in ("urls", "url") if entry.get(name) is not None]
    several = [address for one in held for address in (one if isinstance(one, list) else [one])]
    texts = [address for address in several if isinstance(address, str)]
    return list(dict.fromkeys(filter(None, texts))), bool(held) and len(texts) == len(several)


async def remove_webhook_address(
    client: Mailgun,
    domain: str,
    url: str,
    **where: Unpack[Where],
) -> None:
    """Remove one address from every event type of a domain."""
    await client.call(
        "DELETE",
        at("/v4/domains/{}/webhooks", domain),
        **as_write(where),
        query={"url": url},
        repeat_safe=True,
    )


async def account_webhooks(
    client: Mailgun,
    **where: Unpack[Where],
) -> list[AccountWebhook]:
    """Return the account's webhooks of one region. Raises Forbidden where the key may not see them."""
    answer = await client.call("GET", ACCOUNT_WEBHOOKS, **where)
    return listed(AccountWebhook, answer, "webhooks")


async def delete_account_webhook(
    client: Mailgun,
    webhook_id: str,
    **where: Unpack[Where],
) -> None:
    """Delete an account webhook; it may fire for ten more minutes (dossier C)."""
    await _delete(client, at("/v1/webhooks/{}", webhook_id), as_write(where))


async def list_ips(
    client: Mailgun,
    *,
    dedicated: bool | None = None,
    **where: Unpack[Where],
) -> list[Ip]:
    """Return the account's sending addresses, only its own dedicated ones if asked."""
    answer = await client.call("GET", "/v3/ips", **where, query={"dedicated": dedicated})
    told = answer.object().get("details")
    details = {
        item["ip"]: item
        for item in (told if isinstance(told, list) else ())
        if isinstance(item, dict) and isinstance(item.get("ip"), str)
    }
    rows = [
        {**details.get(address, {}), "ip": address, "dedicated": dedicated}
        if isinstance(address, str)
        else address
        for address in items_of(answer, "items")
    ]
    if announced(answer) > len(rows):
        raise missing(answer, len(rows), announced(answer))
    return read_records(Ip, rows, answer.where)


async def list_ip_pools(
    client: Mailgun,
    **where: Unpack[Where],
) -> list[IpPool]:
    """Return the pools of dedicated addresses. Raises Forbidden where the plan has none."""
    answer = await client.call("GET", "/v3/ip_pools", **where)
    return listed(IpPool, answer, "ip_pools")


async def pool_history(
    client: Mailgun,
    *,
    limit: int = 100,
    **where: Unpack[Where],
) -> list[PoolMove]:
    """Return the latest moves of domains between shared pools; only the first page."""
    answer = await client.call("GET", "/v1/dynamic_pools/history", **where, query={"Limit": limit})
    return listed(PoolMove, answer, "items", first_only=True)


async def sandbox_recipients(
    client: Mailgun,
    **where: Unpack[Anywhere],
) -> list[SandboxRecipient]:
    """Return who the sandbox domain may write to (at most five)."""
    answer = await client.call("GET", SANDBOX_RECIPIENTS, **where)
    return listed(SandboxRecipient, answer, "recipients")


async def delete_sandbox_recipient(
    client: Mailgun,
    email: str,
    **where: Unpack[Anywhere],
) -> None:
    """Remove a recipient of the sandbox domain."""
    await _delete(client, at("/v5/sandbox/auth_recipients/{}", email), as_write(where))


async def _delete(client: Mailgun, path: str, where: Where | Anywhere) -> None:
    await client.call("DELETE", path, **where, repeat_safe=True)
