"""``workbench report``: write the reports, or check one against the journal."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from workbench.cli.account_reading import read_account
from workbench.cli.evidence import inspect
from workbench.cli.incident_records import named_incident
from workbench.cli.opening import open_from, run_async
from workbench.cli.output import document, explain, say, text
from workbench.cli.vaults import quiet_vault
from workbench.core.atomic_files import read_plain
from workbench.core.clock import iso
from workbench.core.errors import ApiError, UsageError
from workbench.core.redact import visible
from workbench.documents import documents
from workbench.journal.journal import read_rows
from workbench.reports import duties
from workbench.reports.report import Audience, compose, to_json
from workbench.session import evidence_export, report_writer


def run(options: argparse.Namespace) -> int:
    """Run the command; returns 0 when written from a whole reading (or found whole), 1 otherwise."""
    if options.verify is not None:
        return run_async(lambda: _verify(options))
    return run_async(lambda: _write(options))


def _aware(options: argparse.Namespace) -> datetime | None:
    """Return since when the company is aware, as typed; raises UsageError for what is no moment with a zone."""
    if not options.aware:
        return None
    try:
        moment = datetime.fromisoformat(options.aware)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"{visible(options.aware, 60)} is no moment that counts hours.",
            "The 72 hours are counted from it.",
            "Write it with its zone: 2026-11-21T14:00Z.",
        )
    return moment.astimezone(UTC)


async def _write(options: argparse.Namespace) -> int:
    aware = _aware(options)
    session = await open_from(options)
    whole = True
    try:
        try:
            await read_account(session)
        except ApiError as error:
            # Locked out or off the net is when a report to Support is needed most: the journal has the rest.
            explain(error)
            say(
                "The report is written from the journal; what the account shows now is missing in it, and it says so."
            )
            session.account.could_not_read(error)
        if aware is not None:
            await session.recorder.attest(
                duties.AWARE, "the company is aware of the incident since then", iso(aware)
            )
        known = documents.known(session.situation())
        whole = bool(known["complete"])
        written = await session.write_report()
        if options.json:
            document({**written.document, **known})
        else:
            report = compose(Audience(options.audience), session.report_material())
            if options.format == "json":
                document({**documents.head("report", session.recorder.incident), **known, **to_json(report)})
            else:
                text(report_writer.FORMATS[options.format](report))
    finally:
        await session.aclose()
    say(f"{len(written.files)} files written to {written.folder}.")
    say("Send the hash of the journal along: only what left this machine proves anything later.")
    if not whole:
        say("Part of the account could not be read: the reports name it, and say nothing of it.")
    return 0 if whole and not session.state.damage else 1


async def _verify(options: argparse.Namespace) -> int:
    home, incident = named_incident(options)
    folder = home.folder(incident)
    latest = [] if options.verify else await asyncio.to_thread(_latest, folder / "reports")
    paths = [Path(options.verify)] if options.verify else latest
    rows = await asyncio.to_thread(read_rows, folder / "journal.sqlite")
    hashes = await asyncio.to_thread(_hashes, paths)
    sealed, remembered = await inspect(home, incident, rows, await quiet_vault(home))
    found = report_writer.check(rows, hashes, remembered, incident)
    if not paths and found.whole:  # A journal that is not what was written is said all the same.
        raise UsageError(f"There is no report in {folder / 'reports'}.", "", "`workbench report` writes one.")
    evidence, words = evidence_export.summary(sealed)
    if found.whole and evidence is not True and sealed:
        found = report_writer.Checked(False, " ".join([f"Report and journal agree. {found.words}", *words]))
    elif sealed:
        found = report_writer.Checked(found.whole, " ".join([found.words, *words]), found.altered_row)
    if options.json:
        document(
            {
                **documents.head("verify", incident),
                "whole": found.whole,
                "altered_row": found.altered_row,
                "evidence": evidence if sealed else None,
                "words": found.words,
            }
        )
    else:
        text(found.words)
    return 0 if found.whole else 1


def _latest(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    if not files:
        return []
    stamp = files[-1].name.split("-")[0]
    return [path for path in files if path.name.startswith(stamp)]


def _hashes(paths: list[Path]) -> dict[str, str]:
    try:
        return {path.name: hashlib.sha256(read_plain(path)).hexdigest() for path in paths}
    except OSError as error:
        raise UsageError(
            f"{visible(error.filename, 200)} cannot be read ({error.strerror}).", "", "Name a report file."
        ) from error
