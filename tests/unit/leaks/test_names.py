"""A key in the name of a file or of a branch is found, and its name is not shown in clear."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.names import in_name

DRAW = Draw(17)


def test_keys_in_names_of_files_and_branches_are_found(tmp_path: Path) -> None:
    key, legacy, branch = DRAW.current(), DRAW.legacy(), DRAW.current()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    (tmp_path / f"backup-{key}.txt").write_text("x")
    (tmp_path / f"mailgun-{legacy}.old").write_text("x")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "branch", f"try-{branch}"], check=True)
    report = run(LeakOptions(targets=(str(tmp_path),)))
    assert len(report.findings) == 3
    text = json.dumps(leaks_document(report))
    assert [value for value in (key, legacy, branch) if value in text] == []


@pytest.mark.parametrize(
    "name", ["cache-key-" + "0a1b2c3d" * 4 + ".bin", "a" * 60, DRAW.hex(64) + ".js", "report.txt"]
)
def test_other_names_are_names(name: str) -> None:
    assert in_name(name) is None
