"""The vault with a memory: whatever is stored is refused by the journal from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.redact import Secret
from workbench.core.turns import in_turns
from workbench.vault.vault import EntryName, Vault


class GuardedVault:
    """The vault with a memory: whatever is stored is also refused by the journal from then on."""

    def __init__(self, vault: Vault, guard: Callable[[Secret], Any]) -> None:
        self._vault = vault
        self._guard = guard

    async def store(self, name: EntryName, secret: Secret) -> None:
        """Guard, then store and read back; raises VaultError."""
        self._guard(secret)
        await self._vault.store(name, secret)

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        """Guard and store several by one durable replace where the vault can; raises VaultError."""
        async for secret in in_turns(entries.values()):
            self._guard(secret)
        await self._vault.store_many(entries)

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return a stored secret, None when there is none; raises VaultError."""
        return await self._vault.fetch(name)

    async def remove(self, name: EntryName) -> None:
        """Forget a secret; raises VaultError."""
        await self._vault.remove(name)
