"""The vault as the command line opens it: unlocked, created where something is to be stored, never by a look."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys

from workbench.cli.output import say, warn
from workbench.cli.streams import on_terminal
from workbench.core import config
from workbench.core.errors import HostError, JournalError, UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.core.words import plural
from workbench.domain.model.replay import fold
from workbench.journal.journal import read_rows
from workbench.vault.keyring_probe import answering
from workbench.vault.passphrases import PASSPHRASE_FILE, check_new, passphrase_from_environment
from workbench.vault.reading import SHUT, NoVault
from workbench.vault.vault import Detected, EntryName, NoKeyring, SystemKeyring, Vault


def vault_choice(options: argparse.Namespace | None, home: Home) -> str:
    """Return ``file`` or ``keyring`` as --vault or config.toml chooses, ``""`` where nothing does."""
    return getattr(options, "vault", None) or config.load(home.config_file).vault


async def open_vault(home: Home, options: argparse.Namespace | None = None, *, create: bool = True) -> Vault:
    """Return the vault to use, unlocked; what was found damaged in it is said.

    --vault, or ``vault`` in config.toml, chooses; else WORKBENCH_PASSPHRASE_FILE means the workbench's own file;
    otherwise a file that exists is unlocked, otherwise the host's keyring is used where it answers, otherwise a
    new file is offered on the terminal. Nothing is created without ``create``, nor beside an incident whose
    secrets stand in a vault that is not here. Raises HostError where none of this is possible, VaultError for a
    wrong passphrase or a vault that is gone.
    """
    try:
        choice = vault_choice(options, home)
    except UsageError as error:
        if create:
            raise
        # A damaged configuration keeps nobody from a secret that is there: our own file, or the host's keyring.
        warn(f"{error.what} {error.means}")
        choice = ""
    passphrase = passphrase_from_environment() if choice != "keyring" else None
    if choice != "keyring" and await asyncio.to_thread(home.has_vault):
        if passphrase is None:
            passphrase = _ask_passphrase("Passphrase of the workbench's vault: ")
        vault = await Vault.unlock_file(home.vault_file, passphrase)
        for notice in vault.notices:
            warn(notice)
        return vault
    found = await answering() if passphrase is None and choice != "file" else None
    if isinstance(found, SystemKeyring):
        return Vault(found.backend)
    if choice == "keyring" and found is not None:
        raise HostError(
            found.reason, "The keyring was chosen for new credentials, so nothing else is used.", found.todo
        )
    if not create:
        raise no_vault(home)
    keyring = await keyring_beside_secrets(home)
    if passphrase is None:
        passphrase = _asked_for_new(
            found or NoKeyring("The workbench's own file was chosen for new credentials.")
        )
    # Judged like one that is typed: whoever copies the file guesses either the same way.
    typed = passphrase.reveal()
    return await Vault.create_file(home.vault_file, check_new(typed, typed), keyring=keyring)


async def reading_vault(home: Home, options: argparse.Namespace | None = None) -> Vault:
    """Return the vault for a command that only reads: one that opens unasked, else none at all, which is said.

    A vault that holds the incident's own admin key is needed even to read, and is asked for as ``open_vault`` does.
    """
    keyring = vault_choice(options, home) != "file"
    unasked = bool(os.environ.get(PASSPHRASE_FILE)) or not await asyncio.to_thread(home.has_vault)
    if unasked and os.environ.get(PASSPHRASE_FILE):
        return await open_vault(home, options)
    if unasked and keyring and isinstance(found := await answering(), SystemKeyring):
        return Vault(found.backend)
    if await asyncio.to_thread(_runs_on_a_stored_key, home, getattr(options, "incident", None)):
        return await open_vault(home, options)
    say(SHUT)
    return NoVault()


def _runs_on_a_stored_key(home: Home, incident: str | None) -> bool:
    """Return whether the incident replaced its admin key, so that the one to read with stands in the vault."""
    try:
        named = incident or home.latest()
        if named is None:
            return False
        return bool(fold(read_rows(home.folder(named) / JOURNAL_NAME)).admin_entry)
    except JournalError:
        return True  # nobody knows; the vault remembers how far the journal came


async def quiet_vault(home: Home) -> Vault | None:
    """Return the vault where it opens without asking anybody, else None: for checks that go on without it."""
    asked = await asyncio.to_thread(home.has_vault)
    if asked and not os.environ.get(PASSPHRASE_FILE):
        return None
    try:
        return await open_vault(home, create=False)
    except (VaultError, HostError, UsageError) as error:
        warn(f"{error.what} {error.means}")
        return None


def heed_folder(home: Home) -> None:
    """Warn where nothing would be written into the state folder, because others can write into it or own it.

    Whoever only reads goes on: what is sealed opens or does not, and an operator must get at their secrets.
    """
    refused = home.refusal()
    if refused is not None:
        warn(f"{refused.what} {refused.means} {refused.todo}")


def no_vault(home: Home) -> VaultError:
    """Return the error of whoever would read from a vault where there is none."""
    return VaultError(
        f"There is no vault at {home.vault_file}, and no keyring of this host is used.",
        "No secret can be read; a command that only reads makes none.",
        "Put the file back, or set WORKBENCH_HOME to the folder you worked with.",
    )


async def keyring_beside_secrets(home: Home) -> Detected | None:
    """Return the host's keyring where secrets of this home's incidents stand in it, or may while it is locked.

    None where no incident stored any. VaultError where the keyring does not hold them: their vault is missing.
    """
    named, unread = await asyncio.to_thread(_stored_by_incidents, home)
    if not named and not unread:
        return None
    found = await answering()
    if isinstance(found, SystemKeyring):
        keyring = Vault(found.backend)
        if not unread and all([await keyring.fetch(name) is not None for name in named]):
            return found
    elif found.silent:
        return found
    told = f"{plural(len(named), 'secret')}" if named else "secrets, as far as can be told,"
    raise VaultError(
        f"The vault of this home is missing: its incidents stored {told} in one.",
        "A new vault beside them would be empty, and the old one would be forgotten.",
        f"Put {home.vault_file} back (or unlock the keyring they are in). To begin without it, set "
        "WORKBENCH_HOME to another folder.",
    )


def _stored_by_incidents(home: Home) -> tuple[list[EntryName], int]:
    """Return what the incidents of this home stored, and how many journals cannot be read for it."""
    named: list[EntryName] = []
    unread = 0
    for path in home.journals():
        try:
            state = fold(read_rows(path))
        except JournalError:
            unread += 1
        else:
            named += [EntryName(state.vault_service, entry) for entry in state.entries]
    return named, unread


def _asked_for_new(found: NoKeyring) -> Secret:
    """Return a passphrase for our own file as typed; HostError where nobody can be asked."""
    if not on_terminal(sys.stdin):
        raise HostError(
            found.reason,
            "New keys and passwords need a safe place before anything is changed.",
            "Set WORKBENCH_PASSPHRASE_FILE to a file only you can read that holds a passphrase, or run this on a "
            f"terminal. {found.todo}",
        )
    say(f"{found.reason} {found.todo}")
    say("The workbench can keep the new credentials in an encrypted file of its own.")
    say("Without its passphrase the new credentials are lost: nobody can recover them.")
    return ask_new_passphrase()


def ask_new_passphrase() -> Secret:
    """Return a new passphrase typed twice; UsageError where it is too weak or the two differ."""
    first = getpass.getpass("Choose a passphrase: ", stream=sys.stderr)
    second = getpass.getpass("Type it again: ", stream=sys.stderr)
    return check_new(first, second)


def _ask_passphrase(prompt: str) -> Secret:
    if not on_terminal(sys.stdin):
        raise HostError(
            "The vault is locked and there is no terminal to ask for its passphrase.",
            "Its secrets cannot be read or added to.",
            "Set WORKBENCH_PASSPHRASE_FILE to a file only you can read that holds the passphrase.",
        )
    typed = getpass.getpass(prompt, stream=sys.stderr)
    if not typed:
        raise UsageError("No passphrase was typed.", "", "Run it again.")
    return Secret(typed)
