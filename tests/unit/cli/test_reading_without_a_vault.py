"""What only reads opens without a vault; what an incident keeps in one is asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from workbench.cli import vaults
from workbench.core.clock import SystemClock
from workbench.core.errors import HostError, UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.journal.journal import Journal
from workbench.mailgun.endpoints import MAILGUN
from workbench.session.recorder import SessionOptions
from workbench.session.session import open_session
from workbench.vault.backends import NoKeyring
from workbench.vault.reading import NoVault
from workbench.vault.vault import EntryName

OPTIONS = argparse.Namespace(vault=None, incident=None)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    async def none() -> NoKeyring:
        return NoKeyring("This host has no keyring.")

    monkeypatch.setattr(vaults, "answering", none)
    monkeypatch.delenv("WORKBENCH_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr("sys.stdin", None)
    place = Home(tmp_path / "home")
    place.ensure()
    return place


async def test_nothing_is_asked_and_nothing_is_made(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    vault = await vaults.reading_vault(home, OPTIONS)
    assert isinstance(vault, NoVault) and not vault.keeps
    assert not home.vault_file.exists()
    assert "No vault is open" in capsys.readouterr().err


async def test_it_holds_nothing_takes_nothing_and_says_so() -> None:
    vault, name = NoVault(), EntryName("service", "name")
    assert await vault.fetch(name) is None and await vault.names() is None
    assert await vault.vault_key("a") == await vault.vault_key("a") != await vault.vault_key("b")
    for call in (
        vault.store(name, Secret("value")),
        vault.store_many({name: Secret("value")}),
        vault.probe(),
    ):
        with pytest.raises(VaultError, match="nothing can be kept"):
            await call


async def test_an_incident_that_runs_on_a_stored_key_asks_for_its_vault(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home.folder("20261121-140207-3f2a") / "journal.sqlite"
    journal = Journal.open(path, SystemClock(), "20261121-140207-3f2a")
    body = {"entry": "admin", "key_id": "a", "retired": "b", "replaces": "c"}
    await journal.append("incident.opened", {"incident": "20261121-140207-3f2a", "drill": False})
    await journal.append("admin_key.switched", body)
    journal.close()
    home.record_latest("20261121-140207-3f2a")
    home.vault_file.write_text("{}")

    class Piped:
        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Piped())
    with pytest.raises((HostError, VaultError)):
        await vaults.reading_vault(home, OPTIONS)


async def test_without_any_key_no_incident_is_opened(home: Home) -> None:
    before = sorted(home.path.rglob("*"))
    options = SessionOptions(home=home, endpoints=MAILGUN, vault=NoVault(), clock=SystemClock(), key=None)
    with pytest.raises(UsageError, match="No admin key was given"):
        await open_session(options)
    assert sorted(home.path.rglob("*")) == before and home.latest() is None
