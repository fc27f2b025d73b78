"""Mail traffic without storing it: every message of a sender follows from (seed, sender, hour, number).

One hour of one sender is a *plan* (how many messages, how many fail, complain …). Log entries are made
from the same plan, so counts and entries agree; millions of entries cost nothing until they are read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from math import gcd
from typing import NamedTuple

from workbench.drill.world.records import Stream
from workbench.drill.world.story import digest

HOUR = 3600
_MASK = (1 << 64) - 1
_BEGIN = 0x9E3779B97F4A7C15
_BITS = (1 << 21) - 1
_UNIT = 2.0**-21

# Share of the day's mean rate by UTC hour for a business sender; a machine or an intruder sends evenly.
_BUSINESS = (
    0.25, 0.2, 0.2, 0.2, 0.3, 0.5, 0.8, 1.2, 1.7, 1.9, 1.8, 1.7,
    1.5, 1.6, 1.7, 1.6, 1.5, 1.3, 1.1, 0.9, 0.8, 0.6, 0.4, 0.3,
)  # fmt: skip

# The UTC hour in which a daily newsletter goes out.
BURST_HOUR = 9

EVENTS = ("accepted", "delivered", "failed", "temporary", "opened", "clicked", "complained", "unsubscribed")


class HourPlan(NamedTuple):
    """One hour of one sender. ``failed`` are permanent failures; ``temporary`` were delivered later."""

    accepted: int
    failed: int
    temporary: int
    opened: int
    clicked: int
    complained: int
    unsubscribed: int
    step: int
    shift: int
    seed: int

    @property
    def delivered(self) -> int:
        """Messages that reached the recipient's server."""
        return self.accepted - self.failed


class Event(NamedTuple):
    """A log event: ``number`` is the message's number within its hour, ``kind`` one of EVENTS."""

    at: float
    stream: str
    hour: int
    number: int
    kind: str


def mix(*parts: int) -> int:
    """Return a well mixed 64-bit number from integers (splitmix64): fast, the same on every machine."""
    state = _BEGIN
    for part in parts:
        state = further(state, part)
    return state


def further(state: int, part: int) -> int:
    """Return what ``mix`` gives for the parts that led to ``state`` and one more: many draws share their first."""
    state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
    return state ^ (state >> 31)


def draws(seed: int, salts: Iterable[int]) -> list[int]:
    """Return ``mix(seed, salt)`` for each salt (below 2^64), in one go: an account's month is millions of them."""
    shared = further(_BEGIN, seed)
    made = []
    for salt in salts:
        state = (shared ^ salt) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
        made.append(state ^ (state >> 31))
    return made


def units(seed: int, salts: Iterable[int]) -> list[float]:
    """Return a number in [0, 1) for each salt."""
    return [drawn / 2.0**64 for drawn in draws(seed, salts)]


