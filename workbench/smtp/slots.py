"""How many SMTP sessions are under way at once: many while the event loop is free, few while it is not.

A key that is pressed is answered after half a dozen turns of the loop, and in one turn every session that has
something to read or to encrypt gets its step. A server far away keeps forty sessions waiting, which costs nothing; one
that answers at once gives all of them something to do in every turn: no proof is made sooner, and a key waits for all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from workbench.core.clock import Clock

# Seconds that a turn of the loop may take before fewer sessions are begun: less than a picture of sixty a second.
LONG_TURN = 0.008
# Sessions that are always allowed: enough to keep the processor and a server nearby at work.
FEW = 4
# Begun with; each short turn adds a half, each long one takes one.
AT_FIRST = 8
_MORE, _LESS = 0.5, 1.0


class SessionSlots:
    """Places for sessions, handed out in the order they were asked for; use each as ``async with slots:``.

    Never more than ``most`` are taken, and no more than ``allowed``, which follows how long the loop's turns are.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._taken = 0
        self._allowed = float(min(AT_FIRST, most))
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def allowed(self) -> int:
        """Return how many sessions may be under way now."""
        return int(self._allowed)

    async def __aenter__(self) -> None:
        """Wait for a place, then for one turn of the loop, whose length says how many may be under way."""
        if self._taken < self.allowed and not self._waiting:
            self._taken += 1
        else:
            await self._turn_comes()
        began = self._clock.monotonic()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._give_back()
            raise
        self._heard(self._clock.monotonic() - began)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the place to whoever waits longest."""
        self._give_back()

    async def _turn_comes(self) -> None:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._give_back()  # It was handed over in the same turn.
            raise

    def _give_back(self) -> None:
        self._taken -= 1
        self._hand_out()

    def _heard(self, seconds: float) -> None:
        change = -_LESS if seconds > LONG_TURN else _MORE
        self._allowed = min(self._most, max(min(FEW, self._most), self._allowed + change))
        self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._taken < self.allowed:
            place = self._waiting.popleft()
            if not place.cancelled():
                self._taken += 1
                place.set_result(None)
