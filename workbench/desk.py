"""The part of a session that readings use: what they may ask for and write down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from workbench.clock import Clock
from workbench.incident.inventory import Inventory
from workbench.incident.situation import Situation
from workbench.incident.state import JournalRow
from workbench.mailgun.client import Mailgun
from workbench.metering import Metering
from workbench.sealed import Sealer


class Desk(Protocol):
    """What a reading needs; the session has it."""

    api: Mailgun
    inventory: Inventory
    clock: Clock
    metering: Metering
    incident: str

    @property
    def folder(self) -> Path:
        """Return the incident's folder."""

    @property
    def read_only(self) -> bool:
        """Return whether another workbench writes to this incident."""

    def situation(self) -> Situation:
        """Return everything that is known."""

    async def sealing(self) -> tuple[bytes, Sealer]:
        """Return the key of fingerprints and the sealer of evidence."""

    async def record(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one journal row."""

    async def fact(self, name: str, values: Mapping[str, Any]) -> None:
        """Record the result of a reading."""
