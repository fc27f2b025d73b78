"""``workbench doctor``: what cannot be looked at is bad and costs itself alone; nothing refused is told as in order."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.cli import doctor
from workbench.cli.doctor import Check
from workbench.vault import keyring_probe
from workbench.vault.backends import NoKeyring

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
    assert found["API US"]["verdict"] == "ok"


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
