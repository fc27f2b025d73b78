"""What is typed at the door of the full screen: a new vault is not opened with a passphrase anybody guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli.parser import build_parser
from workbench.cli.screen import _Entrance
from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home


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
