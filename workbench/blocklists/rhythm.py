"""How soon a query that got no answer is sent again. Pure."""

from __future__ import annotations

# A query is not sent again sooner than this, however quick its zone is: a busy host needs a moment too.
_SHORTEST_WAIT = 0.15


class Rhythm:
    """How long answers of one zone take, after RFC 6298: it sets how soon a query is sent again."""

    __slots__ = ("_deviation", "_mean")

    def __init__(self) -> None:
        self._mean = 0.0
        self._deviation = 0.0

    def heard(self, seconds: float) -> None:
        """Take the time that one answer took."""
        if not self._mean:
            self._mean, self._deviation = seconds, seconds / 2
            return
        self._deviation += (abs(seconds - self._mean) - self._deviation) / 4
        self._mean += (seconds - self._mean) / 8

    def patience(self, longest: float) -> float:
        """Return the seconds to wait before sending again: at most ``longest``, which holds before any answer."""
        if not self._mean:
            return longest
        return min(longest, max(_SHORTEST_WAIT, self._mean + 4 * self._deviation))
