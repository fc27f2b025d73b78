"""The journal on disk: durable before it answers, append-only, one writer, alive after any kill."""

from __future__ import annotations

import ast
import asyncio
import errno
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.sources import nodes
from tests.unit.journal.storages import Through, between
from workbench.core.clock import ManualClock
from workbench.core.errors import JournalError
from workbench.core.redact import Secret
from workbench.domain.model.hash_chain import GENESIS, ChainRow, verify
from workbench.journal.journal import OPENED, Journal, read_rows
from workbench.journal.storage import SqliteStorage, Storage

INCIDENT = "2026-11-21-acme"
CLOCK = ManualClock(datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC))
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "incidents" / INCIDENT / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path, CLOCK, INCIDENT) as opened:
        yield opened


def counts(rows: Iterable[ChainRow]) -> list[int]:
    return [row.body["n"] for row in rows if row.kind == "effect"]


async def test_a_row_is_on_the_disk_when_append_returns(journal: Journal, path: Path) -> None:
    row = await journal.append("effect", {"n": 1, "state": "intent"})
    assert (row.seq, row.at, row.kind, row.body) == (
        2,
        "2026-11-21T14:02:07Z",
        "effect",
        {"n": 1, "state": "intent"},
    )
    # Another connection sees only what is committed.
    assert read_rows(path)[-1] == row
    assert (journal.head_seq, journal.head_hash) == (row.seq, row.hash)


async def test_the_first_row_names_format_and_incident(journal: Journal) -> None:
    first = journal.rows()[0]
    assert (first.seq, first.kind) == (1, OPENED)
    assert first.body == {"schema": "workbench.journal.journal/1", "incident": INCIDENT}


async def test_reopening_goes_on_with_the_same_chain(path: Path) -> None:
    for round_ in range(3):
        with Journal.open(path, CLOCK, INCIDENT) as journal:
            await journal.append("effect", {"n": round_})
            assert journal.broken_at is None
    rows = read_rows(path)
    assert counts(rows) == [0, 1, 2]
    assert verify(rows) is None


async def test_many_rows_are_one_commit_and_stand_together(journal: Journal) -> None:
    async def neighbours(label: int) -> list[ChainRow]:
        return await journal.append_many([("effect", {"n": label}) for _ in range(5)])

    for rows in await asyncio.gather(*(neighbours(label) for label in range(20))):
        assert [row.seq for row in rows] == list(range(rows[0].seq, rows[0].seq + 5))
    assert await journal.append_many([]) == []
    assert len(journal.rows(after=1)) == 100
    assert verify(journal.rows()) is None


class Counting(Through):
    """A storage that counts commits."""

    commits = 0

    def append(self, rows: Iterable[ChainRow]) -> None:
        self.commits += 1
        super().append(rows)


async def test_appends_that_gather_share_a_commit(path: Path) -> None:
    storage, made = between(Counting)
    with Journal.open(path, CLOCK, INCIDENT, storage=storage) as journal:
        rows = await asyncio.gather(*(journal.append("effect", {"n": n}) for n in range(500)))
        assert sorted(row.seq for row in rows) == list(range(2, 502))
    assert made[0].commits < 50


async def test_the_order_of_appending_is_the_order_of_rows(journal: Journal) -> None:
    await asyncio.gather(*(journal.append("effect", {"n": n}) for n in range(200)))
    assert counts(journal.rows()) == list(range(200))


def test_commits_are_synced_before_they_are_reported(path: Path) -> None:
    # No test can cut the power; the two settings that make SQLite sync its log at each commit can be seen.
    path.parent.mkdir(parents=True, mode=0o700)
    storage = SqliteStorage(path, read_only=False)
    try:
        assert storage._db is not None
        assert storage._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert storage._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        storage.close()


