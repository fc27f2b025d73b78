"""``workbench secrets``: names of what an incident stored; one value to a pipe, never to a terminal unasked."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Collection

from workbench.cli import tables
from workbench.cli.opening import open_vault, run_async
from workbench.cli.output import document, say, text
from workbench.core.clock import SystemClock
from workbench.core.errors import UsageError, VaultError
from workbench.core.redact import Secret, visible
from workbench.core.state_dir import Home
from workbench.documents import documents
from workbench.journal.journal import Journal
from workbench.journal.ledger import Ledger
from workbench.vault import labels
from workbench.vault.vault import WORKBENCH_SERVICE, EntryName


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    work = {"list": _list, "get": _get, "put": _put}[options.action]
    return run_async(lambda: work(options))


def _open_journal(options: argparse.Namespace) -> Journal | None:
    """Return the journal of the incident that is meant, None where this home has none at all."""
    home = Home.find()
    incident = home.existing(options.incident) if options.incident else home.latest()
    if incident is None:
        return None
    return Journal.open(home.folder(incident) / "journal.sqlite", SystemClock(), incident)


def _nothing() -> UsageError:
    return UsageError(
        "There is no incident in this home.",
        "No secret was stored yet.",
        "WORKBENCH_HOME moves the state folder; check that it is the one you worked with.",
    )


async def _list(options: argparse.Namespace) -> int:
    own = labels.stored(Home.find())
    journal = await asyncio.to_thread(_open_journal, options)
    if journal is None and not own:
        raise _nothing()
    held: list[tuple[str, list[str]]] = []
    incident = None
    if journal is not None:
        try:
            state = Ledger(journal, journal.rows()).state
        finally:
            await asyncio.to_thread(journal.close)
        incident = state.incident
        held.append((state.vault_service, list(state.entries)))
    if own:
        held.append((WORKBENCH_SERVICE, own))
    if options.json:
        rows = [{"name": entry, "service": service} for service, entries in held for entry in entries]
        document({**documents.head("secrets", incident), "secrets": rows})
    else:
        text("\n\n".join(tables.secrets(service, entries) for service, entries in held))
    return 0


async def _get(options: argparse.Namespace) -> int:
    """Write one secret, without a line end added, so that a pipe gets the value and nothing else."""
    if sys.stdout.isatty() and not options.reveal:
        raise UsageError(
            "Standard output is a terminal.",
            "The secret would stay in its scroll-back, and on a shared screen.",
            "Pipe it where it is needed, or add --reveal.",
        )
    own = labels.stored(Home.find())
    journal = await asyncio.to_thread(_open_journal, options)
    if journal is None:
        if not own:
            raise _nothing()
        secret = await _fetch(_entry((), own, options.name, ""))
    else:
        try:
            ledger = Ledger(journal, journal.rows())
            name = _entry(ledger.state.entries, own, options.name, ledger.state.vault_service)
            secret = await _fetch(name)
            if not journal.read_only:
                await ledger.record("secret.read", {"entry": name.username, "who": "command line"})
        finally:
            await asyncio.to_thread(journal.close)
    sys.stdout.write(secret.reveal())
    if sys.stdout.isatty():
        sys.stdout.write("\n")
    sys.stdout.flush()
    return 0


async def _put(options: argparse.Namespace) -> int:
    """Store what standard input holds for the workbench's own use; never an argument, which others can see."""
    name = options.name.strip()
    if not name or name != visible(name, 100) or name.lower().startswith("workbench:"):
        raise UsageError(
            f"“{visible(options.name, 80)}” cannot be the name of a secret.",
            "Names that begin with “workbench:” hold the vault's own keys.",
            "Use the name that `workbench blocklists` or the catalogue gives.",
        )
    hidden = sys.stdin.isatty()
    line = getpass.getpass(f"{name}: ", stream=sys.stderr) if hidden else sys.stdin.readline()
    typed = line.strip()
    if not typed:
        raise UsageError("Standard input held no secret.", "Nothing was stored.", "Pipe or type the value.")
    home = Home.find()
    home.ensure()
    vault = await open_vault(home)
    try:
        await vault.store(EntryName(WORKBENCH_SERVICE, name), Secret(typed))
    finally:
        vault.close()
    await asyncio.to_thread(labels.remember, home, name)
    say(f"Stored as {name}. Name the zone under enable in {home.config_file} to have it asked.")
    return 0


async def _fetch(name: EntryName) -> Secret:
    vault = await open_vault(Home.find())
    try:
        secret = await vault.fetch(name)
    finally:
        vault.close()
    if secret is None:
        raise VaultError(
            f"“{visible(name.username)}” is not in this vault.",
            "It was stored in another one, or removed.",
            "Use the vault the incident worked with.",
        )
    return secret


def _entry(entries: Collection[str], own: Collection[str], wanted: str, service: str) -> EntryName:
    """Return the entry named exactly so, or the only one that holds the words; raises UsageError otherwise.

    What an incident stored comes before what was stored for the workbench itself.
    """
    held = [EntryName(service, entry) for entry in entries]
    held += [EntryName(WORKBENCH_SERVICE, name) for name in own]
    found = [name for name in held if name.username == wanted][:1]
    found = found or [name for name in held if wanted.lower() in name.username.lower()]
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'No'} stored secret(s) match {visible(wanted, 80)!r}.",
            "One name is needed.",
            "`workbench secrets list` shows the names.",
        )
    return found[0]
