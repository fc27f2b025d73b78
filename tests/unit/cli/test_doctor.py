"""``workbench doctor``: what cannot be looked at is bad and costs itself alone; nothing refused is told as in order."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.drills import CHEAP, PASSPHRASE
from workbench.cli import bundle, doctor, doctor_kept, tables
from workbench.cli.doctor_kept import Check
from workbench.core.clock import SystemClock
from workbench.core.state_dir import Home
from workbench.journal.journal import Journal
from workbench.vault import keyring_probe
from workbench.vault.backends import NoKeyring
from workbench.vault.vault import Vault

OPTIONS = argparse.Namespace(bundle=None, record=None, json=True, vault=None)


@pytest.fixture
def checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    async def none() -> NoKeyring:
        return NoKeyring("This host has no keyring.")

    async def nowhere(options: argparse.Namespace) -> list[Check]:
        return [Check("API US", "ok", "answers")]

    monkeypatch.setattr(keyring_probe, "answering", none)
    monkeypatch.setattr(doctor, "_network", nowhere)
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))

    async def run() -> tuple[int, dict[str, dict[str, str]]]:
        code = await doctor._doctor(OPTIONS)
        document = json.loads(capsys.readouterr().out)
        return code, {check["name"]: check for check in document["checks"]}

    return run


async def test_a_configuration_that_cannot_be_read_keeps_no_other_look_from_being_taken(
    checks: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "config.toml").write_bytes(b"\xff\xfe[")
    code, found = await checks()
    assert code == 1
    assert found["keyring"]["verdict"] == "bad"
    assert "config.toml" in found["keyring"]["found"]
    assert found["state folder"]["verdict"] == found["API US"]["verdict"] == "ok"


async def test_a_state_folder_that_is_none_is_said_by_every_look_into_it(
    checks: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file")
    code, found = await checks()
    assert code == 1
    assert found["state folder"]["verdict"] == found["vault"]["verdict"] == "bad"
    assert "is not a folder" in found["vault"]["found"]
    assert found["API US"]["verdict"] == "ok"
    assert bundle.document(Home(tmp_path / "home"), [])["state"]["incidents"] is None


async def test_a_journal_that_is_not_what_was_written_and_a_vault_that_is_gone_are_bad(
    checks: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none() -> NoKeyring:
        return NoKeyring("This host has no keyring.")

    monkeypatch.setattr(doctor_kept, "answering", none)
    incident = "20261121-140207-3f2a"
    path = tmp_path / "home" / "incidents" / incident / "journal.sqlite"
    with Journal.open(path, SystemClock(), incident) as journal:
        opened = {"incident": incident, "drill": False, "vault_service": "Mailgun incident"}
        await journal.append("incident.opened", opened)
    code, found = await checks()
    assert (code, found["journal"]["verdict"], "vault" in found) == (0, "ok", False)
    with Journal.open(path, SystemClock(), incident) as journal:
        await journal.append("vault.entry", {"entry": "SMTP app@mg.acme.example"})
    code, found = await checks()
    assert (code, found["vault"]["verdict"]) == (1, "bad")
    assert "1 secret of this home's incidents" in found["vault"]["found"]
    for file in path.parent.glob("journal.sqlite*"):
        file.unlink()
    path.touch(mode=0o600)
    code, found = await checks()
    assert (code, found["journal"]["verdict"]) == (1, "bad")
    assert "it was emptied" in found["journal"]["found"]


async def test_a_passphrase_file_that_does_not_open_the_vault_is_bad(
    checks: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "passphrase"
    given.write_text("a\n")
    given.chmod(0o600)
    monkeypatch.setenv("WORKBENCH_PASSPHRASE_FILE", str(given))
    assert (await checks())[1]["passphrase"]["verdict"] == "ok", "nothing to open"
    (tmp_path / "home").mkdir(mode=0o700)
    (await Vault.create_file(Home(tmp_path / "home").vault_file, PASSPHRASE, cost=CHEAP)).close()
    code, found = await checks()
    assert (code, found["passphrase"]["verdict"]) == (1, "bad")
    given.write_text(PASSPHRASE.reveal())
    assert (await checks())[1]["passphrase"]["verdict"] == "ok"
    given.chmod(0o644)
    assert "refused" in (await checks())[1]["passphrase"]["found"]


async def test_what_the_host_refuses_of_the_protection_of_memory_is_said(
    checks: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "protect", list)
    monkeypatch.setattr(doctor, "_locked", lambda: True)
    assert (await checks())[1]["memory"]["verdict"] == "ok"
    monkeypatch.setattr(doctor, "protect", lambda: ["attaching to this process could not be forbidden"])
    monkeypatch.setattr(doctor, "_locked", lambda: False)
    found = (await checks())[1]["memory"]
    assert found["verdict"] == "warn"
    assert "attaching" in found["found"] and "may be swapped out" in found["found"]


@pytest.mark.parametrize(
    ("offset", "said"), [(-3 * 365.25 * 86_400, "3 years ahead of"), (7_200, "2 hours behind")]
)
def test_a_clock_that_is_off_is_said_in_a_unit_that_is_understood(offset: float, said: str) -> None:
    (check,) = doctor._clock(offset)
    assert (check.verdict, check.found) == ("warn", f"{said} Mailgun's")
    assert doctor._clock(None)[0].verdict == "warn", "what was not compared agrees with nothing"


@pytest.mark.parametrize("width", [20, 80, 200])
def test_nothing_that_doctor_found_or_advises_is_cut(width: int) -> None:
    found = " ".join(f"found{n}" for n in range(60))
    todo = " ".join(f"todo{n}" for n in range(60))
    shown = tables.checks([("bad", "SMTP US", found, todo), ("ok", "git", "found", "")], width)
    assert {*found.split(), *todo.split()} <= set(shown.split())
    assert shown.count("->") == 2, "the heading's and the one that has something to do"
    starts = [line.split()[0] for line in shown.splitlines()[2:] if not line.startswith(" ")]
    assert starts == ["bad", "ok"], "a wrapped line looks like no row of its own"
    assert all(len(line) <= max(width, 48) for line in shown.splitlines()[2:])
