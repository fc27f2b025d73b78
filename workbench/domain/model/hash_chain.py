"""The journal's rows: canonical text, the chain of hashes, its verification. Pure; storage is elsewhere.

Each row's hash covers the hash before it, so a row that is changed, inserted, moved or dropped breaks the
chain from there on. Only a hash that already left the machine proves anything against somebody who can
rewrite the whole file: a report carries the head hash for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

SCHEMA = "workbench.journal.journal/1"
# What the first row's hash is chained to.
GENESIS = sha256(SCHEMA.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Row:
    """One row as stored: ``seq`` from 1, ``at`` in ISO UTC, ``kind``, ``text`` (the body as canonical JSON)
    and ``hash`` (64 hex digits)."""

    seq: int
    at: str
    kind: str
    text: str
    hash: str

    @property
    def body(self) -> dict[str, Any]:
        """The body parsed anew at each access; ValueError where the stored text is no JSON object."""
        body = json.loads(self.text)
        if not isinstance(body, dict):
            raise ValueError(f"journal row {self.seq} holds no object")
        return body


def canonical(body: Mapping[str, Any]) -> str:
    """Return ``body`` as canonical JSON: sorted keys, no spaces, ASCII only.

    TypeError for anything JSON does not know, a Secret above all; ValueError for NaN and infinities.
    """
    _only_text_keys(body)
    return json.dumps(
        body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_refuse
    )


def chained(prev: str, seq: int, at: str, kind: str, text: str) -> Row:
    """Return the row that follows the row whose hash is ``prev``."""
    return Row(seq, at, kind, text, row_hash(prev, seq, at, kind, text))


def row_hash(prev: str, seq: int, at: str, kind: str, text: str) -> str:
    """Return SHA-256 over the JSON array ``[prev, seq, at, kind, text]`` as 64 hex digits."""
    fields = json.dumps([prev, seq, at, kind, text], separators=(",", ":"), ensure_ascii=True)
    return sha256(fields.encode()).hexdigest()


def verify(rows: Iterable[Row], prev: str = GENESIS, first: int = 1) -> int | None:
    """Return the number of the first row that does not follow from those before it, None where all do.

    ``prev`` and ``first`` allow to verify the rest of a journal from a row already known to be good.
    A gap is reported as the number that is missing.
    """
    expected = first
    for row in rows:
        if row.seq != expected:
            return min(row.seq, expected)
        if row.hash != row_hash(prev, row.seq, row.at, row.kind, row.text):
            return row.seq
        prev, expected = row.hash, expected + 1
    return None


def includes(rows: Iterable[Row], seq: int, head: str) -> bool:
    """Return whether the journal once ended with row ``seq`` and hash ``head`` (later rows are accepted)."""
    if seq == 0:
        return head == GENESIS
    return any(row.seq == seq and row.hash == head for row in rows)


def _only_text_keys(value: object) -> None:
    # json would turn 1, None and True into text, and two different bodies into the same one.
    if isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"a journal body has text keys only, not {type(key).__name__}")
            _only_text_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _only_text_keys(item)


def _refuse(value: object) -> NoReturn:
    # Named by type only: the value may be the very secret that must not be written.
    raise TypeError(f"a journal body cannot hold a {type(value).__name__}")
