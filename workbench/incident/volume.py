"""How much goes out, hour by hour, and what of it is not the account's own rhythm.

The baseline is a robust one: median and median absolute deviation of the hours before, so that the abuse
itself does not raise the bar it is measured against. Explained on screen in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

# A normal distribution's standard deviation is 1.4826 times its median absolute deviation.
MAD_TO_SIGMA = 1.4826
SIGMAS = 6.0
# Accounts that barely send would otherwise alarm at a handful of messages.
LEAST = 20


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of accepted messages."""

    start: datetime
    accepted: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What the account's own metrics say about sending.

    ``usual`` and ``bar`` are messages an hour: the median, and what an hour may reach before it counts as
    abnormal. ``began`` is the first abnormal hour of the latest run of them, None when there is none.
    ``excess_now`` is the abnormal part of the rate of the present, per hour.
    """

    hours: tuple[Hour, ...]
    usual: float
    bar: float
    began: datetime | None
    excess_now: float
    as_of: datetime
    by_domain: Mapping[str, int] = field(default_factory=dict)
    usual_by_domain: Mapping[str, float] = field(default_factory=dict)

    @property
    def abnormal(self) -> bool:
        """Return whether the present hour is above the bar."""
        return self.excess_now > 0

    def explained(self) -> str:
        """Return how the judgement was made, in one sentence."""
        return (
            f"usual is {self.usual:.0f} an hour (the median); above {self.bar:.0f} an hour "
            f"(median + {SIGMAS:.0f} robust deviations) counts as abuse"
        )


def judge(
    hours: Sequence[Hour],
    now: datetime,
    *,
    by_domain: Mapping[str, int] | None = None,
    usual_by_domain: Mapping[str, float] | None = None,
    rate_now: float | None = None,
) -> Volume:
    """Return what the hours show. ``rate_now`` is the present rate per hour where it was measured finer.

    ``by_domain`` counts what each domain sent since the abuse began, ``usual_by_domain`` what it sends in as
    many hours at its usual pace.
    """
    ordered = sorted(hours, key=lambda hour: hour.start)
    # The calm part decides what is usual: with nine abnormal hours in a day the lower half still is calm.
    counts = sorted(hour.accepted for hour in ordered)
    calm = counts[: max(1, (len(counts) * 3) // 4)] or [0]
    usual = float(median(calm))
    spread = float(median(abs(count - usual) for count in calm)) * MAD_TO_SIGMA
    bar = max(usual + SIGMAS * spread, usual * 1.5, usual + LEAST)
    began: datetime | None = None
    quiet = timedelta(0)
    for hour in ordered:
        if hour.accepted > bar:
            began = began if began is not None and quiet < timedelta(hours=6) else hour.start
            quiet = timedelta(0)
        else:
            quiet += timedelta(hours=1)
    last = rate_now if rate_now is not None else (float(ordered[-1].accepted) if ordered else 0.0)
    excess = max(0.0, last - usual) if last > bar else 0.0
    return Volume(
        tuple(ordered), usual, bar, began, excess, now, dict(by_domain or {}), dict(usual_by_domain or {})
    )


class RateMeter:
    """The present sending rate from a growing count that is read every few seconds.

    ``add`` takes the moment and the count so far; ``per_hour`` is the growth over the last ``span`` seconds,
    None until two readings lie far enough apart to mean anything.
    """

    def __init__(self, span: float = 60.0, least: float = 4.0) -> None:
        self._span = span
        self._least = least
        self._samples: list[tuple[float, int]] = []

    def add(self, moment: float, count: int) -> None:
        """Take a reading; a count that fell (a corrected metric) starts the measurement over."""
        if self._samples and count < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((moment, count))
        while len(self._samples) > 2 and self._samples[1][0] <= moment - self._span:
            self._samples.pop(0)

    @property
    def per_hour(self) -> float | None:
        """Return messages an hour over the last span, None when not yet known."""
        if len(self._samples) < 2:
            return None
        (first, low), (last, high) = self._samples[0], self._samples[-1]
        if last - first < self._least:
            return None
        return (high - low) * 3600.0 / (last - first)
