"""An incident's journal as a command without a session reads it: checked with all that is known, damage said first.

Whoever goes on to write takes the head that the vault ``remembered``: nothing is written on top of an older journal.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import NamedTuple

from workbench.cli.output import warn
from workbench.cli.vaults import heed_folder, open_vault, quiet_vault
from workbench.core.errors import UsageError
from workbench.core.sealing import Sealer
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.domain.model.hash_chain import ChainDamage, ChainRow, damage_read
from workbench.journal.journal import read_rows
from workbench.session import journal_head
from workbench.vault.vault import Vault


class CheckedJournal(NamedTuple):
    """The rows of an incident's journal, the head that the vault remembers of it, and what is wrong with it."""

    rows: list[ChainRow]
    remembered: journal_head.Head | None
    damage: ChainDamage | None


def named_incident(options: argparse.Namespace) -> tuple[Home, str]:
    """Return home and incident that the options name, the latest without; UsageError where there is none."""
    home = Home.find()
    heed_folder(home)
    incident = home.existing(options.incident) if options.incident else home.latest()
    if incident is None:
        raise UsageError("There is no incident in this home.", "", "WORKBENCH_HOME moves the state folder.")
    return home, incident


async def checked(home: Home, incident: str, vault: Vault | None) -> CheckedJournal:
    """Read and check a journal, against the open ``vault`` too where there is one; damage is warned of.

    JournalError where it cannot be read at all.
    """
    rows = await asyncio.to_thread(read_rows, home.folder(incident) / JOURNAL_NAME)
    remembered = await journal_head.recall(vault, incident) if vault is not None else None
    damage = damage_read(rows, remembered, incident)
    if damage is not None:
        warn(damage.words)
    return CheckedJournal(rows, remembered, damage)


async def checked_quietly(home: Home, incident: str) -> CheckedJournal:
    """Return ``checked`` against the vault where it opens without asking anybody, else without it."""
    vault = await quiet_vault(home)
    try:
        return await checked(home, incident, vault)
    finally:
        if vault is not None:
            vault.close()


async def checked_with_sealer(home: Home, incident: str) -> tuple[CheckedJournal, Sealer]:
    """Return ``checked`` and what opens the sealed evidence; raises as ``open_vault`` without a vault."""
    vault = await open_vault(home, create=False)
    try:
        return await checked(home, incident, vault), await vault.sealer("evidence")
    finally:
        vault.close()
