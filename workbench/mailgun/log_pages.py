"""Pages of the log as bytes and entries, asked for slice by slice (dossier B5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from workbench.core.errors import UnreadableAnswer
from workbench.mailgun.answers import Answer
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.dates import rfc2822
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage, read_page
from workbench.mailgun.pagination import MAX_PAGES, endless

LOG_PAGE = 100
LOGS = "/v1/analytics/logs"


async def fetch_page(
    client: Mailgun,
    *,
    region: Region,
    start: datetime,
    end: datetime,
    events: Sequence[str] | None = None,
    include_subaccounts: bool = True,
    ascending: bool = True,
    token: str = "",
    totals: bool = False,
    priority: Priority = Priority.BACKGROUND,
) -> tuple[LogPage, bytes]:
    """Return one page of the log and the bytes it came as. Raises the ApiError family."""
    paging: dict[str, Any] = {"sort": f"timestamp:{'asc' if ascending else 'desc'}", "limit": LOG_PAGE}
    if token:
        paging["token"] = token
    body: dict[str, Any] = {
        "start": rfc2822(start),
        "end": rfc2822(end),
        "include_subaccounts": include_subaccounts,
        "pagination": paging,
    }
    if events:
        body["events"] = list(events)
    if totals:
        body["include_totals"] = True
    answer = await client.call("POST", LOGS, region=region, json=body, priority=priority, repeat_safe=True)
    page = read_page(answer.body)
    if page is None:
        raise _no_page(answer)
    return page, answer.body


async def iter_pages(
    client: Mailgun,
    *,
    region: Region,
    start: datetime,
    end: datetime,
    events: Sequence[str] | None = None,
    priority: Priority = Priority.BACKGROUND,
) -> AsyncIterator[tuple[LogPage, bytes]]:
    """Yield the log between two moments, oldest first, page by page, with subaccounts.

    A server whose tokens point in a circle, or that never ends, is refused (UnreadableAnswer).
    """
    token = ""
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        page, raw = await fetch_page(
            client, region=region, start=start, end=end, events=events, token=token, priority=priority
        )
        if not page.entries and not page.unreadable:
            return
        yield page, raw
        token = page.next
        # A short page need not be the last: a server may cap pages below what was asked for.
        if not token:
            return
        if token in seen:
            raise endless(Answer(200, (), b"", f"POST {LOGS}"), "its pages point in a circle")
        seen.add(token)
    raise endless(Answer(200, (), b"", f"POST {LOGS}"), f"it has more than {MAX_PAGES} pages")


def _no_page(answer: Answer) -> UnreadableAnswer:
    return UnreadableAnswer(
        f"The answer to POST {LOGS} is no page of the log.",
        "It was cut short or altered on the way, or the API has changed; these entries are missing.",
        "Try again; if it stays so, look for a proxy between this host and Mailgun.",
        status=answer.status,
        where=f"POST {LOGS}",
    )
