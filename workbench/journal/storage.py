"""The journal's SQLite file: schema, durable appending, reading. Blocking; used from the writer's thread.

Nothing is chmodded here either: a file that others may read or replace is refused with the command to type.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from workbench.core.atomic_files import (
    how_to_write,
    network_volume,
    refuse_unless_private,
    refused,
    sync_folder,
)
from workbench.core.errors import JournalError
from workbench.domain.model.hash_chain import ChainRow

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
# What SQLite answers for a file that is none of ours: no full disk and no other host's doing.
_NO_JOURNAL = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SELECT = "SELECT seq, at, kind, body, hash FROM row WHERE seq > ? ORDER BY seq"
_SELECT_BACK = f"{_SELECT} DESC"


class Storage(Protocol):
    """What the journal needs of its storage; a test puts one in that fails like a full disk."""

    def append(self, rows: Iterable[ChainRow]) -> None:
        """Make all rows durable, or raise JournalError."""

    def read(self, after: int) -> list[ChainRow]:
        """Return the rows behind number ``after``."""

    def close(self) -> None:
        """Release the file."""


class SqliteStorage:
    """One journal file: WAL (a rollback journal on a network volume), every commit synced before it is reported."""

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
            raise _failed(path, "cannot be opened", error) from None

    @staticmethod
    def _open_for_writing(path: Path) -> sqlite3.Connection:
        if os.path.lexists(path):
            refuse_unless_private(
                path
            )  # What stands in its place is named, not what the host says of opening it.
        # Made before SQLite sees it, so that the file (and the WAL, which copies its mode) is never wider.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600))
        refuse_unless_private(path)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            # A write-ahead log needs memory shared between processes, which a network volume does not have.
            mode = "DELETE" if network_volume(path) else "WAL"
            db.execute(f"PRAGMA journal_mode={mode}")
            db.execute("PRAGMA synchronous=FULL" if mode == "WAL" else "PRAGMA synchronous=EXTRA")
            db.executescript(_SCHEMA)
            sync_folder(path.parent)
        except (sqlite3.Error, OSError):
            db.close()
            raise
        return db

    def append(self, rows: Iterable[ChainRow]) -> None:
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
            raise _failed(self._path, "could not be written", error) from None

    def _give_up(self) -> None:
        """Close the writing connection: what it had begun is rolled back, now or by the next opening."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def read(self, after: int, most: int = -1) -> list[ChainRow]:
        """Return the rows behind number ``after`` (``most`` of them) in order, JournalError where not one can be read.

        Where a page of the file is damaged, the rows before and behind it are returned: what is missing
        shows in the chain.
        """
        rows: list[ChainRow] = []
        try:
            rows.extend(_row(*fields) for fields in self._reader.execute(_SELECT + " LIMIT ?", (after, most)))
        except (sqlite3.Error, OSError) as error:
            rows += self._behind_damage(rows[-1].seq if rows else after)
            if not rows:
                raise _failed(self._path, "could not be read", error) from None
        return rows

    def _behind_damage(self, after: int) -> list[ChainRow]:
        rows: list[ChainRow] = []
        with contextlib.suppress(sqlite3.Error, OSError):
            rows.extend(_row(*fields) for fields in self._reader.execute(_SELECT_BACK, (after,)))
        return rows[::-1]

    def close(self) -> None:
        """Close the file; everything reported is durable already."""
        self._reader.close()
        self._give_up()


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    refuse_unless_private(path)
    if not os.access(path, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        return _connected(path, "mode=ro")
    except sqlite3.Error as error:
        if _was_cut_off(error):
            # Without a write-ahead log what a kill left half-written is rolled back by the next who may write; as it
            # stands it is no journal to read.
            if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
                raise
            _connected(path, "mode=rw").close()
            return _connected(path, "mode=ro")
        # On a volume that cannot be written to, SQLite cannot make the index of a write-ahead log. Where there
        # is no log, the file alone is the whole journal.
        if os.access(path.parent, os.W_OK) or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connected(path, "mode=ro&immutable=1")


def _connected(path: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False
    )
    # Damaged text costs its own row: the chain tells, and the others are still read.
    db.text_factory = _as_text
    try:
        db.execute("SELECT seq FROM row LIMIT 1").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _row(seq: int, *texts: object) -> ChainRow:
    """Return a row; in a damaged page a column may be anything, which is text here and breaks the chain."""
    at, kind, body, digest = (text if isinstance(text, str) else repr(text) for text in texts)
    return ChainRow(seq, at, kind, body, digest)


def _as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _failed(path: Path, what: str, error: Exception) -> JournalError:
    # SQLite's messages name tables and files, never values bound to a statement.
    error = refused(path, error) if isinstance(error, OSError) else error
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    if (
        _code(error) == sqlite3.SQLITE_ERROR
    ):  # Its table is not there: a file that was emptied, or another one.
        reason = "it holds no journal: it was emptied, or is another file"
    if _was_cut_off(error):
        reason = "a write was cut off there, and is rolled back by whoever opens it and may write"
    if isinstance(error, PermissionError) or _code(error) in _NO_JOURNAL:
        ours = f"make it yours again (chmod 600 {path}; chown, where it is not)"
        if isinstance(error, PermissionError) and error.errno == errno.EPERM:
            ours = f"have root lift that (chattr -i -a {path})"
        mend = ours if isinstance(error, PermissionError) else "put a copy of the journal back"
        return JournalError(
            f"The journal {path} {what} ({reason}).",
            "What this incident did cannot be read here; nothing was changed.",
            f"Secrets are kept apart, in the vault: `workbench secrets recover`. To go on, {mend}, or open a new "
            "incident: --new.",
        )
    if _code(error) == sqlite3.SQLITE_CANTOPEN:  # SQLite does not say why its log cannot be made beside it.
        return JournalError(
            f"The journal {path} {what}: its folder takes no new file, or the file is not there ({reason}).",
            "Nothing further is written to the account, because it could not be recorded.",
            f"Look at {path.parent} (ls -ld for its mode, lsattr -d for what forbids it, df for room), or move "
            "WORKBENCH_HOME; then start the workbench again: it resumes.",
        )
    number = errno.EACCES if _code(error) == sqlite3.SQLITE_READONLY else getattr(error, "errno", None)
    return JournalError(
        f"The journal {path} {what} ({reason}).",
        "Nothing further is written to the account, because it could not be recorded.",
        f"{how_to_write(path, number)}, and start the workbench again: it resumes.",
    )


def _was_cut_off(error: Exception) -> bool:
    """Return whether a reader met a write that was cut off in its middle: SQLite rolls it back at the next opening."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_ROLLBACK


def _code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
