"""``workbench secrets``: what was put is listed and can be fetched, with and without an incident; never its value."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend

from tests.support.drills import CHEAP
from workbench.cli import secrets
from workbench.cli.parser import build_parser
from workbench.core.clock import SystemClock
from workbench.core.errors import HostError, UsageError, WorkbenchError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.journal.journal import Journal
from workbench.vault import labels
from workbench.vault.backends import Detected, NoKeyring, SystemKeyring
from workbench.vault.file_backend import FileKeyring

INCIDENT = "20261121-140200-3f2a"
VALUE = "dqs-key-of-the-test"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("four random words here\n")
    passphrase.chmod(0o600)
    monkeypatch.setenv("WORKBENCH_PASSPHRASE_FILE", str(passphrase))
    return Home.find()


async def run(*arguments: str) -> int:
    options = build_parser().parse_args(["secrets", *arguments])
    work = {"list": secrets._list, "get": secrets._get, "put": secrets._put, "recover": secrets._recover}[
        options.action
    ]
    return await work(options)


async def put(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    home = Home.find()
    if not home.has_vault():
        home.ensure()
        FileKeyring.create(home.vault_file, Secret("four random words here"), CHEAP)
    monkeypatch.setattr("sys.stdin", io.StringIO(VALUE + "\n"))
    assert await run("put", name) == 0


async def test_what_was_put_is_listed_and_fetched(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError):
        await run("list")
    await put(monkeypatch, "blocklists/spamhaus-dqs")
    capsys.readouterr()
    assert await run("list", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["incident"] is None
    assert shown["secrets"] == [{"name": "blocklists/spamhaus-dqs", "service": "Mailgun workbench"}]
    assert await run("get", "spamhaus") == 0
    assert capsys.readouterr().out == VALUE
    names = home.path / "own-secrets.json"
    assert VALUE not in names.read_text() and names.stat().st_mode & 0o777 == 0o600


async def test_a_lists_key_says_what_is_asked_with_it_and_what_cannot_be_one_is_not_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(monkeypatch, "blocklists/spamhaus-dqs")
    said = capsys.readouterr()
    assert "zen.dq.spamhaus.net" in said.out + said.err and "config" not in said.out + said.err
    await put(monkeypatch, "blocklists/of-our-own")
    said = capsys.readouterr()
    assert "under enable in" in said.out + said.err
    monkeypatch.setattr("sys.stdin", io.StringIO("abc zen.dq.spamhaus.net\n"))
    with pytest.raises(UsageError, match="cannot be the key"):
        await run("put", "blocklists/spamhaus-dqs")
    assert await run("get", "spamhaus") == 0
    assert capsys.readouterr().out == VALUE


async def test_beside_those_of_the_incident(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(monkeypatch, "blocklists/spamhaus-dqs")
    place = home.folder(INCIDENT)
    place.mkdir(parents=True)
    journal = Journal.open(place / "journal.sqlite", SystemClock(), INCIDENT)
    body = {"incident": INCIDENT, "drill": False, "vault_service": "Mailgun incident 2026-11-21 (acme)"}
    await journal.append("incident.opened", body)
    journal.close()
    capsys.readouterr()
    assert await run("list") == 0
    shown = capsys.readouterr().out
    assert "blocklists/spamhaus-dqs" in shown and "This incident has stored no secret yet" in shown
    assert VALUE not in shown


async def test_nothing_is_said_of_an_incident_whose_journal_cannot_be_read(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await put(monkeypatch, "blocklists/spamhaus-dqs")
    (home.incidents / INCIDENT).mkdir()
    (home.incidents / INCIDENT / "journal.sqlite").mkdir()
    capsys.readouterr()
    assert await run("list") == 1
    said = capsys.readouterr()
    assert "no secret" not in said.out + said.err and "blocklists/spamhaus-dqs" in said.out
    assert f"Incident {INCIDENT}: The journal" in said.err
    # The vault stands alone, whatever the host says of the folder of the incidents.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home.incidents)
    assert await run("list") == 1
    said = capsys.readouterr()
    assert "blocklists/spamhaus-dqs" in said.out and "cannot be read" in said.err
    assert await run("get", "spamhaus") == 0
    assert capsys.readouterr().out == VALUE


def test_a_file_that_others_can_read_or_that_is_damaged_says_so(home: Home) -> None:
    home.ensure()
    labels.remember(home, "a")
    labels.remember(home, "b")
    assert labels.stored(home) == ["a", "b"]
    path = home.path / "own-secrets.json"
    path.chmod(0o644)
    with pytest.raises(HostError, match="was refused"):
        labels.stored(home)
    path.chmod(0o600)
    path.write_text("[]")
    with pytest.raises(HostError, match="cannot be read"):
        labels.stored(home)


class ListingKeyring(KeyringBackend):
    """A Secret Service whose collection holds entries of ours and of others."""

    def __init__(self, held: list[tuple[str, str]]) -> None:
        self.connection, self._held = self, held

    def get_preferred_collection(self) -> ListingKeyring:
        """Return the collection: this one."""
        return self

    def get_all_items(self) -> list[ListingKeyring]:
        """Return one item for each entry."""
        return [ListingKeyring([one]) for one in self._held]

    def get_attributes(self) -> dict[str, str]:
        """Return what an item is looked up by."""
        return {"service": self._held[0][0], "username": self._held[0][1]}

    def close(self) -> None:
        """Close the bus."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return nothing."""
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse: a look stores nothing."""
        raise AssertionError("a look stored something")


class SilentKeyring(ListingKeyring):
    """A keyring of a kind that cannot list."""

    get_preferred_collection = None  # type: ignore[assignment]


def keyring_of(monkeypatch: pytest.MonkeyPatch, found: Detected) -> None:
    """Let this host have a keyring, and no passphrase in a file."""

    async def answering() -> Detected:
        return found

    monkeypatch.setattr(secrets, "answering", answering)
    monkeypatch.delenv("WORKBENCH_PASSPHRASE_FILE")


async def test_what_lies_in_the_hosts_keyring_and_no_incident_names_is_listed(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = "Mailgun incident 2026-11-21 (acme)"
    held = [(service, "SMTP a@b.example"), (service, "workbench: fingerprint key"), ("Firefox", "me")]
    keyring_of(monkeypatch, SystemKeyring(ListingKeyring(held), "Secret Service"))
    assert await run("recover", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["secrets"] == [{"name": "SMTP a@b.example", "service": service}]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (SystemKeyring(SilentKeyring([]), "KDE Wallet"), "KDE Wallet. cannot list"),
        (NoKeyring("It is locked.", "Unlock it.", silent=True), "It is locked"),
        (NoKeyring("This host has no keyring."), "no keyring"),
    ],
)
async def test_a_keyring_that_cannot_be_listed_is_no_empty_one(
    home: Home, monkeypatch: pytest.MonkeyPatch, found: Detected, words: str
) -> None:
    keyring_of(monkeypatch, found)
    with pytest.raises(WorkbenchError, match=words):
        await run("recover", "--json")
