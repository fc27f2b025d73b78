"""SMTP logins of a domain, in the one region where the domain lives (dossier B1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Unpack

from workbench.core.redact import Secret
from workbench.mailgun.client import Mailgun
from workbench.mailgun.models import NewPassword, SmtpCredential
from workbench.mailgun.pagination import ListScope, records, skip_pages, whole
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, as_write

PAGE = 1000


async def iter_credentials(
    client: Mailgun,
    domain: str,
    *,
    page_size: int = PAGE,
    **where: Unpack[Where],
) -> AsyncIterator[list[SmtpCredential]]:
    """Yield a domain's SMTP logins page by page. No value of a password is ever among them."""
    path = at("/v3/domains/{}/credentials", domain)
    pages = _named(skip_pages(client, path, ListScope(**where), size=page_size))
    async for page in records(SmtpCredential, pages, f"GET {path}"):
        yield page


async def _named(pages: AsyncIterator[list[Any]]) -> AsyncIterator[list[Any]]:
    """Yield pages in which a row without a login has that of its mailbox, which repeats it."""
    async for items in pages:
        yield [_with_login(item) if isinstance(item, dict) else item for item in items]


def _with_login(item: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its login; where the mailbox repeats it they become one text, kept once."""
    login, mailbox = item.get("login"), item.get("mailbox")
    if not login and isinstance(mailbox, str):
        return {**item, "login": mailbox}
    return {**item, "mailbox": login} if login == mailbox else item


async def list_credentials(
    client: Mailgun,
    domain: str,
    **where: Unpack[Where],
) -> list[SmtpCredential]:
    """Return all SMTP logins of a domain."""
    return await whole(iter_credentials(client, domain, **where))


async def create_credential(
    client: Mailgun,
    domain: str,
    login: str,
    password: Secret | None = None,
    **where: Unpack[Where],
) -> NewPassword:
    """Create a login (local part or full address); without a password the server chooses and shows one."""
    answer = await client.call(
        "POST",
        at("/v3/domains/{}/credentials", domain),
        **as_write(where),
        form={"login": login, "password": password},
    )
    return _new_password(answer.object(), login)


async def reset_credential(
    client: Mailgun,
    domain: str,
    login: str,
    password: Secret | None = None,
    **where: Unpack[Where],
) -> NewPassword:
    """Give a login a new password of 5 to 32 characters; without one the server chooses it and shows it once.

    With a chosen password a repeat changes nothing more, and a lost answer is asked again; 400 ``New password
    cannot be the same as old password.`` then means that it is already set (dossier B1).
    """
    answer = await client.call(
        "PUT",
        at("/v3/domains/{}/credentials/{}", domain, local_part(login, domain)),
        **as_write(where),
        form={"password": password} if password is not None else {},
        repeat_safe=password is not None,
    )
    return _new_password(answer.object(), login)


async def delete_credential(
    client: Mailgun,
    domain: str,
    login: str,
    **where: Unpack[Where],
) -> None:
    """Delete a login. Raises NotFound where it is gone, Refused for ``postmaster`` (reset only)."""
    await client.call(
        "DELETE",
        at("/v3/domains/{}/credentials/{}", domain, local_part(login, domain)),
        **as_write(where),
        repeat_safe=True,
    )


def local_part(login: str, domain: str) -> str:
    """Return the login without its domain where that is this domain: the form seen recorded (dossier B1)."""
    local, at_sign, host = login.rpartition("@")
    return local if at_sign and local and host.lower() == domain.lower() else login


def full_login(login: str, domain: str) -> str:
    """Return the full address an SMTP server wants for a login of this domain."""
    return login if "@" in login else f"{login}@{domain}"


def _new_password(document: dict[str, Any], login: str) -> NewPassword:
    pairs = document.get("credentials")
    message = document.get("message")
    name, value = login, None
    if isinstance(pairs, dict) and len(pairs) == 1:
        [(key, shown)] = pairs.items()
        name, value = str(key), shown
    return NewPassword(
        login=name,
        password=Secret(value) if isinstance(value, str) and value else None,
        message=message if isinstance(message, str) else "",
    )
