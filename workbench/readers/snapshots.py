"""Snapshots of the account, sealed, with their hash in the journal (design, idea 5).

What is written is what the API showed, as JSON, sealed with the vault's key and bound to its name; secrets
never pass here (the readers turn signing keys and the like into keyed fingerprints before).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from workbench.core.atomic_files import ensure_folder, read_private, replace_durably
from workbench.core.clock import Clock, iso
from workbench.core.errors import JournalError, VaultError
from workbench.core.json_text import read_json
from workbench.core.sealing import Sealer
from workbench.domain.model.inventory import Inventory

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot on disk: the hash of its plain content, its size, what it counts."""

    part: str
    name: str
    sha256: str
    size: int
    counts: dict[str, int]


def document(inventory: Inventory, incident: str, part: str, clock: Clock) -> dict[str, Any]:
    """Return the inventory as plain JSON values, each item with its place; what was not readable is named.

    Items are in the order of their names: which answer arrived first is nothing that the account shows, and the same
    account has the same hash.
    """
    return {
        "schema": "workbench.snapshot/1",
        "incident": incident,
        "part": part,
        "taken_at": iso(clock.now()),
        "keys": [_placed(item.key, item.place) for item in _by_name(inventory.keys)],
        "credentials": [
            {**_placed(item.credential, item.place), "login": item.login, "domain": item.domain}
            for item in _by_name(inventory.logins)
        ],
        "domains": [_placed(item.domain, item.place) for item in _by_name(inventory.domains)],
        "users": [_placed(item.user, item.place) for item in _by_name(inventory.users)],
        "subaccounts": [msgspec.to_builtins(item) for item in _by_name(inventory.subaccounts)],
        "allowlist": [msgspec.to_builtins(item) for item in _by_name(inventory.allowlist)],
        "limits": [
            {"place": str(place), **(msgspec.to_builtins(limit) if limit is not None else {"limit": None})}
            for place, limit in sorted(inventory.limits.items(), key=lambda one: str(one[0]))
        ],
        "gaps": [{"slice": gap.slice, "reason": gap.reason} for gap in _by_name(inventory.gaps)],
    }


async def store(content: dict[str, Any], part: str, folder: Path, sealer: Sealer) -> Stored:
    """Seal a snapshot into ``folder`` durably and return what the journal needs; raises OSError on a full disk."""
    raw = msgspec.json.encode(content)
    digest = hashlib.sha256(raw).hexdigest()
    name = f"{part}-{digest[:16]}.sealed"
    counts = {key: len(value) for key, value in content.items() if isinstance(value, list)}
    await asyncio.to_thread(_write, folder / name, sealer.seal(raw, context=name))
    return Stored(part, name, digest, len(raw), counts)


async def preserve(content: dict[str, Any], part: str, folder: Path, sealer: Sealer) -> dict[str, Any]:
    """Store a snapshot and return the body of its journal row; raises JournalError when the disk refuses."""
    try:
        stored = await store(content, part, folder, sealer)
    except OSError as error:
        raise JournalError(
            f"The snapshot could not be written ({error.strerror}).",
            "Without it, deleting a key would destroy the only trace of when it was made.",
            "Make room on the disk that holds the workbench's folder, then preserve again.",
        ) from error
    return {
        "part": stored.part,
        "file": stored.name,
        "sha256": stored.sha256,
        "counts": stored.counts,
    }


def load(path: Path, sealer: Sealer, sha256: str = "") -> dict[str, Any]:
    """Return a snapshot's content; raises VaultError when it was altered, belongs to another vault, or is not
    the one whose hash the journal holds (``sha256``)."""
    raw = sealer.open(read_private(path)[0], context=path.name)
    if sha256 and hashlib.sha256(raw).hexdigest() != sha256:
        raise VaultError(
            f"The snapshot {path.name} is not the one that the journal says was stored.",
            "Another one was put in its place.",
            "Do not rely on it; look for a copy of the state folder.",
        )
    content: dict[str, Any] = read_json(raw, msgspec.json.decode)
    return content


def _write(path: Path, data: bytes) -> None:
    ensure_folder(path.parent)
    replace_durably(path, data)


def _placed(record: Any, place: Any) -> dict[str, Any]:
    return {**msgspec.to_builtins(record), "place": str(place)}


def _by_name(items: Mapping[Any, Item]) -> list[Item]:
    return [items[name] for name in sorted(items, key=str)]
