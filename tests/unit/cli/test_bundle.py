"""What ``doctor --bundle`` writes: nothing secret, nobody's address, and never over a file that is there."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path

import pytest

from workbench.cli import bundle, doctor
from workbench.core import diagnostics
from workbench.core.errors import UsageError
from workbench.core.state_dir import Home

KEY = "key-" + "0a1b2c3d" * 4


def test_a_bundle_holds_no_secret_and_no_whole_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/of-somebody")
    home = Home(tmp_path)
    diagnostics.note(home.path, ValueError("x"), f"asked for boss@acme.example with {KEY}")
    check = {"name": "API", "verdict": "bad", "found": f"{Path.home()}/x refused {KEY} of boss@acme.example"}
    made = json.dumps(bundle.document(home, [check]))
    assert json.loads(made)["log"]
    for private in (KEY, "boss@acme.example", f"{Path.home()}/x", "of-somebody"):
        assert private not in made
    assert json.loads(made)["terminal"]["SSH_TTY"] == "set"


def test_a_bundle_is_a_new_file_of_its_owner(tmp_path: Path) -> None:
    place = tmp_path / "bundle.json"
    bundle.write(place, {"schema": "workbench.bundle/1"})
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    with pytest.raises(UsageError):
        bundle.write(place, {})
    assert json.loads(place.read_text(encoding="utf-8")) == {"schema": "workbench.bundle/1"}


async def test_a_file_that_is_there_is_refused_before_anything_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "bundle.json"
    place.symlink_to(tmp_path / "nowhere")
    monkeypatch.setattr(doctor, "_terminal", lambda: pytest.fail("looked before it refused"))
    with pytest.raises(UsageError, match="is there already"):
        await doctor._doctor(argparse.Namespace(bundle=str(place)))
