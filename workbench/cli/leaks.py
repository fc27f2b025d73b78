"""``workbench leaks``: where a credential leaked, and when it was taken.

Light at the top: without an incident nothing of the account, the vault or the event loop is imported, since a
search of a tree pays for every import with the time of reading thousands of files.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from workbench.cli.output import document, say, text, warned
from workbench.cli.streams import on_terminal, read_all
from workbench.core.errors import JournalError, Signalled, UsageError
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.core.words import plural
from workbench.leaks.command import LeakOptions
from workbench.leaks.command import run as search
from workbench.leaks.document import document as leaks_document
from workbench.leaks.model import SHAPE_50, KnownValue, SecretKind
from workbench.leaks.report import LeakReport

if TYPE_CHECKING:
    from types import FrameType

    from workbench.core.network import Network
    from workbench.domain.model.state import State
    from workbench.leaks.command import Prove
    from workbench.leaks.people import PersonSuspicion
    from workbench.session.leak_search import LeakSearchRequest, OpenedVault


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 for nothing open, 1 for open findings, 3 when nothing could be searched."""
    _stop_cleanly()
    _check(options)
    known = _typed() if options.exact_stdin else ()
    home = Home.find()
    incident = home.existing(options.incident) if options.incident else home.latest()
    if incident is None:
        _needs_incident(options)
        report = search(_plain(options, home, known), tell=say)
    else:
        _warn_of_damage(home, incident)
        report = _within(options, home, incident, known)
    _show(report, as_json=options.json)
    # What is live and what is closed rests on the journal: where that is not what was written, nobody can tell.
    return report.exit_code or int(warned())


def _check(options: argparse.Namespace) -> None:
    if options.site and not options.mine:
        raise UsageError(
            "The sites were not confirmed as your own.",
            "Asking somebody else's site for such files is an attack.",
            "If each host named belongs to you, add --mine.",
        )
    if options.accept and not options.reason.strip():
        raise UsageError(
            "--accept needs --reason TEXT.",
            "Whoever reads the baseline next year must know why it was accepted.",
            "Say why these findings are no danger.",
        )


def _needs_incident(options: argparse.Namespace) -> None:
    asked = [
        name
        for name, wanted in (
            ("--recheck", options.recheck),
            ("--from-vault", options.from_vault),
            ("--probe", options.probe),
        )
        if wanted
    ]
    if asked:
        raise UsageError(
            f"{' and '.join(asked)}: there is no incident in this home.",
            "Earlier searches, stored secrets and the account belong to an incident.",
            "Open one with `workbench status`, or leave the option out. WORKBENCH_HOME moves the state folder.",
        )


def _plain(options: argparse.Namespace, home: Home, known: tuple[KnownValue, ...]) -> LeakOptions:
    return LeakOptions(
        targets=tuple(options.places),
        history=not options.no_history,
        known=known,
        logs=tuple(options.log),
        sites=tuple(options.site),
        confirmed=options.mine,
        contact=options.contact,
        **_log_settings(options),
        network=_network(options, home) if options.site else None,
        baseline=Path(options.baseline) if options.baseline else None,
        accept=options.accept,
        reason=options.reason,
    )


def _network(options: argparse.Namespace, home: Home) -> Network:
    from workbench.cli.opening import network_of

    return network_of(options, home)


class _LogSettings(TypedDict):
    proxies: tuple[str, ...]
    log_format: str


def _log_settings(options: argparse.Namespace) -> _LogSettings:
    """Return how logs are read: the configuration's format and proxies, and the proxies named here."""
    if not options.log:
        return {"proxies": (), "log_format": ""}
    from workbench.core import config

    settings = config.load(Home.find().config_file).logs
    return {"proxies": (*settings.proxies, *options.proxy_address), "log_format": settings.format}


def _typed() -> tuple[KnownValue, ...]:
    """Return the exact values of standard input, one a line; on a terminal they are not shown."""
    if on_terminal(sys.stdin):
        from getpass import getpass

        lines = []
        while line := getpass("Value to look for (not shown, empty ends): ", stream=sys.stderr):
            lines.append(line)
    else:
        lines = read_all().splitlines()
    values = [line.strip() for line in lines if line.strip()]
    if not values:
        raise UsageError("--exact-stdin: standard input held no value.", "", "Give one value a line.")
    return tuple(
        KnownValue(f"typed value {number}", Secret(value), _kind(value))
        for number, value in enumerate(values, 1)
    )


def _kind(value: str) -> SecretKind:
    if SHAPE_50.fullmatch(value):
        return SecretKind.UNKNOWN_50
    if value.startswith("pubkey-"):
        return SecretKind.PUBLIC_KEY
    return SecretKind.API_KEY if value.startswith("key-") else SecretKind.SMTP_PASSWORD


