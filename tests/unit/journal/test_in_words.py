"""What the journal refuses and why, in words; what is read of a damaged file; who is told what was written."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.patience import HANGS
from tests.unit.journal.storages import Through, between
from workbench.core import diagnostics
from workbench.core.clock import ManualClock
from workbench.core.errors import JournalError, SecretInRow
from workbench.core.redact import Secret
from workbench.domain.model.hash_chain import ChainDamage, ChainRow
from workbench.journal import storage
from workbench.journal.journal import Journal, damaged, read_rows
from workbench.journal.ledger import Ledger
from workbench.journal.lock import IncidentLock
from workbench.journal.storage import SqliteStorage, Storage

INCIDENT = "2026-11-21-acme"
NOW = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
CLOCK = ManualClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "incidents" / INCIDENT / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path, CLOCK, INCIDENT) as opened:
        yield opened


# ── refused ──────────────────────────────────────────────────────────────────────────────────────────────


def _sqlite_error(code: int, said: str = "disk I/O error") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorcode = code
    return error


NOT_RECORDED = "Nothing further is written to the account, because it could not be recorded."
UNREAD = "What this incident did cannot be read here; nothing was changed."


@pytest.mark.parametrize(
    ("error", "what", "means", "todo"),
    [
        (
            PermissionError(errno.EACCES, "its mode is 0644"),
            "(its mode is 0644)",
            UNREAD,
            "chown, where it is not)",
        ),
        (_sqlite_error(sqlite3.SQLITE_CORRUPT), "(disk I/O error)", UNREAD, "put a copy of the journal back"),
        (_sqlite_error(sqlite3.SQLITE_NOTADB), "(disk I/O error)", UNREAD, "put a copy of the journal back"),
        (
            _sqlite_error(sqlite3.SQLITE_ERROR),
            "it was emptied, or is another file",
            UNREAD,
            "or open a new incident",
        ),
        (_sqlite_error(sqlite3.SQLITE_CANTOPEN), "its folder takes no new file", NOT_RECORDED, "it resumes."),
        # An extended code says the same as its lowest byte.
        (
            _sqlite_error(sqlite3.SQLITE_CANTOPEN_ISDIR),
            "its folder takes no new file",
            NOT_RECORDED,
            "ls -ld",
        ),
        (_sqlite_error(sqlite3.SQLITE_READONLY), "(disk I/O error)", NOT_RECORDED, "chmod u+rwx"),
        (
            OSError(errno.EROFS, "Read-only file system"),
            "(Read-only file system)",
            NOT_RECORDED,
            "is read-only",
        ),
        (OSError("odd"), "(odd)", NOT_RECORDED, "Free space"),
    ],
)
def test_each_refusal_of_the_host_has_its_meaning_and_its_remedy(
    error: Exception, what: str, means: str, todo: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    path.touch(mode=0o600)
    said = storage._failed(path, "could not be written", error)
    assert said.what.startswith(f"The journal {path} could not be written") and what in said.what
    assert said.means == means
    assert todo in said.todo
    if means == UNREAD:
        assert "`workbench secrets recover`" in said.todo, "what is in the vault is not lost with it"
    else:
        assert said.todo.endswith("start the workbench again: it resumes.")


def test_what_stands_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(JournalError, match="not a regular file"):
        SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="symbolic link"):
        SqliteStorage(tmp_path / "link", read_only=False)
    (tmp_path / "kept").touch(mode=0o600)
    forbidden = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    said = storage._failed(tmp_path / "kept", "cannot be opened", forbidden)
    assert "its mode is 0600, so you may not open it" in said.what, "more than the host says by itself"


def test_a_damaged_journal_says_what_stays_usable() -> None:
    said = damaged(ChainDamage("cut", 3, "Row 3 is missing."))
    assert (said.what, said.means) == (
        "Row 3 is missing.",
        "Nothing is added to it, and nothing is changed in the account.",
    )
    assert "--new" in said.todo and "vault stays usable" in said.todo


async def test_why_no_row_is_taken_is_said_each_time(path: Path) -> None:
    journal = Journal.open(path, CLOCK, INCIDENT)
    with Journal.open(path, CLOCK, INCIDENT) as second:
        assert (second.held_elsewhere, second.read_only, second.damage) == (True, True, None)
        with pytest.raises(JournalError, match="open elsewhere") as elsewhere:
            await second.append("effect", {})
        assert "not change anything" in elsewhere.value.means and "Go on there" in elsewhere.value.todo
    journal.close()
    with pytest.raises(JournalError, match="closed") as closed:
        await journal.append("effect", {})
    assert closed.value.todo == "Open the incident again."
    with pytest.raises(JournalError, match="another incident") as other:
        Journal.open(path, CLOCK, "2026-11-22-other")
    assert "nothing is judged by it" in other.value.means and "--new" in other.value.todo


async def test_what_was_not_foreseen_stops_the_journal_by_its_name_only(path: Path) -> None:
    class Odd(SqliteStorage):
        def append(self, rows: Iterable[ChainRow]) -> None:
            if any(row.kind == "effect" for row in rows):
                raise LookupError("a value nobody should see")
            super().append(rows)

    with Journal.open(
        path, CLOCK, INCIDENT, storage=lambda where, only: Odd(where, read_only=only)
    ) as journal:
        head = (journal.head_seq, journal.head_hash)
        with pytest.raises(JournalError) as caught:
            await journal.append("effect", {})
        assert caught.value.what == "The journal could not be written (LookupError)."
        assert (caught.value.means, caught.value.todo) == (
            NOT_RECORDED,
            "Start the workbench again: it resumes.",
        )
        assert journal.failure is not None and journal.failure is not caught.value
        with pytest.raises(JournalError, match="LookupError"):
            await journal.append("note", {})
        assert (journal.head_seq, journal.head_hash) == head


def test_who_cannot_open_the_file_leaves_no_lock(path: Path) -> None:
    def broken(where: Path, read_only: bool) -> Storage:
        raise JournalError("The disk is lost.")

    for _ in range(2):
        with pytest.raises(JournalError, match="disk is lost"):
            Journal.open(path, CLOCK, INCIDENT, storage=broken)
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        assert not journal.held_elsewhere, "the lock was given back"
    with pytest.raises(JournalError, match="another incident"):
        Journal.open(path, CLOCK, "other")
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        assert not journal.read_only


async def test_a_guarded_secret_is_in_no_kind_and_no_diagnostic_line(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded: list[Secret] = []
    monkeypatch.setattr(diagnostics, "guard", guarded.append)
    secret = Secret("Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu")
    assert journal.guard(secret) is True
    assert guarded == [secret]
    assert journal.guard(Secret("ab")) is False
    with pytest.raises(SecretInRow, match="would hold a secret: refused") as refused:
        await journal.append(secret.reveal(), {})
    assert secret.reveal() not in str(refused.value)


# ── written, and told ────────────────────────────────────────────────────────────────────────────────────


class Gate(Through):
    """A storage whose commits wait until ``open``; the size of each is kept."""

    def __init__(self, inner: Storage) -> None:
        super().__init__(inner)
        self.reached, self.open = threading.Event(), threading.Event()
        self.sizes: list[int] = []

    def append(self, rows: Iterable[ChainRow]) -> None:
        taken = list(rows)
        if taken[0].seq > 1:
            self.reached.set()
            self.open.wait()
            self.sizes.append(len(taken))
        self.inner.append(taken)


async def test_what_gathers_while_the_disk_works_is_one_commit_up_to_a_bound(path: Path) -> None:
    gated, made = between(Gate)
    with Journal.open(path, CLOCK, INCIDENT, storage=gated) as journal:
        first = asyncio.create_task(journal.append("effect", {"n": 0}))
        await asyncio.sleep(0)
        await asyncio.to_thread(made[0].reached.wait, HANGS)
        tasks = [asyncio.create_task(journal.append("effect", {"n": n})) for n in range(1, 1200)]
        await asyncio.sleep(0)
        made[0].open.set()
        rows = await asyncio.wait_for(asyncio.gather(first, *tasks), HANGS)
        assert (journal.head_seq, journal.head_hash) == (rows[-1].seq, rows[-1].hash)
    assert made[0].sizes == [1, 1024, 175]


async def test_what_waits_behind_a_failed_commit_is_not_written_after_it(path: Path) -> None:
    """A row behind one that is missing would tell of a change whose beginning nobody recorded."""

    class Once(Gate):
        """Fails the first commit of an effect, and would take every later one."""

        def append(self, rows: Iterable[ChainRow]) -> None:
            taken = list(rows)
            super().append(taken)
            if taken[0].seq == 2 and len(self.sizes) == 1:
                raise JournalError("The disk is full.", "It is.", "Free it.")

    once, made = between(Once)
    with Journal.open(path, CLOCK, INCIDENT, storage=once) as journal:
        first = asyncio.create_task(journal.append("effect", {"n": 0}))
        await asyncio.sleep(0)
        await asyncio.to_thread(made[0].reached.wait, HANGS)
        behind = asyncio.create_task(journal.append("effect", {"n": 1}))
        await asyncio.sleep(0)
        made[0].open.set()
        ended = await asyncio.wait_for(asyncio.gather(first, behind, return_exceptions=True), HANGS)
    assert [str(error) for error in ended] == ["The disk is full. It is. Free it."] * 2
    assert made[0].sizes == [1], "the second was never tried"


async def test_a_loop_that_is_gone_keeps_nobody_else_from_being_told(path: Path) -> None:
    gated, made = between(Gate)
    with Journal.open(path, CLOCK, INCIDENT, storage=gated) as journal:
        first = asyncio.create_task(journal.append("effect", {"n": 0}))
        await asyncio.sleep(0)
        gone = asyncio.new_event_loop()

        async def ask() -> None:
            asking = asyncio.ensure_future(journal.append("effect", {"n": 1}))
            await asyncio.sleep(0)
            asking.cancel()

        thread = threading.Thread(target=lambda: (gone.run_until_complete(ask()), gone.close()))
        thread.start()
        thread.join()
        last = asyncio.create_task(journal.append("effect", {"n": 2}))
        await asyncio.sleep(0)
        made[0].open.set()
        assert [row.seq for row in await asyncio.wait_for(asyncio.gather(first, last), HANGS)] == [2, 4]


class Rows:
    """A journal in memory: each row is durable once ``open`` is set."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.rows: list[Any] = []
        self.broken = False

    async def append(self, kind: str, body: Any) -> Any:
        await self.open.wait()
        if self.broken:
            raise JournalError("The disk is full.")
        row = SimpleNamespace(seq=len(self.rows) + 1, at="2026-11-21T14:00:00Z", kind=kind, body=body)
        self.rows.append(row)
        return row

    async def append_many(self, rows: Any) -> Any:
        return [await self.append(kind, body) for kind, body in rows]


