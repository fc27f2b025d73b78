"""A file vault that was made when secrets already stood in the host's keyring: how those are found again.

A keyring can lock itself, or its session end, in the middle of a cut. New secrets then go into the workbench's own
file, and what stands in the keyring is looked for there: one that cannot be read is never taken for one that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.vault.backends import Backend, Detected, NoKeyring, SystemKeyring, listed
from workbench.vault.entries import EntryName, older_entry

if TYPE_CHECKING:
    from workbench.vault.file_backend import FileKeyring
    from workbench.vault.file_format import Cost


def create_before(
    path: Path,
    passphrase: Secret,
    cost: Cost | None,
    keyring: Detected | None,
    known: Mapping[EntryName, str],
) -> FileKeyring:
    """Return a new file vault at ``path`` that holds ``known`` and says whether older secrets stand in a keyring.

    Blocks; VaultError where a vault is there already or the folder is not private.
    """
    from workbench.vault.file_backend import FileKeyring

    file = FileKeyring.create(path, passphrase, cost)
    if keyring is not None:
        where = keyring.title if isinstance(keyring, SystemKeyring) else "the host's keyring"
        file.set_many({older_entry(): where, **known})
    return file


def is_behind(file: FileKeyring) -> bool:
    """Return whether secrets stored before ``file`` was made stand in the host's keyring."""
    return older_entry() in file.names()


def password(keyring: Detected, name: EntryName) -> str | None:
    """Return what the keyring holds under ``name``; VaultError where it cannot be asked. Blocks."""
    if isinstance(keyring, NoKeyring):
        raise VaultError(
            f"{keyring.reason} '{name}' may stand in it.",
            "It was stored before the workbench's own file was made, and is not in the file.",
            "Unlock that keyring once, then start again. Where nobody can, make a new admin key in the control "
            "panel and begin in another folder (WORKBENCH_HOME).",
        )
    return keyring.backend.get_password(name.service, name.username)


def names(keyring: Detected) -> list[EntryName] | None:
    """Return the names of what the workbench stored in the keyring; None where it cannot list them. Blocks."""
    found = listed(keyring.backend) if isinstance(keyring, SystemKeyring) else None
    return None if found is None else [EntryName(*name) for name in found]


def remove(keyring: Detected, name: EntryName) -> None:
    """Remove what the keyring holds under ``name``; VaultError where it cannot be asked, or keeps it. Blocks."""
    if isinstance(keyring, SystemKeyring):
        remove_from(keyring.backend, name)
    else:
        password(keyring, name)


def remove_from(backend: Backend, name: EntryName) -> bool:
    """Remove an entry and prove it gone; return whether there was one. Blocks; VaultError where it stays."""
    if backend.get_password(name.service, name.username) is None:
        return False
    backend.delete_password(name.service, name.username)
    if backend.get_password(name.service, name.username) is not None:
        raise VaultError(
            f"The keyring still holds '{name}' after it was removed.",
            todo="Remove it in the password manager.",
        )
    return True
