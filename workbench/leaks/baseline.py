"""The baseline: findings somebody judged and accepted, by keyed fingerprint.

The file holds no secret and may be committed. Its key lies beside it (``<file>.key``, 0600) and must not be:
with the key anyone could test guesses of a password a person chose (dossier 7).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.core.atomic_files import read_plain
from workbench.core.errors import UsageError
from workbench.core.json_text import read_json
from workbench.core.redact import Secret, visible
from workbench.leaks.findings import LeakFinding

SCHEMA = "workbench.leaks-baseline/1"
_MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted fingerprints and the key they were made with."""

    key: bytes
    accepted: frozenset[str]

    def accepts(self, secret: Secret) -> bool:
        """Return whether this secret was accepted before."""
        return secret.fingerprint(self.key) in self.accepted


def read_baseline(path: Path, *, key: bytes | None = None) -> Baseline:
    """Read a baseline; ``key`` is the incident's fingerprint key where there is one.

    A file made without an incident uses the key beside it. Raises UsageError when the file is missing, is
    no baseline, or its key is gone.
    """
    try:
        document = read_json(read_plain(path, limit=_MOST_BYTES))
    except OSError as error:
        raise _unusable(path, error.strerror or "not readable") from error
    except ValueError as error:
        raise _unusable(path, "it is not JSON") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise _unusable(path, f"its schema is not {SCHEMA}")
    rows = document.get("accepted")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unusable(path, "it has no list named accepted")
    accepted = frozenset(str(row["fingerprint"]) for row in rows if isinstance(row.get("fingerprint"), str))
    own = read_key(path)
    if own is None and key is None:
        raise _unusable(path, f"its key {visible(_key_path(path))} is missing")
    return Baseline(own or key or b"", accepted)


def read_key(path: Path) -> bytes | None:
    """Return the key beside a baseline, None where there is none."""
    try:
        return bytes.fromhex(read_plain(_key_path(path)).decode("ascii").strip()) or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unusable(path, f"its key {visible(_key_path(path))} cannot be read") from error


def new_key(path: Path) -> bytes:
    """Create the key for a baseline that is about to be written, readable by its owner only."""
    key = secrets.token_bytes(32)
    fd = os.open(_key_path(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(key.hex() + "\n")
    return key


def write_baseline(
    path: Path, findings: Iterable[LeakFinding], fingerprints: dict[str, str], *, moment: str, reason: str
) -> int:
    """Write all findings as accepted and return how many; ``fingerprints`` maps theirs to the baseline's.

    The file replaces an older one in one step. ``moment`` is when (UTC ISO 8601), ``reason`` why.
    """
    rows = [
        {
            "fingerprint": fingerprints.get(finding.fingerprint, finding.fingerprint),
            "kind": finding.kind.value,
            "where": f"{finding.where[0].path}:{finding.where[0].line}" if finding.where else "",
            "reason": visible(reason),
            "accepted_at": moment,
        }
        for finding in sorted(findings, key=lambda one: one.fingerprint)
    ]
    document = {"schema": SCHEMA, "accepted": rows}
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(path)
    return len(rows)


def _key_path(path: Path) -> Path:
    return path.with_name(path.name + ".key")


def _unusable(path: Path, why: str) -> UsageError:
    return UsageError(
        f"The baseline {visible(path)} cannot be used: {why}.",
        "Without it every accepted finding would be reported again, or a new one overlooked.",
        "Give the right file, or write a new one from a search you have judged.",
    )
