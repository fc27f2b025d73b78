"""Another scenario, seed or size is another account: what the drill's home knows of the one before is forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.cli import drill_home
from workbench.cli.parser import build_parser
from workbench.core.state_dir import Home


def asked(home: Home, *words: str) -> bool:
    return drill_home.another(home, build_parser().parse_args(["drill", *words]))


@pytest.mark.parametrize(
    "words", [("--scenario", "agency"), ("--seed", "2"), ("--domains", "4"), ("--users", "3")]
)
def test_another_account_is_noticed_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = Home(tmp_path)
    home.ensure()
    assert not asked(home), "a home of before holds no note"
    assert not asked(home)
    assert asked(home, *words)
    assert not asked(home, *words)
    assert not asked(home, *words, "--latency-ms", "20"), "how it answers is no other account"
    assert asked(home)


@pytest.mark.parametrize("held", [b"", b"{", b"\xff"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, held: bytes) -> None:
    home = Home(tmp_path)
    home.ensure()
    (tmp_path / "account.json").write_bytes(held)
    assert not asked(home)
    assert asked(home, "--seed", "2")


async def test_what_is_forgotten_is_the_incident_and_its_vault(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.ensure()
    (tmp_path / "incidents" / "one").mkdir(parents=True, exist_ok=True)
    (await drill_home.throwaway_vault(home)).close()
    drill_home.forget(home)
    assert not (tmp_path / "incidents" / "one").exists() and not home.vault_file.exists()
    # The next one begins with a vault of its own.
    (await drill_home.throwaway_vault(home)).close()
