"""An event loop whose time stands still while anything happens: what a test judges does not hang on the machine.

For tests whose server and client live in one process: whatever is on its way there is on its way through this
very loop. Where a machine stops for a second, no time-out runs out; where all wait for one, it need not be sat out.
"""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import Any

# Seconds of the host's in which nothing arrives at any socket, until what waits for a moment may have it. What is
# sent on loopback arrives at once; a busy kernel may be late by some milliseconds.
QUIET = 0.03


class PatientLoop(asyncio.SelectorEventLoop):
    """A loop whose ``time()`` moves by what its timers wait for, once nothing else is left to do."""

    def __init__(self) -> None:
        self._moved = 0.0
        super().__init__(_Idle(self))

    def time(self) -> float:
        """Return the seconds that were waited for so far."""
        return self._moved

    def move(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self._moved += seconds


class _Idle(selectors.DefaultSelector):
    """The selector of a patient loop: a wait in which nothing came moves the loop's time by all of it."""

    def __init__(self, loop: PatientLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; where nothing comes for a while, as if ``timeout`` seconds had passed."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(min(timeout, QUIET))
        if not ready:
            self._loop.move(timeout)
        return ready


class LoopClock:
    """The clock of the loop that runs: moments and waits by its time, patient or not."""

    BEGAN = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Return a day of November 2026, moved by what the loop waited for."""
        return self.BEGAN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop."""
        await asyncio.sleep(seconds)