def _show(report: LeakReport, *, as_json: bool) -> None:
    if as_json:
        document(leaks_document(report))
        return
    from workbench.cli import tables
    from workbench.leaks.document import rows

    head, body = rows(report)
    if body or report.coverage.complete:
        text(tables.leaks(head, body))
    for theft in report.thefts:
        text(f"\n{theft.sentence}\n  how sure: {theft.how_sure}")
    for fetch in report.logs.taken[:20] if report.logs is not None else ():
        when = f"{fetch.time:%Y-%m-%d %H:%M:%S}Z" if fetch.time else "(no time logged)"
        text(f"served {when} {fetch.path} to {fetch.address or '(client not told)'} ({fetch.size} bytes)")
    for one in report.searched:
        if one.error:
            say(f"{one.target}: {one.error}")
    _elsewhere(leaks_document(report))
    if report.verdict:
        text(report.verdict)
    for reason, count in sorted(report.coverage.skipped.items()):
        unread = "not read" if reason in report.coverage.gaps else "skipped"
        say(f"{unread} {count}: {reason}, such as {report.coverage.examples.get(reason, '')}")


def _elsewhere(shown: dict[str, Any]) -> None:
    """Print what else the leaked files gave away, and what to look for where copies of them may lie."""
    from workbench.domain.leaks.beside import subject_of, where

    for one in shown["neighbours"][:100]:
        vendor = f" ({one['vendor']})" if one["vendor"] else ""
        subject = subject_of(one["root"], one["path"], one["name"])
        also = ", ".join(where(at["root"], at["path"]) for at in one["also"][:5])
        same = f" (the same in {also})" if also else ""
        text(f"replace too: {one['name']}{vendor} in {one['path']}{same} [{subject}]")
    if shown["neighbours"]:
        text("Who has replaced one is recorded by: workbench attest 7.beside NAME --subject ID")
    if shown["search_elsewhere"]:
        text("look for on code hosts, gists, registries and paste sites (nothing is sent):")
        text("\n".join(f"  {line}" for line in shown["search_elsewhere"]))


def _stop_cleanly() -> None:
    """Have SIGTERM and SIGHUP end like ctrl+c, so that clones are removed; in a thread there is no such need."""
    import threading

    if threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Signalled(number)

    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)


# ── with an incident ─────────────────────────────────────────────────────────────────────────────────────


def _within(
    options: argparse.Namespace, home: Home, incident: str, known: tuple[KnownValue, ...]
) -> LeakReport:
    """Search with what the incident knows, and journal what was found."""
    from dataclasses import replace

    from workbench.domain.forensics.recorded import RecordedAssessment
    from workbench.session import leak_search

    state = _state(home, incident)
    asked = leak_search.again(_request(options, known), state)
    opened = _opened(options, home, incident)
    if opened is not None:
        _warn_of_damage(home, incident, opened.remembered)
    wanted = leak_search.options_of(
        asked, state, opened, network=_network(options, home) if options.site else None
    )
    if asked.probe:
        wanted = replace(wanted, prove=_prover(options, home, incident))
    if wanted.logs and state.fact(RecordedAssessment) is None:
        say("The account's log is not assessed yet (workbench assess): who used a key first is not known.")
    report = search(wanted, tell=say)
    _record(home, incident, asked, report, opened)
    return report


def _request(options: argparse.Namespace, known: tuple[KnownValue, ...]) -> LeakSearchRequest:
    from workbench.session.leak_search import LeakSearchRequest

    return LeakSearchRequest(
        targets=tuple(options.places),
        history=not options.no_history,
        logs=tuple(options.log),
        sites=tuple(options.site),
        mine=options.mine,
        recheck=options.recheck,
        from_vault=options.from_vault,
        probe=options.probe,
        known=known,
        baseline=Path(options.baseline) if options.baseline else None,
        accept=options.accept,
        reason=options.reason,
        contact=options.contact,
        **_log_settings(options),
    )


def _opened(options: argparse.Namespace, home: Home, incident: str) -> OpenedVault | None:
    """Open the vault where it was asked for, or where a passphrase file opens it without a question."""
    import asyncio
    import os

    from workbench.cli.vaults import open_vault
    from workbench.session.admin_key import fingerprint_key
    from workbench.session.journal_head import recall
    from workbench.session.leak_search import open_up

    unasked = bool(os.environ.get("WORKBENCH_PASSPHRASE_FILE")) and home.vault_file.exists()
    if not (options.from_vault or options.probe or unasked):
        say("The vault stays shut: fingerprints are this run's own, passwords cannot be told old from new.")
        return None

    async def opening() -> OpenedVault:
        vault = await open_vault(home, options, create=False)
        try:
            sealing = (await fingerprint_key(vault), await vault.sealer("evidence"))
            folder = home.folder(incident)
            opened = await open_up(_state(home, incident), vault, sealing, folder, values=options.from_vault)
            opened.remembered = await recall(vault, incident)
            return opened
        finally:
            vault.close()

    return asyncio.run(opening())


