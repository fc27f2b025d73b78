"""A state folder on a network volume: no write-ahead log, which it cannot share, and nothing lost by a kill."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.cli import doctor
from workbench.core.atomic_files import network_volume
from workbench.core.clock import ManualClock
from workbench.core.errors import JournalError
from workbench.domain.model.hash_chain import GENESIS, verify
from workbench.journal import storage
from workbench.journal.journal import Journal, read_rows

ROOT = Path(__file__).parents[3]
INCIDENT = "20261129-100000-abcd"
CLOCK = ManualClock(datetime(2026, 11, 29, 10, 0, tzinfo=UTC))
APPENDER = """
import asyncio, sys
from pathlib import Path
from workbench.core.clock import SystemClock
from workbench.journal import storage
from workbench.journal.journal import Journal
storage.network_volume = lambda path: "nfs4"
async def main():
    journal = Journal.open(Path(sys.argv[1]), SystemClock(), sys.argv[2])
    async def work(label):
        while True:
            row = await journal.append("effect", {"n": label, "padding": "x" * 200})
            print(row.seq, row.hash, flush=True)
    await asyncio.gather(*(work(label) for label in range(20)))
asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "ext4", "overlay"])
def test_the_host_tells_what_a_folder_lies_on(tmp_path: Path, kind: str) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 0:5 / /proc rw - proc proc rw\n"
        f"36 35 {os.major(device)}:{os.minor(device)} / /home rw,noatime shared:1 - {kind} files:/home rw\n"
    )
    assert network_volume(tmp_path, str(mounts)) == (kind if kind in ("nfs4", "cifs") else "")
    assert network_volume(tmp_path, str(tmp_path / "no such file")) == ""
    assert network_volume(tmp_path / "not made yet", str(mounts)) == ""


async def test_the_journal_there_has_no_log_beside_it_and_is_followed_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        await journal.append("effect", {"n": 1})
    # Begun on a local disk, carried to the network volume: it changes its mode there.
    monkeypatch.setattr(storage, "network_volume", lambda path: "nfs4")
    with Journal.open(path, CLOCK, INCIDENT) as journal:
        await journal.append("effect", {"n": 2})
        assert "journal.sqlite-wal" not in os.listdir(tmp_path)  # noqa: PTH208 - a test may block
        with sqlite3.connect(path) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        db.close()
        for number in range(3, 9):
            assert [row.body["n"] for row in read_rows(path) if row.kind == "effect"] == list(
                range(1, number)
            )
            await journal.append("effect", {"n": number})


@pytest.mark.parametrize("stop_after", [1, 120])
def test_a_kill_loses_no_reported_row_there(tmp_path: Path, stop_after: int) -> None:
    path = tmp_path / "journal.sqlite"
    command = [sys.executable, "-c", APPENDER, str(path), INCIDENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
        assert worker.stdout is not None
        reported = [worker.stdout.readline() for _ in range(stop_after)]
        worker.send_signal(signal.SIGKILL)
        reported += [line for line in worker.stdout if line.endswith("\n")]
    rows = read_rows(path)
    assert {f"{row.seq} {row.hash}\n" for row in rows} >= set(reported)
    assert verify(rows, GENESIS) is None


async def _cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a journal as a kill leaves it in the middle of a write: its pages half there, the old ones kept beside."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    monkeypatch.setattr(storage, "network_volume", lambda path: "nfs4")
    with Journal.open(whole / "journal.sqlite", CLOCK, INCIDENT) as journal:
        await journal.append("effect", {"n": 1})
    with sqlite3.connect(whole / "journal.sqlite", isolation_level=None) as db:
        # So little room that pages are written before the transaction ends.
        db.execute("PRAGMA cache_size=2")
        db.execute("BEGIN IMMEDIATE")
        (last,) = db.execute("SELECT max(seq) FROM row").fetchone()
        for number in range(last + 1, last + 200):
            db.execute("INSERT INTO row VALUES (?, '', 'effect', ?, '')", (number, "x" * 2000))
        shutil.copytree(whole, torn)
        db.execute("ROLLBACK")
    db.close()
    assert (torn / "journal.sqlite-journal").stat().st_size > 0
    return torn / "journal.sqlite"


async def test_a_write_that_was_cut_off_is_rolled_back_by_whoever_only_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await _cut_off(tmp_path, monkeypatch)
    rows = read_rows(path)
    assert [row.body["n"] for row in rows if row.kind == "effect"] == [1]
    assert verify(rows, GENESIS) is None


async def test_where_nobody_may_write_a_write_that_was_cut_off_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await _cut_off(tmp_path, monkeypatch)
    monkeypatch.setattr(os, "access", lambda where, mode: mode == os.R_OK)
    with pytest.raises(JournalError, match="a write was cut off there") as refused:
        read_rows(path)
    assert "readonly database" not in str(refused.value.what)


def test_doctor_names_the_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "network_volume", lambda path: "nfs4")
    check = doctor._home()
    assert check.verdict == "ok" and "on a network volume (nfs4)" in check.found
