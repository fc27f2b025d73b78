"""Writes to stored templates: delete one, make a version the active one, set a version's headers (dossier B4).

``domain`` None means the account's own templates (``/v4/templates``, which the vendor's description leaves out).
Editing a version leaves no date in the account.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Unpack

from workbench.mailgun.client import Mailgun
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, as_write


def _path(domain: str | None, name: str) -> str:
    return at("/v3/{}/templates/{}", domain, name) if domain else at("/v4/templates/{}", name)


async def delete_template(
    client: Mailgun,
    domain: str | None,
    name: str,
    **where: Unpack[Where],
) -> None:
    """Delete a template with all its versions. Raises NotFound where there is none."""
    await client.call(
        "DELETE",
        _path(domain, name),
        **as_write(where),
        repeat_safe=True,
    )


async def activate_version(
    client: Mailgun,
    domain: str | None,
    name: str,
    tag: str,
    **where: Unpack[Where],
) -> None:
    """Make a version the one that is sent; the others stay, inactive. Raises NotFound where it is gone."""
    await client.call(
        "PUT",
        _path(domain, name) + at("/versions/{}", tag),
        **as_write(where),
        form={"active": "yes"},
        multipart=True,
        repeat_safe=True,
    )


async def set_version_headers(
    client: Mailgun,
    domain: str | None,
    name: str,
    tag: str,
    headers: Mapping[str, str],
    **where: Unpack[Where],
) -> None:
    """Replace the headers a version puts into mail (From, Subject, Reply-To); its content stays as it is."""
    await client.call(
        "PUT",
        _path(domain, name) + at("/versions/{}", tag),
        **as_write(where),
        form={"headers": json.dumps(dict(headers))},
        multipart=True,
        repeat_safe=True,
    )
