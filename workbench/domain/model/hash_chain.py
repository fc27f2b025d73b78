"""The journal's rows: canonical text, the chain of hashes, its verification. Pure; storage is elsewhere.

Each row's hash covers the hash before it, so a row that is changed, inserted, moved or dropped breaks the
chain from there on. Only a hash that already left the machine proves anything against somebody who can
rewrite the whole file: a report carries the head hash for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NoReturn

from workbench.core.json_text import read_json

SCHEMA = "workbench.journal.journal/1"
OPENED = "journal"  # the kind of the first row: names format and incident
# What the first row's hash is chained to.
GENESIS = sha256(SCHEMA.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainRow:
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
        body = read_json(self.text)
        if not isinstance(body, dict):
            raise ValueError(f"journal row {self.seq} holds no object")
        return body


@dataclass(frozen=True, slots=True)
class ChainDamage:
    """What is wrong with a journal: ``kind``, the first ``row`` that is not what was written, and in words."""

    kind: Literal["altered", "cut", "rolled back", "exchanged"]
    row: int
    words: str


# What a body that was damaged can make of any code that reads it.
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)


def _refuse(value: object) -> NoReturn:
    # Named by type only: the value may be the very secret that must not be written.
    raise TypeError(f"a journal body cannot hold a {type(value).__name__}")


# Made once: every row of the journal passes through both.
_PLAIN = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)
_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_refuse
)


def canonical(body: Mapping[str, Any]) -> str:
    """Return ``body`` as canonical JSON: sorted keys, no spaces, ASCII only.

    TypeError for anything JSON does not know, a Secret above all; ValueError for NaN and infinities.
    """
    _only_text_keys(body)
    return _CANONICAL.encode(body)


def chained(prev: str, seq: int, at: str, kind: str, text: str) -> ChainRow:
    """Return the row that follows the row whose hash is ``prev``."""
    return ChainRow(seq, at, kind, text, row_hash(prev, seq, at, kind, text))


def row_hash(prev: str, seq: int, at: str, kind: str, text: str) -> str:
    """Return SHA-256 over the JSON array ``[prev, seq, at, kind, text]`` as 64 hex digits."""
    fields = _PLAIN.encode([prev, seq, at, kind, text])
    return sha256(fields.encode()).hexdigest()


def verify(rows: Iterable[ChainRow], prev: str = GENESIS, first: int = 1) -> int | None:
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


def damage_of(
    rows: Sequence[ChainRow], remembered: tuple[int, str] | None = None, incident: str = ""
) -> ChainDamage | None:
    """Return what is wrong with a whole journal, None where nothing is.

    ``remembered`` is the number and hash of a row this journal is known to have had (kept elsewhere: in the
    vault). Without it nobody can tell that the newest rows are missing. ``incident`` is whose journal it must be.
    """
    broken = verify(rows)
    if broken is not None:
        at = next((row.at for row in rows if row.seq == broken), "")
        if at:
            said = f"row {broken} ({at[:19].replace('T', ' ')}Z) is not what was written"
        else:
            said = f"row {broken} is missing"
        return ChainDamage(
            "altered" if at else "cut", broken, f"The journal of this incident was altered: {said}."
        )
    found = incident_of(rows[0]) if rows else incident
    if incident and found != incident:
        named = f", {found[:40]}" if found else ""
        words = (
            f"The journal in this folder is that of another incident{named}: files were moved or exchanged."
        )
        return ChainDamage("exchanged", 1, words)
    if remembered is not None and not includes(rows, *remembered):
        seq = remembered[0]
        last = rows[-1].seq if rows else 0
        if not rows:
            words = (
                f"The journal of this incident is empty, and it had {seq} rows when the vault last saw it."
            )
            return ChainDamage("rolled back", 1, words)
        if last < seq:
            said = f"it ends with row {last}, and it had {seq} when the vault last saw it"
        else:
            said = f"its row {seq} is another than the vault remembers"
        return ChainDamage(
            "rolled back", min(last, seq) + 1, f"An older journal stands in this one's place: {said}."
        )
    return None


def damage_read(
    rows: Sequence[ChainRow], remembered: tuple[int, str] | None, incident: str
) -> ChainDamage | None:
    """Return ``damage_of`` a journal that is only read: one without any row is none that was ever written."""
    damage = damage_of(rows, remembered, incident)
    if damage is None and not rows:
        return ChainDamage(
            "cut", 1, "The journal of this incident is empty: nothing that was done stands in it."
        )
    return damage


def incident_of(first: ChainRow) -> str:
    """Return the incident that the ``first`` row of a journal names, ``""`` where it names none."""
    try:
        return str(first.body.get("incident", "")) if first.kind == OPENED else ""
    except UNREADABLE:
        return ""


def includes(rows: Iterable[ChainRow], seq: int, head: str) -> bool:
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
