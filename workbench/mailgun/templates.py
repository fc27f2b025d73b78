"""Writes to stored templates: delete one, make a version the active one, set a version's headers (dossier B4).

``domain`` None means the account's own templates (``/v4/templates``, which the vendor's description leaves out).
Editing a version leaves no date in the account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.requests import at


def _path(domain: str | None, name: str) -> str:
    return at("/v3/{}/templates/{}", domain, name) if domain else at("/v4/templates/{}", name)


async def delete_template(
    client: Mailgun,
    domain: str | None,
    name: str,
    *,
    region: Region,
    subaccount: str | None = None,
    priority: Priority = Priority.WRITE,
) -> None:
    """Delete a template with all its versions. Raises NotFound where there is none."""
    await client.call(
        "DELETE",
        _path(domain, name),
        region=region,
        subaccount=subaccount,
        priority=priority,
        repeat_safe=True,
    )


async def activate_version(
    client: Mailgun,
    domain: str | None,
    name: str,
    tag: str,
    *,
    region: Region,
    subaccount: str | None = None,
    priority: Priority = Priority.WRITE,
) -> None:
    """Make a version the one that is sent; the others stay, inactive. Raises NotFound where it is gone."""
    await client.call(
        "PUT",
        _path(domain, name) + at("/versions/{}", tag),
        region=region,
        subaccount=subaccount,
        form={"active": "yes"},
        multipart=True,
        priority=priority,
        repeat_safe=True,
    )


async def set_version_headers(
    client: Mailgun,
    domain: str | None,
    name: str,
    tag: str,
    headers: Mapping[str, str],
    *,
    region: Region,
    subaccount: str | None = None,
    priority: Priority = Priority.WRITE,
) -> None:
    """Replace the headers a version puts into mail (From, Subject, Reply-To); its content stays as it is."""
    await client.call(
        "PUT",
        _path(domain, name) + at("/versions/{}", tag),
        region=region,
        subaccount=subaccount,
        form={"headers": json.dumps(dict(headers))},
        multipart=True,
        priority=priority,
        repeat_safe=True,
    )