async def test_rows_cannot_be_changed_or_removed_through_sqlite(journal: Journal, path: Path) -> None:
    await journal.append("effect", {"n": 1})
    before = journal.rows()
    db = sqlite3.connect(path)
    try:
        for statement in (
            "UPDATE row SET body = '{}' WHERE seq = 2",
            "DELETE FROM row WHERE seq = 2",
            "REPLACE INTO row VALUES (2, '', '', '{}', '')",
            "INSERT INTO row VALUES (9, '', '', '{}', '')",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
            db.rollback()
    finally:
        db.close()
    assert journal.rows() == before


async def test_tampering_behind_sqlite_s_back_shows_at_the_next_opening(path: Path) -> None:
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        for n in range(4):
            await journal.append("effect", {"n": n})
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER no_update")
    db.execute("""UPDATE row SET body = '{"n":9}' WHERE seq = 3""")
    db.commit()
    db.close()
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        assert journal.broken_at == 3
        assert journal.read_only and not journal.held_elsewhere
        with pytest.raises(JournalError, match=r"row 3 .* is not what was written"):
            await journal.append("effect", {"n": 5})
        assert len(journal.rows()) == 5, "it is still read, and nothing was added"


async def test_another_incidents_journal_is_refused(path: Path) -> None:
    Journal.open(path, CLOCK, INCIDENT).close()
    with pytest.raises(JournalError, match="another incident"):
        Journal.open(path, CLOCK, "2026-11-22-other")
    Journal.open(path, CLOCK, INCIDENT).close()


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(b"not a database, but long enough to look at" * 30)
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(path, CLOCK, INCIDENT)
    path.unlink()
    Journal.open(path, CLOCK, INCIDENT).close()


async def test_everything_is_its_owners_alone_whatever_the_umask(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal.open(path, CLOCK, INCIDENT) as journal:
            await journal.append("effect", {"n": 1})
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) >= {"journal.sqlite", "journal.sqlite-wal", "lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


# --- secrets


@pytest.mark.parametrize("text", ["{}", "before {} after", "smtp://user:{}@host"])
async def test_a_known_secret_never_gets_into_a_row(journal: Journal, text: str) -> None:
    secret = Secret("Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu")
    assert journal.guard(secret)
    for body in ({"note": text.format(secret.reveal())}, {text.format(secret.reveal()): 1}):
        with pytest.raises(ValueError, match="would hold a secret") as caught:
            await journal.append("effect", body)
        assert secret.reveal() not in str(caught.value)
    with pytest.raises(ValueError, match="would hold a secret"):
        await journal.append_many([("effect", {"n": 1}), ("effect", {"n": secret.reveal()})])
    assert len(journal.rows()) == 1
    await journal.append("effect", {"n": 1})


async def test_a_secret_object_is_refused_even_when_unknown(journal: Journal) -> None:
    with pytest.raises(TypeError):
        await journal.append("effect", {"password": Secret("anything at all")})
    assert len(journal.rows()) == 1


# --- failing disks


class FullDisk(Counting):
    """A storage that fails from a given commit on."""

    def __init__(self, inner: Storage, good: int, error: Exception) -> None:
        super().__init__(inner)
        self.good = good
        self.error = error

    def append(self, rows: Iterable[ChainRow]) -> None:
        if self.commits >= self.good:
            raise self.error
        super().append(rows)


async def test_a_really_full_file_stops_the_journal_until_it_is_reopened(path: Path) -> None:
    def capped(where: Path, read_only: bool) -> Storage:
        return SqliteStorage(where, read_only=read_only, max_pages=12)

    durable: list[ChainRow] = []
    journal = Journal.open(path, CLOCK, INCIDENT, storage=capped)
    with pytest.raises(JournalError, match="full") as caught:
        for n in range(100):
            durable.append(await journal.append("effect", {"n": n, "padding": "x" * 1000}))
    assert "could not be recorded" in caught.value.means
    assert 5 < len(durable) < 100
    # Even a row that would fit is refused: a gap in the record is worse than its end.
    with pytest.raises(JournalError, match="full"):
        await journal.append("effect", {"n": 0})
    assert journal.failure is not None
    assert journal.rows(after=1) == durable
    journal.close()
    with Journal.open(path, CLOCK, INCIDENT) as again:
        assert again.rows(after=1) == durable
        await again.append("effect", {"n": 1})
        assert verify(again.rows()) is None


@pytest.mark.parametrize(
    "error", [JournalError("The disk is full."), OSError(errno.EIO, "lost volume"), MemoryError()]
)
async def test_nothing_is_reported_durable_that_is_not(path: Path, error: Exception) -> None:
    def failing(where: Path, read_only: bool) -> Storage:
        return FullDisk(SqliteStorage(where, read_only=read_only), good=2, error=error)

    with Journal.open(path, CLOCK, INCIDENT, storage=failing) as journal:
        await journal.append("effect", {"n": 0})
        head = journal.head_hash
        results = await asyncio.gather(
            *(journal.append("effect", {"n": n}) for n in range(1, 50)), return_exceptions=True
        )
        assert [type(result) for result in results] == [JournalError] * 49
        assert len({id(result) for result in results}) == 49
        assert journal.head_hash == head
    assert counts(read_rows(path)) == [0]


async def test_a_closed_journal_takes_nothing(path: Path) -> None:
    journal = Journal.open(path, CLOCK, INCIDENT)
    pending = asyncio.create_task(journal.append("effect", {"n": 1}))
    await asyncio.sleep(0)
    journal.close()
    journal.close()
    assert (await pending).seq == 2  # taken before the close: written, and said so
    with pytest.raises(JournalError, match="closed"):
        await journal.append("effect", {"n": 2})


# --- one writer


def start(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path), INCIDENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


HOLDER = """
import sys, time
from pathlib import Path
from workbench.core.clock import SystemClock
from workbench.journal.journal import Journal
journal = Journal.open(Path(sys.argv[1]), SystemClock(), sys.argv[2])
print(journal.holder.since, flush=True)
sys.stdin.read()
"""


async def test_a_second_workbench_reads_only_and_says_who_writes(path: Path) -> None:
    with start(HOLDER, path) as other:
        assert other.stdout is not None
        since = other.stdout.readline().strip()
        with Journal.open(path, CLOCK, INCIDENT) as journal:
            assert journal.read_only
            assert (journal.holder.pid, journal.holder.since) == (other.pid, since)
            assert str(other.pid) in str(journal.holder)
            assert len(journal.rows()) == 1
            with pytest.raises(JournalError, match=f"open elsewhere: .*process {other.pid}"):
                await journal.append("effect", {"n": 1})
        # A killed holder leaves no stale lock: the kernel let go of it.
        other.send_signal(signal.SIGKILL)
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        assert not journal.read_only
        assert journal.holder.pid == os.getpid()
        await journal.append("effect", {"n": 1})


async def test_two_openings_in_one_process_are_two_workbenches(journal: Journal, path: Path) -> None:
    with Journal.open(path, CLOCK, INCIDENT) as second:
        assert second.read_only
        row = await journal.append("effect", {"n": 1})
        assert second.rows()[-1] == row


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"pid": "x"}', b'{"pid": null}'])
async def test_an_unreadable_lock_file_names_nobody_but_holds(
    journal: Journal, path: Path, content: bytes
) -> None:
    path.with_name("lock").write_bytes(content)
    with Journal.open(path, CLOCK, INCIDENT) as second:
        assert second.read_only
        assert "somebody" in str(second.holder)


async def test_text_in_the_lock_file_is_made_harmless(journal: Journal, path: Path) -> None:
    forged = {"pid": 1, "host": "a\x1b[2Jb", "user": "eve\n", "since": "now"}
    path.with_name("lock").write_text(json.dumps(forged))
    with Journal.open(path, CLOCK, INCIDENT) as second:
        assert str(second.holder).isprintable()


# --- kills

APPENDER = """
import asyncio, sys
from pathlib import Path
from workbench.core.clock import SystemClock
from workbench.journal.journal import Journal
async def main():
    journal = Journal.open(Path(sys.argv[1]), SystemClock(), sys.argv[2])
    async def work(label):
        while True:
            row = await journal.append("effect", {"n": label, "padding": "x" * 200})
            print(row.seq, row.hash, flush=True)
    await asyncio.gather(*(work(label) for label in range(20)))
asyncio.run(main())
"""


@pytest.mark.parametrize("stop_after", [1, 50, 333, 2000])
async def test_a_kill_at_any_point_leaves_a_whole_chain_with_every_reported_row(
    path: Path, stop_after: int
) -> None:
    with start(APPENDER, path) as worker:
        assert worker.stdout is not None
        reported = [worker.stdout.readline() for _ in range(stop_after)]
        worker.send_signal(signal.SIGKILL)
        reported += [line for line in worker.stdout if line.endswith("\n")]
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        assert journal.broken_at is None
        stored = {f"{row.seq} {row.hash}\n" for row in journal.rows()}
        assert stored >= set(reported)
        await journal.append("effect", {"n": 0})
        assert verify(journal.rows(), GENESIS) is None


def test_whoever_opens_or_judges_a_journal_says_what_is_known_of_it_elsewhere() -> None:
    """Without the vault's head an older journal looks whole, and without the name another incident's does."""
    silent = []
    for path, node in nodes(r"Journal\.open|damage_of\(|damage_read\("):
        if not isinstance(node, ast.Call) or path.name in (
            "hash_chain.py",
            "custody.py",
            "evidence_export.py",
        ):
            continue  # The rules themselves; names alone, without a vault; an archive that brings its own head.
        called = ast.unparse(node.func)
        named = {keyword.arg for keyword in node.keywords}
        if called in ("damage_of", "damage_read", "chain.damage_of", "chain.damage_read"):
            if len(node.args) + len(named) < 3:
                silent.append(f"{path.name}:{node.lineno}")
        elif "remembered" not in named and "Journal.open" in (called, *map(ast.unparse, node.args)):
            silent.append(f"{path.name}:{node.lineno}")
    assert silent == []