async def test_a_row_whose_caller_is_gone_is_written_and_known_all_the_same() -> None:
    rows = Rows()
    ledger = Ledger(cast("Any", rows))
    heard: list[Any] = []
    ledger.listen(heard.append)
    caller = asyncio.create_task(ledger.record("note", {"text": "x"}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    resting = asyncio.create_task(ledger.rest())
    await asyncio.sleep(0)
    assert not resting.done() and heard == []
    rows.open.set()
    await asyncio.wait_for(resting, HANGS)
    assert heard == rows.rows and len(heard) == 1
    assert caller.cancelled()
    await ledger.rest()
    rows.broken = True
    with pytest.raises(JournalError):
        await ledger.record("note", {"text": "y"})
    assert len(heard) == 1, "nobody hears of what is not durable"


# ── read ─────────────────────────────────────────────────────────────────────────────────────────────────


class Torn:
    """A reading connection to a file with a damaged page between rows 2 and 5."""

    def __init__(
        self, behind: Iterable[int] = (6, 5), error: type[Exception] = sqlite3.DatabaseError
    ) -> None:
        self.behind, self.error = behind, error
        self.asked: list[tuple[str, tuple[int, ...]]] = []

    def execute(self, statement: str, given: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
        self.asked.append((statement, given))
        for seq in self.behind if "DESC" in statement else (1, 2):
            if seq > given[0]:
                yield seq, "at", b"\xff", "{}", "hash"
        raise self.error("database disk image is malformed")

    def close(self) -> None:
        return


@pytest.mark.parametrize("error", [sqlite3.DatabaseError, OSError])
def test_around_a_damaged_page_the_rows_are_still_read(tmp_path: Path, error: type[Exception]) -> None:
    held = SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    held._reader.close()
    torn = Torn(error=error)
    held._reader = cast("sqlite3.Connection", torn)
    rows = held.read(0)
    assert [row.seq for row in rows] == [1, 2, 5, 6]
    assert rows[0].kind == repr(b"\xff"), "a damaged column is text, and breaks the chain"
    assert [given[0] for _, given in torn.asked] == [0, 2], "behind the last one that was read"
    assert [row.seq for row in held.read(2)] == [5, 6]
    held._reader = cast("sqlite3.Connection", Torn(behind=()))
    with pytest.raises(JournalError, match=r"could not be read \(database disk image is malformed\)"):
        held.read(2)
    held.close()


async def test_rows_are_read_from_a_number_on_and_no_more_than_asked(journal: Journal, path: Path) -> None:
    await journal.append_many([("effect", {"n": n}) for n in range(5)])
    reader = SqliteStorage(path, read_only=True)
    assert [row.seq for row in reader.read(2, 2)] == [3, 4]
    assert [row.seq for row in reader.read(2)] == [3, 4, 5, 6]
    assert [row.seq for row in journal.rows(4)] == [5, 6]
    reader.close()


async def test_who_only_reads_makes_nothing_and_could_not_write(journal: Journal, path: Path) -> None:
    with pytest.raises(JournalError, match=r"absent\.sqlite cannot be opened"):
        read_rows(path.with_name("absent.sqlite"))
    assert not path.with_name("absent.sqlite").exists()
    with Journal.open(path, CLOCK, INCIDENT) as second:
        assert cast("SqliteStorage", second._storage)._db is None


async def test_rows_may_be_read_from_any_thread(journal: Journal, path: Path) -> None:
    await journal.append("effect", {"n": 1})
    with Journal.open(path, CLOCK, INCIDENT) as second:
        for one in (journal, second):
            assert [row.seq for row in await asyncio.to_thread(one.rows)] == [1, 2]


def test_a_file_that_may_not_be_read_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite"
    SqliteStorage(path, read_only=False).close()
    monkeypatch.setattr(os, "access", lambda where, how: False)
    with pytest.raises(
        JournalError, match=f"{path} cannot be opened .its mode is 0600, so you may not"
    ) as said:
        SqliteStorage(path, read_only=True)
    assert f"chmod 600 {path}" in said.value.todo


async def test_text_that_is_no_utf8_costs_its_own_row_only(journal: Journal, path: Path) -> None:
    await journal.append("effect", {"n": 1})
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO row VALUES (3, 'at', CAST(x'ff' AS TEXT), '{}', 'hash')")
    db.close()
    assert [row.kind for row in journal.rows(1)] == ["effect", "\udcff"]


@pytest.mark.parametrize(
    ("writable", "log", "immutable"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_on_a_volume_that_cannot_be_written_the_file_alone_is_read_where_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool, log: bool, immutable: bool
) -> None:
    path = tmp_path / "journal.sqlite"
    path.touch(mode=0o600)
    if log:
        (tmp_path / "journal.sqlite-wal").touch()
    hows: list[str] = []

    def connected(where: Path, how: str) -> Any:
        hows.append(how)
        if "immutable" not in how:
            raise sqlite3.OperationalError("unable to open database file")
        return "read"

    monkeypatch.setattr(storage, "_connected", connected)
    monkeypatch.setattr(os, "access", lambda where, how: how == os.R_OK or writable)
    if immutable:
        assert cast("Any", storage._connect_for_reading(path)) == "read"
        assert hows == ["mode=ro", "mode=ro&immutable=1"]
    else:
        with pytest.raises(sqlite3.OperationalError):
            storage._connect_for_reading(path)
        assert hows == ["mode=ro"]


def test_on_a_network_volume_each_commit_is_synced_without_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def nfs(path: Path) -> str:
        asked.append(path)
        return "nfs4"

    monkeypatch.setattr(storage, "network_volume", nfs)
    held = SqliteStorage(tmp_path / "journal.sqlite", read_only=False)
    assert held._db is not None and asked == [tmp_path / "journal.sqlite"]
    assert held._db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert held._db.execute("PRAGMA synchronous").fetchone() == (3,)
    held.close()
    with pytest.raises(JournalError, match="open for reading only"):
        held.append([])


# ── held ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_lock_says_who_holds_it_and_nothing_of_who_held_it_before(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text(json.dumps({"pid": 1, "host": "x" * 300, "user": "y", "since": "z"}))
    first = IncidentLock(path, NOW)
    assert first.held and first.holder.pid == os.getpid() and first.holder.since == "2026-11-21T14:02:07Z"
    second = IncidentLock(path, NOW)
    assert not second.held and second.holder == first.holder
    assert json.loads(path.read_text())["host"] == first.holder.host == os.uname().nodename
    first.release()
    third = IncidentLock(path, NOW)
    assert third.held
    third.release()


def test_what_stands_in_a_lock_file_is_cut_to_a_line(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = IncidentLock(path, NOW)
    path.write_text(json.dumps({"pid": "7", "host": "h" * 300, "user": "u" * 300, "since": "s" * 300}))
    holder = IncidentLock(path, NOW).holder
    assert holder.pid == 7
    for text, kept in ((holder.host, "h" * 80), (holder.user, "u" * 80), (holder.since, "s" * 40)):
        assert text.startswith(kept) and text.count(kept[0]) == len(kept)
    assert (
        str(holder).startswith("uuu") and " on hhh" in str(holder) and " (process 7) since sss" in str(holder)
    )
    first.release()


def test_a_new_lock_file_is_its_owners_alone_and_a_link_is_none(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        IncidentLock(tmp_path / "lock", NOW).release()
    finally:
        os.umask(before)
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "lock")
    with pytest.raises(JournalError, match="cannot be used"):
        IncidentLock(tmp_path / "link", NOW)
