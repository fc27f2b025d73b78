"""How an outside document becomes a typed record without trusting it and without losing it.

Records are frozen msgspec structs. Unknown fields are ignored, missing ones keep their default, dates are
read from whatever format the endpoint uses. A field of an unexpected type becomes its default and its name
is kept in ``unreadable``: one odd value must neither hide a whole list nor pass unnoticed. Decoding is total:
an element of which nothing usable is left is named, and costs itself alone.
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

from workbench.core.errors import Incomplete, UnreadableAnswer
from workbench.core.json_text import kind_of
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.mailgun.dates import parse_moment


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of the account has: the names of fields whose value could not be read."""

    unreadable: tuple[str, ...] = ()


# What stands in ``unreadable`` of a row that came as a bare text.
NAME_ALONE = "all but its name"
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
        raise _odd(kind, where, f"{kind_of(item)} where an object was expected")
    values: dict[str, Any] = {
        name: value for name, value in item.items() if value is not None and name != "unreadable"
    }
    bad: list[str] = []
    _read_dates(kind, values, bad)
    _read_nested(kind, values, bad, where)
    try:
        record = msgspec.convert(values, kind, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
        return _field_by_field(kind, values, bad, where)
    _check_ids(kind, record, where)
    for name in _numbers_of(kind):
        value = getattr(record, name)
        if isinstance(value, float) and not math.isfinite(value):
            # "1e400" is a number to JSON and infinity to a float: whoever counts with it would fail.
            return _field_by_field(kind, {k: v for k, v in values.items() if k != name}, [*bad, name], where)
    return msgspec.structs.replace(record, unreadable=tuple(bad)) if bad else record


def read_object(kind: type[R], document: object, where: str = "") -> R:
    """Return the one record an answer is about; raise UnreadableAnswer where none of its fields is in it.

    An empty object would otherwise read as *everything off, nothing set*.
    """
    fields = {name for name in kind.__struct_encode_fields__ if name != "unreadable"}
    if not isinstance(document, dict) or not fields.intersection(document):
        raise _odd(kind, where, "none of its fields is there")
    return read_record(kind, document, where)


def _read_dates(kind: type[Record], values: dict[str, Any], bad: list[str]) -> None:
    for name in _dates_of(kind):
        if name in values:
            moment = parse_moment(values[name])
            if moment is not None:
                values[name] = moment
            else:
                # Empty text and the zero date are the vendor's "never", not damage.
                if values[name] and str(values[name])[:10] != "0001-01-01":
                    bad.append(name)
                del values[name]


def _read_nested(kind: type[Record], values: dict[str, Any], bad: list[str], where: str) -> None:
    for name, inner, several in _nested_of(kind):
        if name not in values:
            continue
        try:
            if several:
                values[name] = tuple(read_records(inner, values[name], where))
            else:
                values[name] = read_record(inner, values[name], where)
        except Incomplete as part:
            bad.append(name)
            values[name] = tuple(part.rows)
        except UnreadableAnswer:
            bad.append(name)
            del values[name]


@cache
def _numbers_of(kind: type[Record]) -> tuple[str, ...]:
    """Return the fields that may hold a float."""
    hints = typing.get_type_hints(kind)
    return tuple(name for name in kind.__struct_fields__ if float in typing.get_args(hints[name]))


def _field_by_field(kind: type[R], values: dict[str, Any], bad: list[str], where: str) -> R:
    """Return the record without the fields that have an unexpected type; an id that is a number is read as text."""
    good: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in values or field.name == "unreadable":
            continue
        value = values[field.encode_name]
        try:
            good[field.name] = msgspec.convert(value, field.type, strict=False)
            if isinstance(good[field.name], float) and not math.isfinite(good[field.name]):
                del good[field.name]
                bad.append(field.encode_name)
        except (msgspec.ValidationError, ValueError, OverflowError, RecursionError):
            if isinstance(value, int) and not isinstance(value, bool) and _is_text(field.type):
                good[field.name] = str(value) if abs(value) < 10**30 else f"{value:e}"
            elif field.required:
                raise _odd(kind, where, f"its {field.encode_name} has an unexpected type") from None
            else:
                bad.append(field.encode_name)
    missing = [f.encode_name for f in msgspec.structs.fields(kind) if f.required and f.name not in good]
    if missing:
        raise _odd(kind, where, f"it has no {missing[0]}")
    record = kind(**good, unreadable=tuple(bad))
    _check_ids(kind, record, where)
    return record


@cache
def _required_of(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of the fields without which a record names nothing."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


def _check_ids(kind: type[Record], record: Record, where: str) -> None:
    """Raise UnreadableAnswer for a record whose id is empty: nothing could be done to it, or told apart by it."""
    for name in _required_of(kind):
        if getattr(record, name) == "":
            raise _odd(kind, where, f"its {name} is empty")


def _is_text(kind: object) -> bool:
    return kind is str or str in typing.get_args(kind)


def read_records(kind: type[R], items: object, where: str = "") -> list[R]:
    """Return the records of a JSON list.

    Raises UnreadableAnswer where there is no list, and Incomplete, with the rows that could be read, where
    some elements could not: each is named by whatever it does show.
    """
    if not isinstance(items, Iterable) or isinstance(items, str | bytes | dict):
        raise _odd(kind, where, "no list where one was expected")
    rows: list[R] = []
    lost: list[str] = []
    for item in items:
        try:
            rows.append(_row(kind, item, where))
        except UnreadableAnswer as odd:
            lost.append(f"{_shown(item)} ({odd.detail})")
    if lost:
        raise Incomplete(
            f"{plural(len(lost), kind.__name__)} of {where or 'a call'} could not be read: {lost[0]}.",
            "The rest of the list is kept; these were neither judged nor secured.",
            "Look at them in the control panel; tell Mailgun Support if they stay so.",
            where=where,
            rows=rows,
            lost=lost,
            short=False,
        )
    return rows


def _row(kind: type[R], item: object, where: str) -> R:
    """Return one element; a bare text is kept as a record that it is the id of, of which the rest is not known."""
    required = _required_of(kind)
    if isinstance(item, str) and item and len(required) == 1:
        wire = next(f.encode_name for f in msgspec.structs.fields(kind) if f.name == required[0])
        record = read_record(kind, {wire: item}, where)
        return msgspec.structs.replace(record, unreadable=(*record.unreadable, NAME_ALONE))
    return read_record(kind, item, where)


_NAMES = ("name", "description", "email", "login", "address", "url", "kind", "id")


def _shown(item: object) -> str:
    """Return what can be said of an element that could not be read, harmless and short."""
    if isinstance(item, dict):
        told = next((item[name] for name in _NAMES if isinstance(item.get(name), str) and item[name]), None)
        return f"“{visible(told, 60)}”" if told else "an element without a name"
    return f"“{visible(item, 60)}”" if isinstance(item, str) else kind_of(item)


def _odd(kind: type[Record], where: str, detail: str) -> UnreadableAnswer:
    return UnreadableAnswer(
        f"{where or 'A call'} answered with an unreadable {kind.__name__}: {visible(detail, 120)}.",
        "Either something between this host and Mailgun changes the answers, or the API has changed.",
        "Check the address and any proxy; what could be read elsewhere is kept.",
        where=where,
        detail=detail,
    )
