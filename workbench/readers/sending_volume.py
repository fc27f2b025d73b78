"""Reads the account's own sending metrics: the hours before, the present rate, the abused domains."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from workbench.core.clock import Clock
from workbench.core.errors import ApiError
from workbench.domain.detection.baseline_hours import HourlyRhythm
from workbench.domain.model.sending_volume import (
    AcceptedHour,
    Measured,
    RateMeter,
    Volume,
    carried,
    judge,
    pace,
    telling,
)
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence import metrics

ACCEPTED = "accepted_count"
# Hourly metrics are kept for 60 days (dossier C); four weeks show the account's rhythm, weekday by weekday.
HISTORY = timedelta(days=28)
STILL_NOW = 1800.0  # seconds between two readings beyond which their growth is no present rate


class Metering:
    """Keeps the volume of the account up to date; ``read`` may be called as often as there are calls for it."""

    def __init__(self, api: Mailgun, clock: Clock, regions: Sequence[Region] | None = None) -> None:
        self._api = api
        self._clock = clock
        self._regions = regions  # None: those the client talks to, which may become fewer.
        self._meter = RateMeter()
        self._hours: dict[datetime, int] = {}
        self._by_domain: dict[str, int] = {}
        self._usual_by_domain: dict[str, float] = {}
        # Regions that did not answer, each with the first hour that its figures are missing from.
        self._missing: dict[Region, datetime] = {}
        self.volume: Volume | None = None

    @property
    def recent(self) -> tuple[int, ...]:
        """Return the accepted messages of the last hours, oldest first, for a sparkline."""
        hours = sorted(self._hours)[-24:]
        return tuple(self._hours[hour] for hour in hours)

    async def read(self, *, whole: bool = False, cut: datetime | None = None) -> Volume:
        """Read the metrics and return what they show. ``whole`` reads four weeks, otherwise the last hours.

        ``cut`` is when access was cut last: the present rate is then counted from that moment on only, because
        an hour's mean would go on telling of the intruder long after the last message.

        Raises ApiError when no region answers; one region that does not is left out of the figures, which name it. Once
        it answers again, all the hours are read anew that it was missing from.
        """
        # Hours are the account's: a host whose clock is off would miss the last ones, or call a running one whole.
        now = self._clock.now() + timedelta(seconds=self._api.clock_offset or 0.0)
        whole = whole or self.volume is None
        # A host that slept, or a drill whose clock was moved on, has read nothing of the hours between.
        lately = min(now - timedelta(hours=2), max(self._hours, default=now))
        start = _hour(now - HISTORY if whole else max(lately, now - HISTORY))
        # Another reading may be under way beside this one: what this one could not read is its own.
        unread: set[Region] = set()
        totals = await self._sum(start, now, ("time",), unread)
        back = {region: since for region, since in self._missing.items() if region not in unread}
        if back:
            start, whole = min(start, *back.values()), True
            totals = await self._sum(start, now, ("time",), unread)
        fresh: dict[datetime, int] = defaultdict(int)
        for (moment, *_), count in totals.items():
            if isinstance(moment, datetime):
                fresh[_hour(moment)] += count
        self._hours.update(fresh)
        for hour in [h for h in self._hours if h < now - HISTORY - timedelta(hours=2)]:
            del self._hours[hour]
        # Only the hours since the meter began may move its count, or weeks arriving would look like a burst.
        # By the clock that follows the account's: in a drill an hour may have passed since the last reading.
        if cut is not None:
            self._meter.forget(cut.timestamp())
        if unread != self._missing.keys():
            # Nor may the hours of a region that comes, or goes.
            self._meter.forget(self._clock.now().timestamp())
        self._missing = {region: min(self._missing.get(region, start), start) for region in unread}
        self._meter.add(self._clock.now().timestamp(), sum(self._hours.values()))
        volume = self._judge(now, cut, unread)
        if whole or (volume.began is not None and not self._by_domain):
            await self._read_domains(volume, now, unread)
            volume = self._judge(now, cut, unread)
        self.volume = volume
        return volume

    def _judge(self, now: datetime, cut: datetime | None, unread: Iterable[Region]) -> Volume:
        complete = [AcceptedHour(h, n) for h, n in self._hours.items() if h < _hour(now)]
        rate = None
        measured = None
        if cut is not None:
            offset = timedelta(seconds=self._api.clock_offset or 0.0)
            measured = self._since(now, cut + offset)
            rate = measured.per_hour if measured is not None else 0.0
        elif complete:
            running = _hour(now)
            rhythm = HourlyRhythm({h: n for h, n in self._hours.items() if h < running})
            before = carried(rhythm, self._hours.get(running - timedelta(hours=1), 0), running)
            into = (now - running).total_seconds()
            rate = self._meter.per_hour(pace(self._hours.get(running, 0), before, into))
        return judge(
            complete,
            now,
            by_domain=self._by_domain,
            usual_by_domain=self._usual_by_domain,
            rate_now=rate,
            measured_from=measured.since if measured is not None else None,
            unread=sorted(unread),
        )

    def _since(self, now: datetime, cut: datetime) -> Measured | None:
        """Return the rate counted since the cut: over the last minutes, the running hour, or the last whole one.

        None where nothing was counted since, or too little to tell chance from abuse.
        """
        running = _hour(now)
        last = running - timedelta(hours=1)
        rhythm = HourlyRhythm({h: n for h, n in self._hours.items() if h < running})
        usual, _ = rhythm.at(running)
        counted = self._meter.counted()
        # Two readings far apart, a sleeping host between them, tell of other hours than the running one.
        near = counted is not None and counted[2] <= STILL_NOW
        if counted is not None and near and telling(counted[1], counted[2], usual):
            first, grown, seconds = counted
            return Measured(grown * 3600.0 / seconds, datetime.fromtimestamp(first, UTC))
        into = (now - running).total_seconds()
        if running >= cut and telling(self._hours.get(running, 0), into, usual):
            return Measured(self._hours.get(running, 0) * 3600.0 / into, running)
        if last >= cut and last in self._hours:
            return Measured(carried(rhythm, self._hours[last], running), last)
        return None

    async def _read_domains(self, volume: Volume, now: datetime, unread: set[Region]) -> None:
        since = volume.began or _hour(now - timedelta(days=1))
        until = volume.ended or now
        counts = await self._sum(since, until, ("domain",), unread)
        self._by_domain = {str(name): count for (name, *_), count in counts.items()}
        span = max(1.0, (until - since).total_seconds() / 3600.0)
        before = await self._sum(_hour(now - HISTORY), since, ("domain",), unread)
        hours_before = max(1.0, (since - _hour(now - HISTORY)).total_seconds() / 3600.0)
        self._usual_by_domain = {
            str(name): count * span / hours_before for (name, *_), count in before.items()
        }

    async def _sum(
        self, start: datetime, end: datetime, dimensions: tuple[str, ...], unread: set[Region]
    ) -> Counter[tuple[object, ...]]:
        """Return accepted messages by dimension values, all regions and subaccounts added up.

        ``unread`` gets the regions that do not answer; raises ApiError where none does.
        """
        if end - start < timedelta(minutes=1):
            return Counter()
        regions = self._regions or self._api.endpoints.regions
        answers = await asyncio.gather(
            *(
                metrics(
                    self._api,
                    region=region,
                    start=start,
                    end=end,
                    names=(ACCEPTED,),
                    dimensions=dimensions,
                    include_subaccounts=True,
                    priority=Priority.READ,
                )
                for region in regions
            ),
            return_exceptions=True,
        )
        total: Counter[tuple[object, ...]] = Counter()
        failures: list[ApiError] = []
        for region, answer in zip(regions, answers, strict=True):
            if isinstance(answer, ApiError):
                failures.append(answer)
                unread.add(region)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                for row in answer:
                    key: tuple[object, ...] = tuple(
                        row.time if name == "time" else row.dimensions.get(name) for name in dimensions
                    )
                    total[key] += int(row.metrics.get(ACCEPTED, 0) or 0)
        if failures and len(failures) == len(answers):
            raise failures[0]
        return total


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
