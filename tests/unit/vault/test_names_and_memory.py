"""The names beside the vault, and the vault that tells the journal what it must never hold."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.accounts import Safe
from workbench.core.errors import HostError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.core.turns import A_TURN
from workbench.vault import labels
from workbench.vault.recording import GuardedVault
from workbench.vault.vault import EntryName, Vault

ONE, TWO = EntryName("s", "one"), EntryName("s", "two")
FIRST, SECOND = Secret("first-secret"), Secret("second-secret")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.ensure()
    return made


def test_names_are_kept_once_each_and_for_their_owner_only(home: Home) -> None:
    assert labels.stored(home) == []
    for name in ("spamhaus", "abusix", "spamhaus"):
        labels.remember(home, name)
    assert labels.stored(home) == ["abusix", "spamhaus"]
    file = home.path / "own-secrets.json"
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"names": 3}', '{"names": "ab"}', "\x00"])
def test_a_damaged_list_of_names_is_said_and_stands_aside_when_another_is_kept(
    home: Home, content: str
) -> None:
    labels.remember(home, "x")
    file = home.path / "own-secrets.json"
    file.write_text(content)
    with pytest.raises(HostError, match="cannot be read") as caught:
        labels.stored(home)
    assert "the vault is untouched" in caught.value.means
    assert file.read_text() == content
    labels.remember(home, "y")
    assert labels.stored(home) == ["y"]
    assert content in [path.read_text() for path in home.path.iterdir() if path.is_file() and path != file]


def test_a_list_of_names_that_others_can_read_is_refused(home: Home) -> None:
    labels.remember(home, "x")
    file = home.path / "own-secrets.json"
    file.chmod(0o644)
    with pytest.raises(HostError, match="was refused"):
        labels.stored(home)


class Order(Safe):
    """A vault that notes when it is written to, among what was guarded."""

    def __init__(self, seen: list[Any]) -> None:
        super().__init__()
        self.seen = seen

    async def store(self, name: EntryName, secret: Secret) -> None:
        self.seen.append(name.username)
        await super().store(name, secret)


def test_a_secret_is_guarded_before_it_is_stored() -> None:
    async def play() -> None:
        seen: list[Any] = []
        vault = Order(seen)
        guarded = GuardedVault(cast("Vault", vault), seen.append)
        await guarded.store(ONE, FIRST)
        assert seen == [FIRST, "one"] and await guarded.fetch(ONE) == FIRST
        await guarded.store_many({TWO: SECOND})
        assert seen[2:] == [SECOND, "two"]
        many = {EntryName("s", f"n{n}"): Secret(f"secret number {n}") for n in range(2 * A_TURN + 1)}
        await guarded.store_many(many)
        assert seen[4:] == [*many.values(), *(name.username for name in many)], (
            "all of them before any is stored"
        )
        del seen[4:]
        assert await guarded.fetch(TWO) == SECOND
        await guarded.remove(TWO)
        assert await guarded.fetch(TWO) is None
        vault.broken = ["one"]
        with pytest.raises(VaultError):
            await guarded.store(ONE, SECOND)
        assert seen[-2:] == [SECOND, "one"], "what could not be stored is guarded all the same"

    asyncio.run(play())
