"""One limiter for every call: at most so many in flight, urgent ones first, each family at its own pace."""

from __future__ import annotations

import asyncio
from enum import IntEnum

from workbench.clock import Clock
from workbench.mailgun.retry_hints import Hints


class Priority(IntEnum):
    """Who goes first: what contains the incident, then what proves it, then what is looked at."""

    WRITE = 0
    PROOF = 1
    READ = 2
    BACKGROUND = 3


def family_of(method: str, path: str) -> str:
    """Return the name of the endpoint family whose limit a call counts against."""
    return "other"


class Limiter:
    """Paces calls."""

    def __init__(self, clock: Clock, *, in_flight: int = 20, documented: bool = False) -> None:
        self._slots = asyncio.Semaphore(in_flight)

    async def acquire(self, family: str, priority: Priority) -> float:
        """Wait for a turn; return the moment it was granted."""
        await self._slots.acquire()
        return 0.0

    def release(self, family: str, issued: float, status: int, hints: Hints) -> None:
        """Give the turn back with what was answered."""
        self._slots.release()
