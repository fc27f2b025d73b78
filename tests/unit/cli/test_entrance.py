"""What is typed at the door of the full screen: a new vault is not opened with a passphrase anybody guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyring.backend import KeyringBackend

from workbench.cli.parser import build_parser
from workbench.cli.screen import _Entrance
from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.vault import keyring_probe
from workbench.vault.backends import Detected, NoKeyring, SystemKeyring


@pytest.fixture
def entrance(tmp_path: Path) -> _Entrance:
    found = _Entrance(build_parser().parse_args([]), home=Home(tmp_path))
    found.home.ensure()
    return found


async def test_a_weak_passphrase_makes_no_vault(entrance: _Entrance) -> None:
    with pytest.raises(UsageError, match="too weak"):
        await entrance.take_passphrase(Secret("abc def"))
    assert entrance.vault is None
    assert not entrance.home.vault_file.exists()


async def test_a_good_one_makes_it_and_only_that_one_opens_it(entrance: _Entrance) -> None:
    await entrance.take_passphrase(Secret("pelican orbit 41 varnish"))
    assert entrance.vault is not None
    entrance.vault.close()
    # A vault that exists is unlocked: how good its passphrase is was judged when it was made.
    with pytest.raises(VaultError):
        await entrance.take_passphrase(Secret("abc def"))


class Unlocked(KeyringBackend):
    """A keyring that answers and holds nothing."""

    def __init__(self) -> None:  # keyring's own carries no annotations
        pass

    def get_password(self, service: str, username: str) -> str | None:
        """Return nothing."""
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuse: a probe stores nothing."""
        raise AssertionError("a probe stored something")


async def test_the_door_offers_to_ask_a_locked_keyring_again_and_takes_it_once_it_answers(
    entrance: _Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Detected] = [
        NoKeyring("It is locked.", "Unlock it.", silent=True),
        NoKeyring("It is locked.", "Unlock it.", silent=True),
        SystemKeyring(Unlocked(), "Secret Service"),
    ]

    async def answering() -> Detected:
        return answers.pop(0)

    monkeypatch.setattr(keyring_probe, "answering", answering)
    for name in ("MAILGUN_API_KEY", "WORKBENCH_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    door = await entrance.door()
    assert door.vault == "create" and door.vault_words.startswith("It is locked. Unlock it (")
    assert "press F5, or go on with a file of our own" in door.vault_words
    assert door.ask_again is not None
    assert "locked" in await door.ask_again()
    assert await door.ask_again() == ""
    assert entrance.vault is not None and entrance.vault.kind == "system"
    entrance.vault.close()


async def test_a_host_without_a_keyring_is_not_asked_again(
    entrance: _Entrance, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answering() -> Detected:
        return NoKeyring("This host has no keyring.")

    monkeypatch.setattr(keyring_probe, "answering", answering)
    assert (await entrance.door()).ask_again is None
