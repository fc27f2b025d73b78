"""What a host may refuse the journal: the lock file, the lock itself, its words, the file it is kept in."""

from __future__ import annotations

import errno
import fcntl
import getpass
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import JournalError
from workbench.journal import storage
from workbench.journal.lock import IncidentLock
from workbench.journal.storage import SqliteStorage

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def test_a_lock_file_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"lock file .* cannot be used") as refused:
        IncidentLock(tmp_path / "absent" / "lock", NOW)
    assert "two workbenches could write" in refused.value.means and "ls -ld" in refused.value.todo


def test_on_a_volume_that_takes_no_writes_the_way_out_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(JournalError, match="Read-only file system") as refused:
        IncidentLock(tmp_path / "lock", NOW)
    assert "cp -a" in refused.value.todo and "WORKBENCH_HOME" in refused.value.todo


def test_a_volume_without_locks_is_said_and_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []
    close = os.close

    def refuse(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    def note(handle: int) -> None:
        closed.append(handle)
        close(handle)

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(os, "close", note)
    with pytest.raises(JournalError, match="does not support locks \\(No locks available\\)") as refused:
        IncidentLock(tmp_path / "lock", NOW)
    assert "cp -a" in refused.value.todo
    assert len(closed) == 1


def test_a_full_disk_takes_the_words_and_not_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    lock = IncidentLock(tmp_path / "lock", NOW)
    assert [lock.held] == [True]
    second = IncidentLock(tmp_path / "lock", NOW)
    assert not second.held
    assert str(second.holder) == "somebody on unknown host (process 0) since an unknown time"
    lock.release()
    lock.release()
    assert [lock.held] == [False]
    assert IncidentLock(tmp_path / "lock", NOW).held


def test_a_user_without_a_name_is_told_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    lock = IncidentLock(tmp_path / "lock", NOW)
    assert lock.holder.user == f"user {os.getuid()}"
    assert lock.holder.since == "2026-11-21T14:00:00Z"
    lock.release()


def test_a_reader_appends_nothing(tmp_path: Path) -> None:
    writer = SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    reader = SqliteStorage(tmp_path / "journal.sqlite", read_only=True)
    with pytest.raises(JournalError, match="open for reading only"):
        reader.append([])
    reader.close()
    writer.close()


def test_a_file_damaged_while_it_is_open_is_said(tmp_path: Path) -> None:
    held = SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    held._reader.close()
    with pytest.raises(JournalError, match="could not be read") as caught:
        held.read(0)
    assert "it resumes" in caught.value.todo
    held._give_up()
    with pytest.raises(JournalError, match="reading only"):
        held.append([])


def test_a_folder_that_cannot_be_synced_leaves_no_connection_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def note(*given: Any, **more: Any) -> sqlite3.Connection:
        made.append(connect(*given, **more))
        return made[-1]

    def lost(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(sqlite3, "connect", note)
    monkeypatch.setattr(storage, "sync_folder", lost)
    with pytest.raises(JournalError, match="cannot be opened"):
        SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    (only,) = made
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        only.execute("SELECT 1")


def _sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "wanted", "unwanted"),
    [
        (PermissionError(errno.EPERM, os.strerror(errno.EPERM)), "chattr -i -a", "chmod 600"),
        (PermissionError(errno.EACCES, "its mode is 0644"), "chmod 600", "chattr"),
        (_sqlite_error(sqlite3.SQLITE_CANTOPEN), "lsattr -d", "Free space"),
        (_sqlite_error(sqlite3.SQLITE_ERROR), "put a copy of the journal back", "Free space"),
        (_sqlite_error(sqlite3.SQLITE_FULL), "Free space", "chattr"),
    ],
)
def test_what_keeps_the_journal_from_being_opened_has_its_own_remedy(
    error: Exception, wanted: str, unwanted: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    path.touch(mode=0o600)
    todo = storage._failed(path, "cannot be opened", error).todo
    assert wanted in todo and unwanted not in todo
