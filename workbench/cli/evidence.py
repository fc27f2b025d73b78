"""``workbench evidence``: what was preserved, opened again, checked, and handed to others."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any

from workbench.cli import tables
from workbench.cli.incident_records import checked_quietly, checked_with_sealer, named_incident
from workbench.cli.opening import run_async
from workbench.cli.output import document, refuse_terminal, say, text, warn, write_exactly
from workbench.cli.vaults import quiet_vault
from workbench.core.clock import SystemClock, iso
from workbench.core.errors import HostError, JournalError, UsageError, VaultError
from workbench.core.redact import visible
from workbench.core.sealing import Sealer
from workbench.core.state_dir import JOURNAL_NAME, Home
from workbench.documents import documents
from workbench.domain.model.hash_chain import ChainRow, damage_read, includes
from workbench.journal.journal import Journal, read_rows
from workbench.session import evidence_export, journal_head
from workbench.session.attribution import operator
from workbench.session.encryption import tool_for
from workbench.session.evidence import LOG_FOLDER, EvidenceCheck, SealedItem, check, plain, stored
from workbench.vault.vault import Vault

# Of a journal that is not what was written: what was stored may be named in the rows that are gone.
NAMES_NONE = "What is left of the journal names no evidence; the folder `evidence` beside it may hold some."


def run(options: argparse.Namespace) -> int:
    """Run the command; returns its exit code."""
    work = {"list": _list, "show": _show, "export": _export, "verify": _verify}[options.action]
    return run_async(lambda: work(options))


async def _list(options: argparse.Namespace) -> int:
    """Return 0; 1 where something that the journal names is missing, or the journal is not what was written."""
    home, incident = named_incident(options)
    rows, _, damage = await checked_quietly(home, incident)
    items, purged = stored(rows)
    found = await asyncio.to_thread(lambda: list(check(home.folder(incident), items, None)))
    missing = [one for one in found if one.sound is False]
    if options.json:
        document(
            {**documents.head("evidence", incident), "purged": purged, "items": [_row(f) for f in found]}
        )
    elif not items:
        none = NAMES_NONE if damage is not None else "No evidence was stored yet."
        text(none if not purged else "The evidence of this incident was purged on request.")
    else:
        shown = [(i.at[:19] + "Z", i.part, i.path.rpartition("/")[2], visible(i.counts, 60)) for i in items]
        text(tables.table(shown, ("stored", "part", "name", "holds")))
    for one in missing:
        warn(one.words)
    return 1 if damage is not None or missing else 0


async def _show(options: argparse.Namespace) -> int:
    """Write the opened content of one item to standard output, as it was stored."""
    refuse_terminal(
        options.reveal, "Snapshots hold names and addresses of people, and whatever an intruder wrote."
    )
    home, incident = named_incident(options)
    (rows, _, _), sealer = await checked_with_sealer(home, incident)
    item = _named(await _all(home, incident, rows, sealer), options.name)
    raw = await asyncio.to_thread(plain, home.folder(incident), item, sealer)
    write_exactly(raw.decode("utf-8", "backslashreplace"))
    return 0


async def _verify(options: argparse.Namespace) -> int:
    """Check an exported archive, or the sealed evidence of an incident; returns 0 only where all of it is sound."""
    if options.file:
        sound, words = await asyncio.to_thread(_archive, Path(options.file))
        if options.json:
            document({**documents.head("evidence-verify", None), "whole": sound, "words": words})
        else:
            text("\n".join(words))
        return 0 if sound else 1
    home, incident = named_incident(options)
    rows = await asyncio.to_thread(read_rows, home.folder(incident) / JOURNAL_NAME)
    vault = await quiet_vault(home)
    found, remembered = await inspect(home, incident, rows, vault)
    damage = damage_read(rows, remembered, incident)
    whole, words = evidence_export.summary(found)
    if damage is not None:
        whole, words = False, [damage.words, *(words if found else [NAMES_NONE])]
    if options.json:
        head = documents.head("evidence-verify", incident)
        document({**head, "whole": whole, "words": words, "items": [_row(one) for one in found]})
    else:
        text("\n".join(words))
    return 0 if whole else 1


def _archive(path: Path) -> tuple[bool, list[str]]:
    """Return what ``evidence_export.verify`` does, held against this home's journal where the incident is one of it."""
    sound, words = evidence_export.verify(path)
    incident, row, digest = evidence_export.named_in(path)
    try:
        home = Home.find()
        here = home.folder(home.existing(incident)) / JOURNAL_NAME
        rows = read_rows(here)
    except UsageError:
        return sound, [*words, "The incident is none of this home: it was held against itself alone."]
    except (HostError, JournalError) as error:
        return sound, [*words, f"It was held against itself alone, not against this home: {error.what}"]
    if includes(rows, row, digest):
        return sound, [*words, f"This home's journal of {incident} has the same row {row}."]
    return False, [f"This home's journal of {visible(incident, 60)} never had that row {row}.", *words]


