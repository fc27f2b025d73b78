"""``workbench contain``: the whole cut without a screen."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Any

from workbench import tables
from workbench.actions.contain import Scope, plan
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, text
from workbench.errors import ApiError, UsageError
from workbench.incident import documents
from workbench.incident.plan import EffectKind, Plan
from workbench.progress import EffectMoved, Notice, Phase, Summary
from workbench.session import Session

HALF_WAY = 4


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    return run_async(lambda: _contain(options))


async def _contain(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
        return await contain(session, options)
    finally:
        await session.aclose()


async def contain(session: Session, options: argparse.Namespace) -> int:
    """Read, preserve, plan, confirm, run, and print the document or the tables; returns the exit code."""
    await read_account(session)
    scope = Scope(
        keys=tuple(options.keys),
        logins=tuple(options.logins),
        domains=tuple(options.domains),
        replace_first=tuple(options.replace_first),
        remove_strangers=options.remove_strangers,
        purge=tuple(options.purge),
        limit=options.limit,
    )
    planned = plan(session.situation(), scope)
    if options.dry_run:
        document(documents.plan(planned, session.incident))
        return 0
    unsettled = bool(_continuable(session))
    if not planned.effects and not unsettled:
        say("Nothing is left to do in this scope: every key and login was cut by this incident.")
        return _finish(session, options, None, planned)
    if not options.yes:
        _confirm(planned, len(_continuable(session)))
    stop = session.subscribe(_progress(options))
    try:
        await session.preserve() if "0a" not in session.state.snapshots else None
        summary = await session.run(None) if unsettled else None
        if summary is None or summary.halted is None:
            # What was finished may have left less to do: plan on what is there now.
            if unsettled:
                await session.read_inventory()
                planned = plan(session.situation(), scope)
            if planned.effects:
                summary = await session.run(planned)
    finally:
        stop()
    if summary is not None:
        say(summary.line())
        if summary.halted is not None:
            explain(summary.halted)
    await _read_again(session)
    return _finish(session, options, summary, planned)


async def read_account(session: Session) -> None:
    """Connect and read inventory and sending figures; figures that cannot be read are said, not fatal."""
    capabilities = await session.connect()
    for line in capabilities.words():
        say(line)
    results = await asyncio.gather(session.read_inventory(), _figures(session), return_exceptions=True)
    for result in results[1:]:
        if isinstance(result, ApiError):
            say(f"The sending figures could not be read: {result.what}")
        elif isinstance(result, BaseException):
            raise result
    if isinstance(results[0], BaseException):
        raise results[0]


async def _figures(session: Session) -> None:
    """Read how much goes out, then by which credential: the worst is cut first."""
    await session.read_rate(whole=True)
    await session.read_use()


async def _read_again(session: Session) -> None:
    try:
        await session.watch()
    except ApiError as error:
        say(f"The account could not be read again: {error.what}")


def _continuable(session: Session) -> list[Any]:
    return session.state.unfinished


def _confirm(planned: Plan, begun: int) -> None:
    """Show the plan and have its size typed; raises UsageError without a terminal or with another answer."""
    if not sys.stdin.isatty():
        raise UsageError(
            "This changes the account and there is no terminal to confirm on.",
            "Nothing was done.",
            "Add --yes to do it, or --dry-run to see the plan.",
        )
    sys.stderr.write(tables.plan(planned) + "\n")
    for note in (*planned.notes, *planned.left_out):
        say(f"- {note}")
    count = len(planned.effects) + begun
    say(
        f"{len(planned.irreversible)} of these cannot be undone. Type {count} to do it, anything else to leave."
    )
    if sys.stdin.readline().strip() != str(count):
        raise UsageError("Not confirmed.", "Nothing was done.", "")


def _progress(options: argparse.Namespace) -> Any:
    moved = {"verified": 0, "failed": 0}

    def listen(event: object) -> None:
        if isinstance(event, Notice):
            say(event.text)
        elif isinstance(event, EffectMoved) and event.phase in (Phase.VERIFIED, Phase.FAILED):
            moved[event.phase.value] += 1
            record = event.record
            if event.phase is Phase.FAILED:
                say(f"FAILED {record.effect.what}: {record.failure.get('what', '')}")
            elif not options.json or moved["verified"] % 50 == 0:
                say(f"{moved['verified']:>5} verified  {record.effect.what}")

    return listen


def _finish(session: Session, options: argparse.Namespace, summary: Summary | None, planned: Plan) -> int:
    situation = session.situation()
    if options.json:
        document(
            {
                **documents.head("contain", session.incident),
                "effects": documents.effects(session.state.effects.values()),
                "steps": documents.steps(situation),
                "findings": [f.to_json() for f in session.findings()],
                "left_out": list(planned.left_out),
                "notes": list(planned.notes),
                "alarms": [a.text for a in session.state.alarms.values()],
                "seconds": None if summary is None else round(summary.seconds, 3),
                "seconds_sending": None if summary is None else round(summary.seconds_sending, 3),
                "halted": None if summary is None or summary.halted is None else str(summary.halted),
            }
        )
    else:
        text(tables.effects(session.state.effects.values()))
        text(tables.steps(session.steps()))
    if summary is not None and summary.halted is not None:
        return HALF_WAY
    return 1 if _open_effects(session) else 0


def _open_effects(session: Session) -> bool:
    """Return whether anything confirmed is neither verified nor skipped, or kept for a hand-over."""
    waiting = any(not record.state.settled for record in session.state.effects.values())
    kept = {r.effect.target for r in session.state.of_kind(EffectKind.KEY_CREATE)}
    deleted = {r.effect.target for r in session.state.of_kind(EffectKind.KEY_DELETE)}
    return waiting or bool(kept - deleted)
