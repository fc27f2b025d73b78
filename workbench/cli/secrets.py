"""``workbench secrets``: names of what is stored; one value to a pipe, never to a terminal unasked.

The vault stands alone: what is in it is listed and handed over whatever happened to a journal. What a journal
names and the vault lacks, or the other way round, is said.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from workbench.blocklists import catalogue
from workbench.cli import tables
from workbench.cli.opening import line_of_input, run_async
from workbench.cli.output import document, refuse_terminal, say, text, warn, write_exactly
from workbench.cli.streams import on_terminal
from workbench.cli.vaults import ask_new_passphrase, heed_folder, no_vault, open_vault, quiet_vault
from workbench.core.clock import SystemClock
from workbench.core.errors import HostError, JournalError, UsageError, VaultError, WorkbenchError
from workbench.core.redact import Secret, visible
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.core.words import plural
from workbench.documents import documents
from workbench.journal.journal import Journal
from workbench.journal.ledger import Ledger
from workbench.session import journal_head
from workbench.session.custody import Custody, rolled_back, take_stock
from workbench.vault import labels
from workbench.vault.entries import older_entry
from workbench.vault.keyring_probe import answering
from workbench.vault.passphrases import check_new, passphrase_from_file
from workbench.vault.vault import WORKBENCH_SERVICE, Detected, EntryName, NoKeyring, SystemKeyring, Vault


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    work = {"list": _list, "get": _get, "put": _put, "recover": _recover, "passphrase": _passphrase}
    return run_async(lambda: work[options.action](options))


async def _list(options: argparse.Namespace) -> int:
    """Return 0; 1 where a journal names what the vault lacks, or could not be read."""
    home = Home.find()
    stock = await _stock(home)
    incident = _incident(options, home, stock)
    own = _own(home, stock)
    if incident is None and not own and not stock.unnamed and not stock.unread:
        raise UsageError(
            "There is no incident in this home.",
            "No secret was stored yet.",
            "WORKBENCH_HOME moves the state folder; check that it is the one you worked with.",
        )
    await _note_rolled_back(home, stock)
    for words in stock.differences():
        warn(words)
    held = stock.of(incident) if incident else []
    if options.json:
        not_read = [{"what": words, "where": None, "why": "not readable"} for words in stock.unread]
        known = {"complete": not not_read, "not_read": not_read}
        document({**documents.head("secrets", incident), **known, "secrets": _rows(stock, held, own)})
    else:
        # Of an incident whose journal cannot be read nobody can say that it stored nothing.
        told = incident if held or not stock.unread else None
        text(_tables(told, held, own, stock.unnamed, _lost(stock)))
    return 1 if stock.unread or stock.missing else 0


def _rows(stock: Custody, held: list[EntryName], own: list[str]) -> list[dict[str, object]]:
    missing = set(stock.missing)
    rows: list[dict[str, object]] = []
    for name in held:
        lost: dict[str, object] = {"missing": True} if name in missing else {}
        if stock.held is None:
            lost = {"missing": None}  # Nobody could look.
        rows.append({"name": name.username, "service": name.service, **lost})
    rows += [{"name": name, "service": WORKBENCH_SERVICE} for name in own]
    rows += [{"name": n.username, "service": n.service, "unnamed": True} for n in stock.unnamed]
    return rows


def _lost(stock: Custody) -> Callable[[EntryName], str]:
    """Return what is said behind a name that the journal knows: nothing where the vault holds it."""
    missing = set(stock.missing)
    unseen = "  (no vault to look in)" if stock.held is None else ""
    return lambda name: "  (NOT in this vault)" if name in missing else unseen


def _tables(
    incident: str | None,
    held: list[EntryName],
    own: list[str],
    unnamed: list[EntryName],
    lost: Callable[[EntryName], str] = lambda name: "",
) -> str:
    shown = []
    if incident is not None:
        service = held[0].service if held else ""
        shown.append(tables.secrets(service, [f"{name.username}{lost(name)}" for name in held]))
    if own:
        shown.append(tables.secrets(WORKBENCH_SERVICE, own))
    for service in dict.fromkeys(name.service for name in unnamed):
        shown.append(tables.unnamed(service, [name.username for name in unnamed if name.service == service]))
    return "\n\n".join(shown)


async def _recover(options: argparse.Namespace) -> int:
    """List what lies in the vault that no incident of this home names; returns 0, 1 as ``_list`` does.

    Errors say that there is no vault, that the host's keyring is locked, or that it is of a kind that cannot list.
    """
    home = Home.find()
    stock = await _stock(home)
    if stock.held is None:
        for words in stock.unread:
            warn(words)
        raise _unlisted(home, stock)
    await _note_rolled_back(home, stock)
    for words in stock.differences():
        if words != stock.unnamed_words():  # Listed below.
            warn(words)
    if options.json:
        rows = [{"name": name.username, "service": name.service} for name in stock.unnamed]
        not_read = [{"what": words, "where": None, "why": "not readable"} for words in stock.unread]
        known = {"complete": not not_read, "not_read": not_read}
        document({**documents.head("secrets-recover", None), **known, "secrets": rows})
    elif stock.unnamed:
        text(_tables(None, [], [], stock.unnamed))
        say("`workbench secrets get NAME` hands one of them to a pipe.")
    else:
        text("Every secret in this vault is named by an incident of this home.")
    return 1 if stock.unread or stock.missing else 0


def _unlisted(home: Home, stock: Custody) -> WorkbenchError:
    """Return why nothing can be said of what lies in the vault: there is none, it is locked, or it cannot list."""
    if home.has_vault() and stock.keyring is None:
        return VaultError(
            "This vault cannot list what is in it.",
            "What was stored in it cannot be told from here.",
            "Mend the file named above, or restore it from a copy.",
        )
    if stock.keyring is None or (isinstance(stock.keyring, NoKeyring) and not stock.keyring.silent):
        return no_vault(home)
    if isinstance(stock.keyring, NoKeyring):
        return HostError(stock.keyring.reason, "Nobody can tell what lies in it.", stock.keyring.todo)
    return VaultError(
        f"The keyring of this host ({stock.keyring.title}) cannot list what is in it.",
        "Secrets that no incident names may lie in it: nobody can tell.",
        "Look in its own program for services that begin with “Mailgun incident”; `workbench secrets get NAME` hands "
        "out what an incident names.",
    )


async def _get(options: argparse.Namespace) -> int:
    """Write one secret, without a line end added, so that a pipe gets the value and nothing else."""
    refuse_terminal(options.reveal, "The secret would stay in its scroll-back, and on a shared screen.")
    home = Home.find()
    stock = await _stock(home)
    incident = _incident(options, home, stock)
    for words in stock.unread:
        warn(words)
    own = [EntryName(WORKBENCH_SERVICE, name) for name in _own(home, stock)]
    groups = [stock.of(incident) if incident else [], own, stock.unnamed]
    name = _entry(groups, options.name)
    vault = await open_vault(home, create=False)
    try:
        for words in await rolled_back(home, vault):
            warn(words)
        remembered = await journal_head.recall(vault, incident) if incident is not None else None
        secret = await vault.fetch(name)
    finally:
        vault.close()
    if secret is None:
        raise VaultError(
            f"“{visible(name.username)}” is not in this vault.",
            "It was stored in another one, or removed.",
            "Use the vault the incident worked with.",
        )
    if incident is not None:
        await _record(home, incident, name, remembered)
    write_exactly(secret.reveal())
    return 0


async def _record(home: Home, incident: str, name: EntryName, remembered: journal_head.Head | None) -> None:
    """Journal that the secret was read; where that cannot be done it is said, and the secret given all the same."""
    try:
        if (refused := home.refusal()) is not None:
            raise refused
        journal = await asyncio.to_thread(
            Journal.open,
            home.folder(incident) / JOURNAL_NAME,
            SystemClock(),
            incident,
            remembered=remembered,
        )
        try:
            if journal.held_elsewhere:
                return
            ledger = Ledger(journal, journal.rows())
            await ledger.record("secret.read", {"entry": name.username, "who": "command line"})
        finally:
            await asyncio.to_thread(journal.close)
    except (JournalError, HostError) as error:
        warn(f"That this secret was read is not journaled: {error.what}")


async def _passphrase(options: argparse.Namespace) -> int:
    """Put the workbench's own vault under a new passphrase; returns 0. Entries and evidence stay as they are."""
    home = Home.find()
    if not home.has_vault():
        raise no_vault(home)
    home.ensure()
    vault = await open_vault(home, create=False)
    try:
        if options.new_file is not None:
            typed = passphrase_from_file(Path(options.new_file)).reveal()
            new = check_new(typed, typed)
        else:
            if not on_terminal(sys.stdin):
                raise UsageError(
                    "There is no terminal to type a new passphrase on.",
                    "The vault stays under the present one.",
                    "Name a file only you can read that holds it: --new-file FILE.",
                )
            new = ask_new_passphrase()
        await vault.change_passphrase(new)
    finally:
        vault.close()
    say("The vault opens with the new passphrase only. A copy of the old file still opens with the old one.")
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
    typed = line_of_input(f"{name}: ")
    if not typed:
        raise UsageError("Standard input held no secret.", "Nothing was stored.", "Pipe or type the value.")
    zones = [zone for zone in catalogue.load().zones.values() if zone.key_name == name]
    if zones and not catalogue.is_key(Secret(typed)):
        raise UsageError(
            f"What was typed cannot be the key {visible(name, 80)}.",
            "Nothing was stored. A key is one label of a query name: letters, digits and hyphens, at most 63.",
            "Give the key alone, without spaces or the zone's name.",
        )
    home = Home.find()
    home.ensure()
    vault = await open_vault(home)
    try:
        await vault.store(EntryName(WORKBENCH_SERVICE, name), Secret(typed))
    finally:
        vault.close()
    await asyncio.to_thread(labels.remember, home, name)
    asked = ", ".join(f"{zone.title} ({zone.name})" for zone in zones)
    say(
        f"Stored as {name}. Asked with it from the next look-up on: {asked}."
        if zones
        else f"Stored as {name}. Name the zone under enable in {home.config_file} to have it asked."
    )
    return 0


