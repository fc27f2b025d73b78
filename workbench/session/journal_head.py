"""The journal's head, kept in the vault too.

Whoever puts an older copy of the state folder in place rolls the journal back, and its chain is whole. The vault
of a host lies elsewhere, and in the workbench's own file the entry is at least sealed; so the newest row that was
seen is remembered there, and the next opening asks for it.
"""

from __future__ import annotations

import json

from workbench.core.errors import VaultError
from workbench.core.json_text import read_json
from workbench.core.redact import Secret
from workbench.vault.entries import journal_head_entry
from workbench.vault.vault import Vault

Head = tuple[int, str]  # row number, hash


async def recall(vault: Vault, incident: str) -> Head | None:
    """Return the head the vault remembers of ``incident``, None where it remembers none that can be read."""
    try:
        held = await vault.fetch(journal_head_entry(incident))
        if held is None:
            return None
        seq, digest = read_json(held.reveal())
        return int(seq), str(digest)
    except (VaultError, ValueError, TypeError):
        # A damaged entry of ours is no reason to keep anybody from the incident; the chain is still checked.
        return None


async def remember(vault: Vault, incident: str, head: Head) -> None:
    """Keep ``head`` for the next opening; raises VaultError. An older one is replaced."""
    await vault.store(journal_head_entry(incident), Secret(json.dumps(list(head))))
