"""The drill's clock: it can run faster than life, and it stands still while the drill is closed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

REAL_TIME = 1.0


class SimClock:
    """A Clock (``workbench.core.clock.Clock``) over simulated time.

    It starts at ``start`` plus ``elapsed`` simulated seconds and runs ``factor`` times as fast as
    ``monotonic``. ``advance`` moves it by hand. Persist ``elapsed()`` and hand it back to resume.
    """

    def __init__(
        self,
        start: datetime,
        speed: float = 0.0,
        elapsed: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``speed`` is in simulated hours a minute; 0 is real time."""
        self.start = start.astimezone(UTC)
        self.factor = speed * 60.0 if speed > 0 else REAL_TIME
        self._monotonic = monotonic
        self._base = elapsed
        self._origin = monotonic()

    def elapsed(self) -> float:
        """Return the simulated seconds since ``start``."""
        return self._base + (self._monotonic() - self._origin) * self.factor

    def now(self) -> datetime:
        """Return the present simulated moment in UTC."""
        return self.start + timedelta(seconds=self.elapsed())

    def timestamp(self) -> float:
        """Return the present simulated moment as epoch seconds."""
        return self.start.timestamp() + self.elapsed()

    def monotonic(self) -> float:
        """Return simulated seconds that never run backwards."""
        return self.elapsed()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by so many simulated seconds."""
        if seconds < 0:
            raise ValueError("the simulated clock only runs forward")
        self._base += seconds

    def stand_still(self) -> None:
        """Stop: from here on the clock moves by ``advance`` alone."""
        self._base, self._origin, self._monotonic = self.elapsed(), 0.0, lambda: 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait for so many simulated seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.factor)
