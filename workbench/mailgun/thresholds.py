"""Alert and limit rules: read, set, delete one by its name (dossier B5). Both books have the same calls."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Unpack

from workbench.mailgun.client import Mailgun
from workbench.mailgun.evidence_models import Alert
from workbench.mailgun.records import read_record
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, as_write


class Book(StrEnum):
    """The two kinds of rules by their path."""

    ALERT = "alerts/send"
    LIMIT = "limits"


async def get_rule(
    client: Mailgun,
    book: Book,
    name: str,
    **where: Unpack[Where],
) -> Alert:
    """Return one rule. Raises NotFound where there is none of this name."""
    answer = await client.call("GET", _path(book, name), **where)
    return read_record(Alert, answer.object(), answer.where)


async def set_rule(
    client: Mailgun,
    book: Book,
    rule: Mapping[str, Any],
    **where: Unpack[Where],
) -> None:
    """Write a rule from the API's own fields over the one of the same ``name``. Raises NotFound where it is gone."""
    await client.call(
        "PUT",
        _path(book, str(rule["name"])),
        **as_write(where),
        json=dict(rule),
        repeat_safe=True,
    )


async def delete_rule(
    client: Mailgun,
    book: Book,
    name: str,
    **where: Unpack[Where],
) -> None:
    """Delete a rule; the account keeps no trace of it. Raises NotFound where there is none."""
    await client.call(
        "DELETE",
        _path(book, name),
        **as_write(where),
        repeat_safe=True,
    )


def _path(book: Book, name: str) -> str:
    return f"/v1/thresholds/{book.value}" + at("/{}", name)
