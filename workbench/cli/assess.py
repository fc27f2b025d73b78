"""``workbench assess``: who used which credential, from where, when, to whom; and what damage it did."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from workbench.cli import tables
from workbench.cli.account_reading import read_account
from workbench.cli.confirming import confirm
from workbench.cli.contain import HALF_WAY
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, text
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.words import ended, plural
from workbench.documents import documents
from workbench.domain.forensics.assessment import Assessment
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.plan import Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord
from workbench.session.session import Session


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 when no sender is left to judge, 1 otherwise."""
    if (options.yes or options.dry_run) and not options.lift_suppressions:
        raise UsageError(
            "There is nothing to confirm.",
            "An assessment writes nothing.",
            "Add --lift-suppressions, or leave it out.",
        )
    if options.recipients is not None and Path(options.recipients).exists():
        raise UsageError(
            "The file for the recipients exists already.",
            "Nothing was read and nothing was replaced.",
            "Name a file that does not exist yet.",
        )
    return run_async(lambda: _assess(options))


async def _assess(options: argparse.Namespace) -> int:
    session = await open_from(options, stores=options.lift_suppressions and not options.dry_run)
    try:
        return await assess(session, options)
    finally:
        await session.aclose()


async def assess(session: Session, options: argparse.Namespace) -> int:
    """Read the log, attribute, count, print the document or the tables; returns the exit code."""
    if options.lift_suppressions and not options.dry_run:
        session.recorder.check_writable()
    await read_account(session)
    session.account.investigation.moved = _moved()
    if options.settings:
        await session.account.investigation.read_settings()
    found = await session.account.investigation.assess()
    unread = False
    if options.recipients is not None:
        unread = await _recipients(session, Path(options.recipients))
    lifted = await lift(session, options) if options.lift_suppressions else None
    if options.dry_run:
        return 0
    if options.json:
        effects = {} if lifted is None else {"effects": documents.effects(lifted.records)}
        document({**_document(session, found), **effects})
    else:
        _show(found)
        if lifted is not None and lifted.records:
            text(tables.effects(lifted.records))
    if lifted is not None and lifted.code:
        return lifted.code
    asks = any(sender.asks for sender in found.senders)
    return 1 if asks or unread or found.missing() or session.inventory.missing else 0


class Lifted(NamedTuple):
    """The effects that lifted suppressions, and the exit code of running them."""

    records: Sequence[EffectRecord] = ()
    code: int = 0


async def lift(session: Session, options: argparse.Namespace) -> Lifted:
    """Lift what the abuse added, once confirmed; with --dry-run only print the plan."""
    try:
        planned = session.plan("suppressions.lift")
    except UsageError as nothing:
        if options.dry_run:
            document(documents.plan(Plan("Lift suppressions the abuse added"), session.recorder.incident))
        say(nothing.what)
        return Lifted()
    if options.dry_run:
        document(documents.plan(planned, session.recorder.incident))
        return Lifted()
    if not options.yes:
        confirm(planned)
    summary = await session.run(planned)
    say(summary.line())
    if summary.halted is not None:
        explain(summary.halted)
    records = [session.state.effects[effect.id] for effect in planned if effect.id in session.state.effects]
    return Lifted(records, HALF_WAY if summary.halted is not None else int(not summary.complete))


async def _recipients(session: Session, path: Path) -> bool:
    """Write whom the intruder's mail reached; return whether a part of the log could not be read for it."""
    made = await session.account.investigation.write_recipients(path)
    people = plural(made.people, "recipient")
    say(f"{people} of the intruder's mail written to {path}; it holds personal data: mode 0600.")
    for line in made.gaps:
        say(f"Not read, so whom it reached then is not in the file: {ended(line)}")
    return bool(made.gaps)


def _moved() -> Callable[[str, int, int], None]:
    shown = {"log": 0}

    def moved(what: str, done: int, total: int) -> None:
        if what == "log" and (done >= shown["log"] + 20_000 or done == total > 0):
            shown["log"] = done
            say(f"{done:>9,} of about {total:,} log entries")

    return moved


def _document(session: Session, found: Assessment) -> dict[str, Any]:
    situation = session.situation()
    uses = situation.state.known(CredentialUses).by_credential
    return {
        **documents.head("assess", session.recorder.incident),
        **_known(situation, found),
        "as_of": iso(situation.now),
        "window": msgspec.to_builtins(found.window.recorded()),
        "entries": found.table.entries,
        "groups": [proposal.to_json() for proposal in found.proposals],
        "credentials": [{"id": name, **msgspec.to_builtins(use)} for name, use in sorted(uses.items())],
        "damage": msgspec.to_builtins(found.damage.recorded()),
        "findings": [
            msgspec.to_builtins(sender.recorded()) for sender in found.senders if sender.looks != "production"
        ],
        "summary": found.lines(),
        "not_counted": {
            "unreadable": found.table.unreadable,
            "odd": found.table.odd,
            "repeated": found.table.repeated,
            "undated": found.table.undated,
            "outside": found.table.outside,
            "unjoined": sum(found.table.unjoined.values()),
            "other": found.table.other,
        },
        "notes": list(found.words),
    }


def _known(situation: Situation, found: Assessment) -> dict[str, Any]:
    known = documents.known(situation)
    rows = [{"what": line, "where": None, "why": "not readable"} for line in found.missing()]
    return {**known, "complete": known["complete"] and not rows, "not_read": [*known["not_read"], *rows]}


def _show(found: Assessment) -> None:
    for line in found.lines():
        text(line)
    text(f"\n{found.window.explained()}\n")
    text(tables.hours(found.window.hours[-48:]))
    text(tables.senders(found.senders))
    for name, shares in found.window.by.items():
        text(f"\nby {name.replace('_', ' ')}")
        text(tables.shares(shares[:12]))
    text("\nthe damage")
    for line in found.damage_lines():
        text(f"- {line}")
