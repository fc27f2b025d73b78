"""Real keyrings: a gnome-keyring that is open, locked, unlocked again or locked later, and one that never answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.ptyharness import Terminal
from tests.host.test_stopped_terminal import shown, until
from tests.support.commands import Ran, threaded_drill
from tests.support.secret_service import SessionBus, session_bus
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.domain.model.replay import fold
from workbench.journal.journal import read_rows

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "pelican orbit 41 varnish"


class Host:
    """A host with a session bus, and a drill that its commands work on."""

    def __init__(self, bus: SessionBus, folder: Path, document: dict[str, str]) -> None:
        self.bus, self.folder = bus, folder
        (folder / "endpoints.json").write_text(json.dumps(document))
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE)
        self.passphrase.chmod(0o600)
        self.env = {
            **bus.env,
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "WORKBENCH_HOME": str(folder / "home"),
            "WORKBENCH_ENDPOINTS": str(folder / "endpoints.json"),
            "MAILGUN_API_KEY": document["api_key"],
        }

    def __call__(self, *words: str, **env: str) -> Ran:
        """Run a command to its end, nobody at the keyboard."""
        ended = subprocess.run(
            [sys.executable, "-m", "workbench", *words],
            env={**os.environ, **self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def keyring_check(self, *words: str) -> dict[str, str]:
        """Return what doctor says of the keyring."""
        found: dict[str, str]
        (found,) = [c for c in self("doctor", "--json", *words).document["checks"] if c["name"] == "keyring"]
        return found

    def journaled(self) -> set[str]:
        """Return the names of the secrets that the incident stored, as its journal has them."""
        home = Home(self.folder / "home")
        return set(fold(read_rows(home.folder(home.latest() or "") / JOURNAL_NAME)).entries)

    def in_file(self) -> dict[str, str]:
        """Return what opens the workbench's own file without asking."""
        return {"WORKBENCH_PASSPHRASE_FILE": str(self.passphrase)}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Serve a small drill beside a session bus; skips where the parts are missing, unless all must be tried."""
    for tool in ("dbus-daemon", "gnome-keyring-daemon"):
        if shutil.which(tool) is None:
            assert os.environ.get("WORKBENCH_TEST_ALL") != "1", f"{tool} is missing"
            pytest.skip(f"{tool} is not installed")
    with (
        session_bus(tmp_path) as bus,
        threaded_drill(tmp_path, domains=1, credentials=2, users=2, scenario="stolen-key") as drill,
    ):
        yield Host(bus, tmp_path, drill.document)


def cut(ran: Ran) -> bool:
    """Return whether a containment proved every change it made."""
    return ran.code in (0, 1) and {one["state"] for one in ran.document["effects"]} == {"verified"}


def test_a_locked_keyring_names_the_way_and_the_drill_is_contained_into_our_own_file(host: Host) -> None:
    host.bus.gnome_keyring()
    host.bus.lock()
    check = host.keyring_check()
    assert check["verdict"] == "warn" and "is locked" in check["found"]
    assert "--vault file" in check["todo"] and "--replace --unlock" in check["todo"]
    for words in (("contain", "--yes"), ("contain", "--yes", "--vault", "keyring")):
        ran = host(*words)
        assert ran.code == 3 and "is locked" in ran.err and "--vault file" in ran.err
    assert cut(host("contain", "--yes", "--json", "--vault", "file", **host.in_file()))


def test_one_that_locks_itself_after_the_cut_keeps_its_secrets_and_a_file_goes_on_beside_it(
    host: Host,
) -> None:
    host.bus.gnome_keyring()
    assert cut(host("contain", "--yes", "--json"))
    held = host.journaled()
    host.bus.lock()
    # The key it works with stands in the keyring: nothing pretends that it is gone, and no other is made.
    ran = host("status", "--vault", "file", **host.in_file())
    assert ran.code != 0 and "may stand in it" in ran.err and "Unlock that keyring" in ran.err
    host.bus.unlock()
    ran = host("secrets", "list", "--json", **host.in_file())
    assert held and held <= {row["name"] for row in ran.document["secrets"]}
    assert "not in this vault" not in ran.err, (
        "the journal's names are all found, in the file or in the keyring"
    )


def test_a_service_that_never_answers_is_left_behind(host: Host) -> None:
    host.bus.silent_service()
    check = host.keyring_check()
    assert check["verdict"] == "warn" and "did not answer within 3 s" in check["found"]
    assert "--vault file" in check["todo"]
    ran = host("contain", "--yes")
    assert ran.code == 3 and "did not answer" in ran.err and "--vault file" in ran.err


def test_the_door_asks_a_locked_keyring_again_once_it_is_unlocked(host: Host) -> None:
    host.bus.gnome_keyring()
    host.bus.lock()
    with Terminal([sys.executable, "-m", "workbench"], host.env, 80, 24) as terminal:
        until(terminal, lambda text: "F5 keyring" in text and "is locked" in text)
        terminal.send("\x1b[15~")
        until(terminal, lambda text: text.count("is locked") > 1)
        assert "F5 keyring · Esc quits" in shown(terminal)
        host.bus.unlock()
        terminal.send("\x1b[15~")
        until(terminal, lambda text: "NOT CONTAINED" in text)
    assert not (host.folder / "home" / "vault.json").exists()
