"""Mail already queued (dossier B2): purged on every storage host, for no call tells which one holds it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from workbench.core.errors import ApiError, NotFound
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.requests import at


class Purge(NamedTuple):
    """What one storage host said to a purge: its message, or the error it raised; never both."""

    host: str
    region: Region | None
    message: str = ""
    error: ApiError | None = None

    @property
    def absent(self) -> bool:
        """True where this host knows no such domain: it holds none of its mail."""
        return isinstance(self.error, NotFound)


async def purge_host(
    client: Mailgun,
    domain: str,
    host: str,
    *,
    subaccount: str | None = None,
    priority: Priority = Priority.WRITE,
) -> str:
    """Delete a domain's queued and scheduled mail on one storage host; return the API's message.

    The customer's own scheduled mail goes too. Raises NotFound where this host holds nothing of the domain.
    """
    answer = await client.call(
        "DELETE",
        at("/v3/{}/envelopes", domain),
        base=host,
        region=client.endpoints.storage_region(host),
        subaccount=subaccount,
        priority=priority,
        repeat_safe=True,
    )
    return str(answer.object().get("message", ""))


async def purge_queue(
    client: Mailgun,
    domain: str,
    *,
    subaccount: str | None = None,
    priority: Priority = Priority.WRITE,
) -> list[Purge]:
    """Delete a domain's queued and scheduled mail on every storage host; return what each one said.

    An error of one host does not keep the others from being asked; the caller must look at every result.
    """

    async def one(host: str) -> Purge:
        region = client.endpoints.storage_region(host)
        try:
            message = await purge_host(client, domain, host, subaccount=subaccount, priority=priority)
        except ApiError as error:
            return Purge(host, region, error=error)
        return Purge(host, region, message)

    return list(await asyncio.gather(*(one(host) for host in client.endpoints.storage)))
