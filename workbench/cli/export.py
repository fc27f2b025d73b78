"""``workbench export``: timeline, indicators and findings for other programs; the schemas of its JSON."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from pathlib import Path

from workbench.cli.account_reading import read_account
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, write_exactly
from workbench.core.atomic_files import write_new
from workbench.core.errors import ApiError, UsageError
from workbench.documents import documents, exports


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 for an export from a whole reading, 1 where part of the account was not read."""
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
        known = documents.known(situation)
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
    finally:
        await session.aclose()
    return 0 if known["complete"] else 1
