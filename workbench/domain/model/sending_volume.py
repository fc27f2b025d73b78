"""How much goes out, hour by hour, and what of it is not the account's own rhythm.

The baseline is a robust one (see ``rhythm``): each hour is compared with the same hour on other days, so that
neither the abuse itself nor a daily newsletter moves the bar. Explained on screen in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workbench.domain.detection.baseline_hours import HourlyRhythm, last_run
from workbench.mailgun.endpoints import Region


@dataclass(frozen=True, slots=True)
class AcceptedHour:
    """One hour of accepted messages."""

    start: datetime
    accepted: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What the account's own metrics say about sending.

    ``usual`` and ``bar`` are messages an hour for the present hour: the median of the same hour on other
    days, and what it may reach before it counts as abnormal. ``began`` is the first abnormal hour of the
    latest run of them, None when there is none; ``ended`` is when that run was over, None while it lasts.
    ``by_domain`` counts what each domain sent from ``began`` to ``ended``: the weeks after would hide it again.
    ``excess_now`` is the abnormal part of the rate of the present, per hour.
    """

    hours: tuple[AcceptedHour, ...]
    usual: float
    bar: float
    began: datetime | None
    excess_now: float
    as_of: datetime
    by_domain: Mapping[str, int] = field(default_factory=dict)
    usual_by_domain: Mapping[str, float] = field(default_factory=dict)
    # From when on the present rate was measured; None where it is only that of whole hours.
    measured_from: datetime | None = None
    # Regions whose figures are not in these: they could not be read.
    unread: tuple[Region, ...] = ()
    ended: datetime | None = None

    @property
    def abnormal(self) -> bool:
        """Return whether the present hour is above the bar."""
        return self.excess_now > 0

    def span(self, day: str = "%Y-%m-%d") -> str:
        """Return from when to when there was abuse, UTC: *since …* while it lasts, ``""`` without one.

        An end is that of whole hours: where far more than usual goes out after it, that is said too.
        """
        if self.began is None:
            return ""
        until = f" until {self.ended:{day} %H:%M}Z" if self.ended is not None else ""
        again = f", and again by {self.as_of:{day} %H:%M}Z" if until and self.abnormal else ""
        return f"since {self.began:{day} %H:%M}Z{until}{again}"

    @property
    def abuse_accepted(self) -> int:
        """Return how many messages of all senders were accepted in that time, 0 without one."""
        began, ended = self.began, self.ended
        if began is None:
            return 0
        return sum(h.accepted for h in self.hours if h.start >= began and (ended is None or h.start < ended))

    def explained(self) -> str:
        """Return how the judgement was made, in one sentence."""
        return (
            f"usual at this hour is {self.usual:.0f} (what the same hour brought on other days); more than "
            f"{self.bar:.0f} counts as abuse"
        )


# After its last abnormal hour a run of abuse has an hour more, that of its cut.
LAST_HOUR = timedelta(hours=2)
TELLING = 300.0  # seconds after which the running hour speaks for itself
FEW = 10  # messages below which a count proves neither a fall nor a rise
PSEUDO = 2.0  # messages that the rate known before counts for, beside the first readings
MOMENT = 4.0  # seconds: readings closer than this are one


def judge(
    hours: Sequence[AcceptedHour],
    now: datetime,
    *,
    by_domain: Mapping[str, int] | None = None,
    usual_by_domain: Mapping[str, float] | None = None,
    rate_now: float | None = None,
    measured_from: datetime | None = None,
    unread: Sequence[Region] = (),
) -> Volume:
    """Return what the hours show. ``rate_now`` is the present rate per hour where it was measured finer.

    ``by_domain`` counts what each domain sent while the abuse lasted, ``usual_by_domain`` what it sends in as
    many hours at its usual pace.
    """
    ordered = sorted(hours, key=lambda hour: hour.start)
    rhythm = HourlyRhythm({hour.start: hour.accepted for hour in ordered})
    usual, bar = rhythm.at(now.replace(minute=0, second=0, microsecond=0))
    run = last_run(rhythm.abnormal())
    began = run[0] if run is not None else None
    ended = run[1] + LAST_HOUR if run is not None and run[1] + LAST_HOUR <= now else None
    last = rate_now if rate_now is not None else (float(ordered[-1].accepted) if ordered else 0.0)
    excess = max(0.0, last - usual) if last > bar else 0.0
    return Volume(
        tuple(ordered),
        usual,
        bar,
        began,
        excess,
        now,
        dict(by_domain or {}),
        dict(usual_by_domain or {}),
        measured_from,
        tuple(unread),
        ended,
    )


