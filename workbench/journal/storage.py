"""The journal's SQLite file: schema, durable appending, reading. Blocking; used from the writer's thread."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from workbench.core.atomic_files import sync_folder
from workbench.core.errors import JournalError
from workbench.domain.model.hash_chain import Row

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

    def __init__(self, path: Path, *, read_only: bool, max_pages: int | None = None) -> None:
        """Open or create the file (mode 0600); JournalError where it cannot be used.

        ``max_pages`` caps the file's size in pages of 4 kB, as a full disk would.
        """
        self._path = path
        self._db: sqlite3.Connection | None = None
        try:
            if not read_only:
                self._db = self._open_for_writing(path)
            if self._db is not None and max_pages is not None:
                self._db.execute(f"PRAGMA max_page_count={max_pages:d}")
            # A connection of its own: on the writer's, a reader would see rows that are not committed yet.
            self._reader = _connect_for_reading(path)
        except (sqlite3.Error, OSError) as error:
            self._give_up()
            raise _failed(f"The journal {path} cannot be opened", error) from None

    @staticmethod
    def _open_for_writing(path: Path) -> sqlite3.Connection:
        # Made before SQLite sees it, so that the file (and the WAL, which copies its mode) is never wider.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
            sync_folder(path.parent)
        except (sqlite3.Error, OSError):
            db.close()
            raise
        return db

    def append(self, rows: Iterable[Row]) -> None:
        """Make all rows durable in one transaction; JournalError and none of them otherwise."""
        if self._db is None:
            raise JournalError("The journal is open for reading only.")
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO row VALUES (?, ?, ?, ?, ?)",
                ((row.seq, row.at, row.kind, row.text, row.hash) for row in rows),
            )
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._give_up()
            raise _failed(f"The journal {self._path} could not be written", error) from None

    def _give_up(self) -> None:
        """Close the writing connection: what it had begun is rolled back, now or by the next opening."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def read(self, after: int) -> list[Row]:
        """Return the rows behind number ``after`` in order; JournalError where the file is damaged."""
        try:
            return [Row(*fields) for fields in self._reader.execute(_SELECT, (after,))]
        except (sqlite3.Error, OSError) as error:
            raise _failed(f"The journal {self._path} could not be read", error) from None

    def close(self) -> None:
        """Close the file; everything reported is durable already."""
        self._reader.close()
        self._give_up()


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        db.execute("SELECT count(*) FROM row").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _failed(what: str, error: Exception) -> JournalError:
    # SQLite's messages name tables and files, never values bound to a statement.
    return JournalError(
        f"{what} ({error}).",
        "Nothing further is written to the account, because it could not be recorded.",
        "Free space on that volume (or repair it) and start the workbench again: it resumes.",
    )
