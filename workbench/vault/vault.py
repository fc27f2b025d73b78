"""The vault: where every secret stands before it matters.

An async face over a keyring backend. Every write is read back and compared, every call runs off the event
loop under a time limit, and writes that arrive together on the file backend become one durable replace.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from workbench.core.errors import UsageError, VaultError, WorkbenchError
from workbench.core.redact import Secret
from workbench.core.sealing import Sealer
from workbench.core.thread_worker import Worker
from workbench.vault import older
from workbench.vault.backends import Detected, NoKeyring, SystemKeyring, detect, listed, refusal, title
from workbench.vault.entries import (
    WORKBENCH_SERVICE,
    EntryName,
    encryption_entry,
    incident_service,
    probe_entry,
    smtp_entry,
)
from workbench.vault.keyring_probe import answering
from workbench.vault.passphrases import new_smtp_password

if TYPE_CHECKING:
    from workbench.vault.backends import Backend
    from workbench.vault.file_backend import FileKeyring
    from workbench.vault.file_format import Cost

__all__ = [
    "LIMIT",
    "WORKBENCH_SERVICE",
    "Detected",
    "EntryName",
    "NoKeyring",
    "SystemKeyring",
    "Vault",
    "detect",
    "incident_service",
    "new_smtp_password",
    "smtp_entry",
]

T = TypeVar("T")
OWN_FILE = "keep new secrets in the workbench's own encrypted file (--vault file)"
LIMIT = 30.0  # seconds a keyring may take: long enough to type an unlock password, short enough to be told


class Vault:
    """One keyring backend, safe to await from the event loop. ``limit`` is in seconds per call."""

    def __init__(self, backend: Backend, *, limit: float = LIMIT) -> None:
        reason = refusal(backend)
        if reason:
            raise VaultError(
                f"The keyring '{title(backend)}' cannot be the vault: {reason}.",
                "New credentials would not be safe in it.",
                f"Use the system's keyring, or {OWN_FILE}.",
            )
        self._backend = backend
        self._file = _as_file(backend)
        # The host's keyring, where our own file was made when secrets already stood in that.
        self._keyring: Detected | None = None
        self._encryption: Secret | None = None
        self._limit = limit
        self._worker = Worker("workbench-vault")
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    @classmethod
    async def create_file(
        cls,
        path: Path,
        passphrase: Secret,
        *,
        cost: Cost | None = None,
        limit: float = LIMIT,
        keyring: Detected | None = None,
    ) -> Vault:
        """Return a new file vault at ``path``; VaultError where one exists or the folder is not private.

        ``keyring`` is the host's where secrets stand in it already: what the file lacks is looked for there.
        """
        vault = cls(await _off_loop(older.create_before, path, passphrase, cost, keyring, {}), limit=limit)
        vault._keyring = keyring
        return vault

    @classmethod
    async def unlock_file(cls, path: Path, passphrase: Secret, *, limit: float = LIMIT) -> Vault:
        """Return the file vault at ``path`` unlocked; VaultError where passphrase or file are wrong."""
        file = await _off_loop(_unlock_file, path, passphrase)
        vault = cls(file, limit=limit)
        if await _off_loop(older.is_behind, file):
            vault._keyring = await answering()
        return vault

    async def move_to_file(self, path: Path, passphrase: Secret, *, cost: Cost | None = None) -> None:
        """Keep what is stored from now on in a new file at ``path``, because the host's keyring fails.

        What stands in the keyring stays there and is still looked for. VaultError where a file is there already.
        """
        if self._file is not None:
            raise UsageError("The vault is the workbench's own file already.", "Nothing was moved.", "")
        keyring = SystemKeyring(self._backend, title(self._backend))
        # The key of what was sealed so far goes along: without it no evidence could be sealed or opened.
        known = {encryption_entry(): self._encryption.reveal()} if self._encryption is not None else {}
        file = await _off_loop(older.create_before, path, passphrase, cost, keyring, known)
        self._backend, self._file, self._keyring = file, file, keyring
        # A call that the keyring never answers must not stand before those of the file.
        self._worker.close()

    @property
    def kind(self) -> Literal["file", "system", "none"]:
        """``file`` for the workbench's own encrypted file, ``system`` for a keyring of the host."""
        return "file" if self._file is not None else "system"

    @property
    def keeps(self) -> bool:
        """Return whether what is stored or sealed here can be read again later."""
        return True

    @property
    def notices(self) -> list[str]:
        """What was found damaged in the vault, and what became of it, in sentences."""
        return list(self._file.notices) if self._file is not None else []

    async def change_passphrase(self, passphrase: Secret, cost: Cost | None = None) -> None:
        """Put the file vault under a new passphrase, the generation before it too; entries stay as they are.

        UsageError where the vault is the system's keyring, which has a password of its own.
        """
        if self._file is None:
            raise UsageError(
                f"The vault is the {self.describe()}.",
                "It is opened with its own password, not with one of the workbench.",
                "Change it there.",
            )
        await self._call(partial(self._file.change_passphrase, passphrase, cost), None)

    def describe(self) -> str:
        """Return one line for screens: what the vault is and where."""
        if self._file is not None:
            behind = "; what is older: the host's keyring" if self._keyring is not None else ""
            return f"encrypted file {self._file.path}{behind}"
        return f"system keyring ({title(self._backend)})"

    async def store(self, name: EntryName, secret: Secret, *, only_new: bool = False) -> None:
        """Store ``secret`` under ``name``; returns when it is durable and was read back equal.

        Calls that run at the same time share one durable replace on the file backend. With ``only_new`` a
        different value already under that name is kept and VaultError raised. VaultError otherwise means:
        treat the secret as not stored.
        """
        await self._ask(name, secret, only_new=only_new)

    def _ask(self, name: EntryName, secret: Secret, *, only_new: bool) -> asyncio.Future[None]:
        """Put an entry among those that wait for the next replace; what is returned tells when it is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append(_Waiting(name, secret, only_new, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = loop.create_task(self._flush())
        return future

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        """Store all ``entries`` (file backend: one durable replace); VaultError where any is not stored."""
        waiting = [self._ask(name, secret, only_new=False) for name, secret in entries.items()]
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return the secret under ``name``, None where there is none; VaultError where it cannot be read."""
        value = await self._call(partial(self._backend.get_password, name.service, name.username), name)
        if value is None and self._keyring is not None:
            value = await self._call(partial(older.password, self._keyring, name), name)
        return None if value is None else _as_secret(value, name)

    async def remove(self, name: EntryName) -> None:
        """Remove the entry, if it is there, and prove it gone; VaultError where it stays."""
        if await self._call(partial(older.remove_from, self._backend, name), name) or self._keyring is None:
            return
        await self._call(partial(older.remove, self._keyring, name), name)

    async def names(self) -> list[EntryName] | None:
        """Return the names of all that the workbench stored here; None where this kind of keyring cannot list."""
        if self._file is None:
            found = await self._call(partial(listed, self._backend), None)
            return None if found is None else [EntryName(*name) for name in found]
        here = await self._call(self._file.names, None)
        if self._keyring is None:
            return here
        there = await self._call(partial(older.names, self._keyring), None)
        return None if there is None else sorted({*here, *there})

    async def probe(self) -> None:
        """Prove that the vault works: store, read back and remove a test entry; VaultError if not."""
        name = probe_entry()
        await self.store(name, Secret(os.urandom(12).hex()))
        await self.remove(name)

    async def vault_key(self, purpose: str) -> bytes:
        """Return a 32-byte key for ``purpose``, the same whenever this vault is unlocked.

        Derived from the file's master key, or from a random key kept as an entry of the system's keyring.
        """
        if self._file is not None and self._keyring is None:
            return self._file.derive(purpose)
        if self._encryption is None:
            self._encryption = await self.fetch(encryption_entry())
        if self._encryption is None:
            fresh = Secret(base64.b64encode(os.urandom(32)).decode())
            await self.store(encryption_entry(), fresh, only_new=True)
            self._encryption = fresh
        from workbench.vault.file_format import derive_key

        return derive_key(base64.b64decode(self._encryption.reveal()), purpose, WORKBENCH_SERVICE)

    async def sealer(self, purpose: str) -> Sealer:
        """Return what seals and opens snapshots or logs under this vault's key for ``purpose``."""
        return Sealer(await self.vault_key(purpose))

    def close(self) -> None:
        """Let the vault's thread end; the vault can still be used and starts another then."""
        self._worker.close()

    async def _flush(self) -> None:
        """Write what is waiting until nothing is; everything that arrives meanwhile forms the next batch.

        As a task it begins after everything that is ready in this turn of the loop has asked.
        """
        while self._waiting:
            batch = self._take()
            values = {waiting.name: waiting for waiting in batch}
            problems: Mapping[EntryName, VaultError]
            try:
                problems = await self._call(partial(self._write_all, values), batch[0].name)
            except _NoAnswer as error:
                # Whatever waits behind would wait for the same prompt, one time limit after the other.
                batch, self._waiting = [*batch, *self._waiting], []
                problems = {waiting.name: error for waiting in batch}
            except WorkbenchError as error:
                problems = dict.fromkeys(values, VaultError(error.what, error.means, error.todo))
            except BaseException:
                for waiting in batch:
                    waiting.future.cancel()
                raise
            for waiting in batch:
                waiting.settle(problems.get(waiting.name))

    def _take(self) -> list[_Waiting]:
        """Return the next batch: on the file backend one entry of each name, elsewhere a single entry."""
        batch: dict[EntryName, _Waiting] = {}
        later: list[_Waiting] = []
        for waiting in self._waiting:
            if waiting.name in batch or (batch and self._file is None):
                later.append(waiting)
            else:
                batch[waiting.name] = waiting
        self._waiting = later
        return list(batch.values())

    def _write_all(self, batch: Mapping[EntryName, _Waiting]) -> dict[EntryName, VaultError]:
        """In the vault's thread: write the batch, read it back, return what went wrong by name."""
        problems = {name: _occupied(name) for name, waiting in batch.items() if self._is_taken(name, waiting)}
        values = {name: waiting.secret.reveal() for name, waiting in batch.items() if name not in problems}
        if self._file is not None:
            self._file.set_many(values)
            found = self._file.get_many(list(values))
        else:
            found = {}
            for name, value in values.items():
                self._backend.set_password(name.service, name.username, value)
                found[name] = self._backend.get_password(name.service, name.username)
        for name, value in values.items():
            if not _same(value, found[name]):
                problems[name] = _dropped(name)
        return problems

    def _is_taken(self, name: EntryName, waiting: _Waiting) -> bool:
        if not waiting.only_new:
            return False
        there = self._backend.get_password(name.service, name.username)
        return there is not None and not _same(waiting.secret.reveal(), there)

    async def _call(self, call: Callable[[], T], name: EntryName | None) -> T:
        subject = "The keyring" if name is None else f"The keyring call for '{name}'"
        try:
            return await self._worker.run(call, self._limit)
        except TimeoutError:
            raise _NoAnswer(
                f"{subject} got no answer within {self._limit:g} seconds.",
                "The keyring is probably waiting for its unlock prompt on another screen.",
                f"Unlock it there and try again, or {OWN_FILE}.",
            ) from None
        except WorkbenchError:
            raise
        except Exception as error:
            if type(error).__name__ == "KeyringLocked":
                raise VaultError(
                    "The keyring is locked.",
                    "Nothing can be stored in it or read from it.",
                    f"Unlock it and try again, or {OWN_FILE}.",
                ) from None
            # Backends raise whatever their bus or library raises. Only the kind is shown: the text, and the
            # frames behind it, may hold the secret that was being stored.
            raise VaultError(
                f"{subject} failed ({type(error).__name__}).",
                "The secret may not be stored.",
                f"Unlock or start the keyring and try again, or {OWN_FILE}.",
            ) from None


