"""Mailgun's own blocklist monitoring (Optimize, a paid add-on): two read-only calls (blocklist dossier, 4).

An account without the add-on is refused with 403. The monitoring watches and never removes; domains must
have been added to it first, and the vendor watches only some lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.mailgun.answers import Answer
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.pagination import items_of
from workbench.mailgun.requests import at


@dataclass(frozen=True, slots=True)
class Monitored:
    """One address or domain under the vendor's monitoring; ``listed`` as the API writes it, possibly hostile."""

    subject: str
    listed: tuple[Mapping[str, Any], ...]


async def monitored_addresses(
    client: Mailgun, *, region: Region, priority: Priority = Priority.BACKGROUND
) -> list[Monitored]:
    """Return the sending addresses the vendor watches with their listings; raises Forbidden without the add-on."""
    answer = await client.call("GET", "/v1/inboxready/ip_addresses", region=region, priority=priority)
    found = []
    for item in _items(answer, "items", "ip_addresses"):
        if isinstance(item.get("ip"), str):
            listed = item.get("listed")
            rows = listed if isinstance(listed, list) else []
            found.append(Monitored(item["ip"], tuple(row for row in rows if isinstance(row, dict))))
    return found


async def monitored_domain(
    client: Mailgun, domain: str, *, region: Region, priority: Priority = Priority.BACKGROUND
) -> Monitored:
    """Return the listings of one domain; raises Forbidden without the add-on, NotFound where it is not watched."""
    path = at("/v1/monitoring/domains/{}/blocklists", domain)
    answer = await client.call("GET", path, region=region, priority=priority)
    return Monitored(domain, tuple(_items(answer, "blocklists", "items")))


def _items(answer: Answer, *names: str) -> list[dict[str, Any]]:
    """Return the records under the first of the names that is there: two forms of the list have been seen."""
    document = answer.object()
    name = next((name for name in names if name in document), names[0])
    return [item for item in items_of(answer, name) if isinstance(item, dict)]
