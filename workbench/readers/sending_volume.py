"""Reads the account's own sending metrics: the hours before, the present rate, the abused domains."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from workbench.core.clock import Clock
from workbench.core.errors import ApiError
from workbench.domain.model.sending_volume import Hour, RateMeter, Volume, judge, pace
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence import metrics

ACCEPTED = "accepted_count"
# Hourly metrics are kept for 60 days (dossier C); four weeks show the account's rhythm, weekday by weekday.
HISTORY = timedelta(days=28)


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
        self.volume: Volume | None = None

    @property
    def recent(self) -> tuple[int, ...]:
        """Return the accepted messages of the last hours, oldest first, for a sparkline."""
        hours = sorted(self._hours)[-24:]
        return tuple(self._hours[hour] for hour in hours)

    async def read(self, *, whole: bool = False) -> Volume:
        """Read the metrics and return what they show. ``whole`` reads four weeks, otherwise the last hours.

        Raises ApiError when no region answers; one region that does not is left out of the figures.
        """
        # Hours are the account's: a host whose clock is off would miss the last ones, or call a running one whole.
        now = self._clock.now() + timedelta(seconds=self._api.clock_offset or 0.0)
        whole = whole or self.volume is None
        start = _hour(now - (HISTORY if whole else timedelta(hours=2)))
        totals = await self._sum(start, now, ("time",))
        fresh: dict[datetime, int] = defaultdict(int)
        for (moment, *_), count in totals.items():
            if isinstance(moment, datetime):
                fresh[_hour(moment)] += count
        self._hours.update(fresh)
        for hour in [h for h in self._hours if h < now - HISTORY - timedelta(hours=2)]:
            del self._hours[hour]
        # Only the hours since the meter began may move its count, or weeks arriving would look like a burst.
        # By the clock that follows the account's: in a drill an hour may have passed since the last reading.
        self._meter.add(self._clock.now().timestamp(), sum(self._hours.values()))
        volume = self._judge(now)
        if whole or (volume.began is not None and not self._by_domain):
            await self._read_domains(volume, now)
            volume = self._judge(now)
        self.volume = volume
        return volume

    def _judge(self, now: datetime) -> Volume:
        complete = [Hour(h, n) for h, n in self._hours.items() if h < _hour(now)]
        rate = None
        if complete:
            running, before = _hour(now), self._hours.get(_hour(now) - timedelta(hours=1), 0)
            into = (now - running).total_seconds()
            rate = self._meter.per_hour(pace(self._hours.get(running, 0), before, into))
        return judge(
            complete,
            now,
            by_domain=self._by_domain,
            usual_by_domain=self._usual_by_domain,
            rate_now=rate,
        )

    async def _read_domains(self, volume: Volume, now: datetime) -> None:
        since = volume.began or _hour(now - timedelta(days=1))
        counts = await self._sum(since, now, ("domain",))
        self._by_domain = {str(name): count for (name, *_), count in counts.items()}
        span = max(1.0, (now - since).total_seconds() / 3600.0)
        before = await self._sum(_hour(now - HISTORY), since, ("domain",))
        hours_before = max(1.0, (since - _hour(now - HISTORY)).total_seconds() / 3600.0)
        self._usual_by_domain = {
            str(name): count * span / hours_before for (name, *_), count in before.items()
        }

    async def _sum(
        self, start: datetime, end: datetime, dimensions: tuple[str, ...]
    ) -> Counter[tuple[object, ...]]:
        """Return accepted messages by dimension values, all regions and subaccounts added up."""
        if end - start < timedelta(minutes=1):
            return Counter()
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
                for region in self._regions or self._api.endpoints.regions
            ),
            return_exceptions=True,
        )
        total: Counter[tuple[object, ...]] = Counter()
        failures: list[ApiError] = []
        for answer in answers:
            if isinstance(answer, ApiError):
                failures.append(answer)
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
