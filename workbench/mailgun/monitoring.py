"""Mailgun's own monitoring (Optimize, a paid add-on): listings, and Gmail's figures; read-only calls.

An account without the add-on is refused with 403. The monitoring watches and never removes; domains must
have been added to it first, and the vendor watches only some lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workbench.core.clock import as_moment
from workbench.mailgun.answers import Answer
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.pagination import items_of
from workbench.mailgun.requests import at

_MOST_DAYS = 500  # records of a call: domains times days


@dataclass(frozen=True, slots=True)
class Monitored:
    """One address or domain under the vendor's monitoring; ``listed`` as the API writes it, possibly hostile.

    ``unread`` counts what could not be read in place of a listing: it may have been one. ``subject`` is ``""`` for
    an entry that names none.
    """

    subject: str
    listed: tuple[Mapping[str, Any], ...] = ()
    unread: int = 0


async def monitored_addresses(
    client: Mailgun, *, region: Region, priority: Priority = Priority.BACKGROUND
) -> list[Monitored]:
    """Return the sending addresses the vendor watches with their listings; raises Forbidden without the add-on."""
    answer = await client.call("GET", "/v1/inboxready/ip_addresses", region=region, priority=priority)
    found = []
    for item in _items(answer, "items", "ip_addresses"):
        if isinstance(item, dict) and isinstance(item.get("ip"), str):
            listed = item.get("listed", [])
            found.append(_monitored(item["ip"], listed if isinstance(listed, list) else [listed]))
        else:
            found.append(Monitored("", unread=1))
    return found


async def monitored_domain(
    client: Mailgun, domain: str, *, region: Region, priority: Priority = Priority.BACKGROUND
) -> Monitored:
    """Return the listings of one domain; raises Forbidden without the add-on, NotFound where it is not watched."""
    path = at("/v1/monitoring/domains/{}/blocklists", domain)
    answer = await client.call("GET", path, region=region, priority=priority)
    return _monitored(domain, _items(answer, "blocklists", "items"))


def _monitored(subject: str, rows: Sequence[object]) -> Monitored:
    listed = tuple(row for row in rows if isinstance(row, dict) and row.get("list"))
    return Monitored(subject, listed, len(rows) - len(listed))


@dataclass(frozen=True, slots=True)
class GmailDay:
    """What Gmail counted of one domain on one day: the share of its mail that readers called spam, 0 to 1."""

    domain: str
    day: date
    spam: float


async def gmail_days(
    client: Mailgun,
    *,
    region: Region,
    since: datetime,
    until: datetime,
    priority: Priority = Priority.BACKGROUND,
) -> list[GmailDay]:
    """Return Gmail's own figures (Postmaster Tools) by domain and day, as far as the add-on has them.

    Raises Forbidden without the add-on. A record without a name, a day or a share between 0 and 1 is left out: the
    unit is not confirmed, and what is above 1 is no share.
    """
    query = {
        "offset": 0,
        "limit": _MOST_DAYS,
        "timeRangeStart": int(since.timestamp()),
        "timeRangeEnd": int(until.timestamp()),
    }
    path = "/v1/reputationanalytics/gpt/domains"
    answer = await client.call("GET", path, region=region, query=query, priority=priority)
    items = _items(answer, "data", "items")
    days = (_gmail_day(item) for item in items if isinstance(item, dict))
    return [one for one in days if one is not None]


def _gmail_day(item: Mapping[str, Any]) -> GmailDay | None:
    name, at, share = item.get("name"), as_moment(item.get("date")), item.get("user_reported_spam_ratio")
    if not isinstance(name, str) or at is None or not isinstance(share, int | float) or not 0 <= share <= 1:
        return None
    return GmailDay(name, at.date(), float(share))


def _items(answer: Answer, *names: str) -> list[Any]:
    """Return the records under the first of the names that is there: two forms of the list have been seen."""
    document = answer.object()
    name = next((name for name in names if name in document), names[0])
    return items_of(answer, name)
