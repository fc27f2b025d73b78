"""``workbench export``: timeline, indicators and findings for other programs; the schemas of its JSON."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from pathlib import Path
from typing import Any

from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, write_exactly
from workbench.core.atomic_files import write_new
from workbench.core.errors import ApiError, UsageError
from workbench.core.redact import visible
from workbench.documents import documents, exports
from workbench.domain.forensics.recorded import RecordedAssessment
from workbench.domain.model.situation import Situation
from workbench.domain.settings_audit.recorded import SweepRead

_MOST = 6


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 for an export from whole readings, 1 where account, settings or log were not read."""
    if options.what == "schema":
        if options.name not in exports.SCHEMAS:
            raise UsageError("Which schema?", "", f"One of {', '.join(exports.SCHEMAS)}.")
        write_exactly(exports.schema(options.name))
        return 0
    if options.name is not None:
        raise UsageError("Only `export schema` takes a name.", "", "Name the file with --to.")
    if options.json and options.to is None:
        raise UsageError("--json tells about a file.", "", "Name it with --to, or leave --json out.")
    return run_async(lambda: _export(options))


async def _export(options: argparse.Namespace) -> int:
    session = await open_from(options)
    try:
        try:
            await read_account(session)
        except ApiError as error:
            # Locked out is when others must look: the journal has what was seen.
            explain(error)
            session.account.could_not_read(error)
        situation = session.situation()
        known = _known(situation)
        content = exports.made(options.what, situation, session.account.investigation.moments)
        digest = hashlib.sha256(content.encode()).hexdigest()
        if options.to is None:
            write_exactly(content)
        else:
            await asyncio.to_thread(write_new, Path(options.to), content)
            say(f"{options.what} written to {options.to} (mode 0600, SHA-256 {digest}).")
        if options.json:
            head = documents.head("export", session.recorder.incident)
            document({**head, **known, "what": options.what, "file": str(options.to), "sha256": digest})
        for row in known["not_read"][:_MOST]:
            say(f"Not in it: {visible(row['what'], 120)}, {visible(row['why'], 160)}.")
    finally:
        await session.aclose()
    return 0 if known["complete"] else 1


def _known(situation: Situation) -> dict[str, Any]:
    """Return what every document carries, with what sweep and assessment did not look at: an export rests on both."""
    known, state = documents.known(situation), situation.state
    swept, assessed = state.fact(SweepRead), state.fact(RecordedAssessment)
    missing = [*swept.gaps, *(row.area for row in swept.unread)] if swept is not None else []
    missing += assessed.missing if assessed is not None else ()
    rows = [{"what": one, "where": None, "why": "not readable"} for one in missing]
    if swept is None:
        rows.append({"what": "settings", "where": None, "why": "not looked at yet (workbench sweep)"})
    if assessed is None:
        rows.append({"what": "the log", "where": None, "why": "not assessed yet (workbench assess)"})
    return {**known, "complete": known["complete"] and not rows, "not_read": [*known["not_read"], *rows]}
