"""What ``workbench doctor`` says of what is kept: journals, the vault they name, the file that unlocks it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from workbench.core.errors import UsageError, VaultError
from workbench.core.state_dir import Home
from workbench.core.words import plural
from workbench.session.custody import rolled_back, take_stock
from workbench.vault.keyring_probe import answering
from workbench.vault.passphrases import PASSPHRASE_FILE, passphrase_from_environment
from workbench.vault.vault import SystemKeyring, Vault

_GO_ON = (
    "Put a copy back, or go on in a new incident, which names this one: --new. `workbench secrets recover` lists what "
    "the vault holds."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: ``ok``, ``warn`` or ``bad``, what was found, what to do."""

    name: str
    verdict: str
    found: str
    todo: str = ""


async def journals(home: Home) -> list[Check]:
    """Say whether the journals are what was written, and whether the vault that they name is here at all.

    Nothing where no incident was opened. Raises HostError where the folder cannot be looked into.
    """
    found = await asyncio.to_thread(home.journals)
    stock = await asyncio.to_thread(take_stock, home, None)
    checks = [Check("journal", "bad", words, _GO_ON) for words in stock.unread]
    if found and not checks:
        whole = f"{plural(len(found), 'incident')}, whole as far as the journals alone can tell"
        checks.append(Check("journal", "ok", whole))
    if stock.named and not home.has_vault() and not isinstance(await answering(), SystemKeyring):
        lost = f"not here: {plural(len(stock.named), 'secret')} of this home's incidents were stored in one"
        todo = f"Put {home.vault_file} back, or unlock the keyring they are in; or set WORKBENCH_HOME."
        checks.append(Check("vault", "bad", lost, todo))
    return checks


async def passphrase(home: Home) -> list[Check]:
    """Say whether the passphrase file of the environment opens the vault, and what the vault then tells of journals.

    Nothing without that variable.
    """
    try:
        given = passphrase_from_environment()
        if given is None:
            return []
        if not home.has_vault():
            return [
                Check(
                    "passphrase",
                    "ok",
                    f"{os.environ[PASSPHRASE_FILE]} can be read; there is no vault to open",
                )
            ]
        vault = await Vault.unlock_file(home.vault_file, given)
    except (UsageError, VaultError) as error:
        todo = error.todo or "Check WORKBENCH_PASSPHRASE_FILE."
        return [Check("passphrase", "bad", f"{error.what} {error.means}".strip(), todo)]
    try:
        older = [Check("journal", "bad", words, _GO_ON) for words in await rolled_back(home, vault)]
    finally:
        vault.close()
    return [Check("passphrase", "ok", "the passphrase file opens the vault"), *older]
