"""What the host, the keyring or a missing vault says no to: what happened, what it means, what to do."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from keyring.backend import KeyringBackend

from tests.support.ground import DictKeyring
from workbench.core.errors import HostError, UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.core.thread_worker import Worker
from workbench.vault import file_faults, labels, older
from workbench.vault.backends import Detected, NoKeyring, SystemKeyring, listed
from workbench.vault.entries import EntryName, older_entry
from workbench.vault.file_backend import FileKeyring, names_in
from workbench.vault.file_format import Cost
from workbench.vault.reading import NoVault
from workbench.vault.vault import Vault

CHEAP = Cost(n=2**10, r=8, p=1)
PASSPHRASE, ANOTHER = Secret("gezo-haku-belo-habu-mahi-tesa"), Secret("mahi-tesa-gezo-haku-belo-habu")
NAME, VALUE = EntryName("Mailgun incident 2026-11-21 (acme)", "SMTP a@b.example"), Secret("first value")


def test_a_file_that_cannot_be_written_says_that_nothing_is_lost(tmp_path: Path) -> None:
    full = file_faults.unwritable(tmp_path / "v", OSError(errno.ENOSPC, "No space left on device"))
    assert "could not be written (No space left on device)" in full.what
    assert "what was there before still is" in full.means
    assert full.todo.startswith("Free") and full.todo.endswith(", then try again.")
    shut = file_faults.unwritable(tmp_path / "v", PermissionError(errno.EACCES, "Permission denied"))
    assert shut.todo.startswith(f"Let yourself write there (chmod u+rwx {tmp_path})")


def test_a_file_that_is_refused_says_the_command_that_makes_it_usable(tmp_path: Path) -> None:
    refused = file_faults.unreadable(tmp_path / "v", PermissionError(errno.EACCES, "its mode is 0644"))
    assert "was refused: its mode is 0644" in refused.what
    assert "nobody else on this host can read or swap" in refused.means
    assert refused.todo.endswith(f"chmod 600 {tmp_path / 'v'}")
    gone = file_faults.unreadable(tmp_path / "v", FileNotFoundError(errno.ENOENT, "No such file"))
    assert (gone.what, gone.means) == (f"There is no vault at {tmp_path / 'v'}.", "")
    assert gone.todo == "Put it back, or make a new one."


def test_where_neither_generation_opens_the_cut_does_not_wait_for_a_copy(tmp_path: Path) -> None:
    error = VaultError("The vault file is damaged.", "It was cut short.", "Restore it from a copy.")
    assert file_faults.neither(tmp_path / "v", error) is error, "there is no other one to speak of"
    (tmp_path / "v.previous").touch()
    both = file_faults.neither(tmp_path / "v", error)
    assert both.what == error.what
    assert both.means.startswith("It was cut short. What it was before") and "v.previous" in both.means
    assert "Restore one of the two" in both.todo and both.todo.endswith(file_faults.MEANWHILE)
    assert file_faults.neither(tmp_path / "v", VaultError("Gone.")).means.startswith("What it was")


@pytest.mark.parametrize("holder", ["fcntl", "volume"])
def test_a_lock_that_is_not_given_is_waited_for_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: str
) -> None:
    path = tmp_path / "home" / "vault.json"
    ring = FileKeyring.create(path, PASSPHRASE, CHEAP)
    clock, slept = [0.0], list[float]()

    def held(handle: int, how: int) -> None:
        raise BlockingIOError() if holder == "fcntl" else OSError(errno.ENOLCK, "No locks available")

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += 1.0

    monkeypatch.setattr("workbench.vault.file_backend.fcntl.flock", held)
    monkeypatch.setattr(
        "workbench.vault.file_backend.time", SimpleNamespace(monotonic=lambda: clock[0], sleep=sleep)
    )
    before = path.read_bytes()
    with pytest.raises(VaultError) as caught:
        ring.set_password("s", "u", "v")
    assert path.read_bytes() == before
    if holder == "volume":
        assert "No locks available" in caught.value.what and slept == []
    else:
        assert "locked for 15 seconds" in caught.value.what and len(slept) == 16
        assert caught.value.means == "Nothing was written." and "end it" in caught.value.todo


async def test_a_file_vault_takes_a_new_passphrase_and_a_keyring_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "home" / "vault.json"
    vault = await Vault.create_file(path, PASSPHRASE, cost=CHEAP, limit=7)
    assert vault._limit == 7
    await vault.store(NAME, VALUE)
    await vault.change_passphrase(ANOTHER, Cost(n=2**11, r=8, p=1))
    assert b'"n":2048' in path.read_bytes()
    with pytest.raises(VaultError, match="does not open"):
        await Vault.unlock_file(path, PASSPHRASE)
    again = await Vault.unlock_file(path, ANOTHER, limit=9)
    assert (await again.fetch(NAME), again._limit) == (VALUE, 9)
    assert again.describe() == f"encrypted file {path}"
    system = Vault(DictKeyring())
    with pytest.raises(UsageError, match="system keyring") as caught:
        await system.change_passphrase(ANOTHER)
    assert "its own password" in caught.value.means and caught.value.todo == "Change it there."


async def test_with_no_vault_reading_goes_on_and_nothing_is_said_to_be_kept() -> None:
    vault = NoVault()
    assert (vault.kind, vault.keeps, vault.notices, vault.describe()) == ("none", False, [], "no vault")
    assert await vault.fetch(NAME) is None and await vault.names() is None
    await vault.remove(NAME)
    writes = (partial(vault.store, NAME, VALUE), partial(vault.store_many, {NAME: VALUE}), vault.probe)
    for refused in writes:
        with pytest.raises(VaultError, match="No vault is open, so nothing can be kept") as caught:
            await refused()
        assert "stored first" in caught.value.means and "WORKBENCH_PASSPHRASE_FILE" in caught.value.todo
    one = await vault.vault_key("fingerprints")
    assert len(one) == 32 and await vault.vault_key("fingerprints") == one
    assert await vault.vault_key("logs") != one and await NoVault().vault_key("fingerprints") != one
    vault.close()


class Collection:
    """A Secret Service's collection: what stands in it, and whether its connection was closed."""

    def __init__(self, *held: dict[str, str]) -> None:
        self.held = held
        self.connection = self
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def get_all_items(self) -> list[Any]:
        return [SimpleNamespace(get_attributes=lambda one=one: one) for one in self.held]


