"""The journal's SQLite file: schema, durable appending, reading. Blocking; used from the writer's thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from workbench.errors import JournalError
from workbench.incident.journal import Row
from workbench.private_files import sync_folder

# Append-only for everybody who goes through SQLite, REPLACE included (its hidden delete fires no trigger,
# so the number itself must be the next one). Against a text editor only the chain of hashes helps.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON row
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON row
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER IF NOT EXISTS next_only BEFORE INSERT ON row
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM row)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
_SELECT = "SELECT seq, at, kind, body, hash FROM row WHERE seq > ? ORDER BY seq"


class Storage(Protocol):
    """What the journal needs of its storage; a test puts one in that fails like a full disk."""

    def append(self, rows: Iterable[Row]) -> None:
        """Make all rows durable, or raise JournalError."""

    def read(self, after: int) -> list[Row]:
        """Return the rows behind number ``after``."""

    def close(self) -> None:
        """Release the file."""


class SqliteStorage:
    """One journal file: WAL, every commit synced (``synchronous=FULL``) before it is reported."""

    def __init__(self, path: Path, *, read_only: bool) -> None:
        """Open or create the file (mode 0600); JournalError where it cannot be used."""
        self._path = path
        try:
            if read_only:
                self._db = sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=ro",
                    uri=True,
                    isolation_level=None,
                    check_same_thread=False,
                )
                self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            else:
                self._db = self._open_for_writing(path)
        except (sqlite3.Error, OSError) as error:
            raise _failed(f"The journal {path} cannot be opened", error) from None

    @staticmethod
    def _open_for_writing(path: Path) -> sqlite3.Connection:
        # Made before SQLite sees it, so that the file (and the WAL, which copies its mode) is never wider.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(_SCHEMA)
        sync_folder(path.parent)
        return db

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection itself, for tests that starve it of pages."""
        return self._db

    def append(self, rows: Iterable[Row]) -> None:
        """Make all rows durable in one transaction; JournalError and none of them otherwise."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO row VALUES (?, ?, ?, ?, ?)",
                ((row.seq, row.at, row.kind, row.text, row.hash) for row in rows),
            )
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            if self._db.in_transaction:
                # On a full disk SQLite has often rolled back already; if this fails too, the file is closed
                # by the caller and recovered by SQLite at the next opening.
                self._roll_back()
            raise _failed(f"The journal {self._path} could not be written", error) from None

    def _roll_back(self) -> None:
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error:
            self._db.close()

    def read(self, after: int) -> list[Row]:
        """Return the rows behind number ``after`` in order; JournalError where the file is damaged."""
        try:
            return [Row(*fields) for fields in self._db.execute(_SELECT, (after,))]
        except (sqlite3.Error, OSError) as error:
            raise _failed(f"The journal {self._path} could not be read", error) from None

    def close(self) -> None:
        """Close the file; everything reported is durable already."""
        self._db.close()


def _failed(what: str, error: Exception) -> JournalError:
    # SQLite's messages name tables and files, never values bound to a statement.
    return JournalError(
        f"{what} ({error}).",
        "Nothing further is written to the account, because it could not be recorded.",
        "Free space on that volume (or repair it) and start the workbench again: it resumes.",
    )
