"""Evidence for others: one archive that can be checked on any machine, without this program's vault.

::

    manifest.json      what is in it: name, size and SHA-256 of every file; tool, time, who, why; the journal's head
    journal.jsonl      the whole journal, one row a line: [seq, at, kind, body, hash]
    evidence/…         the opened snapshots (JSON) and log chunks (pages, each behind its length in four bytes)
    reports/…          the written reports

Every evidence file's hash stands in the journal, and every journal row in the chain that ends with the head.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.core.atomic_files import FILE_MODE, open_plain, read_private
from workbench.core.errors import UsageError
from workbench.core.json_text import read_json
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.model import hash_chain as chain
from workbench.session.encryption import encrypted
from workbench.session.evidence import LOG_FOLDER, EvidenceCheck, SealedItem, stored

SCHEMA = "workbench.evidence-export/1"
MANIFEST, JOURNAL = "manifest.json", "journal.jsonl"
_LARGEST = 1 << 30  # bytes one member may unpack to
_MOST = 100_000  # members


def write(
    target: Path,
    rows: Sequence[chain.ChainRow],
    contents: Mapping[str, bytes],
    about: Mapping[str, Any],
    recipients: Sequence[str] = (),
) -> str:
    """Write the archive to ``target`` (mode 0600, never over something) and return the file's SHA-256; OSError passes.

    ``contents`` are the files beside the journal, by name in the archive; ``about`` says who and why, and when.
    With ``recipients`` it is encrypted for them, and its plain form never reaches the disk.
    """
    if target.exists():
        raise FileExistsError(target)
    plain = packed(rows, contents, about)
    made = encrypted(plain, recipients) if recipients else plain
    with target.open("xb") as handle:
        target.chmod(FILE_MODE)
        handle.write(made)
    return hashlib.sha256(made).hexdigest()


def packed(rows: Sequence[chain.ChainRow], contents: Mapping[str, bytes], about: Mapping[str, Any]) -> bytes:
    """Return the archive's bytes."""
    files = {JOURNAL: _journal(rows), **contents}
    manifest = {
        "schema": SCHEMA,
        "tool": f"workbench {__version__}",
        **about,
        "journal": {"row": rows[-1].seq if rows else 0, "hash": rows[-1].hash if rows else chain.GENESIS},
        "files": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=True))
        for name, data in sorted(files.items()):
            archive.writestr(name, data)
    return made.getvalue()


def reports(folder: Path) -> dict[str, bytes]:
    """Return the written reports of an incident by their name in the archive."""
    found = sorted(folder.glob("*")) if folder.is_dir() else []
    return {f"reports/{path.name}": read_private(path)[0] for path in found if path.is_file()}


def verify(path: Path) -> tuple[bool, list[str]]:
    """Return whether the archive at ``path`` is whole, and what was found, in sentences.

    UsageError where it is no such archive. Nothing of it is unpacked to the disk, and no member may unpack to
    more than a gigabyte.
    """
    try:
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            if len(archive.infolist()) > _MOST:
                raise _no_archive(path)
            return _verify(archive)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise _no_archive(path) from error


def _verify(archive: zipfile.ZipFile) -> tuple[bool, list[str]]:
    manifest = read_json(_member(archive, MANIFEST))
    if manifest.get("schema") != SCHEMA:
        raise ValueError("another schema")
    wrong: list[str] = []
    listed = {str(entry["name"]): str(entry["sha256"]) for entry in manifest["files"]}
    for name in sorted(set(archive.namelist()) ^ {MANIFEST, *listed}):
        wrong.append(f"{visible(name, 80)} is {'missing' if name in listed else 'not in the manifest'}.")
    content: dict[str, str] = {}
    for name, digest in listed.items():
        if name in archive.namelist():
            content[name] = hashlib.sha256(_member(archive, name)).hexdigest()
            if content[name] != digest:
                wrong.append(f"{visible(name, 80)} was altered.")
    rows = [chain.ChainRow(*read_json(line)) for line in _member(archive, JOURNAL).decode().splitlines()]
    head = (int(manifest["journal"]["row"]), str(manifest["journal"]["hash"]))
    damage = chain.damage_of(rows, head)
    if damage is not None:
        wrong.append(damage.words)
    wrong += _against_the_journal(archive, rows, content)
    who = f"exported {visible(manifest.get('at', ''), 40)} by {visible(manifest.get('who', ''), 60)}"
    told = f"{plural(len(listed), 'file')}, {len(rows)} journal rows, head {head[1]}; {who}."
    if wrong:
        return False, [*wrong, told]
    return True, [
        f"Whole: {told}",
        "Compare the head with one that left the machine earlier (in a report): only that proves that the whole was "
        "not made up later.",
    ]


def _against_the_journal(
    archive: zipfile.ZipFile, rows: Sequence[chain.ChainRow], content: Mapping[str, str]
) -> list[str]:
    """Return what is wrong with the evidence itself: the archive's own list can be rewritten, the journal cannot.

    Every snapshot that a row names, and every log chunk that a snapshot names, must be here with that very hash.
    """
    items, _ = stored(rows)
    expected: dict[str, str] = {}
    for item in items:
        name = item.path.replace(".sealed", ".json")
        expected[name] = item.sha256
        if content.get(name) == item.sha256:
            expected |= _chunks(_member(archive, name))
    return [
        f"{visible(name, 80)} is {'not what the journal says was stored' if name in content else 'missing'}."
        for name, digest in expected.items()
        if content.get(name) != digest
    ]


def _chunks(raw: bytes) -> dict[str, str]:
    found = read_json(raw)
    chunks = found.get("chunks") if isinstance(found, dict) else None
    named = [one for one in chunks or () if isinstance(one, dict)]
    return {
        f"{LOG_FOLDER}/{one.get('name', '')}".replace(".sealed", ".pages"): str(one.get("sha256", ""))
        for one in named
    }


def named_in(path: Path) -> tuple[str, int, str]:
    """Return the incident that an archive says it is of, its journal's last row and hash; UsageError as ``verify``."""
    try:
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            manifest = read_json(_member(archive, MANIFEST))
        return str(manifest["incident"]), int(manifest["journal"]["row"]), str(manifest["journal"]["hash"])
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise _no_archive(path) from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError("a member is too large")
    return data


def _journal(rows: Sequence[chain.ChainRow]) -> bytes:
    lines = (json.dumps([row.seq, row.at, row.kind, row.text, row.hash]) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _no_archive(path: Path) -> UsageError:
    return UsageError(
        f"{visible(path, 200)} is no evidence archive that can be read.",
        "It is damaged, or something else.",
        "Name a file that `workbench evidence export` wrote; an encrypted one is decrypted first (age -d, gpg -d).",
    )


def summary(found: Sequence[EvidenceCheck]) -> tuple[bool | None, list[str]]:
    """Return whether the sealed evidence is what was stored (None: could not be told), and why, in sentences."""
    bad = [one.words for one in found if one.sound is False]
    untold = [one for one in found if one.sound is None]
    if bad:
        return False, bad
    if untold:
        count = plural(len(untold), "sealed file is", "sealed files are")
        return None, [f"{count} there and not opened: the vault is not open."]
    return True, [
        f"{plural(len(found), 'sealed file is', 'sealed files are')} what was stored."
    ] if found else ["No evidence was stored yet."]


def names(items: Sequence[SealedItem]) -> list[str]:
    """Return the short names by which ``evidence show`` takes an item: the last part of its path."""
    return [item.path.rpartition("/")[2] for item in items]