async def _stock(home: Home) -> Custody:
    """Return what vault and journals hold; the names in our own file need no passphrase, a keyring's its unlocking."""
    from workbench.vault.file_backend import names_in

    heed_folder(home)

    def look() -> Custody:
        held: list[EntryName] | None = None
        told = ""
        if home.has_vault():
            try:
                held = names_in(home.vault_file)
            except VaultError as error:
                told = error.what
        elif not (home.path / "incidents").is_dir():
            held = None
        stock = take_stock(home, held)
        if told:
            stock.unread.append(told)
        return stock

    stock = await asyncio.to_thread(look)
    if not home.has_vault():
        stock.keyring, stock.held = await _in_keyring()
    elif stock.held is not None and older_entry() in stock.held:
        stock.keyring, there = await _in_keyring()
        stock.held = None if there is None else [*stock.held, *there]
    if stock.held is None and stock.named and isinstance(stock.keyring, NoKeyring):
        gone = f"There is no vault at {home.vault_file}, and no keyring is used."
        why = stock.keyring.reason if stock.keyring.silent else gone
        named = plural(len(stock.named), "secret")
        stock.unread.append(f"{why} {named} that journals name may be kept nowhere any more.")
    return stock


async def _note_rolled_back(home: Home, stock: Custody) -> None:
    """Note the journals that end before what the vault saw, where it opens without asking anybody."""
    vault = await quiet_vault(home) if stock.held is not None and home.has_vault() else None
    if vault is not None:
        try:
            stock.unread += await rolled_back(home, vault)
        finally:
            vault.close()


