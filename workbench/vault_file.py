"""The workbench's own keyring backend: one encrypted file, for hosts that have no keyring.

Reads and writes always follow the file as it stands: a write takes the lock beside it, re-reads what
other processes wrote since, and replaces the whole file durably, so that no writer loses another's entries.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from keyring.backend import KeyringBackend
from keyring.compat import properties
from keyring.errors import PasswordDeleteError

from workbench.errors import VaultError
from workbench.private_files import ensure_folder, read_private, replace_durably
from workbench.redact import Secret
from workbench.vault_format import HEAD_BYTES, Cost, Entries, Lockbox, decode
from workbench.vault_names import EntryName

T = TypeVar("T")
# What tells one version of the file from the next: its head (with a random revision) for replaces, since
# inode numbers are used again and time stamps are coarse, and its stat for changes in place.
_Version = tuple[bytes, int, int, int, int]
_LOCK_LIMIT = 15.0
_LOCK_STEP = 0.01


class FileKeyring(KeyringBackend):
    """One unlocked vault file as a keyring. Made by ``create`` or ``unlock``, never by keyring's discovery
    (the constructor needs arguments, and the priority is the lowest that is viable)."""

    def __init__(self, path: Path, lockbox: Lockbox, entries: Entries, version: _Version | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.path = path
        self._lockbox = lockbox
        self._entries = entries
        self._version = version
        self._guard = threading.RLock()

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - keyring's own convention
        """Lowest of all: the workbench pins this class, nothing else should come upon it."""
        return 0.01

    @classmethod
    def create(cls, path: Path, passphrase: Secret, cost: Cost | None = None) -> FileKeyring:
        """Return a new, empty, durable vault at ``path``; VaultError where one is there. Runs scrypt."""
        ensure_folder(path.parent)
        vault = cls(path, Lockbox.new(passphrase, cost or Cost()), {}, None)
        with vault._exclusive():
            if os.path.lexists(path):
                raise VaultError(f"There is a vault at {path} already.", todo="Unlock it, or move it away.")
            vault._replace(vault._lockbox, {})
        return vault

    @classmethod
    def unlock(cls, path: Path, passphrase: Secret) -> FileKeyring:
        """Return the vault at ``path``; VaultError where it cannot be read or opened. Runs scrypt."""
        data, version = _read(path)
        document, entries = decode(data)
        return cls(path, Lockbox.unlock(document, passphrase), entries, version)

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value under the name, None where there is none; VaultError where it was altered."""
        name = EntryName(service, username)
        with self._guard:
            self._refresh()
            entry = self._entries.get(name)
            return None if entry is None else self._lockbox.open(name, entry)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store one value durably; VaultError where that failed (the file is then as it was)."""
        self.set_many({EntryName(service, username): password})

    def set_many(self, values: Mapping[EntryName, str]) -> None:
        """Store all ``values`` by one durable replace: all of them, or none and a VaultError."""

        def change(entries: Entries) -> None:
            for name, value in values.items():
                entries[name] = self._lockbox.seal(name, value)

        if values:
            self._change(change)

    def delete_password(self, service: str, username: str) -> None:
        """Remove one entry durably; keyring's PasswordDeleteError where there is none."""

        def change(entries: Entries) -> None:
            if entries.pop(EntryName(service, username), None) is None:
                raise PasswordDeleteError("No such entry.")

        self._change(change)

    def names(self) -> list[EntryName]:
        """Return the names of all entries, sorted."""
        with self._guard:
            self._refresh()
            return sorted(self._entries)

    def get_many(self, names: Iterator[EntryName] | list[EntryName]) -> dict[EntryName, str | None]:
        """Return the values of ``names`` as they stand on the disk now (read back, never from memory)."""
        with self._guard:
            self._version = None
            self._refresh()
            found: dict[EntryName, str | None] = {}
            for name in names:
                entry = self._entries.get(name)
                found[name] = None if entry is None else self._lockbox.open(name, entry)
            return found

    def change_passphrase(self, passphrase: Secret, cost: Cost | None = None) -> None:
        """Put the vault under a new passphrase; entries stay as they are. Runs scrypt."""
        lockbox = self._lockbox.with_passphrase(passphrase, cost or Cost())
        with self._guard, self._exclusive():
            self._refresh()
            self._replace(lockbox, self._entries)

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for ``purpose``, the same at every unlock of this vault."""
        return self._lockbox.derive(purpose)

    def _change(self, change: Callable[[Entries], None]) -> None:
        with self._guard, self._exclusive():
            if self.path.exists():
                self._refresh()
            # Where the file is gone, what was in memory is written again: it may be the only copy left.
            entries = dict(self._entries)
            change(entries)
            self._replace(self._lockbox, entries)

    def _refresh(self) -> None:
        if self._version is not None and _read(self.path, HEAD_BYTES)[1] == self._version:
            return
        data, version = _read(self.path)
        document, entries = decode(data)
        if document.vault != self._lockbox.vault:
            raise VaultError(
                f"The vault file {self.path} was exchanged for another vault.",
                "What this workbench stored is not in it.",
                "Put the right file back; do not go on before that.",
            )
        self._lockbox = self._lockbox.rewrapped(document)
        self._entries, self._version = entries, version

    def _replace(self, lockbox: Lockbox, entries: Entries) -> None:
        data = lockbox.encode(entries)
        try:
            info = replace_durably(self.path, data)
        except OSError as error:
            raise VaultError(
                f"The vault file {self.path} could not be written ({error.strerror}).",
                "Nothing new is in the vault; what was there before still is.",
                "Free space on that volume or move WORKBENCH_HOME, then try again.",
            ) from None
        self._lockbox, self._entries, self._version = lockbox, entries, _version(data, info)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the lock beside the file (not the file itself: a replace would leave the lock behind)."""
        try:
            handle = os.open(
                self.path.with_name(f".{self.path.name}.lock"),
                os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC,
                0o600,
            )
        except OSError as error:
            raise _unreadable(self.path, error) from None
        try:
            _lock(handle, self.path)
            yield
        finally:
            os.close(handle)


def _lock(handle: int, path: Path) -> None:
    deadline = time.monotonic() + _LOCK_LIMIT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise VaultError(
                    f"Another program has held the vault {path} locked for {_LOCK_LIMIT:.0f} seconds.",
                    "Nothing was written.",
                    "Look for a stopped workbench on this host and end it, then try again.",
                ) from None
            time.sleep(_LOCK_STEP)
        except OSError as error:
            raise _unreadable(path, error) from None
        else:
            return


def _read(path: Path, first: int | None = None) -> tuple[bytes, _Version]:
    try:
        data, info = read_private(path, first=first)
    except OSError as error:
        raise _unreadable(path, error) from None
    return data, _version(data, info)


def _version(data: bytes, info: os.stat_result) -> _Version:
    return data[:HEAD_BYTES], info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size


def _unreadable(path: Path, error: OSError) -> VaultError:
    if isinstance(error, FileNotFoundError):
        return VaultError(f"There is no vault at {path}.", todo="Put it back, or make a new one.")
    return VaultError(
        f"The vault {path} was refused: {error.strerror}.",
        "The workbench only uses a vault that nobody else on this host can read or swap.",
        f"Check its owner and run: chmod 600 {path}",
    )
