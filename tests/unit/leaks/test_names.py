"""A key in the name of a file or of a branch is found, and its name is not shown in clear."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.unit.leaks.corpus import Draw
from workbench.core.redact import Secret
from workbench.leaks.command import LeakOptions, run
from workbench.leaks.document import document as leaks_document
from workbench.leaks.model import KnownValue, SecretKind
from workbench.leaks.names import Names

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
    assert Names(()).search(name) is None


def test_a_known_value_is_found_in_names_of_files_and_folders_now_and_in_the_history(tmp_path: Path) -> None:
    password = DRAW.old_password()
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path)], check=True)
    (tmp_path / f"smtp_{password}.txt").write_text("gone by now")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    (tmp_path / f"smtp_{password}.txt").unlink()
    (tmp_path / f"old-{password}").mkdir()
    (tmp_path / f"old-{password}" / "readme.txt").write_text("x")
    known = KnownValue("given", Secret(password), SecretKind.SMTP_PASSWORD)
    report = run(LeakOptions(targets=(str(tmp_path),), known=(known,)))
    (finding,) = report.findings
    assert {place.origin for place in finding.where} == {"file", "history"}
    assert password not in json.dumps(leaks_document(report))


def test_a_legacy_key_names_a_file_where_the_way_to_it_says_mailgun() -> None:
    legacy = DRAW.legacy()
    assert Names(()).search(f"{legacy}.txt", "etc/mailgun") is not None
    assert Names(()).search(f"{legacy}.txt", "etc") is None
    assert Names(()).search(f"{legacy}.txt", "mailgun/cache") is None
    assert Names((), shapes=False).search(f"{legacy}.txt", "etc/mailgun") is None