async def inspect(
    home: Home, incident: str, rows: list[ChainRow], vault: Vault | None
) -> tuple[list[EvidenceCheck], tuple[int, str] | None]:
    """Return what became of an incident's evidence, and the journal head that the vault remembers; closes it."""
    items, _ = stored(rows)
    sealer, remembered = None, None
    if vault is not None:
        try:
            remembered = await journal_head.recall(vault, incident)
            sealer = await vault.sealer("evidence")
        except VaultError as error:
            warn(f"{error.what} {error.means}")
        finally:
            vault.close()
    return await asyncio.to_thread(lambda: list(check(home.folder(incident), items, sealer))), remembered


async def _export(options: argparse.Namespace) -> int:
    """Write the archive and journal who exported it and why; returns 0."""
    if not options.why.strip():
        raise UsageError(
            "--why needs a reason.", "It is journaled who handed evidence out, and why.", "Say why."
        )
    if options.encrypt_to:
        tool_for(options.encrypt_to)
    home, incident = named_incident(options)
    (rows, remembered, damage), sealer = await checked_with_sealer(home, incident)
    target = Path(options.to)
    contents, left_out = await asyncio.to_thread(_contents, home.folder(incident), rows, sealer)
    now = iso(SystemClock().now())
    about = {
        "incident": incident,
        "at": now,
        "who": operator(),
        "why": visible(options.why),
        "left_out": left_out,
    }
    try:
        digest = await asyncio.to_thread(
            evidence_export.write, target, rows, contents, about, options.encrypt_to
        )
    except FileExistsError:
        raise UsageError(f"{visible(target, 200)} is there already.", "", "Name a new file.") from None
    except OSError as error:
        raise HostError(
            f"The archive could not be written ({error.strerror}).",
            "What was written of it is no evidence.",
            "Make room, or name another place.",
        ) from error
    for words in left_out:
        warn(words)
    if damage is None:
        body = {
            "file": target.name,
            "sha256": digest,
            "files": len(contents),
            "who": operator(),
            "why": about["why"],
            "encrypted": bool(options.encrypt_to),
        }
        await _journal(home, incident, body, remembered)
    if options.json:
        head = documents.head("evidence-export", incident)
        document(
            {**head, "file": str(target), "sha256": digest, "files": len(contents), "left_out": left_out}
        )
    guard = "It is encrypted." if options.encrypt_to else "It holds personal data in clear: guard it."
    say(f"Written: {target} ({len(contents)} files, SHA-256 {digest}). {guard}")
    return 1 if left_out else 0


def _contents(folder: Path, rows: list[ChainRow], sealer: Sealer) -> tuple[dict[str, bytes], list[str]]:
    items, _ = stored(rows)
    contents = evidence_export.reports(folder / "reports")
    left_out = []
    for found in check(folder, items, sealer):
        if found.sound:
            kind = ".pages" if found.item.path.startswith(LOG_FOLDER) else ".json"
            contents[found.item.path.replace(".sealed", kind)] = plain(folder, found.item, sealer)
        else:
            left_out.append(found.words)
    return contents, left_out


async def _journal(
    home: Home, incident: str, body: dict[str, Any], remembered: journal_head.Head | None
) -> None:
    if (refused := home.refusal()) is not None:
        warn(f"Not journaled: {refused.what}")
        return
    path = home.folder(incident) / JOURNAL_NAME
    journal = await asyncio.to_thread(Journal.open, path, SystemClock(), incident, remembered=remembered)
    try:
        if journal.held_elsewhere:
            warn(f"Not journaled: {journal.holder} holds this incident.")
        else:
            await journal.append("evidence.exported", body)
    finally:
        await asyncio.to_thread(journal.close)


async def _all(home: Home, incident: str, rows: list[ChainRow], sealer: Sealer) -> list[SealedItem]:
    items, _ = stored(rows)
    found = await asyncio.to_thread(lambda: list(check(home.folder(incident), items, sealer)))
    return [one.item for one in found]


def _named(items: list[SealedItem], wanted: str) -> SealedItem:
    matching = [item for item in items if wanted in (item.path.rpartition("/")[2], item.part)]
    if not matching:
        raise UsageError(
            f"No stored evidence is named {visible(wanted, 80)!r}.",
            "",
            "`workbench evidence list` shows the names.",
        )
    return matching[-1]


def _row(found: EvidenceCheck) -> dict[str, Any]:
    item = found.item
    return {
        "name": item.path.rpartition("/")[2],
        "part": item.part,
        "stored_at": item.at,
        "sha256": item.sha256,
        "journal_row": item.row,
        "sound": found.sound,
        "words": found.words,
    }