def carried(rhythm: HourlyRhythm, last: int, running: datetime) -> float:
    """Return what the whole hour before ``running``, with its ``last`` messages, says of an hour like the running one.

    Each hour is held against its own usual: a newsletter that goes out at nine every day is no abuse at ten.
    """
    usual, bar = rhythm.at(running)
    own, most = rhythm.at(running - timedelta(hours=1))
    if last <= most:
        return min(usual, usual * last / own if own else usual)
    return max(usual + last - own, bar + 1.0)


def pace(running: int, before: float, into: float) -> float:
    """Return the present rate per hour from the running hour's count, ``into`` seconds after it began.

    A young hour says little: a handful of messages, or none, fit any rate. Then the hour before counts for
    the part that is missing, unless the young one plainly contradicts it.
    """
    if into >= TELLING:
        return running * 3600.0 / into
    expected = before * into / 3600.0
    fallen = expected >= FEW and running < expected / 3
    risen = running > 3 * expected + FEW
    if fallen or risen:
        return running * 3600.0 / max(into, 1.0)
    return running + before * (1.0 - into / 3600.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """A present rate (messages an hour) with the moment from which on it was counted."""

    per_hour: float
    since: datetime


SURE_SPAN = 60.0  # seconds over which a rate must have been counted before anything is said from it
SIGNS = 3.0  # deviations of pure chance that a count must lie above what is usual


def telling(count: int, seconds: float, usual: float) -> bool:
    """Return whether a count says something: long enough, and not by chance above the usual pace an hour."""
    if seconds < SURE_SPAN:
        return False
    expected = usual * seconds / 3600.0
    return count <= expected or count > expected + SIGNS * expected**0.5 + FEW


class RateMeter:
    """The present sending rate from a growing count that is read every few seconds.

    ``add`` takes the moment and the count so far; ``per_hour`` is the growth over the last ``span`` seconds.
    While the readings lie closer than ``sure`` seconds, what was known before (``prior``, messages an hour)
    counts as a few messages more: by chance alone a sender of 1,800 an hour is silent for four seconds.
    """

    def __init__(self, span: float = 60.0, sure: float = 20.0) -> None:
        self._span = span
        self._sure = sure
        self._samples: list[tuple[float, int]] = []

    def add(self, moment: float, count: int) -> None:
        """Take a reading; a count that fell (a corrected metric) or a clock set back starts it over."""
        if self._samples and (count < self._samples[-1][1] or moment < self._samples[-1][0]):
            self._samples.clear()
        self._samples.append((moment, count))
        while len(self._samples) > 2 and self._samples[1][0] <= moment - self._span:
            self._samples.pop(0)

    def counted(self) -> tuple[float, int, float] | None:
        """Return (moment of the first reading, messages since, seconds since), None before there are two readings."""
        if len(self._samples) < 2:
            return None
        (first, low), (last, high) = self._samples[0], self._samples[-1]
        return first, high - low, last - first

    def forget(self, before: float) -> None:
        """Drop the readings of before a moment: a cut divides what was sent until it from what is sent since."""
        self._samples = [sample for sample in self._samples if sample[0] >= before]

    def per_hour(self, prior: float) -> float:
        """Return messages an hour over the last span; ``prior`` itself before there are two readings."""
        if len(self._samples) < 2:
            return prior
        (first, low), (last, high) = self._samples[0], self._samples[-1]
        seconds, grown = last - first, high - low
        if seconds >= self._sure:
            return grown * 3600.0 / seconds
        if prior <= 0:
            # Nothing went before: the few seconds are all there is, and a burst must show.
            return grown * 3600.0 / max(seconds, MOMENT)
        return (grown + PSEUDO) * 3600.0 / (seconds + PSEUDO * 3600.0 / prior)