def test_of_a_keyring_that_lists_only_ours_are_told() -> None:
    collection = Collection(
        {"service": "Mailgun workbench", "username": "b"},
        {"service": "Mailgun incident 2026-11-21 (acme)", "username": "a"},
        {"service": "Mailgun workbench", "username": "b"},
        {"service": "Mailgun workbench"},
        {"service": "Browser", "username": "me"},
        {"username": "nobody"},
        {},
    )
    backend = cast("KeyringBackend", SimpleNamespace(get_preferred_collection=lambda: collection))
    assert listed(backend) == [
        ("Mailgun incident 2026-11-21 (acme)", "a"),
        ("Mailgun workbench", "b"),
    ]
    assert collection.closed == 1
    assert listed(DictKeyring()) is None
    assert older.names(SystemKeyring(backend, "x")) == [
        EntryName("Mailgun incident 2026-11-21 (acme)", "a"),
        EntryName("Mailgun workbench", "b"),
    ]
    assert older.names(NoKeyring("Locked.")) is None


def test_what_a_keyring_may_hold_is_never_taken_for_gone() -> None:
    silent = NoKeyring("The host's keyring is locked.", silent=True)
    for ask in (older.password, older.remove):
        with pytest.raises(VaultError, match=r"is locked\. 'Mailgun incident .* may stand in it") as caught:
            ask(silent, NAME)
        assert "stored before the workbench's own file" in caught.value.means
        assert "control panel and begin in another folder (WORKBENCH_HOME)." in caught.value.todo
    keyring = DictKeyring()
    keyring.entries[NAME.service, NAME.username] = "x"
    assert older.remove_from(keyring, NAME) is True
    assert older.remove_from(keyring, NAME) is False
    assert keyring.entries == {}


def test_a_new_file_says_in_which_keyring_older_secrets_stand(tmp_path: Path) -> None:
    known = {NAME: "the sealing key"}
    found = SystemKeyring(DictKeyring(), "KDE Wallet")
    cases: tuple[tuple[Detected | None, str | None], ...] = (
        (found, "KDE Wallet"),
        (NoKeyring("Locked."), "the host's keyring"),
        (None, None),
    )
    for number, (keyring, title) in enumerate(cases):
        file = older.create_before(tmp_path / f"{number}" / "v", PASSPHRASE, CHEAP, keyring, known)
        assert file.get_password("Mailgun workbench", "workbench: older secrets stand in") == title
        assert older.is_behind(file) is (keyring is not None)
        assert file.get_password(NAME.service, NAME.username) == (known[NAME] if keyring else None)


async def test_a_vault_made_beside_a_keyring_looks_there_too(tmp_path: Path) -> None:
    keyring = DictKeyring()
    keyring.entries[NAME.service, NAME.username] = "stored before"
    found = SystemKeyring(keyring, "KDE Wallet")
    vault = await Vault.create_file(tmp_path / "home" / "v", PASSPHRASE, cost=CHEAP, keyring=found)
    assert await vault.fetch(NAME) == Secret("stored before")
    assert vault.describe().endswith("; what is older: the host's keyring")
    assert older_entry() in names_in(tmp_path / "home" / "v"), "the next start knows it too"


async def test_a_volume_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    async def silent(self: Worker, call: Any, limit: float) -> None:
        limits.append(limit)
        raise TimeoutError

    monkeypatch.setattr(Worker, "run", silent)
    with pytest.raises(VaultError, match="did not open within two minutes") as caught:
        await Vault.unlock_file(tmp_path / "v", PASSPHRASE)
    assert caught.value.todo == "Check the volume." and limits == [120.0]


def test_names_of_own_secrets_fall_back_on_the_list_before(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.ensure()
    assert labels.known(home) == ([], "")
    labels.remember(home, "b")
    labels.remember(home, "a")
    assert labels.known(home) == (["a", "b"], "")
    file = home.path / "own-secrets.json"
    file.write_text("{")
    with pytest.raises(HostError) as damaged:
        labels.stored(home)
    assert damaged.value.todo == "Move it away and store those secrets again."
    names, told = labels.known(home)
    assert names == ["b"] and told.startswith(f"{file} cannot be read. It holds the names")
    (home.path / "own-secrets.json.previous").write_text("{")
    assert labels.known(home)[0] == []
    file.chmod(0o644)
    assert "It holds names of secrets only" in labels.known(home)[1]
    with pytest.raises(HostError) as refused:
        labels.stored(home)
    assert refused.value.todo == "Look what it is and who owns it, then move it away."
    assert os.path.lexists(file)
