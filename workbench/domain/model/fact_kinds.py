"""Every kind of fact the journal may hold, by the name its rows carry. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.facts import RecordedFact

KINDS: Mapping[str, type[RecordedFact]] = {
    str(kind.__struct_config__.tag): kind for kind in (CredentialUses,)
}


def read(body: Mapping[str, Any], at: str) -> RecordedFact | None:
    """Return the fact of a journal row, None for a kind not known here; ValueError where it cannot be read."""
    kind = KINDS.get(body["name"])
    return None if kind is None else kind.from_body(body, at)
