"""What an account usually sends at an hour of the day, and from where on an hour is abnormal. Pure.

A robust statistic: each hour is compared with the same hour on other days (same weekday where four weeks are
known, else working days with working days), by median and median absolute deviation. So a daily newsletter is
no abuse, and neither nine abnormal hours nor nine days of them raise the bar they are measured against.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import NamedTuple

# A normal distribution's standard deviation is 1.4826 times its median absolute deviation.
MAD_TO_SIGMA = 1.4826
SIGMAS = 6.0
# Accounts that barely send would otherwise alarm at a handful of messages.
LEAST = 20
# So many other days must be known before an hour is compared with its own kind.
ENOUGH = 3
# Abnormal hours so far apart are two stories.
APART = timedelta(hours=6)


class Expected(NamedTuple):
    """What an hour usually has, and what it may reach before it counts as abnormal; messages."""

    usual: float
    bar: float


class HourlyRhythm:
    """The rhythm of one series of hourly counts."""

    def __init__(self, hours: Mapping[datetime, int]) -> None:
        self._hours = dict(hours)
        self._by_hour: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
        for start, count in hours.items():
            day = start.date()
            self._by_hour[start.hour].append((day, day.weekday(), count))
        counts = sorted(hours.values())
        # Without enough days the calm part decides: with nine abnormal hours in a day the rest still is calm.
        self._calm = counts[: max(1, (len(counts) * 3) // 4)] or [0]

    def at(self, start: datetime) -> Expected:
        """Return what the hour that begins at ``start`` usually has, judged by other days only."""
        today = start.date()
        this = today.weekday()
        others = [(weekday, count) for day, weekday, count in self._by_hour[start.hour] if day != today]
        same = [count for weekday, count in others if weekday == this]
        if len(same) >= ENOUGH:
            return _expected(same)
        kind = [count for weekday, count in others if (weekday >= 5) == (this >= 5)]
        if len(kind) >= ENOUGH:
            return _expected(kind)
        if len(others) >= ENOUGH:
            return _expected([count for _, count in others])
        return _expected(self._calm)

    def abnormal(self) -> list[datetime]:
        """Return the hours above their bar, oldest first."""
        return [start for start in sorted(self._hours) if self._hours[start] > self.at(start).bar]


def _expected(counts: Sequence[int]) -> Expected:
    usual = float(median(counts))
    spread = float(median(abs(count - usual) for count in counts)) * MAD_TO_SIGMA
    return Expected(usual, max(usual + SIGMAS * spread, usual * 1.5, usual + LEAST))


def last_run(abnormal: Sequence[datetime]) -> tuple[datetime, datetime] | None:
    """Return first and last hour of the latest run of abnormal hours, None where there are none."""
    if not abnormal:
        return None
    first = last = abnormal[-1]
    for start in reversed(abnormal[:-1]):
        if first - start > APART:
            break
        first = start
    return first, last
