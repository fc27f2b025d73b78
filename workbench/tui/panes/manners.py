"""Keys first: what takes long and is no answer to a key waits while one is on its way, though not without end."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

# Seconds: how soon it is asked again, and how long whoever keeps pressing keys is given way to.
AGAIN, AT_MOST = 0.03, 0.4


class Manners:
    """One for everything that takes long. ``key_under_way`` tells whether a key is on its way."""

    def __init__(self, key_under_way: Callable[[], bool], monotonic: Callable[[], float] = monotonic) -> None:
        self._key_under_way = key_under_way
        self._monotonic = monotonic
        self._waits_since: float | None = None

    def after_you(self) -> bool:
        """Return whether to wait ``AGAIN`` seconds and ask once more; not after ``AT_MOST`` seconds of that."""
        if self._key_under_way():
            now = self._monotonic()
            if self._waits_since is None:
                self._waits_since = now
            if now - self._waits_since < AT_MOST:
                return True
        self._waits_since = None
        return False
