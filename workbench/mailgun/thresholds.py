"""Alert and limit rules and what they hit (dossier B5). Both books have the same calls; a rule goes by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from workbench.mailgun.client import Mailgun
from workbench.mailgun.evidence_models import Alert, Book
from workbench.mailgun.pagination import listed
from workbench.mailgun.records import read_record
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, as_write


async def threshold_hits(client: Mailgun, **where: Unpack[Where]) -> list[Alert]:
    """Return the thresholds that fired."""
    return await _alerts(client, "/v1/thresholds/hits", where)


async def list_rules(client: Mailgun, book: Book, **where: Unpack[Where]) -> list[Alert]:
    """Return the rules that exist; one the intruder deleted leaves no trace."""
    return await _alerts(client, f"/v1/thresholds/{book.value}", where)


async def create_rule(client: Mailgun, book: Book, rule: Mapping[str, Any], **where: Unpack[Where]) -> Alert:
    """Make a rule from the API's own fields (``name``, ``metric``, ``comparator``, ``limit``…)."""
    path = f"/v1/thresholds/{book.value}"
    answer = await client.call("POST", path, **as_write(where), json=dict(rule))
    return read_record(Alert, {**rule, **answer.object()}, answer.where)


async def get_rule(client: Mailgun, book: Book, name: str, **where: Unpack[Where]) -> Alert:
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


async def delete_rule(client: Mailgun, book: Book, name: str, **where: Unpack[Where]) -> None:
    """Delete a rule; the account keeps no trace of it. Raises NotFound where there is none."""
    await client.call(
        "DELETE",
        _path(book, name),
        **as_write(where),
        repeat_safe=True,
    )


async def _alerts(client: Mailgun, path: str, where: Where) -> list[Alert]:
    answer = await client.call("GET", path, **where)
    return listed(Alert, answer, "items")


def _path(book: Book, name: str) -> str:
    return f"/v1/thresholds/{book.value}" + at("/{}", name)
