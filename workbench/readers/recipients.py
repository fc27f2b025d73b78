"""The people the intruder's mail reached, as a CSV file for those who must notify them. Only on request.

It is personal data: the file is its owner's alone, and nothing of it goes into the journal. Every cell is made
harmless to spreadsheets, because the intruder chose some of them.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Collection
from pathlib import Path

from workbench.core.errors import UsageError
from workbench.domain.forensics.attribution import Attribution, GroupKey
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import Entry, LogPage, moment_text

_COLUMNS = ("recipient", "provider", "first delivered (UTC)", "sender", "subject shape")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = cell.replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


class RecipientList:
    """Collects the different recipients of some groups' delivered mail; give ``take`` to a reader as a sink.

    They are kept in a temporary database on disk that vanishes with the process: memory does not grow.
    """

    def __init__(self, table: Attribution, groups: Collection[GroupKey]) -> None:
        self._table = table
        self._groups = frozenset(groups)
        # Written by whichever thread writes the file, after the reading ended.
        self._base = sqlite3.connect("", check_same_thread=False)
        self._base.execute(
            "CREATE TABLE seen (who TEXT PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT) WITHOUT ROWID"
        )

    def take(self, _region: Region, page: LogPage, _raw: bytes) -> None:
        """Add one page. An address is kept once, with its first delivery."""
        self._table.take(page)
        rows = []
        for entry in page.entries:
            if entry.event != "delivered" or not entry.recipient:
                continue
            group = self._table.group_of(entry)
            if group is not None and group.key in self._groups:
                at = moment_text(entry.at)
                rows.append(
                    (entry.recipient, entry.recipient_provider or "", at, group.key.sender, group.key.shape)
                )
        self._base.executemany(
            "INSERT INTO seen VALUES (?, ?, ?, ?, ?) ON CONFLICT (who) DO UPDATE SET b = min(b, excluded.b)",
            rows,
        )

    def _sent_as(self, entry: Entry) -> GroupKey | None:
        """Return the group's key where a message is of the wanted groups, or fits only such groups."""
        group = self._table.group_of(entry)
        if group is not None:
            return group.key if group.key in self._groups else None
        alike = self._table.alike_of(entry)
        if alike and all(other.key in self._groups for other in alike):
            return alike[0].key
        return None

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
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for row in self._base.execute("SELECT who, a, b, c, d FROM seen ORDER BY who"):
                writer.writerow([harmless(str(cell)) for cell in row])
                count += 1
        return count

    def close(self) -> None:
        """Forget everything collected."""
        self._base.close()
