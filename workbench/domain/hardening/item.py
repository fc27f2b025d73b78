"""One hardening measure and how it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How an item stands: by the account's evidence, or a person's word."""

    GOOD = "good"
    OPEN = "open"
    UNKNOWN = "cannot tell"
    ATTESTED = "attested"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class HardeningItem:
    """One measure. ``action`` is the action of the catalogue that plans it, ``""`` where no call does it."""

    id: str
    title: str
    standing: Standing
    evidence: str
    protects: str
    breaks: str
    how: str
    weight: int = 1
    action: str = ""
