"""``workbench purge``: shows what goes and stays, asks, removes, and leaves journal and reports whole."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from workbench.cli import purge
from workbench.cli.parser import build_parser
from workbench.core.clock import SystemClock
from workbench.core.errors import JournalError, UsageError
from workbench.core.state_dir import Home
from workbench.domain.model import hash_chain as chain
from workbench.journal.journal import Journal, read_rows

INCIDENT = "20261121-140200-3f2a"


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    home = Home.find()
    home.ensure()
    place = home.folder(INCIDENT)
    place.mkdir(parents=True)
    journal = Journal.open(place / "journal.sqlite", SystemClock(), INCIDENT)
    await journal.append("incident.opened", {"incident": INCIDENT, "drill": False})
    journal.close()
    for name in ("evidence/0a.sealed", "evidence/log/part-1.sealed", "reports/r-support.md"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x" * 100)
    return place


async def run(*arguments: str) -> int:
    options = build_parser().parse_args(["purge", "--incident", INCIDENT, *arguments])
    return await purge._purge(options)


async def test_without_a_terminal_it_needs_yes_and_removes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(UsageError):
        await run()
    shown = capsys.readouterr().out
    assert "evidence/0a.sealed  100 bytes" in shown
    assert "evidence/log/part-1.sealed" in shown
    assert "1 report file;" in shown
    assert (folder / "evidence/0a.sealed").exists()


async def test_what_goes_is_gone_and_what_stays_is_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("--yes", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["files"], told["bytes"]) == ("workbench.purge/1", 2, 200)
    assert told["stays"] == {"journal": True, "reports": 1, "vault": True}
    assert not (folder / "evidence").exists()
    assert (folder / "reports/r-support.md").exists()
    rows = read_rows(folder / "journal.sqlite")
    assert rows[-1].kind == "purged"
    assert chain.verify(rows) is None


async def test_a_second_purge_says_that_nothing_is_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run("--yes")
    capsys.readouterr()
    assert await run() == 0
    assert "nothing: no snapshot and no log" in capsys.readouterr().out


async def test_a_damaged_journal_is_said_first_and_nothing_is_removed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(folder / "journal.sqlite") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(
            "UPDATE row SET body = replace(body, 'false', 'true') WHERE seq = (SELECT max(seq) FROM row)"
        )
    with pytest.raises(JournalError, match=r"nothing|journal|altered"):
        await run("--yes")
    told = capsys.readouterr()
    assert "journal" in told.err.lower()
    assert told.out == "", "the damage is said before anything else"
    assert (folder / "evidence/0a.sealed").exists()
