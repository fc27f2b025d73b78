"""``workbench status``: read the account and say how each step stands."""

from __future__ import annotations

import argparse

from workbench.cli import tables
from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, say, text, warn
from workbench.documents import documents
from workbench.domain.model.state import interrupted
from workbench.session.session import Session


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 when every step is closed and nothing is to be judged, 1 otherwise."""
    return run_async(lambda: _status(options))


async def _status(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
        return await status(session, options)
    finally:
        await session.aclose()


async def status(session: Session, options: argparse.Namespace) -> int:
    """Read, and print the document or the tables; returns the exit code."""
    # From the journal alone, so that it is said even where the account does not answer.
    if words := interrupted(session.state):
        say(f"{words} `workbench contain --yes` goes on with it.")
    vault = await session.recorder.vault_standing()
    if vault.amiss:
        warn(f"The vault: {vault.words}.")
    await read_account(session)
    situation, steps, found = session.situation(), session.steps(), session.findings()
    not_read = not documents.known(situation)["complete"]
    notes = session.account.capabilities.words() if session.account.capabilities is not None else []
    if options.json:
        document(documents.status(situation, notes, vault.to_json()))
    else:
        text(tables.overview(session.account.title, session.recorder.incident, situation, vault.words))
        text(tables.steps(steps))
        text(tables.findings(found))
    open_ = any(not step.verdict.closed for step in steps) or any(not f.decision for f in found)
    # What could not be read is no part of what is known and good (design, exit codes).
    damaged = session.state.damage or session.state.unread_rows or vault.amiss
    return 1 if open_ or not_read or damaged else 0
