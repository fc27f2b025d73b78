"""The parts of a session that readings use: what they may ask for and write down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from workbench.core.clock import TOLERANCE, Clock, host_behind, off_by
from workbench.core.sealing import Sealer
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import JournalRow
from workbench.mailgun.client import Mailgun
from workbench.readers.sending_volume import Metering


class Records(Protocol):
    """What a reading may ask of the journal's side, and write down there."""

    incident: str

    @property
    def folder(self) -> Path:
        """Return the incident's folder."""

    @property
    def operator(self) -> str:
        """Return who works here, as the journal names them."""

    @property
    def read_only(self) -> bool:
        """Return whether another workbench writes to this incident."""

    @property
    def keeps_evidence(self) -> bool:
        """Return whether evidence can be sealed and journaled here."""

    @property
    def fingerprints_last(self) -> bool:
        """Return whether fingerprints of today can be compared with those of other runs."""

    async def sealing(self) -> tuple[bytes, Sealer]:
        """Return the key of fingerprints and the sealer of evidence."""

    async def record(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one journal row."""

    async def learn(self, fact: RecordedFact) -> None:
        """Record the result of a reading that a step's verdict rests on."""


class Desk(Protocol):
    """What a reading needs; the account's part of a session has it."""

    api: Mailgun
    inventory: Inventory
    clock: Clock
    metering: Metering

    @property
    def recorder(self) -> Records:
        """Return the journal's side."""

    def situation(self) -> Situation:
        """Return everything that is known."""


def account_now(desk: Desk) -> datetime:
    """Return the present moment by the account's clock: what it logs and counts is dated by that one."""
    return desk.clock.now() + timedelta(seconds=desk.api.clock_offset or 0.0)


def clock_words(desk: Desk) -> list[str]:
    """Return the sentence that this host's clock is off, empty where it agrees with the account's."""
    offset = (desk.api.clock_offset or 0.0) + host_behind(desk.clock)
    if abs(offset) <= TOLERANCE:
        return []
    return [f"this host's clock is {off_by(offset)} the account's: all times here are the account's"]
