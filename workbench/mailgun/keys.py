"""API keys: list, create, delete (dossier B1). Keys are global: one region's answer holds for both."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Unpack

from workbench.core.errors import Forbidden, Incomplete, NotFound, UnreadableAnswer
from workbench.core.redact import Secret
from workbench.mailgun.client import Answer, Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Key, NewKey
from workbench.mailgun.pagination import listed
from workbench.mailgun.records import read_record
from workbench.mailgun.requests import at
from workbench.mailgun.where import Anywhere, as_write

KINDS = ("user", "domain", "web")


async def list_keys(
    client: Mailgun,
    *,
    kind: str | None = None,
    domain: str | None = None,
    **where: Unpack[Anywhere],
) -> list[Key]:
    """Return the account's keys, of one ``kind`` or, by default, of every kind, each key once.

    An unfiltered call may not show every kind (dossier B1, unconfirmed), so None asks for the unfiltered
    list and for ``user``, ``domain`` and ``web`` as well. The API has no paging here. Raises Incomplete, with
    the keys that were read, where one of these answers is not whole.
    """
    found: dict[str, Key] = {}
    part: Incomplete | None = None
    for asked in (None, *KINDS) if kind is None else (kind,):
        answer = await client.call(
            "GET",
            "/v1/keys",
            **where,
            query={"kind": asked, "domain_name": domain},
        )
        try:
            rows = listed(Key, answer, "items")
        except Incomplete as short:
            rows = list(short.rows)
            if part is None or short.short > part.short:
                part = short
        for key in rows:
            found.setdefault(key.id, key)
    if part is not None:
        part.rows = list(found.values())
        raise part
    return list(found.values())


async def create_key(
    client: Mailgun,
    *,
    role: str,
    kind: str = "user",
    description: str = "",
    domain: str | None = None,
    expiration: int | None = None,
    user_id: str | None = None,
    user_name: str | None = None,
    email: str | None = None,
    **where: Unpack[Anywhere],
) -> NewKey:
    """Create a key and return it with the secret that is shown this once.

    ``role`` is admin, basic, developer or sending; ``domain`` is needed for kind ``domain``; ``expiration``
    is a lifetime in seconds, None for ever. Raises Forbidden at the account's key limit or without the admin
    role. Never repeated by itself: each run makes another key.
    """
    answer = await client.call(
        "POST",
        "/v1/keys",
        **as_write(where),
        form={
            "role": role,
            "kind": kind,
            "description": description or None,
            "domain_name": domain,
            "expiration": expiration,
            "user_id": user_id,
            "user_name": user_name,
            "email": email,
        },
    )
    return _new_key(answer)


def _new_key(answer: Answer) -> NewKey:
    """Return the key of a creating answer, wrapped as recorded or flat; raise UnknownSecret without its secret."""
    try:
        document = answer.object()
    except UnreadableAnswer as unread:
        raise UnknownSecret(unread, "") from None
    held = document.get("key")
    item: dict[str, Any] = dict(held) if isinstance(held, dict) else dict(document)
    secret = item.pop("secret", None)
    if not isinstance(secret, str) and isinstance(held, str) and not held.startswith("pubkey-"):
        secret = held
    known = item.get("id")
    key_id = str(known) if isinstance(known, str | int) and not isinstance(known, bool) else ""
    if not isinstance(secret, str) or not secret.strip():
        raise UnknownSecret(no_secret(answer, "the new key"), key_id)
    tail = _TAIL.search(secret)
    if not key_id and tail is not None:
        # The id of a current key is the tail of its secret (dossier A2).
        key_id = tail[1]
    if not key_id:
        raise UnknownSecret(no_secret(answer, "the new key's id"), "")
    return NewKey(key=read_record(Key, {**item, "id": key_id}, answer.where), secret=Secret(secret))


class UnknownSecret(UnreadableAnswer):
    """A key may have been made whose secret nobody holds; ``key_id`` is its id where the answer names it, or ``""``."""

    def __init__(self, error: UnreadableAnswer, key_id: str) -> None:
        super().__init__(error.what, error.means, error.todo, status=error.status, where=error.where)
        self.key_id = key_id


# A current secret ends in its key's id.
_TAIL = re.compile(r"[0-9a-f]{32}-([0-9a-f]{8}-[0-9a-f]{8})$")


def tail_of(key: Secret) -> str:
    """Return the id that a current key's secret ends in, ``""`` for a form without one; the id is no secret."""
    found = _TAIL.fullmatch(key.reveal())
    return found[1] if found else ""


async def delete_key(
    client: Mailgun,
    key_id: str,
    **where: Unpack[Anywhere],
) -> None:
    """Delete a key. Raises NotFound where there is no such key (any more): the caller may take it as done.

    A key made a moment ago may be refused with 400 ``an error occurred, please try again later`` (Refused);
    waiting some seconds and asking again helps.
    """
    await client.call(
        "DELETE",
        at("/v1/keys/{}", key_id),
        **as_write(where),
        repeat_safe=True,
    )


async def regenerate_public_key(
    client: Mailgun,
    **where: Unpack[Anywhere],
) -> str:
    """Replace the public validation key and return the new one (it only validates addresses)."""
    answer = await client.call("POST", "/v1/keys/public", **as_write(where), repeat_safe=True)
    key = answer.object().get("key")
    if not isinstance(key, str) or not key:
        raise no_secret(answer, "the new public key")
    return key


async def whoami(
    client: Mailgun,
    *,
    region: Region | None = None,
    priority: Priority = Priority.PROOF,
) -> str | None:
    """Prove with one cheap read that the key is alive; return its id, None where the answer does not name it.

    Raises NotAuthorised where the key is refused (dead, or this host is not on the allowlist). A 403 and a
    404 with the API's own body are answers to a key that is alive (dossier D). A ``domain`` key may be
    refused on reads though alive: only its own send endpoint decides.
    """
    with contextlib.suppress(Forbidden, NotFound):
        await client.call("GET", "/v5/accounts/limit/custom/monthly", region=region, priority=priority)
    return client.key_id


def no_secret(answer: Answer, what: str) -> UnreadableAnswer:
    """Return the error for a creating call whose answer does not show the secret it should."""
    return UnreadableAnswer(
        f"The answer to {answer.where} does not show {what}.",
        "It may have been made all the same, with a secret that nobody knows.",
        "Read the list again and delete what is not known, then repeat.",
        status=answer.status,
        where=answer.where,
    )
