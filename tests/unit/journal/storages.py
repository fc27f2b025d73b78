"""Storages that a test puts between a journal and its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from workbench.domain.model.hash_chain import ChainRow
from workbench.journal.storage import SqliteStorage, Storage


class Through:
    """A storage that hands everything on."""

    def __init__(self, inner: Storage) -> None:
        self.inner = inner

    def append(self, rows: Iterable[ChainRow]) -> None:
        """Hand rows on."""
        self.inner.append(rows)

    def read(self, after: int) -> list[ChainRow]:
        """Return the rows behind a place."""
        return self.inner.read(after)

    def close(self) -> None:
        """Close what is behind it."""
        self.inner.close()


Kind = TypeVar("Kind", bound=Through)


def between(kind: type[Kind]) -> tuple[Callable[[Path, bool], Storage], list[Kind]]:
    """Return what opens a journal's file behind a storage of that kind, and the list of those it made."""
    made: list[Kind] = []

    def opened(where: Path, read_only: bool) -> Storage:
        made.append(kind(SqliteStorage(where, read_only=read_only)))
        return made[-1]

    return opened, made