class _NoAnswer(VaultError):
    """The keyring did not answer within the time limit."""


class _Waiting:
    """One ``store`` that waits for its durable replace."""

    __slots__ = ("future", "name", "only_new", "secret")

    def __init__(self, name: EntryName, secret: Secret, only_new: bool, future: asyncio.Future[None]) -> None:
        self.name = name
        self.secret = secret
        self.only_new = only_new
        self.future = future

    def settle(self, problem: VaultError | None) -> None:
        if self.future.done():
            return
        if problem is None:
            self.future.set_result(None)
        else:
            # A copy for each: one exception raised in many tasks would gather all their tracebacks.
            self.future.set_exception(VaultError(problem.what, problem.means, problem.todo))


async def _off_loop(call: Callable[..., T], *arguments: object) -> T:
    worker = Worker("workbench-vault-unlock")
    try:
        return await worker.run(partial(call, *arguments), 120.0)
    except TimeoutError:
        raise VaultError(
            "The vault file did not open within two minutes.", todo="Check the volume."
        ) from None
    finally:
        worker.close()


def _unlock_file(path: Path, passphrase: Secret) -> FileKeyring:
    from workbench.vault.file_backend import FileKeyring

    return FileKeyring.unlock(path, passphrase)


def _as_file(backend: Backend) -> FileKeyring | None:
    from workbench.vault.file_backend import FileKeyring

    return backend if isinstance(backend, FileKeyring) else None


def _as_secret(value: str, name: EntryName) -> Secret:
    if not value:
        raise VaultError(
            f"The entry '{name}' is empty.", "Something else cleared it.", "Replace this credential."
        )
    return Secret(value)


def _same(one: str, other: str | None) -> bool:
    return other is not None and hmac.compare_digest(one.encode(), other.encode())


def _dropped(name: EntryName) -> VaultError:
    return VaultError(
        f"The keyring took '{name}' but does not give it back unchanged.",
        "The secret is not stored.",
        f"Use another keyring, or {OWN_FILE}.",
    )


def _occupied(name: EntryName) -> VaultError:
    return VaultError(
        f"Another secret stands under '{name}' already.",
        "Storing this one would destroy it.",
        "Store it under another name.",
    )
