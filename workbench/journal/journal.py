"""The journal of one incident: a row is durable before the next thing happens.

Appends from any number of tasks go to one writer thread, which commits whatever has gathered as one
transaction. Under load hundreds of rows share one sync of the disk, and the event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from workbench.core import diagnostics
from workbench.core.atomic_files import ensure_folder
from workbench.core.clock import Clock, iso
from workbench.core.errors import JournalError, SecretInRow
from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner
from workbench.domain.model.hash_chain import (
    GENESIS,
    OPENED,
    SCHEMA,
    ChainDamage,
    ChainRow,
    canonical,
    chained,
    damage_of,
)
from workbench.journal.lock import Holder, IncidentLock
from workbench.journal.storage import SqliteStorage, Storage

__all__ = ["FILE_NAME", "OPENED", "ChainRow", "Holder", "Journal", "read_rows"]

FILE_NAME = "journal.sqlite"
_LARGEST_BATCH = 1024


@dataclass(slots=True)
class _Append:
    rows: list[tuple[str, str, str]]  # at, kind, canonical body
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[list[ChainRow]]


class Journal:
    """The journal of one incident folder. Made by ``open``; read-only where another workbench holds it."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        lock: IncidentLock,
        scanner: SecretScanner,
        incident: str,
        remembered: tuple[int, str] | None = None,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._lock = lock
        self._scanner = scanner
        rows = storage.read(0)
        self._head = (rows[-1].seq, rows[-1].hash) if rows else (0, GENESIS)
        self._first = rows[0] if rows else None
        self.damage: ChainDamage | None = damage_of(rows, remembered, incident)
        self._failure: JournalError | None = None
        self._closed = False
        self._inbox: SimpleQueue[_Append | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        clock: Clock,
        incident: str,
        *,
        remembered: tuple[int, str] | None = None,
        scanner: SecretScanner | None = None,
        storage: Callable[[Path, bool], Storage] | None = None,
    ) -> Journal:
        """Return the journal at ``path`` (``…/incidents/<id>/journal.sqlite``), made if there is none.

        Blocks for a moment: it takes the lock and verifies the whole chain, against the row that is
        ``remembered`` elsewhere too. A journal that is not what was written has a ``damage`` and takes no
        rows. Where another workbench holds the incident, ``held_elsewhere`` is true and ``holder`` says who.
        JournalError where the file cannot be used or belongs to another incident. ``scanner`` and ``storage``
        are for tests.
        """
        ensure_folder(path.parent)
        lock = IncidentLock(path.with_name("lock"), clock.now())
        try:
            make = storage or _sqlite
            store = make(path, not lock.held)
        except BaseException:
            lock.release()
            raise
        try:
            journal = cls(store, clock, lock, scanner or SecretScanner(), incident, remembered)
            journal._start(incident)
        except BaseException:
            store.close()
            lock.release()
            raise
        return journal

    @property
    def read_only(self) -> bool:
        """Whether no row can be written: another workbench holds this incident, or the journal is damaged."""
        return self.held_elsewhere or self.damage is not None

    @property
    def held_elsewhere(self) -> bool:
        """Whether another workbench holds this incident."""
        return not self._lock.held

    @property
    def broken_at(self) -> int | None:
        """The number of the first row that is not what was written, None where the journal is whole."""
        return self.damage.row if self.damage is not None else None

    @property
    def holder(self) -> Holder:
        """Who writes to this incident: this process, or the other one."""
        return self._lock.holder

    @property
    def head_hash(self) -> str:
        """The hash of the last durable row (as of the opening, where another workbench writes)."""
        return self._head[1]

    @property
    def head_seq(self) -> int:
        """The number of the last durable row."""
        return self._head[0]

    @property
    def failure(self) -> JournalError | None:
        """Why the journal takes no more rows until it is opened again, None while all is well."""
        return self._failure

    def guard(self, secret: Secret) -> bool:
        """Refuse from now on every row that holds ``secret`` in clear, base64, hex, URL or JSON form.

        Only hashes of it are kept, in memory. False where it is too short to be told from other text.
        Meant for the secrets the workbench mints or is given as keys, not for words a person chose.
        """
        diagnostics.guard(secret)
        return self._scanner.add(secret)

    async def append(self, kind: str, body: Mapping[str, Any]) -> ChainRow:
        """Return the row once it is durable.

        TypeError where the body holds a Secret (or what JSON does not know), a bug of the caller, and SecretInRow
        where it holds a guarded secret's text, as whoever types may have it: nothing was written. JournalError where
        the disk failed: then nothing more is taken until the journal is opened again.
        """
        return (await self.append_many([(kind, body)]))[0]

    async def append_many(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[ChainRow]:
        """Return the rows, next to each other in the chain, once all of them are durable (or none is)."""
        self._refuse_if_unusable()
        at = iso(self._clock.now())
        cleaned = [(at, kind, self._clean(kind, body)) for kind, body in rows]
        if not cleaned:
            return []
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[ChainRow]] = loop.create_future()
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="workbench-journal", daemon=True)
            self._thread.start()
        self._inbox.put(_Append(cleaned, loop, future))
        return await future

    def rows(self, after: int = 0) -> list[ChainRow]:
        """Return the durable rows behind number ``after``, in order. Blocks: milliseconds for thousands."""
        return self._storage.read(after)

    def close(self) -> None:
        """Write what was taken, close the file and release the lock. Blocks until that is done."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._inbox.put(None)
            self._thread.join()
        self._storage.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, incident: str) -> None:
        if self._first is None:
            if self.read_only:
                return
            text = canonical({"schema": SCHEMA, "incident": incident})
            row = chained(GENESIS, 1, iso(self._clock.now()), OPENED, text)
            self._storage.append([row])
            self._head, self._first = (row.seq, row.hash), row
            return
        if self.damage is not None and self.damage.kind == "exchanged":
            raise JournalError(
                self.damage.words,
                "What it tells is another incident's, so nothing is judged by it.",
                "Put the incident's own folder back, or go on in a new incident that names this one: --new.",
            )

    def _clean(self, kind: str, body: Mapping[str, Any]) -> str:
        text = canonical(body)
        unnamed = self._scanner.found_in(kind)
        if unnamed or self._scanner.found_in(text):
            raise SecretInRow(
                f"A row of the journal{'' if unnamed else f' ({kind[:40]})'} would hold a secret: refused.",
                "Nothing of it was recorded, for the journal and its reports are read by others.",
                "Say the same without the secret.",
            )
        return text

    def _refuse_if_unusable(self) -> None:
        if self._failure is not None:
            raise _again(self._failure)
        if self._closed:
            raise JournalError("The journal is closed.", todo="Open the incident again.")
        if self.damage is not None:
            raise damaged(self.damage)
        if self.held_elsewhere:
            raise JournalError(
                f"This incident is open elsewhere: {self.holder}.",
                "This workbench can look at it, but not change anything.",
                "Go on there, or quit that workbench and start this one again.",
            )

    def _write(self) -> None:
        """The writer thread: gather, chain, commit, report."""
        ended = False
        while not ended:
            taken = [self._inbox.get()]
            while len(taken) < _LARGEST_BATCH:
                try:
                    taken.append(self._inbox.get_nowait())
                except Empty:
                    break
            ended = None in taken
            batch = [append for append in taken if append is not None]
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[_Append]) -> None:
        seq, prev = self._head
        chains: list[list[ChainRow]] = []
        for append in batch:
            chain: list[ChainRow] = []
            for at, kind, text in append.rows:
                row = chained(prev, seq + 1, at, kind, text)
                seq, prev = row.seq, row.hash
                chain.append(row)
            chains.append(chain)
        failure = self._failure
        if failure is None:
            try:
                self._storage.append(row for chain in chains for row in chain)
            except JournalError as error:
                failure = self._failure = error
            except Exception as error:
                # Anything unforeseen must still stop the work: a dead writer thread would leave every
                # later append waiting for ever.
                failure = self._failure = JournalError(
                    f"The journal could not be written ({type(error).__name__}).",
                    "Nothing further is written to the account, because it could not be recorded.",
                    "Start the workbench again: it resumes.",
                )
            else:
                self._head = (seq, prev)
        _report(batch, chains, failure)


def damaged(damage: ChainDamage) -> JournalError:
    """Return the error of whoever would write to a damaged journal."""
    return JournalError(
        damage.words,
        "Nothing is added to it, and nothing is changed in the account.",
        "Go on in a new incident, which names this one: --new. What is in the vault stays usable.",
    )


def read_rows(path: Path) -> list[ChainRow]:
    """Return all rows of the journal at ``path`` without its lock; JournalError where it cannot be read."""
    storage = SqliteStorage(path, read_only=True)
    try:
        return storage.read(0)
    finally:
        storage.close()


def _sqlite(path: Path, read_only: bool) -> Storage:
    return SqliteStorage(path, read_only=read_only)


def _report(batch: list[_Append], chains: list[list[ChainRow]], failure: JournalError | None) -> None:
    """Wake the waiting tasks: one call into each loop, however many rows were committed."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[list[ChainRow]], list[ChainRow]]]] = {}
    for append, chain in zip(batch, chains, strict=True):
        by_loop.setdefault(append.loop, []).append((append.future, chain))
    for loop, outcomes in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, outcomes, failure)
        except RuntimeError:
            continue  # that loop is closed: nobody is left to be told


def _settle(
    outcomes: list[tuple[asyncio.Future[list[ChainRow]], list[ChainRow]]], failure: JournalError | None
) -> None:
    for future, rows in outcomes:
        if future.done():
            continue
        if failure is None:
            future.set_result(rows)
        else:
            future.set_exception(_again(failure))


def _again(failure: JournalError) -> JournalError:
    """A fresh copy for each caller: one shared exception would gather the tracebacks of all of them."""
    return JournalError(failure.what, failure.means, failure.todo)
