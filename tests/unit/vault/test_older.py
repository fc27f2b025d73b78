"""A file that was made when secrets stood in the host's keyring already: nothing in the keyring counts as gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked

from tests.support.ground import DictKeyring
from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import Secret
from workbench.vault import vault as vault_module
from workbench.vault.backends import Detected, NoKeyring, SystemKeyring
from workbench.vault.entries import EntryName
from workbench.vault.file_format import Cost
from workbench.vault.vault import Vault

CHEAP = Cost(n=2**10, r=8, p=1)
PASSPHRASE = Secret("gezo-haku-belo-habu-mahi-tesa")
BEFORE, AFTER = (EntryName("Mailgun incident 2026-11-29 (acme)", f"API key {name}") for name in "ab")
LOCKED = NoKeyring("The host's keyring is locked.", "Unlock it.", silent=True)


def _lock(keyring: DictKeyring) -> None:
    def locked(call: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    keyring.trouble = locked


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Detected]:
    """Return the answers of the host's keyring, the next one last."""
    answers: list[Detected] = []

    async def answering() -> Detected:
        return answers.pop()

    monkeypatch.setattr(vault_module, "answering", answering)
    return answers


async def moved(keyring: DictKeyring, path: Path) -> Vault:
    """Return a vault that stored one secret in the keyring, which was locked then, and one in our own file."""
    vault = Vault(keyring)
    await vault.store(BEFORE, Secret("stored before"))
    await vault.vault_key("evidence")
    _lock(keyring)
    with pytest.raises(VaultError, match="locked") as problem:
        await vault.store(AFTER, Secret("stored after"))
    assert "--vault file" in problem.value.todo
    await vault.move_to_file(path, PASSPHRASE, cost=CHEAP)
    await vault.store(AFTER, Secret("stored after"))
    return vault


async def test_after_the_move_new_secrets_are_in_the_file_and_old_ones_are_never_taken_for_gone(
    tmp_path: Path, asked: list[Detected]
) -> None:
    keyring = DictKeyring()
    vault = await moved(keyring, tmp_path / "vault.json")
    assert vault.kind == "file" and "keyring" in vault.describe()
    assert await vault.fetch(AFTER) == Secret("stored after")
    with pytest.raises(VaultError, match="locked"):
        await vault.fetch(BEFORE)
    keyring.trouble = lambda call, username: None
    assert await vault.fetch(BEFORE) == Secret("stored before")
    assert await vault.fetch(EntryName("x", "nowhere")) is None
    vault.close()


async def test_the_next_start_looks_in_both_and_says_when_it_cannot(
    tmp_path: Path, asked: list[Detected]
) -> None:
    keyring = DictKeyring()
    first = await moved(keyring, tmp_path / "vault.json")
    sealed = await first.vault_key("evidence")
    first.close()
    asked += [SystemKeyring(keyring, "Secret Service"), LOCKED]
    again = await Vault.unlock_file(tmp_path / "vault.json", PASSPHRASE)
    made = json.loads((tmp_path / "vault.json").read_text())
    assert made["key"]["cost"]["n"] == CHEAP.n, "the cost that was asked for"
    assert await again.fetch(AFTER) == Secret("stored after")
    assert await again.vault_key("evidence") == sealed, "evidence of before the move opens"
    with pytest.raises(VaultError, match="may stand in it"):
        await again.fetch(BEFORE)
    assert await again.names() is None, "nobody can say what stands in a locked keyring"
    again.close()
    keyring.trouble = lambda call, username: None
    third = await Vault.unlock_file(tmp_path / "vault.json", PASSPHRASE)
    assert await third.fetch(BEFORE) == Secret("stored before")
    await third.remove(BEFORE)
    await third.remove(AFTER)
    assert await third.fetch(BEFORE) is None and await third.fetch(AFTER) is None
    third.close()


async def test_a_file_is_moved_nowhere_and_no_file_is_replaced(tmp_path: Path) -> None:
    vault = await Vault.create_file(tmp_path / "vault.json", PASSPHRASE, cost=CHEAP)
    with pytest.raises(UsageError):
        await vault.move_to_file(tmp_path / "other.json", PASSPHRASE)
    system = Vault(DictKeyring())
    with pytest.raises(VaultError, match="already"):
        await system.move_to_file(tmp_path / "vault.json", PASSPHRASE, cost=CHEAP)
    assert system.kind == "system"
    vault.close()
