"""How many calls a second went out just now."""

from __future__ import annotations

from collections import deque

_SPAN = 2.0  # seconds


class CallRate:
    """The moments of the latest calls, as monotonic seconds; with each call the older ones are let go."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque()

    def __len__(self) -> int:
        """Return how many moments are held."""
        return len(self._moments)

    def noted(self, now: float) -> None:
        """Take a call that goes out now."""
        self._let_go(now)
        self._moments.append(now)

    def per_second(self, now: float) -> float:
        """Return the calls of the last two seconds, per second."""
        self._let_go(now)
        return len(self._moments) / _SPAN

    def clear(self) -> None:
        """Forget every call."""
        self._moments.clear()

    def _let_go(self, now: float) -> None:
        while self._moments and now - self._moments[0] > _SPAN:
            self._moments.popleft()
