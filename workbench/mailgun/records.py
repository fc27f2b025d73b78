"""How an outside document becomes a typed record without trusting it and without losing it.

Records are frozen msgspec structs. Unknown fields are ignored, missing ones keep their default, dates are
read from whatever format the endpoint uses. A field of an unexpected type becomes its default and its name
is kept in ``unreadable``: one odd value must neither hide a whole list nor pass unnoticed.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

from workbench.core.errors import UnreadableAnswer
from workbench.core.redact import visible
from workbench.mailgun.dates import parse_moment


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of the account has: the names of fields whose value could not be read."""

    unreadable: tuple[str, ...] = ()


R = TypeVar("R", bound=Record)


@cache
def _dates_of(kind: type[Record]) -> tuple[str, ...]:
    """Return the wire names of a record's date fields."""
    hints = typing.get_type_hints(kind)
    return tuple(
        wire
        for name, wire in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        if datetime in typing.get_args(hints[name])
    )


@cache
def _nested_of(kind: type[Record]) -> tuple[tuple[str, type[Record], bool], ...]:
    """Return the record fields that are records themselves: wire name, their kind, and whether there are many.

    Their dates come in the vendor's formats too, which a plain conversion would not read.
    """
    hints = typing.get_type_hints(kind)
    found: list[tuple[str, type[Record], bool]] = []
    for name, wire in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
        several = typing.get_origin(hints[name]) is tuple
        for inner in typing.get_args(hints[name]):
            if isinstance(inner, type) and issubclass(inner, Record):
                found.append((wire, inner, several))
    return tuple(found)


def read_record(kind: type[R], item: object, where: str = "") -> R:
    """Return one record made from one JSON object; raise UnreadableAnswer if it is no object or lacks its id.

    ``where`` is the method and path of the call, for the error.
    """
    if not isinstance(item, dict):
        raise _odd(kind, where, f"a {type(item).__name__} where an object was expected")
    values: dict[str, Any] = {name: value for name, value in item.items() if value is not None}
    bad: list[str] = []
    for name in _dates_of(kind):
        if name in values:
            moment = parse_moment(values[name])
            if moment is not None:
                values[name] = moment
            else:
                # Empty text and the zero date are the vendor's "never", not damage.
                if values[name] and not str(values[name]).startswith("0001-01-01"):
                    bad.append(name)
                del values[name]
    values.pop("unreadable", None)
    for name, inner, several in _nested_of(kind):
        if name in values:
            try:
                values[name] = (
                    tuple(read_records(inner, values[name], where))
                    if several
                    else read_record(inner, values[name], where)
                )
            except UnreadableAnswer:
                bad.append(name)
                del values[name]
    try:
        record = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError:
        return _field_by_field(kind, values, bad, where)
    return msgspec.structs.replace(record, unreadable=tuple(bad)) if bad else record


def _field_by_field(kind: type[R], values: dict[str, Any], bad: list[str], where: str) -> R:
    """Return the record without the fields that have an unexpected type."""
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in values or field.name == "unreadable":
            continue
        try:
            good[field.name] = msgspec.convert(values[field.encode_name], field.type, strict=False)
        except msgspec.ValidationError:
            if field.required:
                raise _odd(kind, where, f"its {field.encode_name} has an unexpected type") from None
            bad.append(field.encode_name)
    missing = [f.encode_name for f in msgspec.structs.fields(kind) if f.required and f.name not in good]
    if missing:
        raise _odd(kind, where, f"it has no {missing[0]}")
    return kind(**good, unreadable=tuple(bad))


def read_records(kind: type[R], items: object, where: str = "") -> list[R]:
    """Return the records of a JSON list; null means none, as some endpoints answer (dossier B4)."""
    if items is None:
        return []
    if not isinstance(items, Iterable) or isinstance(items, str | bytes | dict):
        raise _odd(kind, where, "no list where one was expected")
    return [read_record(kind, item, where) for item in items]


def _odd(kind: type[Record], where: str, detail: str) -> UnreadableAnswer:
    return UnreadableAnswer(
        f"{where or 'A call'} answered with an unreadable {kind.__name__}: {visible(detail, 120)}.",
        "Either something between this host and Mailgun changes the answers, or the API has changed.",
        "Check the address and any proxy; what could be read elsewhere is kept.",
        where=where,
        detail=detail,
    )
