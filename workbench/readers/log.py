"""Reads the log of a stretch of time once, in parallel slices, for everybody who wants it.

The log is paged by tokens, one after the other; slices of time run side by side within the limiter. Each page
goes to the sinks as bytes and as entries and is then forgotten: memory does not grow with the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from workbench.core.errors import ApiError
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import LogPage, moment_of, moment_text
from workbench.mailgun.log_pages import fetch_page, iter_pages

# Takes a page of a region, as entries and as the bytes it came as.
Sink = Callable[[Region, LogPage, bytes], Awaitable[None] | None]
# Slices at once: more would leave no room for the writes in the limiter.
AT_ONCE = 8
PER_SLICE = 2000
MOST_SLICES = 400
# No plan keeps logs longer (dossier C).
LONGEST = timedelta(days=31)
SHORT = timedelta(days=5, hours=12)


@dataclass(slots=True)
class LogRead:
    """How a reading went: pages, entries, from when on there are entries, and what could not be read."""

    pages: int = 0
    entries: int = 0
    expected: int = 0
    slices: int = 0
    oldest: datetime | None = None
    gaps: list[str] = field(default_factory=list)


async def oldest_entry(
    api: Mailgun, region: Region, now: datetime, priority: Priority = Priority.READ
) -> datetime | None:
    """Return the moment of the oldest entry still kept, None for an empty log. Raises the ApiError family.

    It tells how long the plan keeps the log: with one day, evidence is about to vanish (dossier C).
    """
    page, _ = await fetch_page(api, region=region, start=now - LONGEST, end=now, priority=priority)
    moments = [moment for entry in page.entries if (moment := moment_of(moment_text(entry.at)))]
    return min(moments, default=None)


async def read_logs(
    api: Mailgun,
    regions: Sequence[Region],
    start: datetime,
    end: datetime,
    sinks: Sequence[Sink],
    *,
    moved: Callable[[int, int], None] | None = None,
    priority: Priority = Priority.BACKGROUND,
) -> LogRead:
    """Read the log from ``start`` to ``end`` in every region, subaccounts included, into the sinks.

    A slice that fails becomes a gap that names its hours and the reason; the others go on. ``moved`` is
    called with (entries so far, entries expected). Raises nothing of the ApiError family.
    """
    found = LogRead()
    failed: list[Failed] = []
    queue: asyncio.Queue[tuple[Region, datetime, datetime]] = asyncio.Queue()
    for region in regions:
        for part in await _slices(api, region, _second(start), _second(end, up=True), found, priority):
            queue.put_nowait((region, *part))
    found.slices = queue.qsize()

    async def work() -> None:
        while not queue.empty():
            region, low, high = queue.get_nowait()
            try:
                async for page, raw in iter_pages(api, region=region, start=low, end=high, priority=priority):
                    found.pages += 1
                    found.entries += len(page.entries)
                    for sink in sinks:
                        waiting = sink(region, page, raw)
                        if waiting is not None:
                            await waiting
                    if moved is not None:
                        moved(found.entries, max(found.expected, found.entries))
            except ApiError as error:
                failed.append(Failed(region.value.upper(), error.what, low, high))

    await asyncio.gather(*(work() for _ in range(min(AT_ONCE, max(1, found.slices)))))
    found.gaps += gaps_of(failed)
    return found


class Failed(NamedTuple):
    """A slice that could not be read: region, why, from when to when."""

    region: str
    what: str
    low: datetime
    high: datetime


def gaps_of(failed: Iterable[Failed]) -> list[str]:
    """Return a line for every stretch that is missing: neighbouring slices with one reason are one stretch."""
    stretches: list[Failed] = []
    for one in sorted(failed):
        last = stretches[-1] if stretches else None
        if last is not None and last[:2] == one[:2] and one.low <= last.high:
            stretches[-1] = last._replace(high=max(last.high, one.high))
        else:
            stretches.append(one)
    stretches.sort(key=lambda one: (one.region, one.low))
    return [f"log {s.region} {s.low:%Y-%m-%d %H:%M}–{s.high:%m-%d %H:%M}Z: {s.what}" for s in stretches]


async def _slices(
    api: Mailgun, region: Region, start: datetime, end: datetime, found: LogRead, priority: Priority
) -> list[tuple[datetime, datetime]]:
    """Return the time cut into slices of about as many entries as the log says it holds."""
    try:
        page, _ = await fetch_page(api, region=region, start=start, end=end, totals=True, priority=priority)
    except ApiError as error:
        found.gaps.append(f"log {region.value.upper()}: {error.what}")
        return []
    if not page.entries and not page.unreadable:
        return []
    first = moment_of(moment_text(page.entries[0].at)) if page.entries else None
    if first is not None and start < first < end:
        # Nothing lies before the oldest entry: its empty hours need no calls.
        start = _second(first)
        found.oldest = first if found.oldest is None else min(found.oldest, first)
    if page.total is not None:
        found.expected += page.total
        wanted = page.total // PER_SLICE + 1
    else:
        wanted = int((end - start).total_seconds() // 3600) + 1
    wanted = min(wanted, MOST_SLICES)
    width = max(60.0, (end - start).total_seconds() / wanted)
    parts: list[tuple[datetime, datetime]] = []
    low = start
    while low < end:
        # Requests carry whole seconds (RFC 2822): the slices must too, or an entry falls between two.
        high = min(end, low + timedelta(seconds=round(width)))
        parts.append((low, high))
        low = high
    return parts


def _second(moment: datetime, *, up: bool = False) -> datetime:
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return whole + timedelta(seconds=1) if up else whole
