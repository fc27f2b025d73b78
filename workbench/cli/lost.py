"""``workbench lost``: what of the account's own mail did not arrive since the abuse began, as a list to send again."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.account_reading import read_account
from workbench.cli.mail import say_unread, write_shown
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, text
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.documents import documents
from workbench.domain.forensics import lost
from workbench.domain.forensics.recorded import LostMail
from workbench.session.session import Session


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 where nothing is worth sending again (or it was written) and all was read, else 1."""
    if options.to is not None and Path(options.to).exists():
        raise UsageError(
            f"{visible(options.to, 200)} is there already.", "Nothing was read.", "Name a new file."
        )
    return run_async(lambda: _lost(options))


async def _lost(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
        return await count(session, options)
    finally:
        await session.aclose()


async def count(session: Session, options: argparse.Namespace) -> int:
    """Count what was lost, show or write it, and return the exit code."""
    await read_account(session)
    made = await session.account.investigation.assess()
    found = await session.account.investigation.mail.lost(made.table, made.proposals, made.window.began)
    try:
        fact = session.state.fact(LostMail) or found.lost.fact(found.people, None, "")
        if options.to is not None:
            await write_shown(session, found, options, "lost")
        elif options.json:
            known = documents.known(session.situation())
            counted = {name: value for name, value in fact.body().items() if name not in ("name", "at")}
            document({**documents.head("lost", session.recorder.incident), **known, **counted})
        else:
            text("\n".join(lost.lines(fact)))
    finally:
        found.close()
    unread = say_unread(session, "what was lost there is not counted", found.gaps)
    return 1 if unread or (options.to is None and found.lost.again) else 0
