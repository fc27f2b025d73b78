"""Models of rate limits as servers keep them, and a client in simulated time against them."""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from typing import NamedTuple, Protocol

from workbench.mailgun.pace import Documented, Pace
from workbench.mailgun.retry_hints import NOTHING, Hints


class Limit(Protocol):
    """Answers a call at a moment: None for yes, else the seconds it names (negative: none named)."""

    def ask(self, now: float) -> float | None: ...


def said(kind: str, left: float) -> float:
    """Return what a server says when ``left`` seconds remain."""
    return {"exact": left, "ceil": float(max(1, math.ceil(left))), "minute": 60.0, "silent": -1.0}[kind]


class Window:
    """So many calls a window; the window opens with the first call, or stood open for ``age`` seconds."""

    def __init__(self, calls: int, seconds: float, says: str = "ceil", age: float = 0.0) -> None:
        self.calls, self.seconds, self.says, self.age = calls, seconds, says, age
        self.start: float | None = None
        self.used = 0

    def ask(self, now: float) -> float | None:
        if self.start is None:
            self.start = now - self.age
        while now >= self.start + self.seconds:
            self.start += self.seconds
            self.used = 0
        if self.used < self.calls:
            self.used += 1
            return None
        return said(self.says, self.start + self.seconds - now)


class Sliding:
    """So many calls in any stretch of so many seconds."""

    def __init__(self, calls: int, seconds: float, says: str = "ceil") -> None:
        self.calls, self.seconds, self.says = calls, seconds, says
        self.seen: deque[float] = deque()

    def ask(self, now: float) -> float | None:
        while self.seen and self.seen[0] <= now - self.seconds:
            self.seen.popleft()
        if len(self.seen) < self.calls:
            self.seen.append(now)
            return None
        return said(self.says, self.seen[0] + self.seconds - now)


class Bucket:
    """A token bucket."""

    def __init__(self, size: float, rate: float, says: str = "ceil") -> None:
        self.size, self.rate, self.says = size, rate, says
        self.tokens, self.at = size, 0.0

    def ask(self, now: float) -> float | None:
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return None
        return said(self.says, (1 - self.tokens) / self.rate)


class Free:
    """No limit."""

    def ask(self, now: float) -> float | None:
        return None


class Run(NamedTuple):
    """What came of a run: calls a second over all of it, share refused, longest pile of refusals at once."""

    rate: float
    refused: float
    seconds: float


def run(
    server: Limit,
    calls: int,
    *,
    latency: float = 0.09,
    in_flight: int = 20,
    documented: Documented | None = None,
) -> Run:
    """Make ``calls`` calls through one Pace, each repeated until it passes, in simulated time."""
    pace = Pace(0.0, in_flight, careful_at=0 if documented else 300, documented=documented)
    events: list[tuple[float, int, str, float, float | None]] = []
    order = itertools.count()
    now, todo, done, refused = 0.0, calls, 0, 0
    while done < calls:
        ready = pace.ready_at() if todo else None
        if ready is not None and ready <= now:
            todo -= 1
            pace.took(now)
            heapq.heappush(events, (now + latency / 2, next(order), "arrives", now, None))
            continue
        if ready is not None and (not events or ready < events[0][0]):
            now = ready
            continue
        now, _, what, issued, answer = heapq.heappop(events)
        if what == "arrives":
            heapq.heappush(events, (now + latency / 2, next(order), "answers", issued, server.ask(now)))
        elif answer is None:
            pace.answered(issued, now, NOTHING)
            done += 1
        else:
            pace.limited(issued, now, Hints(None if answer < 0 else answer))
            todo += 1
            refused += 1
    return Run(calls / now, refused / (calls + refused), now)
