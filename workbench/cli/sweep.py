"""``workbench sweep``: look at every setting an intruder can hide in, and name what must be judged."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import msgspec

from workbench.cli import tables
from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, say, text
from workbench.core.clock import iso
from workbench.core.errors import ApiError, NotAuthorised
from workbench.documents import documents
from workbench.domain.detection.findings import findings
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.settings_audit import unread
from workbench.domain.settings_audit.audit import HIDDEN, Sweep
from workbench.session.session import Session


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 when nothing is left to judge, 1 when findings are open."""
    return run_async(lambda: _sweep(options))


async def _sweep(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
        return await sweep(session, options)
    finally:
        await session.aclose()


async def sweep(session: Session, options: argparse.Namespace) -> int:
    """Read every setting and print the document or the tables; returns the exit code."""
    try:
        await read_account(session)
    except NotAuthorised as error:
        _blind(session, error, options)
        raise
    await _read_use(session)
    session.account.investigation.moved = _moved()
    result = await session.account.investigation.sweep()
    found = findings(session.situation())
    if options.json:
        document(_document(session, result))
    else:
        _show(session, result, everything=options.all)
    open_ = any(not finding.decision or finding.decision == "intruder" for finding in found)
    # Nothing unseen counts as clean: what could not be looked at ends with 1 as an open finding does.
    return 1 if open_ or result.gaps or result.unread or session.inventory.missing else 0


def _blind(session: Session, error: NotAuthorised, options: argparse.Namespace) -> None:
    """Say area by area what a workbench that is shut out cannot look at, with the question to ask instead."""
    shut = "allowlist" in f"{error.what} {error.means} {error.todo}"
    rows = unread.blind(f"refused: {'the IP allowlist, or the key is dead' if shut else '401'}")
    found = findings(session.situation())
    if options.json:
        way_back = [line for line in (error.what, error.means, error.todo) if line]
        head = documents.head("sweep", session.recorder.incident)
        document(
            {
                **head,
                "complete": False,
                "not_read": [{"what": row.words, "where": None, "why": row.question} for row in rows],
                "looked_at": 0,
                "findings": [finding.to_json() for finding in found],
                "unread": msgspec.to_builtins(rows),
                "way_back": way_back,
                "ask_support": [{"what": what, "question": question} for what, question in HIDDEN],
            }
        )
        return
    if found:
        text(tables.findings(found))
    text("Nothing could be read; nothing counts as clean. Until the way back in is open, ask Support:")
    text(tables.questions([(row.words, row.question) for row in rows]))


async def _read_use(session: Session) -> None:
    """Read who sends from where, which helps to judge the allowlist; without a log the sweep goes on."""
    if session.state.fact(CredentialUses) is not None:
        return
    try:
        await session.account.read_use()
    except ApiError as error:
        say(f"Who sends from where could not be read: {error.what}")


def _moved() -> Callable[[str, int, int], None]:
    shown = {"settings": 0}

    def moved(what: str, done: int, total: int) -> None:
        if what == "settings" and (done == total or done >= shown["settings"] + 200):
            shown["settings"] = done
            say(f"{done:>6,} of {total:,} readings")

    return moved


def _document(session: Session, result: Sweep) -> dict[str, object]:
    situation = session.situation()
    return {
        **documents.head("sweep", session.recorder.incident),
        **_known(session, result),
        "as_of": iso(result.at),
        "since": iso(result.since),
        "looked_at": len(result.swept),
        "counts": result.counts(),
        "findings": [finding.to_json() for finding in findings(situation)],
        "settings": [
            {
                "kind": item.kind,
                "id": item.id,
                "title": item.title,
                "where": list(item.where),
                "judged": item.judged.value,
                "why": list(item.why),
            }
            for item in result.swept
        ],
        "gaps": list(result.gaps),
        "unread": msgspec.to_builtins(result.unread),
        "ask_support": [{"what": what, "question": question} for what, question in HIDDEN],
    }


def _known(session: Session, result: Sweep) -> dict[str, Any]:
    """Return the answer of every document, with what the sweep could not look at beside the account's own gaps."""
    known = documents.known(session.situation())
    rows = [{"what": gap, "where": None, "why": "not readable"} for gap in result.gaps]
    rows += [{"what": row.area, "where": row.where, "why": "not readable"} for row in result.unread]
    missing = [*known["not_read"], *rows]
    return {**known, "complete": not missing, "not_read": missing}


def _show(session: Session, result: Sweep, *, everything: bool) -> None:
    situation = session.situation()
    text(tables.findings(findings(situation)))
    counts = ", ".join(f"{count} {word}" for word, count in result.counts().items())
    text(f"\n{len(result.swept)} settings looked at, besides keys, logins, users and domains: {counts}.")
    if everything:
        text(tables.swept(result.swept))
    else:
        text("Those without a date and without a sign are shown with --all.")
    for gap in result.gaps:
        text(f"not readable: {gap}")
    if result.unread:
        text("\nCould not be read, so it does not count as clean; ask Support:")
        text(tables.questions([(row.words, row.question) for row in result.unread]))
    text("\nThe API cannot show these; ask Support:")
    text(tables.questions(HIDDEN))
