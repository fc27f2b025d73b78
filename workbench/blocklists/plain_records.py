"""The records of a DNS message as bytes, where all of it is well-formed; whatever is not is left to dnspython."""

from __future__ import annotations

from typing import NamedTuple

_QUESTION = b"\xc0\x0c"  # a pointer to the name behind the header
_FIXED = 10  # type, class, TTL and length
_MOST = 64  # records of a message that is worth a short way


class PlainRecord(NamedTuple):
    """A record: whether its name is a pointer to the question, type and class, TTL, and what it holds."""

    of_question: bool
    kind: bytes
    ttl: int
    data: bytes


def read(data: bytes, at: int) -> tuple[list[PlainRecord], list[PlainRecord]] | None:
    """Return the answers and the authority of a message whose question ends at ``at``; None unless all of it is whole.

    Whole means that the records end where the message does: one that was cut or altered on the way does not.
    """
    counts = [int.from_bytes(data[place : place + 2]) for place in (6, 8, 10)]
    if sum(counts) > _MOST:
        return None
    sections: list[list[PlainRecord]] = []
    for count in counts:
        records = []
        for _ in range(count):
            found = _record(data, at)
            if found is None:
                return None
            record, at = found
            records.append(record)
        sections.append(records)
    return (sections[0], sections[1]) if at == len(data) else None


def text(data: bytes) -> str | None:
    """Return what a TXT record holds, its strings as one (RFC 7208, section 3.3); None where it is malformed."""
    parts, at = [], 0
    while at < len(data):
        end = at + 1 + data[at]
        if end > len(data):
            return None
        parts.append(data[at + 1 : end])
        at = end
    return b"".join(parts).decode("utf-8", "replace") if parts else None


def _record(data: bytes, at: int) -> tuple[PlainRecord, int] | None:
    start = at
    end = _behind_name(data, at)
    if end is None or end + _FIXED > len(data):
        return None
    last = end + _FIXED + int.from_bytes(data[end + 8 : end + _FIXED])
    if last > len(data):
        return None
    ttl = int.from_bytes(data[end + 4 : end + 8])
    kind = data[end : end + 4]
    return PlainRecord(data[start:end] == _QUESTION, kind, ttl, data[end + _FIXED : last]), last


def _behind_name(data: bytes, at: int) -> int | None:
    """Return where a name ends: at its root or behind a pointer, which is not followed."""
    while at < len(data):
        size = data[at]
        if size == 0:
            return at + 1
        if size & 0xC0 == 0xC0:
            return at + 2
        if size & 0xC0:
            return None
        at += 1 + size
    return None
