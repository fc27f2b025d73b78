"""One limiter for every call: at most so many in flight, urgent ones first, each family at its own pace.

Families are limited apart by the vendor (dossier C), so a family that must wait does not hold up the others.
"""

from __future__ import annotations

import asyncio
from enum import IntEnum
from heapq import heappop, heappush
from typing import NamedTuple

from workbench.core.clock import Clock
from workbench.mailgun.pace import Documented, Pace
from workbench.mailgun.retry_hints import NOTHING, Hints

# 300 a minute is documented for domains and webhooks, 500 in ten seconds for metrics (dossier C).
DOCUMENTED = {
    "domains": Documented(300, 60.0),
    "webhooks": Documented(300, 60.0),
    "metrics": Documented(500, 10.0),
}
# Where nothing is documented, the most likely limit is the vendor's documented one.
ASSUMED_CALLS = 300


class Priority(IntEnum):
    """Who goes first: what contains the incident, then what proves it, then what is looked at."""

    WRITE = 0
    PROOF = 1
    READ = 2
    BACKGROUND = 3


_BY_SECOND = {
    "keys": "keys",
    "users": "users",
    "webhooks": "webhooks",
    "routes": "routes",
    "lists": "lists",
    "ip_whitelist": "allowlist",
    "ips": "ips",
    "ip_pools": "ips",
    "dynamic_pools": "ips",
    "stats": "stats",
    "thresholds": "thresholds",
    "accounts": "account",
    "sandbox": "account",
    "dkim": "dkim",
    "bounce-classification": "bounce classification",
    "templates": "templates",
}
_BY_THIRD = {
    "bounces": "suppressions",
    "complaints": "suppressions",
    "unsubscribes": "suppressions",
    "whitelists": "suppressions",
    "templates": "templates",
    "envelopes": "queues",
    "events": "logs",
    "stats": "stats",
    "messages": "messages",
}
_OF_DOMAIN = {
    "credentials": "credentials",
    "webhooks": "webhooks",
    "verify": "verify",
    "messages": "messages",
}


def family_of(method: str, path: str) -> str:
    """Return the name of the endpoint family whose limit a call counts against."""
    parts = path.split("/")  # "", version, area, ...
    area = parts[2] if len(parts) > 2 else ""
    if area == "domains":
        return _OF_DOMAIN.get(parts[4], "domains") if len(parts) > 4 else "domains"
    if area == "analytics":
        return "logs" if parts[-1] == "logs" else "metrics"
    if area in _BY_SECOND:
        return _BY_SECOND[area]
    return _BY_THIRD.get(parts[3], "other") if len(parts) > 3 else "other"


class FamilyView(NamedTuple):
    """What a family does now: calls made and refused (429), in flight, waiting, calls a second (None: free).

    ``pause`` is in seconds: how long the server asked to be left alone.
    """

    name: str
    calls: int
    refused: int
    in_flight: int
    waiting: int
    rate: float | None
    pause: float


_Waiter = tuple[int, int, "asyncio.Future[float]"]


class _Family:
    __slots__ = ("heap", "pace")

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.heap: list[_Waiter] = []


class Limiter:
    """Hands out turns. ``acquire`` waits for one, ``release`` gives it back with what was answered."""

    def __init__(self, clock: Clock, *, in_flight: int = 20, documented: bool = False) -> None:
        """Allow ``in_flight`` calls at once; with ``documented``, start at the vendor's documented limits."""
        self._clock = clock
        self._most = in_flight
        self._documented = documented
        self._busy = 0
        self._order = 0
        self._families: dict[str, _Family] = {}
        self._queued: dict[str, _Family] = {}
        self._timer: asyncio.Task[None] | None = None
        self._timer_at = 0.0

    @property
    def in_flight(self) -> int:
        """How many calls are out."""
        return self._busy

    @property
    def writes_wait(self) -> bool:
        """Whether a call that changes the account waits for its turn."""
        return any(
            priority <= Priority.WRITE and not turn.done()
            for family in self._queued.values()
            for priority, _, turn in family.heap
        )

    def view(self) -> list[FamilyView]:
        """Return what every family used so far does now."""
        now = self._clock.monotonic()
        return [
            FamilyView(
                name,
                family.pace.calls,
                family.pace.refused,
                family.pace.in_flight,
                sum(1 for waiter in family.heap if not waiter[2].done()),
                family.pace.rate,
                max(0.0, family.pace.blocked_until - now),
            )
            for name, family in self._families.items()
        ]

    def blocked_for(self, family: str) -> float:
        """Return for how many seconds a family's server asked to be left alone, 0.0 where it did not."""
        known = self._families.get(family)
        return max(0.0, known.pace.blocked_until - self._clock.monotonic()) if known is not None else 0.0

    async def acquire(self, family: str, priority: Priority) -> float:
        """Wait for a turn; return the moment it was granted, to be handed to ``release``."""
        place = self._families.get(family) or self._open(family)
        turn: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._order += 1
        heappush(place.heap, (priority, self._order, turn))
        self._queued[family] = place
        self._dispatch()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(family, turn.result(), 0, NOTHING)  # Granted, but nobody is there to use it.
            raise

    def release(self, family: str, issued: float, status: int, hints: Hints) -> None:
        """Give a turn back. ``status`` is the HTTP status of the answer, 0 where there was none."""
        pace = self._families[family].pace
        self._busy -= 1
        if status == 0:
            pace.returned()
        elif status == 429:
            pace.limited(issued, self._clock.monotonic(), hints)
        else:
            pace.answered(issued, self._clock.monotonic(), hints)
        self._dispatch()

    def _open(self, name: str) -> _Family:
        documented = DOCUMENTED.get(name.partition("@")[0]) if self._documented else None
        now = self._clock.monotonic()
        careful = 0 if documented else ASSUMED_CALLS
        family = _Family(Pace(now, self._most, careful_at=careful, documented=documented))
        self._families[name] = family
        return family

    def _dispatch(self) -> None:
        """Grant every turn that may be granted now; see that somebody looks again when the next one may."""
        while self._busy < self._most and self._queued:
            now = self._clock.monotonic()
            best, soonest = self._choose(now)
            if best is None:
                if soonest is not None:
                    self._wake_at(soonest, now)
                return
            _, _, turn = heappop(best.heap)
            self._busy += 1
            best.pace.took(now)
            turn.set_result(now)

    def _choose(self, now: float) -> tuple[_Family | None, float | None]:
        """Return the family whose most urgent call may leave now, and the moment the next other one may."""
        best: _Family | None = None
        soonest: float | None = None
        empty: list[str] = []
        for name, family in self._queued.items():
            heap = family.heap
            while heap and heap[0][2].done():
                heappop(heap)
            if not heap:
                empty.append(name)
                continue
            ready = family.pace.ready_at()
            if ready is None:
                continue
            if ready > now:
                soonest = ready if soonest is None else min(soonest, ready)
            elif best is None or heap[0] < best.heap[0]:
                best = family
        for name in empty:
            del self._queued[name]
        return best, soonest

    def _wake_at(self, moment: float, now: float) -> None:
        if self._timer is not None and not self._timer.done():
            if self._timer_at <= moment:
                return
            self._timer.cancel()
        self._timer_at = moment
        self._timer = asyncio.get_running_loop().create_task(self._wake(moment - now))

    async def _wake(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        self._dispatch()
