"""One stored message, read from the host that the log names for it (dossier B2); gone after the plan's retention."""

from __future__ import annotations

from typing import Any, Unpack
from urllib.parse import urlsplit

from workbench.core.errors import Refused, UsageError
from workbench.core.redact import visible
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import Endpoints, origin
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, below

# Asked for this form, the API puts the message as it was sent into ``body-mime``; otherwise it tells its fields.
AS_SENT = "message/rfc2822"
_VENDORS = ".api.mailgun.net"


def server_of(endpoints: Endpoints, address: str) -> str | None:
    """Return the server to ask for a message that the log says is kept at ``address``; None means the API's own.

    Only a storage or API server of these endpoints is asked: whoever could write another address into the log
    would get the key. An older storage host of the vendor's, which is in no list, is asked through the API
    server, which answers for all of them. Raises Refused for any other host.
    """
    try:
        wanted = origin(address)
    except UsageError:
        wanted = ("", "", 0)
    for base in (*endpoints.storage, *endpoints.api.values()):
        if origin(base) == wanted:
            return base
    host = (urlsplit(address).hostname or "") if wanted[1] else ""
    if endpoints.vendor and wanted[0] == "https" and host.endswith(_VENDORS):
        return None
    raise Refused(
        f"The log says that the message is kept at {visible(host or address, 80)!r}, which is no host of Mailgun's.",
        "The key would have gone there; nothing was asked.",
        "Show this line to Mailgun Support.",
        where="GET stored message",
        sent=False,
    )


async def stored_message(
    client: Mailgun,
    domain: str,
    key: str,
    address: str,
    **where: Unpack[Where],
) -> dict[str, Any]:
    """Return what the API holds of one message; ``body-mime`` is the message as sent, where it gives that.

    Raises NotFound once retention has ended, Forbidden where the key may not read mail, and the other errors of
    the ApiError family.
    """
    answer = await client.call(
        "GET",
        at("/v3/domains/{}/messages/{}", domain, key),
        base=server_of(client.endpoints, address),
        **below(where),
        accept=AS_SENT,
    )
    return answer.object()
