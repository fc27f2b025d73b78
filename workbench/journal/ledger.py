"""The journal and the state it folds to, kept in step: what is written is what is known.

Everybody who records something does it here, so that no part of the program can act on a fact that is not
durable, and none can store a fact that the state misses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from workbench.domain.model.replay import apply, fold, take
from workbench.domain.model.state import JournalRow, State

T = TypeVar("T")
RowListener = Callable[[JournalRow], None]


class JournalPort(Protocol):
    """The part of the journal that the ledger uses."""

    async def append(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one row; returns when it is durable, raises JournalError when it is not."""


class Ledger:
    """One incident's journal with its state."""

    def __init__(self, journal: JournalPort, rows: Sequence[JournalRow] = ()) -> None:
        self._journal = journal
        self.state: State = fold(rows)
        self._listeners: list[RowListener] = []
        self._writing: set[asyncio.Task[Any]] = set()

    def listen(self, listener: RowListener) -> None:
        """Have ``listener`` called with every row after it is durable and in the state."""
        self._listeners.append(listener)

    async def record(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        """Write one row and take it into the state; raises JournalError, and then nothing happened.

        A caller that is cancelled meanwhile leaves the row to be written and taken all the same: what
        stands in the journal must never be missing in the state.
        """
        return await self._to_the_end(self._write(kind, body))

    async def rest(self) -> None:
        """Wait until every row that was begun is durable (or refused), after callers were cancelled."""
        while self._writing:
            await asyncio.wait(set(self._writing))

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._writing.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            # Its caller may have been cancelled and never ask; an error that nobody fetches would be printed.
            task.exception()

    async def _write(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        row = await self._journal.append(kind, body)
        self._take(row)
        return row

    def take(self, row: JournalRow) -> None:
        """Take in a row that somebody else made durable: a workbench that only reads follows the one that writes."""
        if take(self.state, row):
            self._tell(row)

    def _take(self, row: JournalRow) -> None:
        apply(self.state, row)
        self._tell(row)

    def _tell(self, row: JournalRow) -> None:
        for listener in self._listeners:
            listener(row)
