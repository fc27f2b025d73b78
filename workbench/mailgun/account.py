"""The account as a whole: people, subaccounts, sending limit, allowlist, signing key (dossier B1, B3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from workbench.core.errors import Incomplete, NotFound, UnreadableAnswer
from workbench.core.redact import Secret
from workbench.mailgun.client import Answer, Form, Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.keys import no_secret
from workbench.mailgun.models import AllowEntry, Limit, Subaccount, User
from workbench.mailgun.pagination import ListScope, listed, records, skip_pages, whole
from workbench.mailgun.records import read_object, read_record
from workbench.mailgun.requests import at
from workbench.mailgun.where import Anywhere, as_write

ALLOWLIST = "/v2/ip_whitelist"
SIGNING_KEY = "/v5/accounts/http_signing_key"


async def iter_users(
    client: Mailgun,
    *,
    role: str | None = None,
    page_size: int = 100,
    **where: Unpack[Anywhere],
) -> AsyncIterator[list[User]]:
    """Yield the people who can sign in, page by page. Users are global."""
    scope = ListScope(**where)
    pages = skip_pages(client, "/v5/users", scope, name="users", query={"role": role}, size=page_size)
    async for page in records(User, pages, "GET /v5/users"):
        yield page


async def list_users(
    client: Mailgun,
    *,
    role: str | None = None,
    **where: Unpack[Anywhere],
) -> list[User]:
    """Return everybody who can sign in."""
    return await whole(iter_users(client, role=role, **where))


async def iter_subaccounts(
    client: Mailgun,
    *,
    include_closed: bool = True,
    page_size: int = 100,
    **where: Unpack[Anywhere],
) -> AsyncIterator[list[Subaccount]]:
    """Yield the subaccounts page by page, closed ones too (they are shown only when asked for)."""
    scope = ListScope(**where)
    query: Form = {"closed": True if include_closed else None}
    path = "/v5/accounts/subaccounts"
    pages = skip_pages(client, path, scope, name="subaccounts", query=query, size=page_size)
    async for page in records(Subaccount, pages, f"GET {path}"):
        yield page


async def list_subaccounts(
    client: Mailgun,
    *,
    include_closed: bool = True,
    **where: Unpack[Anywhere],
) -> list[Subaccount]:
    """Return all subaccounts."""
    return await whole(iter_subaccounts(client, include_closed=include_closed, **where))


async def get_subaccount(
    client: Mailgun,
    subaccount_id: str,
    *,
    region: Region | None = None,
    priority: Priority = Priority.READ,
) -> Subaccount:
    """Return one subaccount; raises NotFound where there is none of that id, and for one that is closed."""
    path = at("/v5/accounts/subaccounts/{}", subaccount_id)
    return _subaccount(await client.call("GET", path, region=region, priority=priority))


async def disable_subaccount(
    client: Mailgun,
    subaccount_id: str,
    *,
    reason: str | None = None,
    note: str | None = None,
    region: Region | None = None,
    priority: Priority = Priority.WRITE,
) -> Subaccount:
    """Suspend a subaccount's API and make its panel read-only; raise Refused where it already is."""
    answer = await client.call(
        "POST",
        at("/v5/accounts/subaccounts/{}/disable", subaccount_id),
        region=region,
        query={"reason": reason, "note": note},
        priority=priority,
    )
    return _subaccount(answer)


async def enable_subaccount(
    client: Mailgun,
    subaccount_id: str,
    *,
    region: Region | None = None,
    priority: Priority = Priority.WRITE,
) -> Subaccount:
    """Let a subaccount work again."""
    answer = await client.call(
        "POST", at("/v5/accounts/subaccounts/{}/enable", subaccount_id), region=region, priority=priority
    )
    return _subaccount(answer)


def _subaccount(answer: Answer) -> Subaccount:
    document = answer.object()
    return read_record(Subaccount, document.get("subaccount") or document, answer.where)


