"""The workbench's own keyring backend: one encrypted file, for hosts that have no keyring.

Reads and writes always follow the file as it stands: a write takes the lock beside it, re-reads what
other processes wrote since, and replaces the whole file durably, so that no writer loses another's entries.

What is read is verified before it is believed: the file carries a seal under the vault's own key. A write
that meets a damaged file keeps it aside, saves what still opens in it, and writes what this process holds;
a file that opens is kept as the previous generation, which ``unlock`` falls back on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from workbench.core.atomic_files import (
    ensure_folder,
    keep_previous,
    previous_of,
    read_private,
    replace_durably,
    set_aside,
)
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.vault.entries import EntryName
from workbench.vault.file_faults import neither, unreadable, unwritable
from workbench.vault.file_format import HEAD_BYTES, Cost, Document, Entries, Lockbox, decode

T = TypeVar("T")
# What tells one version of the file from the next: its head (with a random revision) for replaces, since
# inode numbers are used again and time stamps are coarse, and its stat for changes in place.
_Version = tuple[bytes, int, int, int, int]
_LOCK_LIMIT = 15.0
_LOCK_STEP = 0.01


class FileKeyring:
    """One unlocked vault file as a keyring backend. Made by ``create`` or ``unlock``.

    It keeps keyring's contract (its own tests for backends say so) and does not inherit from its class: nobody's
    discovery is to come upon it, and the package is 35 modules that a host without a keyring never needs.
    """

    def __init__(self, path: Path, lockbox: Lockbox, entries: Entries, version: _Version | None) -> None:
        self.path = path
        self.notices: list[str] = []  # what was found damaged and what became of it, in sentences
        self._lockbox = lockbox
        self._entries = entries
        self._version = version
        self._fallen_back = False  # opened from the generation before, and nothing was stored since
        self._guard = threading.RLock()

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
        """Return the vault at ``path``; VaultError where it cannot be read or opened. Runs scrypt.

        Where the file is lost or damaged and the generation before it opens, that one is used, and
        ``notices`` says so; nothing on the disk is touched before something is stored.
        """
        try:
            return cls._open(path, path, passphrase)
        except VaultError as error:
            previous = cls._earlier(path, passphrase)
            if previous is None:
                raise (error if is_whole(path) else neither(path, error)) from None
            previous.notices.insert(
                0,
                f"The vault is opened as it was before its last change, from {previous_of(path)}: {error.what} "
                "What was stored last may be missing in it.",
            )
            return previous

    @classmethod
    def _open(cls, path: Path, source: Path, passphrase: Secret) -> FileKeyring:
        data, version = _read(source)
        document, entries = decode(data)
        vault = cls(path, Lockbox.unlock(document, passphrase), entries, version)
        if not vault._lockbox.vouches_for(document):
            # What was taken out of it is still in the generation before: a removal by us empties both.
            vault._entries = {**vault._saved_from(previous_of(path)), **entries}
            vault._version = None
            vault.notices.append(
                f"The vault file {source} was altered by something other than the workbench. What still opens "
                "in it is used; an entry that was changed is not, and says so."
            )
        return vault

    @classmethod
    def _earlier(cls, path: Path, passphrase: Secret) -> FileKeyring | None:
        """Return the previous generation opened, None where there is none or it would not open either."""
        try:
            earlier, _ = decode(_read(previous_of(path))[0])
            with contextlib.suppress(VaultError):
                if decode(_read(path)[0])[0].key == earlier.key:
                    return None  # The same head: a passphrase that does not open one does not open the other.
            vault = cls._open(path, previous_of(path), passphrase)
        except VaultError:
            return None
        vault._version, vault._fallen_back = None, True
        return vault

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value under the name, None where there is none; VaultError where it was altered."""
        name = EntryName(service, username)
        with self._guard:
            entry = self._shown().get(name)
            return None if entry is None else self._lockbox.open(name, entry)

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store one value durably; VaultError where that failed (the file is then as it was)."""
        self.set_many({EntryName(service, username): password})

    def set_many(self, values: Mapping[EntryName, str]) -> None:
        """Store all ``values`` by one durable replace: all of them, or none and a VaultError."""

        def change(entries: Entries) -> None:
            cipher = self._lockbox.cipher()
            for name, value in values.items():
                entries[name] = self._lockbox.seal(name, value, cipher)

        if values:
            self._change(change)

    def delete_password(self, service: str, username: str) -> None:
        """Remove one entry durably; keyring's PasswordDeleteError where there is none."""

        def change(entries: Entries) -> None:
            if entries.pop(EntryName(service, username), None) is None:
                from keyring.errors import PasswordDeleteError

                raise PasswordDeleteError("No such entry.")

        self._change(change, forget=True)

    def names(self) -> list[EntryName]:
        """Return the names of all entries, sorted."""
        with self._guard:
            return sorted(self._shown())

    def get_many(self, names: Iterator[EntryName] | list[EntryName]) -> dict[EntryName, str | None]:
        """Return the values of ``names`` as they stand on the disk now (read back, never from memory)."""
        with self._guard:
            self._version = None
            shown = self._shown()
            cipher = self._lockbox.cipher()
            found: dict[EntryName, str | None] = {}
            for name in names:
                entry = shown.get(name)
                found[name] = None if entry is None else self._lockbox.open(name, entry, cipher)
            return found

    def change_passphrase(self, passphrase: Secret, cost: Cost | None = None) -> None:
        """Put the vault under a new passphrase; entries stay as they are. Runs scrypt."""
        lockbox = self._lockbox.with_passphrase(passphrase, cost or Cost())
        with self._guard, self._exclusive():
            entries = self._verified()
            self._replace(lockbox, entries, forget=True)

    def derive(self, purpose: str) -> bytes:
        """Return a 32-byte key for ``purpose``, the same at every unlock of this vault."""
        return self._lockbox.derive(purpose)

    def _change(self, change: Callable[[Entries], None], *, forget: bool = False) -> None:
        with self._guard, self._exclusive():
            entries = dict(self._verified())
            change(entries)
            self._replace(self._lockbox, entries, forget=forget)

    def _verified(self) -> Entries:
        """Return what the next version is made of: the file's entries where it is whole, else what is known.

        Called under the lock, before anything is replaced. Where the file is gone, what is in memory is
        written again: it may be the only copy left. A damaged file is moved aside, and what was stored in it
        since (by another workbench) is saved entry by entry; where this process holds an entry, its own wins.
        """
        if not os.path.lexists(self.path):
            return {**self._saved_from(previous_of(self.path)), **self._entries}
        try:
            self._refresh()
        except _Damaged as error:
            saved = {**self._saved_from(previous_of(self.path)), **self._saved_from(self.path)}
            self._keep_aside(error)
            return {**saved, **self._sound()}
        return self._entries

    def _sound(self) -> Entries:
        """Return the entries in memory that open (one read from an altered file may not)."""
        sound: Entries = {}
        for name, entry in self._entries.items():
            try:
                self._lockbox.open(name, entry)
            except VaultError:
                self.notices.append(
                    f"The vault entry '{name}' was altered and is left out; replace that credential."
                )
            else:
                sound[name] = entry
        return sound

    def _saved_from(self, path: Path) -> Entries:
        try:
            return self._lockbox.salvage(decode(_read(path)[0])[0])
        except VaultError:
            return {}

    def _keep_aside(self, error: VaultError) -> None:
        try:
            aside = set_aside(self.path)
        except OSError as problem:
            raise unwritable(self.path, problem) from None
        self._version = None
        if aside is not None:
            self.notices.append(
                f"{error.what} It is kept as {aside.name}; the vault was written again from what this workbench "
                "holds and what still opened in the damaged file."
            )

    def _shown(self) -> Entries:
        """Return the entries as the file shows them now; each is proven when it is opened.

        Of an altered file nothing else is believed, its head above all: what it lacks is taken from memory.
        """
        try:
            self._refresh()
        except _Altered as error:
            return {**self._entries, **error.entries}
        except VaultError:
            if not self._fallen_back:
                raise
        return self._entries

    def _refresh(self) -> None:
        if self._version is not None and _read(self.path, HEAD_BYTES)[1] == self._version:
            return
        data, version = _read(self.path)
        document, entries = _decoded(self.path, data)
        if document.vault != self._lockbox.vault:
            raise VaultError(
                f"The vault file {self.path} was exchanged for another vault.",
                "What this workbench stored is not in it.",
                "Put the right file back; do not go on before that.",
            )
        if not self._lockbox.vouches_for(document):
            raise _Altered(
                entries,
                f"The vault file {self.path} was altered by something other than the workbench.",
                "What stands in it now is not what was stored.",
                "The next secret that is stored puts it right; the damaged file is kept.",
            )
        self._lockbox = self._lockbox.rewrapped(document)
        self._entries, self._version = entries, version

    def _replace(self, lockbox: Lockbox, entries: Entries, *, forget: bool = False) -> None:
        """Replace the file; the one before stays as its previous generation.

        With ``forget`` that generation is written anew as well, first: what was removed, and a passphrase
        that was given up, must not live on in it.
        """
        data = lockbox.encode(entries)
        try:
            if forget and os.path.lexists(previous_of(self.path)):
                replace_durably(previous_of(self.path), data)
            elif not forget and self._version is not None:
                keep_previous(self.path)
            info = replace_durably(self.path, data)
        except OSError as error:
            raise unwritable(self.path, error) from None
        self._lockbox, self._entries, self._version = lockbox, entries, _version(data, info)
        self._fallen_back = False

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
            raise unreadable(self.path, error) from None
        try:
            _lock(handle, self.path)
            yield
        finally:
            os.close(handle)


