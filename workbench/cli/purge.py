"""``workbench purge``: end the retention of evidence and personal data of one incident."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
from pathlib import Path

from workbench.cli.incident_records import checked_quietly
from workbench.cli.opening import run_async
from workbench.cli.output import document, say, text
from workbench.cli.streams import on_terminal, read_line
from workbench.core.clock import SystemClock
from workbench.core.errors import HostError, UsageError
from workbench.core.redact import visible
from workbench.core.state_dir import Home
from workbench.core.words import plural
from workbench.documents import documents
from workbench.domain.model.hash_chain import UNREADABLE
from workbench.journal.journal import Journal, damaged, read_rows

# Journal and reports stay: they hold no secret, and they are what an incident is remembered by.
GOES = ("evidence", "logs")
NAMED = 20  # files named one by one


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0."""
    return run_async(lambda: _purge(options))


async def _purge(options: argparse.Namespace) -> int:
    home = Home.find()
    if not options.incident:
        # Never the latest by default: what is purged is gone for good.
        raise UsageError(
            "Which incident is to be purged?",
            "Nothing was removed.",
            "Name it: --incident ID (its folder's name).",
        )
    incident = home.existing(options.incident)
    home.ensure()  # Refuses a folder that others can write into: what is removed here is journaled here.
    folder = home.folder(incident)
    records = await checked_quietly(home, incident)
    if records.damage is not None:
        # Before anything is shown or removed: a journal that takes no row could not say what went.
        raise damaged(records.damage)
    files = await asyncio.to_thread(_files, folder)
    size = sum(size for _, size in files)
    reports = await asyncio.to_thread(_reports, folder)
    elsewhere = await asyncio.to_thread(_elsewhere, folder)
    if not options.json:
        text(_shown(incident, folder, files, reports))
        if elsewhere:
            text("Written elsewhere, yours to remove: " + ", ".join(elsewhere))
    if files and not options.yes:
        _confirm(incident)
    path = folder / "journal.sqlite"
    journal = await asyncio.to_thread(
        Journal.open, path, SystemClock(), incident, remembered=records.remembered
    )
    try:
        if journal.read_only:
            raise UsageError(
                "This incident is open in another workbench.", str(journal.holder), "Close it there first."
            )
        await asyncio.to_thread(_remove, folder)
        await journal.append("purged", {"files": len(files), "bytes": size})
    finally:
        await asyncio.to_thread(journal.close)
    if options.json:
        stays = {"journal": True, "reports": reports, "vault": True}
        head = documents.head("purge", incident)
        document({**head, "files": len(files), "bytes": size, "stays": stays, "elsewhere": elsewhere})
    say(f"{plural(len(files), 'file')} removed; the journal says so.")
    return 0


def _shown(incident: str, folder: Path, files: list[tuple[Path, int]], reports: int) -> str:
    """Return what goes, file by file where they are few, and what stays."""
    lines = [f"Goes for good, of {incident}:"]
    lines += [f"  {path.relative_to(folder)}  {size:,} bytes" for path, size in files[:NAMED]]
    if len(files) > NAMED:
        rest = sum(size for _, size in files[NAMED:])
        lines.append(f"  and {len(files) - NAMED} more, {rest:,} bytes")
    if not files:
        lines.append("  nothing: no snapshot and no log is here (any more)")
    lines += [
        "  With them: what the account held before, the log with its recipients, what a sealed snapshot proves.",
        "Stays:",
        "  the journal (what was done, and hashes of what goes)",
        f"  {plural(reports, 'report file')}; the one for Support names your users",
        "  the secrets in the vault: production runs on them",
    ]
    return "\n".join(lines)


def _elsewhere(folder: Path) -> list[str]:
    """Return the lists of people and archives that were written out of this home, by name: no purge reaches them."""
    found = []
    for row in read_rows(folder / "journal.sqlite"):
        with contextlib.suppress(*UNREADABLE):
            if row.kind in ("list.written", "evidence.exported"):
                found.append(visible(f"{row.body['file']} ({row.at[:10]})", 120))
    return list(dict.fromkeys(found))


def _reports(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "reports").rglob("*"))


def _confirm(incident: str) -> None:
    if not on_terminal(sys.stdin):
        raise UsageError(
            "This cannot be undone and there is no terminal to confirm on.",
            "Nothing was removed.",
            "Add --yes.",
        )
    say(f"This cannot be undone. Type {incident} to remove them, anything else to leave.")
    if read_line() != incident:
        raise UsageError("Not confirmed.", "Nothing was removed.", "")


def _files(folder: Path) -> list[tuple[Path, int]]:
    return [
        (path, path.stat().st_size)
        for name in GOES
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    ]


def _remove(folder: Path) -> None:
    for name in GOES:
        if (folder / name).is_dir():
            try:
                shutil.rmtree(folder / name)
            except OSError as error:
                raise HostError(
                    f"{name} could not be removed ({error.strerror}).",
                    "Some of it may be gone.",
                    "Run it again.",
                ) from error
