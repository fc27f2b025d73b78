"""What a reading left in the journal: a fact of each kind, the latest one kept. Pure.

A kind is a frozen Struct in the module that owns the idea; its tag is the name the journal knows it by, and
``fact_kinds`` lists them all. Every field has a default, so that a row written before the field was still opens;
what a row holds beside the fields is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec


class RecordedFact(msgspec.Struct, frozen=True, kw_only=True, tag_field="name"):
    """The base of every kind; ``at`` is when the journal took it in, ISO 8601 UTC, empty before that."""

    at: str = ""

    @classmethod
    def journal_name(cls) -> str:
        """Return the name the journal knows this kind by."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def from_body(cls, body: Mapping[str, Any], at: str) -> Self:
        """Return the fact of a journal row; raises ValueError where a field holds what it cannot hold."""
        try:
            return msgspec.convert({**body, "at": at}, cls)
        except msgspec.ValidationError as error:
            raise ValueError(f"fact {cls.journal_name()}: {error}") from None

    def body(self) -> dict[str, Any]:
        """Return the body of its journal row as plain JSON values, under the kind's name."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        if not self.at:
            del body["at"]
        return body
