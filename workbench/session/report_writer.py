"""Writes reports into the incident's folder, journals their hashes, and checks them later."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.core.atomic_files import ensure_folder, replace_durably
from workbench.core.redact import visible
from workbench.core.turns import in_turns
from workbench.core.words import plural
from workbench.documents.documents import head
from workbench.domain.model import hash_chain as chain
from workbench.reports import render as report_render
from workbench.reports.report import Audience, Material, Report, compose, to_json

# How often it is begun anew where something moved while the reports were composed.
TRIES = 2
FORMATS = {"txt": report_render.text, "md": report_render.markdown, "html": report_render.page}


@dataclass(frozen=True, slots=True)
class Written:
    """A set of report files: their folder, hash by name, the whole as one document, and the text for Support."""

    folder: Path
    files: Mapping[str, str]
    document: dict[str, Any]
    support: str = ""

    @property
    def words(self) -> str:
        """Return how many files stand where, and for whom, as a sentence."""
        return (
            f"{len(self.files)} files stand in {visible(str(self.folder), 160)} (Support, also on one page, host, "
            "management, marketing, recipients, timeline, data protection, insurer, decisions, police; text, Markdown, "
            "HTML, JSON)."
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: ``whole`` or why not, in a sentence, with the first altered journal row if any."""

    whole: bool
    words: str
    altered_row: int | None = None


async def write(gather: Callable[[], Material], folder: Path) -> Written:
    """Write every report in every format below ``folder``, private and durable; raises OSError on a full disk.

    All are composed from one state of the journal and the account; what is made of them needs nothing else, and is
    made beside the loop.
    """
    return await asyncio.to_thread(_write_all, folder, await _composed(gather))


async def _composed(gather: Callable[[], Material]) -> list[Report]:
    """Return the reports, each composed in a turn of its own; from the start where something moved in between.

    An incident in which something moves all the time is told in one turn, however long that takes.
    """
    for _ in range(TRIES):
        material = gather()
        before = _state_of(material)
        reports = [compose(audience, material) async for audience in in_turns(Audience, 1)]
        if _state_of(material) == before:
            return reports
    material = gather()
    return [compose(audience, material) for audience in Audience]


def _state_of(material: Material) -> tuple[int, dict[str, datetime]]:
    """Return what tells one state of what a report is made of from the next, where it lives on: journal and account."""
    situation = material.situation
    return situation.state.last_seq, dict(situation.inventory.read_at)


def document(reports: Sequence[Report]) -> dict[str, Any]:
    """Return every audience's report, all of one state of the journal, as one JSON document."""
    first = reports[0]
    return {
        **head("report", first.incident),
        "journal": {"row": first.journal_seq, "hash": first.journal_hash},
        "reports": [to_json(report) for report in reports],
    }


def check(
    rows: Sequence[chain.ChainRow],
    hashes: Mapping[str, str],
    remembered: tuple[int, str] | None = None,
    incident: str = "",
) -> Checked:
    """Check journal and report files against each other.

    ``hashes`` maps file names to the SHA-256 of their content now. Later journal rows are accepted: a report
    tells the state of one row, and an incident goes on. ``remembered`` is the head that the vault holds,
    ``incident`` whose journal it must be.
    """
    damage = chain.damage_read(rows, remembered, incident)
    if damage is not None:
        return Checked(False, damage.words, damage.row)
    known = {name: (row, body) for row, body in _written(rows) for name in body["files"]}
    for name, digest in hashes.items():
        row, body = known.get(name, (None, {}))
        if row is None:
            return Checked(False, f"{name} is not a report of this incident's journal.")
        if body["files"][name] != digest:
            return Checked(
                False, f"{name} was altered after it was written (journal row {row.seq}).", row.seq
            )
        if not chain.includes(rows, body["row"], body["hash"]):
            return Checked(
                False, f"{name} tells of a journal state that this journal does not have.", row.seq
            )
    return Checked(
        True,
        f"Whole: {len(rows)} journal rows and {plural(len(hashes), 'report file')} agree. Only a hash that already "
        "left this machine proves anything: whoever controls the machine could rewrite both.",
    )


def _written(rows: Sequence[chain.ChainRow]) -> Iterator[tuple[chain.ChainRow, dict[str, Any]]]:
    for row in rows:
        with contextlib.suppress(*chain.UNREADABLE):
            if row.kind == "report.written" and isinstance(row.body["files"], dict):
                yield row, row.body


def _write_all(folder: Path, reports: Sequence[Report]) -> Written:
    whole = document(reports)
    stamp = reports[0].written_at.replace(":", "").replace("-", "")
    files = {f"{stamp}-report.json": json.dumps(whole, ensure_ascii=False, indent=1)}
    support = ""
    for report in reports:
        for suffix, render in FORMATS.items():
            files[f"{stamp}-{report.audience.value}.{suffix}"] = text = render(report)
            if report.audience is Audience.SUPPORT and suffix == "txt":
                support = text
    ensure_folder(folder)
    for name, content in files.items():
        replace_durably(folder / name, content.encode())
    hashes = {name: hashlib.sha256(content.encode()).hexdigest() for name, content in files.items()}
    return Written(folder, hashes, whole, support)
