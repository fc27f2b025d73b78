"""What is said where the workbench cannot run, or the drill was not installed."""

from __future__ import annotations

import sys
import tomllib
from argparse import Namespace
from pathlib import Path

import pytest

from workbench import __main__
from workbench.cli import drill
from workbench.core.errors import HostError

ROOT = Path(__file__).resolve().parents[3]


def test_an_older_python_gets_a_sentence_that_names_the_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(SystemExit) as left:
        __main__.main()
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert "3.10" in said and "3.11" in said and "uv tool install" in said


def test_the_drill_without_its_servers_names_the_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "find_spec", lambda name: None if name == "uvicorn" else object())
    with pytest.raises(HostError, match=r"pip install 'mailgun-workbench\[drill\]'"):
        drill.run(Namespace(list=False, serve=True))
    assert drill.run(Namespace(list=True, serve=False)) == 0, "the scenarios can be listed"


def test_what_the_drill_is_served_with_is_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {item.partition(">")[0] for item in project["optional-dependencies"]["drill"]}
    assert names == set(drill._SERVERS)
    assert not names & {item.partition(">")[0] for item in project["dependencies"]}
