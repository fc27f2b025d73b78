"""One address that the abuse put on a suppression table. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Added:
    """A suppression that came with the abuse: its table, address, when, and why it is thought to be of it."""

    domain: str
    table: str
    address: str
    created_at: datetime | None
    why: str
