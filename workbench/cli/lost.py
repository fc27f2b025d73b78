"""``workbench lost``: what of the account's own mail did not arrive since the abuse began, as a list to send again."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.account_reading import read_account
from workbench.cli.mail import write_shown
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, text
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.documents import documents
from workbench.domain.forensics import lost
from workbench.domain.forensics.recorded import LostMail


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 where nothing is worth sending again (or it was written), 1 otherwise."""
    if options.to is not None and Path(options.to).exists():
        raise UsageError(
            f"{visible(options.to, 200)} is there already.", "Nothing was read.", "Name a new file."
        )
    return run_async(lambda: _lost(options))


async def _lost(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
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
    finally:
        await session.aclose()
    return 0 if options.to is not None or not found.lost.again else 1
