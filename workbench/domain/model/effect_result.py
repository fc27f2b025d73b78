"""What the server answered to an effect beside its yes, and its form in the journal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec


class EffectResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The id of a key that was made, empty where none was told.

    ``written_down`` says that no vault took its secret and a person wrote it down: the journal holds who.
    """

    key_id: str = ""
    written_down: bool = False

    def with_body(self, body: Mapping[str, Any] | None) -> Self:
        """Return this with what a journal row adds; raises ValueError where a field holds what it cannot hold."""
        if not body:
            return self
        try:
            return msgspec.convert({**self.body(), **body}, type(self))
        except msgspec.ValidationError as error:
            raise ValueError(f"{type(self).__name__}: {error}") from None

    def body(self) -> dict[str, Any]:
        """Return it as plain JSON values, without what was not told."""
        body: dict[str, Any] = msgspec.to_builtins(self)
        return body


NO_RESULT = EffectResult()
