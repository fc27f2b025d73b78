"""The log of the abuse: read once, sealed to disk as it comes, counted into groups on the way (snapshot 0b)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.clock import iso
from workbench.core.errors import ApiError, JournalError
from workbench.domain.forensics.attribution import Attribution, GroupKey
from workbench.mailgun.client import Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage
from workbench.readers import snapshots
from workbench.readers.log import SHORT, LogRead, Sink, oldest_entry, read_logs
from workbench.readers.log_export import LogExport
from workbench.readers.ports import Desk, account_now
from workbench.readers.recipients import RecipientList, WrittenList

LOGS_PART = "0b-log"
# How far before the abuse the log is read, to know what was there before.
CALM = timedelta(days=3)
# Without a window the log is read this far back: slow abuse shows only against days without it.
UNKNOWN = timedelta(days=8)
# A reading this old is read again for an assessment.
FRESH = timedelta(minutes=10)
Told = Callable[[str, int, int], None]


@dataclass(slots=True)
class LogEvidence:
    """The log of one incident. ``table`` is the latest reading, counted into groups."""

    desk: Desk
    told: Told
    table: Attribution | None = None

    @property
    def stored(self) -> bool:
        """Return whether the log is stored already."""
        return LOGS_PART in self.desk.situation().state.snapshots

    async def is_short(self) -> bool:
        """Return whether the plan keeps the log for days only: then it is stored before the settings."""
        oldest = await self.oldest()
        return oldest is not None and account_now(self.desk) - oldest <= SHORT

    async def oldest(self) -> datetime | None:
        """Return the oldest log entry of any region; None where no region shows one."""
        api, now = self.desk.api, account_now(self.desk)
        found = await asyncio.gather(
            *(oldest_entry(api, region, now) for region in api.endpoints.regions), return_exceptions=True
        )
        for answer in found:
            if isinstance(answer, BaseException) and not isinstance(answer, ApiError):
                raise answer
        return min((moment for moment in found if isinstance(moment, datetime)), default=None)

    def start(self, oldest: datetime | None) -> datetime:
        """Return from when on the log is read: some calm days before the abuse, or all that is kept of them."""
        now = account_now(self.desk)
        volume = self.desk.metering.volume
        began = volume.began if volume is not None else None
        start = began - CALM if began is not None else now - UNKNOWN
        # On a short plan everything is read: it is little, and gone tomorrow.
        if oldest is not None and (now - oldest <= SHORT or oldest > start):
            start = oldest
        return start.replace(minute=0, second=0, microsecond=0)

    async def export(self) -> Mapping[str, Any]:
        """Read the log once: sealed to disk and counted into groups; returns the manifest's file and hash.

        A session that may not write, or has no vault, only counts. Raises VaultError, and JournalError on a full disk.
        """
        start, now = await self._span()
        if not self.desk.recorder.keeps_evidence:
            await self._count(start, now, (), Priority.BACKGROUND)
            return {}
        _, sealer = await self.desk.recorder.sealing()
        export = LogExport(self.desk.recorder.folder / "evidence" / "log", sealer)
        try:
            read = await self._count(start, now, (export.take,), Priority.BACKGROUND)
            manifest = await export.close()
        except OSError as error:
            raise JournalError(
                f"The log could not be written ({error.strerror}).",
                "The vendor keeps it for days only; without a copy the evidence of the abuse is lost.",
                "Make room on the disk that holds the workbench's folder, then preserve again.",
            ) from error
        content = {
            "schema": "workbench.snapshot/1",
            "incident": self.desk.recorder.incident,
            "part": LOGS_PART,
            "taken_at": iso(now),
            "from": iso(start),
            "to": iso(now),
            "gaps": list(read.gaps),
            **manifest,
        }
        body = await snapshots.preserve(content, LOGS_PART, self.desk.recorder.folder / "evidence", sealer)
        body["counts"] = {**body["counts"], "entries": read.entries}
        await self.desk.recorder.record("snapshot.stored", body)
        return {"file": body["file"], "sha256": body["sha256"], "entries": read.entries}

    async def read(self) -> Attribution:
        """Return the log counted into groups, reading (and storing) it where that has not happened lately."""
        now = account_now(self.desk)
        if self.table is not None and self._is_fresh(self.table, now):
            return self.table
        if not self.stored:
            await self.export()
        if self.table is None or not self._is_fresh(self.table, now):
            start, now = await self._span()
            await self._count(start, now, (), Priority.READ)
        assert self.table is not None  # noqa: S101 - either way above sets it
        return self.table

    def _is_fresh(self, table: Attribution, now: datetime) -> bool:
        """Return whether a reading tells of now: one from before the last cut does not know how it ended."""
        state = self.desk.situation().state
        return now - table.end <= FRESH and (table.since or 0) >= state.cut_row

    async def write_recipients(
        self, table: Attribution, groups: Collection[GroupKey], path: Path
    ) -> WrittenList:
        """Write whom these groups' mail reached as CSV; returns how many, and what of the log was not read for it.

        Raises UsageError for a bad path.
        """
        collected = RecipientList(Attribution(table.start, table.end), groups)
        try:
            api = self.desk.api
            read = await read_logs(
                api, api.endpoints.regions, table.start, table.end, (collected.take,), priority=Priority.READ
            )
            return WrittenList(collected.write(path), tuple(read.gaps))
        finally:
            collected.close()

    async def _span(self) -> tuple[datetime, datetime]:
        oldest = await self.oldest()
        return self.start(oldest), account_now(self.desk)

    async def _count(
        self, start: datetime, now: datetime, sinks: Sequence[Sink], priority: Priority
    ) -> LogRead:
        table = Attribution(start, now, since=self.desk.situation().state.last_seq)

        def count(_region: Region, page: LogPage, _raw: bytes) -> None:
            table.take(page)

        api = self.desk.api
        read = await read_logs(
            api,
            api.endpoints.regions,
            start,
            now,
            (*sinks, count),
            moved=lambda done, total: self.told("log", done, total),
            priority=priority,
        )
        table.gaps += read.gaps
        self.table = table
        return read
