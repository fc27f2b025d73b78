"""Every paging style of the API as an async iterator of pages (dossier B, column Page).

Four styles: ``skip`` and ``limit`` until a short page (``total_count`` may count this page only); paging
addresses whose end is an empty page, though ``next`` is always there; a token inside a JSON body; none.
A server that never ends, repeats a page or points to another origin is refused, so that neither a fault nor
an intruder in the middle can send the key elsewhere or keep the workbench reading for ever.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from workbench.core.errors import UnreadableAnswer, UsageError
from workbench.core.redact import visible
from workbench.mailgun.client import Answer, Mailgun, Priority, Query
from workbench.mailgun.endpoints import Region, origin

# 10,000 pages of 1,000 are ten million items: more than any account holds of anything listed here.
MAX_PAGES = 10_000


class Scope(NamedTuple):
    """Where a list is read and how urgently: region, subaccount, priority."""

    region: Region | None = None
    subaccount: str | None = None
    priority: Priority = Priority.READ


async def skip_pages(
    client: Mailgun,
    path: str,
    scope: Scope,
    *,
    name: str = "items",
    query: Query | None = None,
    size: int = 100,
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list read by ``skip`` and ``limit``, until a page is short."""
    skip = 0
    previous: list[Any] | None = None
    for _ in range(MAX_PAGES):
        asked = {**(query or {}), "limit": size, "skip": skip}
        answer = await client.call(
            "GET",
            path,
            region=scope.region,
            subaccount=scope.subaccount,
            query=asked,
            priority=scope.priority,
        )
        items = items_of(answer, name)
        if items and items == previous:
            raise endless(answer, "the same page came twice")
        if items:
            yield items
        # Servers may cap the page below what was asked: only an empty or truly short page ends it.
        if not items or len(items) < size:
            return
        skip += len(items)
        previous = items
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


async def url_pages(
    client: Mailgun, path: str, scope: Scope, *, name: str = "items", query: Query | None = None
) -> AsyncIterator[list[Any]]:
    """Yield the pages of a list whose answers name the address of the next page; an empty page ends it."""
    seen: set[str] = set()
    asked: Query | None = query
    for _ in range(MAX_PAGES):
        answer = await client.call(
            "GET",
            path,
            region=scope.region,
            subaccount=scope.subaccount,
            query=asked,
            priority=scope.priority,
        )
        items = items_of(answer, name)
        if not items:
            return
        yield items
        following = next_address(answer)
        if following is None:
            return
        server = client.endpoints.api[scope.region or client.endpoints.home]
        path, asked = same_origin(server, following, answer), None
        if path in seen:
            raise endless(answer, "its pages point in a circle")
        seen.add(path)
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


def items_of(answer: Answer, name: str) -> list[Any]:
    """Return the list a document holds under a name; null and absence mean an empty one (dossier B4)."""
    found = answer.object().get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UnreadableAnswer(
            f"The answer to {answer.where} has no list where one was expected.",
            "Either something changes the answers on the way, or the API has changed.",
            "Check the address and any proxy.",
            status=answer.status,
            where=answer.where,
        )
    return found


def next_address(answer: Answer) -> str | None:
    """Return the address of the next page (``paging.next`` or ``Next``), None where there is none."""
    paging = answer.object().get("paging")
    if not isinstance(paging, dict):
        return None
    following = paging.get("next") or paging.get("Next")
    return following if isinstance(following, str) and following else None


def same_origin(server: str, address: str, answer: Answer) -> str:
    """Return path and query of a paging address on this very server; raise UnreadableAnswer for another."""
    try:
        whole = urljoin(server + "/", address)
        same = origin(whole) == origin(server)
    except (UsageError, ValueError):
        same = False
    if not same:
        raise UnreadableAnswer(
            f"The next page of {answer.where} is on another server: {visible(address, 80)}.",
            "Following it would hand the key to that server; nothing was sent there.",
            "Check the address of the API and any proxy; if both are right, tell Mailgun Support.",
            status=answer.status,
            where=answer.where,
        )
    parts = urlsplit(whole)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def endless(answer: Answer, reason: str) -> UnreadableAnswer:
    """Return the error for a list that never ends."""
    return UnreadableAnswer(
        f"The list {answer.where} does not end: {reason}.",
        "Reading on would never finish; what came so far is not the whole list.",
        "Try again; if it stays so, tell Mailgun Support.",
        status=answer.status,
        where=answer.where,
    )