@lru_cache(maxsize=400_000)
def _planned(base: int, profile: str, rate: float, hour: int) -> int:
    """Return how many messages a sender with that number, profile and rate sends in a whole hour.

    Kept: the use of a month is asked for with every reading of the limits, and is a sum of hundreds of hours.
    """
    seed = mix(base, hour)
    if profile == "burst":
        rate *= 22.0 if hour % 24 == BURST_HOUR else 0.08
    elif profile == "business":
        # The epoch was a Thursday: days 2 and 3 of each week are Saturday and Sunday.
        rate *= _BUSINESS[hour % 24] * (0.45 if hour // 24 % 7 in (2, 3) else 1.0)
    # The mean of four uniform numbers: a bell that never goes astray.
    *bell, chance = units(seed, (0, 1, 2, 3, 9))
    noise = sum(bell) / 4.0 - 0.5
    return max(0, _round(rate * (1.0 + 1.1 * noise), chance))


@lru_cache(maxsize=100_000)
def _made(base: int, profile: str, rate: float, hour: int, shares: tuple[float, ...]) -> HourPlan:
    """Return the plan of a whole hour of a sender; ``shares`` that fail, open, click, complain, unsubscribe."""
    failed_share, opened_share, clicked_share, complained_share, unsubscribed_share = shares
    seed = mix(base, hour)
    count = _planned(base, profile, rate, hour)
    fails, opens, waits, clicks, complains, leaves = units(seed, (10, 11, 13, 14, 15, 16))
    failed = min(count, _round(count * failed_share, fails))
    good = count - failed
    opened = min(good, _round(good * opened_share, opens))
    paced, shifted = draws(seed, (12, 17))
    step = 1
    if count > 2:
        step = paced % (count - 1) + 1
        while gcd(step, count) != 1:
            step = step % (count - 1) + 1
    return HourPlan(
        accepted=count,
        failed=failed,
        temporary=min(good, _round(good * 0.01, waits)),
        opened=opened,
        clicked=min(opened, _round(good * clicked_share, clicks)),
        complained=min(good, _round(good * complained_share, complains)),
        unsubscribed=min(good, _round(good * unsubscribed_share, leaves)),
        step=step,
        shift=shifted % count if count else 0,
        seed=seed,
    )


class Traffic:
    """The messages of all senders of one drill, by hour."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seeds: dict[str, int] = {}
        # The moments of each kind in an hour that is no whole one: (who sends when, moments by kind).
        self._moments: dict[str, tuple[object, dict[str, array[float]]]] = {}
        self._plans: dict[tuple[str, float, int], HourPlan] = {}
        self._counted: dict[tuple[str, float, int], dict[str, int]] = {}

    def plan(self, stream: Stream, hour: int) -> HourPlan:
        """Return the plan of one whole hour (``hour`` counts hours since the epoch)."""
        key = (stream.id, stream.rate, hour)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 400_000:
                self._plans.clear()
                self._counted.clear()
            plan = self._plans[key] = self._make(stream, hour)
        return plan

    def accepted(self, stream: Stream, hour: int, until: float) -> int:
        """Return how many messages of one sender were accepted in one hour up to ``until``, as ``counts`` does."""
        start = float(hour * HOUR)
        if start + HOUR <= until and any(lo <= start and hi >= start + HOUR for lo, hi in spans_of(stream)):
            if stream.stage == "delivery":
                return 0
            return _planned(self._base(stream), stream.profile, stream.rate, hour)
        return self.counts(stream, hour, until)["accepted"]

    def _base(self, stream: Stream) -> int:
        base = self._seeds.get(stream.id)
        if base is None:
            base = self._seeds[stream.id] = digest(self._seed, "traffic", stream.id)
        return base

    def _make(self, stream: Stream, hour: int) -> HourPlan:
        shares = (stream.failed, stream.opened, stream.clicked, stream.complained, stream.unsubscribed)
        return _made(self._base(stream), stream.profile, stream.rate, hour, shares)

    def events(self, stream: Stream, hour: int, until: float) -> Iterator[Event]:
        """Yield the events of one sender in one hour that happened up to ``until``, unsorted.

        A message exists only if its sender could send at that moment (its spans); what follows from it
        (delivery, opens) happens even after the sender was stopped, within the same hour.
        """
        start = float(hour * HOUR)
        end = start + HOUR - 0.002
        spans = [(low, high) for low, high in spans_of(stream) if low < start + HOUR and high > start]
        if not spans or start > until:
            return
        plan = self.plan(stream, hour)
        count = plan.accepted
        whole = any(low <= start and high >= start + HOUR for low, high in spans)
        first = mix(plan.seed)
        for number in range(count):
            # One draw a message: its arrival, its delivery and what follows use 21 bits each.
            draw = further(first, number)
            at = start + (number + (draw & _BITS) * _UNIT) * HOUR / count
            if at > until:
                return
            if not whole and not any(low <= at < high for low, high in spans):
                continue
            if stream.stage != "delivery":
                yield Event(at, stream.id, hour, number, "accepted")
            if stream.stage == "accepted":
                continue
            for kind, moment in _fate(plan, number, at, end, draw):
                if moment <= until:
                    yield Event(moment, stream.id, hour, number, kind)

    def hourly(
        self, stream: Stream, hours: range, until: float, kinds: Collection[str] = EVENTS
    ) -> Iterator[tuple[int, dict[str, int]]]:
        """Yield each hour with what ``counts`` says of it; nobody may change the counts, they are told again.

        Where only ``accepted`` is asked for, whole hours tell no more: what becomes of the mail is not worked out.
        """
        spans = list(spans_of(stream))
        only_accepted = set(kinds) <= {"accepted"} and stream.stage != "delivery"
        for hour in hours:
            start, end = float(hour * HOUR), float((hour + 1) * HOUR)
            if end > until or not any(low <= start and high >= end for low, high in spans):
                yield hour, self.counts(stream, hour, until)
            elif only_accepted:
                yield hour, {"accepted": _planned(self._base(stream), stream.profile, stream.rate, hour)}
            else:
                yield hour, self._whole(stream, hour)

    def _whole(self, stream: Stream, hour: int) -> dict[str, int]:
        """Return the counts of a whole hour; kept, since every reading of the volume asks for weeks of them."""
        key = (stream.id, stream.rate, hour)
        counts = self._counted.get(key)
        if counts is None:
            plan = self.plan(stream, hour)
            counts = self._counted[key] = {kind: getattr(plan, kind) for kind in EVENTS}
            if stream.stage == "accepted":
                counts.update({kind: 0 for kind in EVENTS if kind != "accepted"})
            elif stream.stage == "delivery":
                counts["accepted"] = 0
        return counts

    def counts(self, stream: Stream, hour: int, until: float) -> dict[str, int]:
        """Return how many events of each kind one sender had in one hour up to ``until``."""
        start = float(hour * HOUR)
        if start + HOUR <= until and any(lo <= start and hi >= start + HOUR for lo, hi in spans_of(stream)):
            return self._whole(stream, hour)
        if not any(low < min(until, start + HOUR) and high > start for low, high in spans_of(stream)):
            return dict.fromkeys(EVENTS, 0)
        return {kind: bisect_right(at, until) for kind, at in self._moments_of(stream, hour).items()}

    def _moments_of(self, stream: Stream, hour: int) -> dict[str, array[float]]:
        """Return when each kind happens in an hour, sorted, as it will be if the sender is not stopped or started.

        The last hour asked for is kept: it is the running one, and every reading of the volume counts it.
        """
        as_is = (hour, sending(stream))
        kept = self._moments.get(stream.id)
        if kept is not None and kept[0] == as_is:
            return kept[1]
        found: dict[str, list[float]] = {kind: [] for kind in EVENTS}
        for event in self.events(stream, hour, float((hour + 1) * HOUR)):
            found[event.kind].append(event.at)
        moments = {kind: array("d", sorted(at)) for kind, at in found.items()}
        self._moments[stream.id] = (as_is, moments)
        return moments


def sending(stream: Stream) -> object:
    """Return what of a sender decides which of its messages exist: who, how much, how far they get, and when."""
    shares = (stream.failed, stream.opened, stream.clicked, stream.complained, stream.unsubscribed)
    return stream.id, stream.rate, stream.profile, stream.stage, shares, tuple(tuple(s) for s in stream.spans)


def spans_of(stream: Stream) -> Iterator[tuple[float, float]]:
    """Yield the times a sender could send as (from, to), to being infinite while it goes on."""
    for low, high in stream.spans:
        yield low or 0.0, float("inf") if high is None else high


def rank_of(plan: HourPlan, number: int) -> int:
    """Return the place of a message in the hour's shuffled order, which decides what becomes of it."""
    return (number * plan.step + plan.shift) % plan.accepted


def _fate(plan: HourPlan, number: int, at: float, end: float, draw: int) -> Iterator[tuple[str, float]]:
    """Yield what happens to a message after it was accepted, all within its hour."""
    rank = rank_of(plan, number)
    left = end - at
    arrival = min(at + 0.4 + 6.0 * (draw >> 21 & _BITS) * _UNIT, at + left * 0.5)
    if rank < plan.failed:
        yield "failed", arrival
        return
    good = rank - plan.failed
    if good < plan.temporary:
        yield "temporary", arrival
        arrival += (end - arrival) * 0.3
    yield "delivered", arrival
    # Opens are counted from the far end so that the delayed ones are not all opened.
    back = plan.delivered - 1 - good
    later = arrival + (end - arrival) * (draw >> 42 & _BITS) * _UNIT
    if back < plan.opened:
        yield "opened", later
    if back < plan.clicked:
        yield "clicked", later + (end - later) * 0.1
    # Complaints come from those who did not open, so that they do not follow the clicks.
    if good < plan.complained:
        yield "complained", later
    if plan.complained <= good < plan.complained + plan.unsubscribed:
        yield "unsubscribed", later


def _round(value: float, chance: float) -> int:
    """Round down or up by chance, so that small rates keep their mean."""
    whole = int(value)
    return whole + (chance < value - whole)
