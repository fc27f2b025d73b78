"""The sealed evidence of an incident: what the journal says was stored, and whether it still is what was stored."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from workbench.core.atomic_files import read_private
from workbench.core.errors import VaultError
from workbench.core.json_text import read_json
from workbench.core.sealing import Sealer
from workbench.core.words import plural
from workbench.domain.model.hash_chain import UNREADABLE, ChainRow

FOLDER = "evidence"
LOG_FOLDER = "evidence/log"
_LARGEST = 1 << 30  # bytes of one sealed file
_ONE = {
    "entries": "entry"
}  # what a count of one is called, where that is not the name without its last letter


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One sealed file that the journal or a sealed manifest names.

    ``path`` is below the incident's folder; ``sha256`` is that of the plain content; ``row`` is the journal row
    that names it, or the manifest it stands in. ``part`` says what it is: ``0a``, ``0b``, ``log``.
    """

    path: str
    part: str
    sha256: str
    row: int
    at: str = ""
    counts: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceCheck:
    """What became of one item: ``sound`` True or False, None where it could not be told, and in ``words``."""

    item: SealedItem
    sound: bool | None
    words: str


def stored(rows: Sequence[ChainRow]) -> tuple[list[SealedItem], bool]:
    """Return the snapshots that the journal says are stored, oldest first, and whether earlier ones were purged.

    What was purged on request is not missing, also where something was stored after it.
    """
    items: list[SealedItem] = []
    purged = False
    for row in rows:
        try:
            body = row.body
            if row.kind == "snapshot.stored":
                counts = ", ".join(
                    plural(count, _ONE.get(name, name.removesuffix("s")), name)
                    for name, count in body.get("counts", {}).items()
                    if count
                )
                name = str(body["file"])
                items.append(
                    SealedItem(
                        f"{FOLDER}/{name}", str(body["part"]), str(body["sha256"]), row.seq, row.at, counts
                    )
                )
            elif row.kind == "purged":
                purged = True
                items.clear()
        except UNREADABLE:
            continue  # The chain names such a row; the others are still held against their files.
    return items, purged


def check(folder: Path, items: Sequence[SealedItem], sealer: Sealer | None) -> Iterator[EvidenceCheck]:
    """Yield what became of each item below ``folder``, and of the log chunks a manifest among them names.

    Without a ``sealer`` (no vault is open) only what is missing can be told. Blocks; reads one file at a time.
    """
    for item in items:
        found, content = _opened(folder, item, sealer)
        yield found
        if content is not None and isinstance(content.get("chunks"), list):
            for chunk in content["chunks"]:
                inner = SealedItem(
                    f"{LOG_FOLDER}/{chunk.get('name', '')}",
                    "log",
                    str(chunk.get("sha256", "")),
                    item.row,
                    item.at,
                    plural(int(chunk.get("entries", 0)), "entry", "entries"),
                )
                yield _opened(folder, inner, sealer, packed=True)[0]


def plain(folder: Path, item: SealedItem, sealer: Sealer) -> bytes:
    """Return the content of one item; VaultError where it is not what was stored (a log chunk: its pages)."""
    found, raw = _content(folder, item, sealer, packed=item.path.startswith(LOG_FOLDER))
    if raw is None:
        raise VaultError(found.words, "It is no evidence any more.", "Look for a copy of the state folder.")
    return raw


def _opened(
    folder: Path, item: SealedItem, sealer: Sealer | None, *, packed: bool = False
) -> tuple[EvidenceCheck, dict[str, Any] | None]:
    found, raw = _content(folder, item, sealer, packed=packed)
    if raw is None or packed:
        return found, None
    try:
        content = read_json(raw, msgspec.json.decode)
    except ValueError:
        return found, None
    return found, content if isinstance(content, dict) else None


def _content(
    folder: Path, item: SealedItem, sealer: Sealer | None, *, packed: bool
) -> tuple[EvidenceCheck, bytes | None]:
    path = folder / item.path
    try:
        blob, _ = read_private(path, limit=_LARGEST)
    except FileNotFoundError:
        return EvidenceCheck(item, False, f"{item.path} is missing."), None
    except OSError as error:
        return EvidenceCheck(item, False, f"{item.path} cannot be read: {error.strerror}."), None
    if sealer is None:
        return EvidenceCheck(
            item, None, f"{item.path} is there; without the vault it cannot be opened."
        ), None
    try:
        raw = sealer.open(blob, context=path.name)
        if packed:
            raw = zlib.decompress(raw)
    except (VaultError, zlib.error):
        return EvidenceCheck(
            item, False, f"{item.path} was altered, or sealed with another vault's key."
        ), None
    if hashlib.sha256(raw).hexdigest() != item.sha256:
        return EvidenceCheck(item, False, f"{item.path} is not what the journal says was stored."), None
    return EvidenceCheck(item, True, f"{item.path} is what was stored."), raw
