"""How fast calls of one endpoint family may leave: pure arithmetic on moments, no waiting in here.

A family starts unlimited (or at a documented limit) and learns from what servers say. At a 429 it measures
what really passed since the window began, waits as told, and goes on at just under that rate, evenly spread:
a paced client wastes no call, a hammering one loses many. With no further 429 it feels its way up again.
"""

from __future__ import annotations

from typing import NamedTuple

from workbench.mailgun.retry_hints import Hints

# Just under the measured limit: two in a hundred left unused cost less than calls refused.
_BELOW = 0.98
# A late timer may catch up this many seconds of its pace, no more: calls are spread, not bunched.
_SLACK = 0.25
_FIRST_WAIT = 1.0
_LONGEST_BLIND_WAIT = 60.0
# Recover quickly towards the rate that was refused, then probe past it rarely and gently.
_RECOVER, _RECOVER_EVERY = 1.04, 4.0
_PROBE, _PROBE_EVERY = 1.02, 90.0
_TOO_FEW = 5


class Documented(NamedTuple):
    """A limit known beforehand: so many calls in so many seconds."""

    calls: int
    seconds: float


class Pace:
    """The pace of one family. Moments are monotonic seconds; ``rate`` is calls a second, None for unlimited.

    ``careful_at`` is a number of calls at which an assumed limit may lie: around it only two calls are in
    flight until one has passed it, so that finding the limit costs two refusals and not twenty.
    """

    __slots__ = (
        "_ceiling",
        "_changed",
        "_credit",
        "_cut",
        "_gate",
        "_mark",
        "_most",
        "_passed",
        "_quota",
        "_quota_until",
        "_start",
        "allow",
        "blocked_until",
        "calls",
        "in_flight",
        "next_at",
        "rate",
        "refused",
        "refused_in_a_row",
    )

    def __init__(
        self, now: float, most: int, *, careful_at: int = 0, documented: Documented | None = None
    ) -> None:
        self._most = most
        self._gate = careful_at
        self._mark = self._changed = now
        self._passed = 0
        self._cut = float("-inf")
        self._quota: float | None = None
        self._quota_until = now
        self.allow = most
        self.blocked_until = self.next_at = now
        self.in_flight = self.calls = self.refused = self.refused_in_a_row = 0
        self.rate: float | None = None
        self._ceiling: float | None = None
        self._credit = 0
        if documented is not None:
            # A fifth of a window at once keeps short jobs quick; the rest of that window is spread.
            self._credit = documented.calls // 5
            self.rate = (documented.calls - self._credit) / documented.seconds * _BELOW
            self._ceiling = documented.calls / documented.seconds

    def ready_at(self) -> float | None:
        """Return the moment the next call may leave; None while too many are in flight."""
        allow = self.allow
        if self._gate and self.calls >= self._gate - 1:
            allow = min(allow, 2)
        if self.in_flight >= allow:
            return None
        return max(self.blocked_until, self.next_at)

    def took(self, now: float) -> None:
        """Note that a call leaves now."""
        self.in_flight += 1
        self.calls += 1
        if self._credit > 0:
            self._credit -= 1
            return
        rate = self.rate
        if now < self._quota_until and self._quota is not None:
            rate = self._quota if rate is None else min(rate, self._quota)
        if rate is not None:
            self.next_at = max(self.next_at, now - _SLACK) + 1 / rate

    def returned(self) -> None:
        """Note that a call came to nothing: cancelled, or no answer."""
        self.in_flight -= 1

    def answered(self, issued: float, now: float, hints: Hints) -> None:
        """Note an answer that was not a 429, to a call that left at ``issued``."""
        self.in_flight -= 1
        self._passed += 1
        if issued >= self._cut:
            self.refused_in_a_row = 0
        if self._gate and self._passed > self._gate:
            self._gate = 0
        if self.allow < self._most and issued >= self._cut:
            self.allow = min(self._most, self.allow + 1)
        if hints.remaining is not None:
            self._heed_quota(now, hints)
        if self.rate is not None:
            self._grow(now)

    def _heed_quota(self, now: float, hints: Hints) -> None:
        """Spread what is left of a window that is more than half used, as its own headers tell."""
        if hints.reset is None or hints.remaining is None:
            return
        if hints.remaining <= 0:
            self.blocked_until = max(self.blocked_until, now + hints.reset)
        elif hints.limit and hints.remaining * 2 < hints.limit and hints.reset > 0:
            self._quota = hints.remaining / hints.reset
            self._quota_until = now + hints.reset

    def _grow(self, now: float) -> None:
        assert self.rate is not None  # noqa: S101
        below = self._ceiling is None or self.rate < self._ceiling * _BELOW
        every, factor = (_RECOVER_EVERY, _RECOVER) if below else (_PROBE_EVERY, _PROBE)
        if now - self._changed < every:
            return
        self._changed = now
        self.rate *= factor
        if below and self._ceiling is not None:
            self.rate = min(self.rate, self._ceiling * _BELOW)

    def limited(self, issued: float, now: float, hints: Hints) -> None:
        """Note a 429 to a call that left at ``issued``: wait as told, and slow down once per burst."""
        self.in_flight -= 1
        self.refused += 1
        self._gate = 0
        self._credit = 0
        wait = hints.wait
        if wait is None:
            wait = min(_FIRST_WAIT * 2**self.refused_in_a_row, _LONGEST_BLIND_WAIT)
        self.blocked_until = max(self.blocked_until, now + wait)
        if issued < self._cut:
            return  # It left before the last cut: the same burst tells nothing new about the rate.
        self.refused_in_a_row += 1
        self._cut = now
        self._slow_down(self.blocked_until)
        self._changed = self._mark = self.next_at = self.blocked_until
        self._passed = 0
        # After a pause one call goes first, then two: if the pause was too short, it costs one refusal.
        self.allow = 1

    def _slow_down(self, until: float) -> None:
        """Set the rate from what passed in the window that ends at ``until``."""
        span = max(until - self._mark, 1e-3)
        measured = max(self._passed, 1) / span
        if self.rate is None:
            self.rate = measured * _BELOW
            self._ceiling = measured
            return
        lowest = self.rate * 0.5 if self._passed < _TOO_FEW else measured * _BELOW
        self._ceiling = min(self.rate, measured) if self._passed >= _TOO_FEW else self.rate
        self.rate = min(self.rate * 0.96, lowest)