def _state(home: Home, incident: str) -> State:
    from workbench.domain.model.replay import fold
    from workbench.journal.journal import read_rows

    state = fold(read_rows(home.folder(incident) / "journal.sqlite"))
    state.incident = state.incident or incident
    return state


def _prover(options: argparse.Namespace, home: Home, incident: str) -> Prove:
    """Return the proof of found secrets: a client with the admin key, which is the positive control."""
    import asyncio
    from collections.abc import Sequence

    from workbench.cli.opening import endpoints_of, network_of, supplied_key
    from workbench.cli.vaults import open_vault
    from workbench.core.clock import SystemClock
    from workbench.leaks.findings import Candidate, Liveness
    from workbench.mailgun.client import Mailgun
    from workbench.session.admin_key import resolve
    from workbench.session.leak_search import prove
    from workbench.smtp.auth_probe import SmtpProver

    async def asking(found: Sequence[Candidate]) -> dict[str, tuple[Liveness, str]]:
        state, clock = _state(home, incident), SystemClock()
        vault = await open_vault(home, options, create=False)
        try:
            admin = await resolve(state, vault, supplied_key(options))
            network = network_of(options, home)
            api = Mailgun(endpoints_of(options), admin.key, clock=clock, network=network)
            try:
                return await prove(api, SmtpProver(clock=clock, network=network), vault, state, list(found))
            finally:
                await api.aclose()
        finally:
            vault.close()

    return lambda found: asyncio.run(asking(found))


def _warn_of_damage(home: Home, incident: str, remembered: tuple[int, str] | None = None) -> None:
    """Say before the search that the incident's journal is not what was written: nothing will be added to it."""
    from workbench.cli.output import warn
    from workbench.core.errors import WorkbenchError
    from workbench.domain.model.hash_chain import damage_read
    from workbench.journal.journal import read_rows

    try:
        damage = damage_read(read_rows(home.folder(incident) / "journal.sqlite"), remembered, incident)
    except WorkbenchError as error:
        warn(error.what)
        return
    if damage is not None:
        warn(damage.words)


def _record(
    home: Home, incident: str, asked: LeakSearchRequest, report: LeakReport, opened: OpenedVault | None
) -> None:
    """Journal what was found, unless another workbench holds the incident; says so either way."""
    import asyncio

    from workbench.core.clock import AccountClock, as_moment, iso
    from workbench.domain.leaks import account_facts, record
    from workbench.domain.leaks.recorded import LeaksFound
    from workbench.domain.leaks.suspects import as_stored, suspected
    from workbench.journal.journal import Journal
    from workbench.journal.ledger import Ledger

    clock = AccountClock()
    remembered = opened.remembered if opened is not None else None
    path = home.folder(incident) / "journal.sqlite"
    if (refused := home.refusal()) is not None:
        say(f"Not recorded: {refused.what} {refused.todo}")
        return
    try:
        journal = Journal.open(path, clock, incident, remembered=remembered)
    except JournalError as error:
        say(f"Not recorded: {error.what} {error.todo}")  # What was found is shown all the same.
        return
    try:
        if journal.damage is not None:
            say(
                f"Not recorded: {journal.damage.words} Nothing is added to it; go on in a new incident (--new)."
            )
            return
        if journal.read_only:
            say(f"Not recorded: {journal.holder} holds this incident. Search from there, or close it first.")
            return
        rows = journal.rows()
        # A host that is behind would date what is seen now before what was said of it.
        clock.after(as_moment(rows[-1].at) if rows else None)
        ledger = Ledger(journal, rows)
        for known in asked.known:
            journal.guard(known.secret)
        before = ledger.state.fact(LeaksFound)
        begun = account_facts.resets_begun(ledger.state)
        people: tuple[PersonSuspicion, ...] = ()
        if opened is not None and opened.snapshot is not None:
            people = suspected(as_stored(ledger.state, opened.snapshot, clock.now()))
        found = record.fact(
            leaks_document(report), asked.asked(), before, people, at=iso(clock.now()), reset=begun
        )
        asyncio.run(ledger.record("fact", found.body()))
    finally:
        journal.close()
    say(f"Recorded in incident {incident}: {plural(found.found, 'secret')}, {found.open} open.")
