"""People the mail reached, who followed its links, whose own mail was lost: CSV files for those who must act on them.

Only on request. It is personal data: the file is its owner's alone, and nothing of it goes into the journal. Every
cell is made harmless to spreadsheets, because the intruder chose some of them.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import ClassVar, NamedTuple

from workbench.core.errors import UsageError
from workbench.core.redact import short_address, visible
from workbench.domain.forensics.attribution import Attribution, GroupKey
from workbench.domain.forensics.lost import AGAIN, Lost
from workbench.domain.mail.links import shape_of_link
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogEntry, LogPage, moment_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
SHOWN_ROWS = 5


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, also one that begins after blanks."""
    text = cell.replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


class Preview(NamedTuple):
    """What a list would hold, shown before it is written: how many people, the columns, first rows shortened."""

    people: int
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class WrittenList(NamedTuple):
    """How many people a file names that was written, and what of the log could not be read for it."""

    people: int
    gaps: tuple[str, ...] = ()


class RecipientList:
    """Collects the different recipients of some groups' delivered mail; give ``take`` to a reader as a sink.

    They are kept in a temporary database on disk that vanishes with the process: memory does not grow.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "recipient",
        "provider",
        "first delivered (UTC)",
        "sender",
        "subject shape",
    )
    EVENTS: ClassVar[frozenset[str]] = frozenset(("delivered",))
    # What is kept of a second row of somebody: ``a`` to ``d`` are the columns after the recipient.
    AGAIN: ClassVar[str] = "b = min(b, excluded.b)"

    # What makes a row: the recipient alone, or together with one of the columns.
    KEY: ClassVar[str] = "who"

    def __init__(self, table: Attribution, groups: Collection[GroupKey]) -> None:
        self._table = table
        self._groups = frozenset(groups)
        # What of the log could not be read: whoever is named there is missing.
        self.gaps: list[str] = []
        # Written by whichever thread writes the file, after the reading ended.
        self._base = sqlite3.connect("", check_same_thread=False)
        self._base.execute(
            f"CREATE TABLE seen (who TEXT, a TEXT, b TEXT, c TEXT, d TEXT, PRIMARY KEY ({self.KEY})) WITHOUT ROWID"
        )

    def take(self, _region: Region, page: LogPage, _raw: bytes) -> None:
        """Add one page. An address is kept once, with its first event."""
        self._table.take(page)
        rows = []
        for entry in page.entries:
            if entry.event in self.EVENTS and entry.recipient:
                cells = self._row(entry)
                if cells is not None:
                    rows.append((entry.recipient, *cells))
        self._base.executemany(
            f"INSERT INTO seen VALUES (?, ?, ?, ?, ?) ON CONFLICT ({self.KEY}) DO UPDATE SET {self.AGAIN}",  # noqa: S608
            rows,
        )

    def _row(self, entry: LogEntry) -> tuple[str, str, str, str] | None:
        """Return what is kept of an entry beside the recipient, None where it is none of theirs."""
        key = self._sent_as(entry)
        return self._cells(entry, key) if key is not None else None

    def _sent_as(self, entry: LogEntry) -> GroupKey | None:
        """Return the key of the wanted group that an entry belongs to, None where it belongs to none of them."""
        group = self._table.group_of(entry)
        return group.key if group is not None and group.key in self._groups else None

    def _cells(self, entry: LogEntry, key: GroupKey) -> tuple[str, str, str, str]:
        return entry.recipient_provider or "", moment_text(entry.at), key.sender, key.shape

    @property
    def people(self) -> int:
        """Return how many were collected."""
        return int(self._base.execute("SELECT count(DISTINCT who) FROM seen").fetchone()[0])

    def preview(self) -> Preview:
        """Return what the file would hold, people's addresses shortened."""
        found = self._base.execute("SELECT who, a, b, c, d FROM seen ORDER BY who LIMIT ?", (SHOWN_ROWS,))
        rows = [
            (visible(short_address(who), 60), *(visible(cell, 80) for cell in rest)) for who, *rest in found
        ]
        return Preview(self.people, self.COLUMNS, rows)

    def write(self, path: Path) -> int:
        """Write the file, refusing to replace one, and return how many recipients it names."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(
                f"The list of recipients cannot be written ({error.strerror}).",
                "Nothing was written.",
                "Name a file that does not exist yet, in a folder that does.",
            ) from error
        count = 0
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.COLUMNS)
            for row in self._base.execute("SELECT who, a, b, c, d FROM seen ORDER BY who"):
                writer.writerow([harmless(str(cell)) for cell in row])
                count += 1
        return count

    def close(self) -> None:
        """Forget everything collected."""
        self._base.close()


class ClickedList(RecipientList):
    """Collects who followed a link of some groups' mail: they are warned first."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "recipient",
        "clicks",
        "first clicked (UTC)",
        "link (# stands for what varies)",
        "sender",
    )
    EVENTS: ClassVar[frozenset[str]] = frozenset(("clicked",))
    AGAIN: ClassVar[str] = "a = CAST(a AS INTEGER) + 1, b = min(b, excluded.b)"

    def _sent_as(self, entry: LogEntry) -> GroupKey | None:
        """A click joins days later: where the acceptance is forgotten, sender and subject must leave only theirs."""
        key = super()._sent_as(entry)
        if key is not None or self._table.group_of(entry) is not None:
            return key
        alike = self._table.alike_of(entry)
        return alike[0].key if alike and all(other.key in self._groups for other in alike) else None

    def _cells(self, entry: LogEntry, key: GroupKey) -> tuple[str, str, str, str]:
        return "1", moment_text(entry.at), shape_of_link(entry.url or "") or "(no web address)", key.sender


class LostList(RecipientList):
    """Collects our own mail that did not arrive since the abuse began: one row a recipient and kind of message."""

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "recipient",
        "why",
        "first lost (UTC)",
        "template, tag or subject",
        "sender",
    )
    EVENTS: ClassVar[frozenset[str]] = frozenset(("failed", "rejected"))
    KEY: ClassVar[str] = "who, c"

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.table, lost.groups)
        self.lost = lost

    def _row(self, entry: LogEntry) -> tuple[str, str, str, str] | None:
        found = self.lost.take(entry)
        if found is None or found[0] not in AGAIN:
            return None
        loss, name, key = found
        return loss.value, moment_text(entry.at), name, key.sender