def is_whole(path: Path) -> bool:
    """Return whether the file at ``path`` can be read as a vault, whatever passphrase opens it."""
    with contextlib.suppress(VaultError):
        decode(_read(path)[0])
        return True
    return False


def names_in(path: Path) -> list[EntryName]:
    """Return the names that stand in the vault file at ``path``, sorted; no passphrase is needed for them.

    Where the file is lost or damaged, those of the generation before. VaultError where neither can be read.
    """
    try:
        return sorted(_decoded(path, _read(path)[0])[1])
    except VaultError:
        try:
            return sorted(decode(_read(previous_of(path))[0])[1])
        except VaultError:
            pass
        raise


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
            raise unreadable(path, error) from None
        else:
            return


class _Damaged(VaultError):
    """The file is not what a holder of the vault's key wrote."""


class _Altered(_Damaged):
    """The file can be read, but its seal does not hold; ``entries`` are what stands in it."""

    def __init__(self, entries: Entries, what: str, means: str, todo: str) -> None:
        super().__init__(what, means, todo)
        self.entries = entries


def _decoded(path: Path, data: bytes) -> tuple[Document, Entries]:
    try:
        return decode(data)
    except VaultError as error:
        raise _Damaged(f"The vault file {path} is damaged.", error.means, error.todo) from None


def _read(path: Path, first: int | None = None) -> tuple[bytes, _Version]:
    try:
        data, info = read_private(path, first=first)
    except OSError as error:
        problem = unreadable(path, error)
        if _replaced_by_something_else(path):
            raise _Damaged(problem.what, problem.means, problem.todo) from None
        raise problem from None
    return data, _version(data, info)


def _replaced_by_something_else(path: Path) -> bool:
    """Return whether a folder, a link or a pipe stands where the file should (its mode is another matter)."""
    try:
        return not stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _version(data: bytes, info: os.stat_result) -> _Version:
    return data[:HEAD_BYTES], info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size
