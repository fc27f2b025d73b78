"""The drill's own home on the screen: which account its incident is about, and the vault that guards nothing."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.state_dir import Home

if TYPE_CHECKING:
    from workbench.vault.vault import Vault

# Scenario, seed and sizes of the account that the home's incident is about.
_ACCOUNT = "account.json"


def another(home: Home, options: argparse.Namespace) -> bool:
    """Note which account is drilled on, and return whether it was another one before: that one is gone.

    The servers build the account anew where scenario, seed or size differ; a home of before, which holds no note, is
    taken for the same.
    """
    from workbench.core.atomic_files import read_plain, replace_durably

    path = home.path / _ACCOUNT
    asked = {name: getattr(options, name) for name in ("scenario", "seed", "domains", "credentials", "users")}
    try:
        before = json.loads(read_plain(path))
    except (OSError, ValueError):
        before = asked
    replace_durably(path, json.dumps(asked).encode())
    return bool(before != asked)


async def throwaway_vault(home: Home) -> Vault:
    """Return the vault of the drill's own home, made or unlocked with the passphrase that lies beside it."""
    from workbench.core.atomic_files import read_plain, replace_durably
    from workbench.core.redact import Secret
    from workbench.vault.passphrases import generate_passphrase
    from workbench.vault.vault import Vault

    path = home.path / "passphrase"
    if not await asyncio.to_thread(path.exists):
        fresh = generate_passphrase()
        await asyncio.to_thread(replace_durably, path, fresh.reveal().encode())
    passphrase = Secret((await asyncio.to_thread(read_plain, path)).decode("utf-8", "replace").strip())
    if await asyncio.to_thread(home.vault_file.exists):
        return await Vault.unlock_file(home.vault_file, passphrase)
    return await Vault.create_file(home.vault_file, passphrase)


def forget(home: Home) -> None:
    """Remove the incidents and the vault of the drill's own home; the account itself was made anew."""
    shutil.rmtree(home.path / "incidents", ignore_errors=True)
    for name in ("vault.json", "vault.json.previous", "passphrase", "latest.json"):
        Path(home.path / name).unlink(missing_ok=True)
    home.ensure()