def _limit_path(child: str | None) -> str:
    if child is None:
        return "/v5/accounts/limit/custom/monthly"
    return at("/v5/accounts/subaccounts/{}/limit/custom/monthly", child)


async def get_limit(
    client: Mailgun,
    *,
    child: str | None = None,
    **where: Unpack[Anywhere],
) -> Limit | None:
    """Return the custom monthly sending limit, per region; None where none is set.

    ``child`` asks the parent for a subaccount's limit; ``subaccount`` acts for the subaccount itself.
    """
    try:
        answer = await client.call("GET", _limit_path(child), **where)
    except NotFound:
        return None  # The API's way to say that none is set: "No threshold for account" (dossier B3).
    return read_object(Limit, answer.object(), answer.where)


async def set_limit(
    client: Mailgun,
    limit: int,
    *,
    child: str | None = None,
    **where: Unpack[Anywhere],
) -> None:
    """Set the custom monthly sending limit in messages; raise Refused below 1,000 (the vendor's minimum)."""
    await client.call("PUT", _limit_path(child), **as_write(where), query={"limit": limit}, repeat_safe=True)


async def delete_limit(
    client: Mailgun,
    *,
    child: str | None = None,
    **where: Unpack[Anywhere],
) -> None:
    """Remove the custom monthly sending limit."""
    await client.call("DELETE", _limit_path(child), **as_write(where), repeat_safe=True)


async def get_allowlist(
    client: Mailgun,
    **where: Unpack[Anywhere],
) -> list[AllowEntry]:
    """Return the IP allowlist; an empty one binds nobody. Raises Forbidden where the key may not see it."""
    answer = await client.call("GET", ALLOWLIST, **where)
    return listed(AllowEntry, answer, "addresses")


async def add_allowed(
    client: Mailgun,
    address: str,
    description: str = "",
    **where: Unpack[Anywhere],
) -> list[AllowEntry]:
    """Add an address or network and return the whole list.

    **The list binds from its first entry**, for API and SMTP together (dossier A3): on an empty list
    this cuts off everybody else.
    """
    answer = await client.call(
        "POST",
        ALLOWLIST,
        **as_write(where),
        form={"address": address, "description": description},
    )
    return _after(answer)


async def remove_allowed(
    client: Mailgun,
    address: str,
    **where: Unpack[Anywhere],
) -> list[AllowEntry]:
    """Remove an address and return the rest; without the last one the account is open to every address."""
    answer = await client.call(
        "DELETE",
        ALLOWLIST,
        **as_write(where),
        query={"address": address},
        repeat_safe=True,
    )
    return _after(answer)


def _after(answer: Answer) -> list[AllowEntry]:
    """Return the list a change answers with; a change that was carried out is no failure for a list left out."""
    try:
        return listed(AllowEntry, answer, "addresses")
    except UnreadableAnswer as part:
        return list(part.rows) if isinstance(part, Incomplete) else []


async def get_signing_key(
    client: Mailgun,
    **where: Unpack[Anywhere],
) -> Secret:
    """Return the HTTP webhook signing key; keep its fingerprint, not its value."""
    answer = await client.call("GET", SIGNING_KEY, **where)
    return _signing_key(answer)


async def signing_key_fingerprint(
    client: Mailgun,
    fingerprint_key: bytes,
    **where: Unpack[Anywhere],
) -> str:
    """Return the keyed fingerprint of the signing key: enough to show that it changed."""
    secret = await get_signing_key(client, **where)
    return secret.fingerprint(fingerprint_key)


async def regenerate_signing_key(
    client: Mailgun,
    **where: Unpack[Anywhere],
) -> Secret:
    """Replace the signing key at once and return the new one: webhook receivers fail until they know it."""
    answer = await client.call("POST", SIGNING_KEY, **as_write(where))
    return _signing_key(answer)


def _signing_key(answer: Answer) -> Secret:
    value = answer.object().get("http_signing_key")
    if not isinstance(value, str) or not value:
        raise no_secret(answer, "the signing key")
    return Secret(value)
