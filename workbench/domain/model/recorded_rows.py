"""Rows of the journal as typed records: what each holds, and how it is read and written. Pure.

Every field but the one that says what a row is about has a default, so that a row written before the field was still
opens; what a row holds beside the fields is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec


class RecordedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The base of every record; ``at`` is when the journal took it in, ISO 8601 UTC, empty before that."""

    at: str = ""

    @classmethod
    def from_body(cls, body: Mapping[str, Any], at: str) -> Self:
        """Return the record of a journal row; raises ValueError where a field holds what it cannot hold."""
        try:
            return msgspec.convert({**body, "at": at}, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None

    def body(self) -> dict[str, Any]:
        """Return the body of its journal row as plain JSON values; when it was taken in is the row's to say."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        body.pop("at", None)
        return body


class RecordedTimer(RecordedRow, frozen=True, kw_only=True, omit_defaults=True):
    """A deadline: what it is for (``kind``, ``subject``: a credential or a user), until when, and when it was ended.

    ``due`` and ``ended`` are ISO 8601 UTC, ``ended`` is empty while it runs; ``called`` is what a user is known by.
    """

    id: str
    kind: str = ""
    subject: str = ""
    called: str = ""
    text: str = ""
    due: str = ""
    ended: str = ""


class RecordedSnapshot(RecordedRow, frozen=True, kw_only=True, omit_defaults=True):
    """A sealed piece of evidence: its part, the file below the incident's ``evidence``, and its hash."""

    part: str
    file: str = ""
    sha256: str = ""


class AdoptionNote(RecordedRow, frozen=True, kw_only=True, omit_defaults=True):
    """What the operator noted of a replacement, by its effect's id: who answers for it, where it has to go, or who
    said that nobody needs it; None is what a note does not speak of."""

    effect: str
    owner: str | None = None
    places: tuple[str, ...] | None = None
    unneeded: str | None = None

    def over(self, before: Self | None) -> Self:
        """Return this note with what only the one ``before`` it speaks of."""
        kept = before.body() if before is not None else {}
        return type(self).from_body({**kept, **self.body()}, self.at)
