"""What the journals of a home say is in the vault, held against what is there. Reads only, creates nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workbench.core.errors import HostError, JournalError, VaultError
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.core.words import plural
from workbench.domain.model.hash_chain import damage_of
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.journal.journal import read_rows
from workbench.session import journal_head
from workbench.vault.vault import WORKBENCH_SERVICE, Detected, EntryName, Vault

OURS = "workbench:"  # how the names of the workbench's own keys begin


class VaultStanding(NamedTuple):
    """Which vault is open and what of an incident's secrets it holds, in words.

    ``kind`` is ``file``, ``system`` (the host's keyring) or ``none``; ``stored`` is how many secrets the incident
    stored, ``missing`` how many of them are not in this vault: None where nobody looked, or it could not be told;
    ``failed`` where it was asked and gave no list.
    """

    words: str
    kind: str = "none"
    stored: int = 0
    missing: int | None = None
    failed: bool = False

    @property
    def amiss(self) -> bool:
        """Return whether secrets are not in it, or its list was asked for and did not come."""
        return bool(self.missing) or self.failed

    def to_json(self) -> dict[str, Any]:
        """Return it for a document."""
        return {name: value for name, value in self._asdict().items() if name != "failed"}


@dataclass(slots=True)
class Custody:
    """What incidents ``named``, by name the incident; what the vault holds; what could not be read, in sentences.

    ``held`` is None where the vault cannot list its entries. ``keyring`` is the host's, where it was asked.
    """

    named: dict[EntryName, str] = field(default_factory=dict)
    held: list[EntryName] | None = None
    unread: list[str] = field(default_factory=list)
    keyring: Detected | None = None

    def of(self, incident: str) -> list[EntryName]:
        """Return what an incident stored, in its order."""
        return [name for name, by in self.named.items() if by == incident]

    @property
    def missing(self) -> list[EntryName]:
        """Return what an incident names and the vault does not hold."""
        there = set(self.held or ())
        return [name for name in self.named if name not in there] if self.held is not None else []

    @property
    def unnamed(self) -> list[EntryName]:
        """Return what the vault holds and no incident names: the keys of the workbench itself left out."""
        return [
            name
            for name in self.held or ()
            if name not in self.named
            and name.service != WORKBENCH_SERVICE
            and not name.username.startswith(OURS)
        ]

    @property
    def own(self) -> list[str]:
        """Return the names of what was stored for the workbench itself (``secrets put``)."""
        return [
            name.username
            for name in self.held or ()
            if name.service == WORKBENCH_SERVICE and not name.username.startswith(OURS)
        ]

    def unnamed_words(self) -> str:
        """Return in a sentence how many secrets no incident names, ``""`` for none."""
        if not self.unnamed:
            return ""
        return (
            f"{plural(len(self.unnamed), 'secret lies', 'secrets lie')} in this vault that no incident of this home "
            "names; `workbench secrets recover` lists them."
        )

    def differences(self) -> list[str]:
        """Return, in sentences, how journals and vault differ."""
        said = list(self.unread)
        if self.missing:
            told = ", ".join(str(name) for name in self.missing[:3])
            more = f" and {len(self.missing) - 3} more" if len(self.missing) > 3 else ""
            said.append(
                f"{plural(len(self.missing), 'secret is', 'secrets are')} named by the journal and not in this vault: "
                f"{told}{more}."
            )
        if words := self.unnamed_words():
            said.append(words)
        return said


def take_stock(home: Home, held: Iterable[EntryName] | None) -> Custody:
    """Read every journal of ``home`` and return what they name, beside what the vault holds."""
    found = Custody(held=None if held is None else list(held))
    try:
        journals = home.journals()
    except HostError as error:
        # The vault stands alone: what it holds is told whatever happened to the folder of the incidents.
        found.unread.append(error.what)
        return found
    recorded = home.recorded()
    if recorded is not None and home.folder(recorded) / JOURNAL_NAME not in journals:
        found.unread.append(f"The journal of the latest incident, {recorded}, is not in this home any more.")
    for path in journals:
        incident = path.parent.name
        try:
            rows = read_rows(path)
        except JournalError as error:
            found.unread.append(f"Incident {incident}: {error.what}")
            continue
        damage = damage_of(rows, incident=incident)
        state = fold(rows)
        if damage is not None:
            found.unread.append(f"Incident {incident}: {damage.words}")
        elif not rows:
            found.unread.append(f"Incident {incident}: its journal is empty.")
        for entry in state.entries:
            found.named.setdefault(EntryName(state.vault_service, entry), incident)
    return found


async def standing(vault: Vault, state: State) -> VaultStanding:
    """Return whose vault it is that is open: whether it holds what the incident stored."""
    named = {EntryName(state.vault_service, entry) for entry in state.entries}
    count = plural(len(named), "secret")

    def told(words: str, missing: int | None = None) -> VaultStanding:
        return VaultStanding(words, vault.kind, len(named), missing)

    if not vault.keeps:
        return told(f"none is open: {count} of this incident not looked for" if named else "none is open")
    try:
        held = await vault.names()
    except VaultError as error:
        return told(f"{vault.describe()}; not listed: {error.what}")._replace(failed=True)
    if held is None:
        return told(f"{vault.describe()}; of a kind that cannot list what is in it")
    if state.damage:
        return told(
            f"{vault.describe()}; holds {plural(len(held), 'entry', 'entries')}; what this incident stored nobody can "
            "tell from a journal that is not what was written: `workbench secrets recover` lists what is in the vault"
        )
    if not named:
        return told(f"{vault.describe()}; this incident stored nothing yet", 0)
    missing = len(named - set(held))
    if not missing:
        return told(f"{vault.describe()}; holds {count} of this incident, all of them", 0)
    return told(
        f"{vault.describe()}; {missing} of {count} that this incident stored are NOT in it: it "
        "is another home's vault, or an older copy",
        missing,
    )


async def rolled_back(home: Home, vault: Vault) -> list[str]:
    """Return, in sentences, which journals of ``home`` end before the row that the unlocked ``vault`` saw last."""
    said: list[str] = []
    journals: list[Path] = []
    with contextlib.suppress(HostError):  # What cannot be read is said where stock is taken.
        journals = home.journals()
    for path in journals:
        incident = path.parent.name
        with contextlib.suppress(JournalError):
            rows = await asyncio.to_thread(read_rows, path)
            damage = damage_of(rows, await journal_head.recall(vault, incident), incident)
            if rows and damage is not None and damage.kind == "rolled back":
                said.append(f"Incident {incident}: {damage.words}")
    return said
