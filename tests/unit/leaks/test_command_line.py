"""``workbench leaks`` without an incident: what it prints, its exit codes, values from standard input, the baseline."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from workbench import cli
from workbench.cli import leaks

KEY = "key-5d1f0c3be27a94486fd0b1c97ae3528f"
PASSWORD = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the command a home without an incident, and leave the test runner's signals alone."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORKBENCH_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr(leaks, "_stop_cleanly", lambda: None)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a folder with one leaked key."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / ".env").write_text(f"MAILGUN_SECRET={KEY}\n")
    return folder


def test_json_is_one_document_and_nothing_else(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["leaks", str(shop), "--json"]) == 1
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["schema"], found["incident"]) == ("workbench.leaks/1", None)
    [finding] = found["findings"]
    assert (finding["kind"], finding["state"], finding["decision"]) == ("api-key", "cannot tell", "open")
    assert finding["where"][0]["path"] == ".env"
    assert KEY not in shown.out + shown.err
    assert "searching" in shown.err


def test_the_table_masks_what_it_shows(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["leaks", str(shop)]) == 1
    shown = capsys.readouterr()
    assert ".env:1" in shown.out
    assert KEY not in shown.out + shown.err


def test_nothing_found_and_nothing_searched_are_two_things(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "below").mkdir()
    # A volume that is not mounted looks like this.
    assert cli.run(["leaks", str(empty)]) == 3
    shown = capsys.readouterr()
    assert (
        "this says nothing about leaks" in shown.out and "its volume is not mounted" in shown.out + shown.err
    )
    (empty / "below" / "a.txt").write_text("nothing\n")
    assert cli.run(["leaks", str(empty)]) == 0
    assert "Nothing was found." in capsys.readouterr().out
    assert cli.run(["leaks", str(tmp_path / "missing")]) == 3
    assert "missing" in capsys.readouterr().err


def test_logs_without_a_line_are_read_in_vain_only_where_all_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rotated, full = tmp_path / "access.log", tmp_path / "access.log.1"
    rotated.touch()
    line = '192.0.2.7 - - [21/Nov/2026:14:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"\n'
    assert cli.run(["leaks", "--log", str(rotated)]) == 3
    assert "this says nothing about leaks" in capsys.readouterr().out
    full.write_text(line)  # Read along: it is the same log of a day before.
    assert cli.run(["leaks", "--log", str(rotated)]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["leaks"], "Nothing was named to search."),
        (["leaks", "--site", "www.example.com"], "not confirmed as your own"),
        (["leaks", ".", "--accept", "--baseline", "x"], "--accept needs --reason"),
        (["leaks", ".", "--accept", "--reason", "x"], "--accept needs --baseline"),
        (["leaks", "--recheck"], "there is no incident"),
        (["leaks", ".", "--probe", "--from-vault"], "--from-vault and --probe: there is no incident"),
        (["leaks", ".", "--incident", "20260101-000000-abcd"], "There is no incident 20260101-000000-abcd"),
    ],
)
def test_what_cannot_be_done_says_why(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 2
    assert said in capsys.readouterr().err


def test_values_of_standard_input_are_found_in_every_form_and_never_shown(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop / "settings.py").write_text(f"OTHER = '{PASSWORD}'\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n\n"))
    assert cli.run(["leaks", str(shop), "--exact-stdin", "--json"]) == 1
    shown = capsys.readouterr()
    [found] = [one for one in json.loads(shown.out)["findings"] if one["known"]]
    assert (found["known"], found["where"][0]["path"]) == ("typed value 1", "settings.py")
    assert PASSWORD not in shown.out + shown.err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert cli.run(["leaks", str(shop), "--exact-stdin"]) == 2


def test_what_the_baseline_accepts_no_longer_counts_and_something_new_does(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = tmp_path / "accepted.json"
    arguments = ["leaks", str(shop), "--baseline", str(accepted)]
    assert cli.run([*arguments, "--accept", "--reason", "a dead test key"]) == 0
    assert KEY not in accepted.read_text()
    assert cli.run(arguments) == 0
    (shop / "more.env").write_text("MAILGUN_SECRET=key-91c4a07ef3de52b8460bb7d1f82c6e3a\n")
    capsys.readouterr()
    assert cli.run([*arguments, "--json"]) == 1
    decisions = {
        one["where"][0]["path"]: one["decision"] for one in json.loads(capsys.readouterr().out)["findings"]
    }
    assert decisions == {".env": "accepted", "more.env": "open"}
