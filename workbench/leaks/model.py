"""What the search for leaks speaks in: kinds of secrets, what was matched, and where it lies.

The value of a secret travels only inside ``redact.Secret``; everything else here may be written down.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from workbench.core.errors import WorkbenchError
from workbench.core.redact import MASK, Secret

# Why a history was not read, where nobody asked for it.
NO_HISTORY = "git history, not asked for"
# Reasons for which plain files were left out: what was once found in such a place may lie there still.
FILE_UNREAD, FOLDER_UNREAD = "file not readable", "folder not readable"
TOO_DEEP, TOO_LARGE = "folders nested too deep", "larger than the limit"
NO_FILE = "a folder without a single file: not the one that is meant, or its volume is not mounted"
FILES_LEFT_OUT = (FILE_UNREAD, FOLDER_UNREAD, TOO_DEEP, TOO_LARGE, NO_FILE)
# Current API keys and generated SMTP passwords share one shape (dossier 1.1): 32-8-8 lower-case hex.
SHAPE_50 = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")


class LeakError(WorkbenchError):
    """A root, a repository, a log or a site could not be searched at all."""

    exit_code = 3


class UnpackError(Exception):
    """Compressed data that cannot be read to its end; what came before was."""


class SecretKind(StrEnum):
    """What a found secret is, as far as its shape and its surroundings tell."""

    API_KEY = "api-key"
    SENDING_KEY = "sending-key"
    SMTP_PASSWORD = "smtp-password"  # noqa: S105 -- a word, not a password
    SIGNING_KEY = "signing-key"
    PUBLIC_KEY = "public-key"
    # 32-8-8 without context: an API key, a generated SMTP password or a signing key.
    UNKNOWN_50 = "unknown-50-char"


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value the operator has or the vault keeps, to be searched in every form it can take.

    ``label`` is what may be shown for it (a vault entry's name), never the value.
    """

    label: str
    secret: Secret
    kind: SecretKind


@dataclass(frozen=True, slots=True)
class Match:
    """One secret in one buffer.

    ``start`` counts bytes from the buffer's beginning (of its NUL-free form for UTF-16), ``line`` counts
    newlines before it, from 0. ``placement`` says how it lay there (``env``, ``base64``, ``dsn`` …),
    ``name`` is the variable it was assigned to, ``login`` the SMTP login beside it; both may be empty.
    ``known`` is the label of the exact value, empty for a match by shape.
    """

    start: int
    line: int
    kind: SecretKind
    secret: Secret
    placement: str
    name: str = ""
    login: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class LeakPlace:
    """Where a secret lies. ``origin`` is one of file, history, web, log; empty fields are unknown.

    ``path`` is relative to ``root`` (a folder, a repository, a site). For history, ``commits`` of the form
    oid, author, date bound the time the blob was part of the tree; ``in_head`` says whether it still is.
    """

    origin: str
    root: str
    path: str
    line: int
    placement: str
    name: str = ""
    login: str = ""
    inside: str = ""
    modified: str = ""
    blob: str = ""
    first_commit: CommitRef | None = None
    last_commit: CommitRef | None = None
    in_head: bool | None = None
    reachable: bool | None = None
    # The other secrets of the same file.
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another secret of a leaked file: its name, and whose it is as far as something tells, else ``""``.

    ``same`` marks its value within this process: equal values have equal marks. It is shown and kept nowhere.
    """

    name: str
    vendor: str
    same: str = ""


@dataclass(frozen=True, slots=True)
class CommitRef:
    """A commit as evidence: full id, author as ``name <address>``, author date in UTC ISO 8601."""

    oid: str
    author: str
    date: str


@dataclass(slots=True)
class SearchCoverage:
    """What was read and what was not: counts, bytes, and for each reason how often and one example."""

    files: int = 0
    bytes: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    # Reasons that mean "something readable was left out", not "nothing to see there".
    gaps: set[str] = field(default_factory=set)

    def skip(self, reason: str, example: str, *, gap: bool = True) -> None:
        """Count one thing left out, with the first example of its reason."""
        self.skipped[reason] += 1
        self.examples.setdefault(reason, example)
        if gap:
            self.gaps.add(reason)

    def add(self, other: SearchCoverage) -> None:
        """Add what another search covered."""
        self.files += other.files
        self.bytes += other.bytes
        self.skipped.update(other.skipped)
        for reason, example in other.examples.items():
            self.examples.setdefault(reason, example)
        self.gaps |= other.gaps

    def shown_as(self, text: Callable[[str], str]) -> None:
        """Pass every reason and example through ``text``, the gate for what is shown."""
        self.examples = {text(reason): text(example) for reason, example in self.examples.items()}
        self.gaps = set(map(text, self.gaps))
        self.skipped = Counter({text(reason): count for reason, count in self.skipped.items()})

    @property
    def complete(self) -> bool:
        """Whether nothing that could hold a secret was left out."""
        return not self.gaps


Found = Callable[[Match, LeakPlace], None]
"""Receives each secret with its place, in the order of discovery."""


def utc_text(seconds: float) -> str:
    """Return seconds since the epoch as UTC ISO 8601, ``""`` for a time no calendar holds.

    Stands here because the clock module brings the event loop along, and a scan's start-up time counts.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def key_id_of(value: str) -> str:
    """Return the id of a current key, which is its tail (8 hex, dash, 8 hex; dossier fact 3), else ``""``."""
    return value[33:] if SHAPE_50.fullmatch(value) else ""


def masked(kind: SecretKind, secret: Secret) -> str:
    """Return what may be shown of a secret (dossier 7).

    A current key shows its id, which is no secret; a legacy key its first and last four characters; an
    SMTP password or a value of unknown form nothing but its length.
    """
    value = secret.reveal()
    if kind is not SecretKind.SMTP_PASSWORD and (tail := key_id_of(value)):
        return f"{MASK}-{tail}"
    if kind is not SecretKind.SMTP_PASSWORD and value.startswith(("key-", "pubkey-")) and len(value) >= 36:
        return f"{value[:4]}{MASK}{value[-4:]}"
    return f"{MASK} ({len(value)} characters)"