async def _in_keyring() -> tuple[Detected, list[EntryName] | None]:
    """Return the host's keyring and the names of what the workbench stored in it, None where it cannot tell."""
    found = await answering()
    if not isinstance(found, SystemKeyring):
        return found, None
    vault = Vault(found.backend)
    try:
        return found, await vault.names()
    finally:
        vault.close()


def _incident(options: argparse.Namespace, home: Home, stock: Custody) -> str | None:
    """Return the incident that is meant, None where there is none or it is lost (then ``stock`` says so)."""
    if options.incident:
        return home.existing(options.incident)
    try:
        return home.latest()
    except (JournalError, HostError):
        return None


def _own(home: Home, stock: Custody) -> list[str]:
    names, told = labels.known(home)
    if told:
        warn(told)
    return sorted({*names, *stock.own})


def _entry(groups: list[list[EntryName]], wanted: str) -> EntryName:
    """Return the entry named exactly so, or the only one that holds the words; raises UsageError otherwise.

    What the incident stored comes first, then what was stored for the workbench itself, then what no incident names.
    """
    held = [name for group in groups[:2] for name in group]
    for names in (held, groups[2]):
        found = [name for name in names if name.username == wanted][:1]
        found = found or [name for name in names if wanted.lower() in name.username.lower()]
        if len(found) == 1:
            return found[0]
        if found:
            break
    raise UsageError(
        f"{plural(len(found), 'stored secret matches', 'stored secrets match')} {visible(wanted, 80)!r}.",
        "One name is needed.",
        "`workbench secrets list` shows the names.",
    )
