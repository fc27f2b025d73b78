"""What a new incident takes over from the one before it: its name, and the admin key that it made."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from workbench.core.errors import JournalError
from workbench.core.redact import Secret, key_tail
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.domain.model.hash_chain import damage_of
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.journal.journal import read_rows
from workbench.mailgun.keys import tail_of
from workbench.session import journal_head
from workbench.session.admin_key import fingerprint_key, retired_by
from workbench.vault.vault import EntryName, Vault


async def predecessor(home: Home, vault: Vault, supplied: Secret | None) -> dict[str, Any]:
    """Return what a new incident says of the latest one where that is lost or damaged, or where it made our admin key.

    Nothing where it is sound and the ``supplied`` key is none that it replaced. With it goes where the admin key stands
    that it made: the one ``supplied`` may be dead by now.
    """
    try:
        old = home.latest()
        if old is None:
            return {}
        rows = await asyncio.to_thread(read_rows, home.folder(old) / JOURNAL_NAME)
    except JournalError as error:
        state = State(incident=home.recorded() or "")
        told: dict[str, Any] = {"damage": error.what}
    else:
        found = damage_of(rows, await journal_head.recall(vault, old), old)
        state = fold(rows)
        state.incident = old
        told = {"row": rows[-1].seq if rows else 0, "hash": rows[-1].hash if rows else ""}
        if found is not None:
            told["damage"] = found.words
        elif not state.admin_entry or not (supplied is None or retired_by(state, supplied)):
            return {}
    await recall_admin_key(state, vault, supplied)
    service = state.admin_service or state.vault_service or await _service_of(vault, state.admin_entry)
    return {
        "incident": state.incident,
        **told,
        "admin_entry": state.admin_entry,
        "admin_service": service,
        "retired": dict(state.retired),
    }


async def recall_admin_key(state: State, vault: Vault, supplied: Secret | None) -> None:
    """Note in the ``state`` of a damaged journal which key of the vault replaces the ``supplied`` one, if one does.

    The rows that said so may be the lost ones; the name of a replacement says what it replaces.
    """
    if supplied is None or state.admin_entry or not tail_of(supplied):
        return
    entry = await _replacement(vault, state.incident, supplied)
    if entry is not None:
        state.admin_entry, state.admin_service = entry.username, entry.service
        state.retired[supplied.fingerprint(await fingerprint_key(vault))] = entry.username


async def _replacement(vault: Vault, incident: str, supplied: Secret) -> EntryName | None:
    """Return the last of the keys that ``incident`` made of ``supplied``, one after the other; None for none.

    Only entries of this very incident count, and only where one alone fits: a key of another account would do harm.
    """
    ours = [name for name in await vault.names() or () if name.service.endswith(f" {incident[-4:]})")]
    found, current = None, supplied
    while True:
        replaces = re.compile(rf"replaces {re.escape(key_tail(tail_of(current)))}(?!\w)")
        fitting = [name for name in ours if replaces.search(name.username)]
        secret = await vault.fetch(fitting[0]) if len(fitting) == 1 else None
        if secret is None:
            return found
        found, current = fitting[0], secret
        ours.remove(found)


async def _service_of(vault: Vault, entry: str) -> str:
    """Return under which service the vault holds ``entry``: the row that said so may be the damaged one."""
    names = await vault.names() if entry else None
    return max((name.service for name in names or () if name.username == entry), default="")
