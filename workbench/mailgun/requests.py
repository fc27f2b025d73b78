"""Requests as plain values: paths with quoted parts, queries, forms and JSON, ready to be sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from workbench.core.errors import Refused
from workbench.core.redact import Secret, visible

Scalar = str | int | float | bool | Secret
Form = Mapping[str, Scalar | Sequence[Scalar] | None]
Query = Mapping[str, Scalar | Sequence[Scalar] | None]


class Prepared(NamedTuple):
    """The target (path with query) and body of a request; ``secrets`` are the values never to be repeated."""

    target: str
    content_type: str | None
    body: bytes
    secrets: tuple[Secret, ...]


def at(template: str, *parts: str) -> str:
    """Return a path with each ``{}`` filled by one quoted part: ``at("/v3/{}/bounces", domain)``.

    Names come from the account and may be hostile. One that cannot stand in a path as itself (empty, ``.``
    or ``..``, which servers resolve) is refused: a call meant for one thing must never reach another.
    """
    for part in parts:
        if part in {"", ".", ".."}:
            raise Refused(
                f"The name {visible(part)!r} cannot be put into an address.",
                "A call with it would reach something else of the account.",
                "Look at it in Mailgun's control panel, and tell Mailgun Support.",
                where=template,
                sent=False,
            )
    return template.format(*(quote(part, safe="@") for part in parts))


def prepare(
    path: str, query: Query | None, form: Form | None, json: object | None, *, multipart: bool = False
) -> Prepared:
    """Return a request's target and body. None values are left out; sequences repeat their name."""
    target = path
    if query:
        encoded = urlencode(_pairs(query)[0])
        if encoded:
            target += ("&" if "?" in path else "?") + encoded
    if json is not None:
        return Prepared(target, "application/json", msgspec.json.encode(json), ())
    if form is not None:
        pairs, hidden = _pairs(form)
        if multipart:
            return Prepared(target, *_multipart(pairs), hidden)
        return Prepared(target, "application/x-www-form-urlencoded", urlencode(pairs).encode(), hidden)
    return Prepared(target, None, b"", ())


def _pairs(values: Form) -> tuple[list[tuple[str, str]], tuple[Secret, ...]]:
    pairs: list[tuple[str, str]] = []
    hidden: list[Secret] = []
    for name, value in values.items():
        if value is None:
            continue
        several = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        for item in several:
            if isinstance(item, Secret):
                hidden.append(item)
            pairs.append((name, _text(item)))
    return pairs, tuple(hidden)


def _text(value: Scalar) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _multipart(pairs: list[tuple[str, str]]) -> tuple[str, bytes]:
    """Return content type and body of a multipart form; the boundary is random, so no value can end it."""
    boundary = secrets.token_hex(16)
    lines: list[str] = []
    for name, value in pairs:
        safe = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{safe}"', "", value]
    lines += [f"--{boundary}--", ""]
    return f"multipart/form-data; boundary={boundary}", "\r\n".join(lines).encode()
