"""Every command that takes ``--json``, found by walking the parser, prints one document as its schema says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Commands, threaded_drill
from tests.support.drills import short_history
from workbench.cli.command_parser import leaves
from workbench.cli.parser import build_parser

TINY = {"domains": 1, "credentials": 2, "users": 2, "traffic": 0.004}
# In the order of an incident, each with what its document is called. FOLDER is the test's own.
RUNS: tuple[tuple[str, str], ...] = (
    ("doctor", "doctor"),
    ("leaks FOLDER/empty", "leaks"),
    ("status", "status"),
    ("contain --dry-run", "plan"),
    ("contain --yes", "contain"),
    ("sweep", "sweep"),
    ("assess", "assess"),
    ("blocklists", "blocklists"),
    ("lost", "lost"),
    ("mail fetch", "mail"),
    ("mail show", "mail-shown"),
    ("mail links", "links"),
    ("mail clicked --yes --to FOLDER/clicked.csv", "list"),
    ("judge FINDING ours", "judge"),
    ("attest 4 asked", "attest"),
    ("undo", "undo"),
    ("message support", "message"),
    ("secrets list", "secrets"),
    ("secrets recover", "secrets-recover"),
    ("export findings --to FOLDER/findings.json", "export"),
    ("report", "report"),
    ("report --verify", "verify"),
    ("evidence list", "evidence"),
    ("evidence export --to FOLDER/evidence.zip --why asked", "evidence-export"),
    ("evidence verify FOLDER/evidence.zip", "evidence-verify"),
    ("purge --incident INCIDENT --yes", "purge"),
)


def test_every_command_with_a_document_is_played() -> None:
    with_document = [
        " ".join(words)
        for words, parser in leaves(build_parser())
        if any("--json" in action.option_strings for action in parser._actions)
    ]
    assert not [one for one in with_document if not any(f"{run} ".startswith(f"{one} ") for run, _ in RUNS)]


def test_every_document_keeps_to_its_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Commands(tmp_path, monkeypatch, capsys)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").write_text("Nothing of interest.\n")
    with short_history(), threaded_drill(tmp_path, scenario="stolen-env", **TINY) as drill:
        run.use(drill.document)
        words = {"FINDING": "", "INCIDENT": ""}
        for line, name in RUNS:
            meant = [words.get(word, word.replace("FOLDER", str(tmp_path))) for word in line.split()]
            ran = run(*meant, "--json")
            document = ran.document  # held against its schema
            assert document["schema"] == f"workbench.{name}/1", (line, ran.err)
            assert ran.code in (0, 1), (line, ran.err)
            words["INCIDENT"] = document.get("incident") or words["INCIDENT"]
            if name == "sweep":
                words["FINDING"] = document["findings"][0]["id"]
