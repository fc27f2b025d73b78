"""No vault at all, for what only reads: it holds nothing, takes nothing, and fingerprints with a key of this run.

A host without a keyring and without a passphrase can still say how the account stands. What would have to be kept
under a vault's key (evidence, new credentials) is not kept, and whoever tries is told so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.vault.vault import EntryName, Vault

SHUT = (
    "No vault is open: the account is read, and nothing is kept that would need one (evidence, credentials)."
)


class NoVault(Vault):
    """Stands where a vault would: every read finds nothing, every write raises VaultError with the way on."""

    def __init__(self) -> None:
        # Not the parent's: there is no backend, no thread, nothing to flush.
        self._keys: dict[str, bytes] = {}

    @property
    def kind(self) -> Literal["file", "system", "none"]:
        """``none``."""
        return "none"

    @property
    def keeps(self) -> bool:
        """Return False: what is sealed or stored here would be lost with this process."""
        return False

    @property
    def notices(self) -> list[str]:
        """Return nothing: there is nothing that could be damaged."""
        return []

    def describe(self) -> str:
        """Return one line for screens."""
        return "no vault"

    async def store(self, name: EntryName, secret: Secret, *, only_new: bool = False) -> None:
        """Raise VaultError: nothing can be stored."""
        raise _none()

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        """Raise VaultError: nothing can be stored."""
        raise _none()

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return None: nothing is held."""
        return None

    async def remove(self, name: EntryName) -> None:
        """Do nothing: nothing is held."""

    async def names(self) -> list[EntryName] | None:
        """Return None: this cannot list what a vault elsewhere may hold."""
        return None

    async def probe(self) -> None:
        """Raise VaultError: nothing can be stored."""
        raise _none()

    async def vault_key(self, purpose: str) -> bytes:
        """Return 32 random bytes, the same for ``purpose`` as long as this process lives."""
        return self._keys.setdefault(purpose, os.urandom(32))

    def close(self) -> None:
        """Do nothing."""


def _none() -> VaultError:
    return VaultError(
        "No vault is open, so nothing can be kept.",
        "What is changed needs its new secret stored first, and evidence is sealed with the vault's key.",
        "Set WORKBENCH_PASSPHRASE_FILE, unlock the keyring, or run this on a terminal.",
    )
