"""How fast calls of one endpoint family may leave: pure arithmetic on moments, no waiting in here.

A family starts unlimited (or at a documented limit) and learns from what servers say. At a 429 it measures
what really passed since the window began, waits as told, and goes on at just under that rate, evenly spread:
a paced client wastes no call, a hammering one loses many. With no further 429 it feels its way up again.
"""

from __future__ import annotations

from collections import deque
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
_PROBE, _PROBE_EVERY = 0.02, 90.0
_TOO_FEW = 5
_MINUTE = 60.0
_REMEMBERED = 2048
# A family starts with a few calls and one more for each that passes: twenty within three round trips.
_FIRST_ALLOW = 4
_CAREFUL = 4


class Documented(NamedTuple):
    """A limit known beforehand: so many calls in so many seconds."""

    calls: int
    seconds: float


class Pace:
    """The pace of one family. Moments are monotonic seconds; ``rate`` is calls a second, None for unlimited.

    ``careful_at`` is a number of calls at which an assumed limit may lie: no more than four leave beyond it
    until one of those has passed, so that finding the limit costs four refusals and not twenty. It is looked for
    twice: where a window of a minute would end, and where a bucket would that was filled up meanwhile.
    """

    __slots__ = (
        "_before",
        "_ceiling",
        "_changed",
        "_credit",
        "_cut",
        "_gate",
        "_gate_at",
        "_gate_calls",
        "_gate_passed",
        "_gate_start",
        "_mark",
        "_measuring",
        "_most",
        "_passed",
        "_passes",
        "_probes",
        "_quota",
        "_quota_until",
        "_wait",
        "_window",
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
        self._gate_start = now
        self._gate_at = careful_at
        self._gate_calls = self._gate_passed = 0
        self._passed = 0
        # When the latest calls that passed had left: what came before the last minute tells nothing about a limit.
        self._passes: deque[float] = deque(maxlen=_REMEMBERED)
        self._measuring = True
        self._window = (0, now)
        self._before: tuple[float | None, float | None] = (None, None)
        self._cut = float("-inf")
        self._wait = 0.0
        self._probes = 0
        self._quota: float | None = None
        self._quota_until = now
        self.allow = min(_FIRST_ALLOW, most)
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
        if self._gate and self._gate_calls >= self._gate_at + _CAREFUL:
            allow = min(allow, _CAREFUL)
        if self.in_flight >= allow:
            return None
        return max(self.blocked_until, self.next_at)

    def took(self, now: float) -> None:
        """Note that a call leaves now."""
        self.in_flight += 1
        self.calls += 1
        if self._gate:
            if now - self._gate_start >= _MINUTE:
                self._gate_start = now
                self._gate_at = self._gate
                self._gate_calls = self._gate_passed = 0
            self._gate_calls += 1
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
        fresh = issued > self._cut
        if fresh and not self._measuring:
            # The first call to pass after a pause opens the next window to measure.
            self._measuring = True
            self._mark = self._changed = issued
            self._passed = 0
            self.refused_in_a_row = 0
        self._passed += 1
        self._passes.append(issued)
        if self._gate:
            self._pass_gate(issued, now)
        # Once limited, more at once come back slowly: a pause that was too short must not cost a burst.
        if fresh and self.allow < self._most and (self.rate is None or self._passed % 3 == 0):
            self.allow += 1
        if hints.remaining is not None:
            self._heed_quota(now, hints)
        if self.rate is not None and fresh:
            self._grow(now)

    def _pass_gate(self, issued: float, now: float) -> None:
        self._gate_passed += 1
        if self._gate_passed <= self._gate + 2:
            return
        # No window of that many calls: what is left is a bucket, with what it would have got back meanwhile, and
        # until those that leave now are answered.
        refill = self._gate / _MINUTE
        self._gate_at = int(self._gate + refill * (2 * now - issued - self._gate_start))
        if self._gate_passed > self._gate + refill * (now - self._gate_start) + 2:
            self._gate = 0

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
        if below:
            every, factor = min(max(self._wait, 1.0), _RECOVER_EVERY), _RECOVER
        else:
            # A probe that fails costs the pause the server asks for: the longer that is, the rarer the probe.
            # Each one that holds makes the next one bolder: a limit that is gone is left behind in minutes.
            every = max(_PROBE_EVERY / (1 + self._probes), 15 * self._wait)
            factor = 1 + _PROBE * 2 ** min(self._probes, 4)
        if now - self._changed < every:
            return
        self._changed = now
        self.rate *= factor
        self._probes += not below
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
        self._wait = wait
        self.blocked_until = max(self.blocked_until, now + wait)
        if issued <= self._cut:
            return  # It left before the last cut: the same burst tells nothing new about the rate.
        self.refused_in_a_row += 1
        self._cut = now
        if self._measuring:
            self._before = (self.rate, self._ceiling)
            self._window = self._recent()
        # Refused again before anything passed: the pause was too short, and the window is longer than thought.
        self._measuring = False
        self._probes = 0
        self._slow_down(*self._before)
        self._changed = self.next_at = self.blocked_until
        # After a pause one call goes first, then two: if the pause was too short, it costs one refusal.
        self.allow = 1

    def _slow_down(self, rate: float | None, ceiling: float | None) -> None:
        """Set the rate from what passed in the window that ends when the server wants to be asked again."""
        passed, began = self._window
        span = max(self.blocked_until - began, 1e-3)
        measured = max(passed, 1) / span
        if rate is None:
            self.rate = measured * _BELOW
            # Servers round the wait up to a whole second: the truth may lie as far above as that second tells.
            self._ceiling = max(passed, 1) / max(span - 1.0, self._cut - began, 1e-3)
        elif passed < _TOO_FEW:
            self.rate = rate * 0.5
            self._ceiling = ceiling
        else:
            self.rate = min(rate * 0.96, measured * _BELOW)
            # Far below the pace, the measure may only show that there was little to do.
            self._ceiling = min(rate, measured / _BELOW) if measured > 0.7 * rate else rate * _BELOW

    def _recent(self) -> tuple[int, float]:
        """Return how many calls passed in the window that was cut, and when it began.

        The window is a minute, less what the server still wants to wait; where that is short, so is the window.
        """
        wait = self._wait
        # Five seconds more, for waits are rounded up; whoever always says a minute means any part of it.
        horizon = _MINUTE - wait + 5.0 if wait < _MINUTE else _MINUTE
        if wait < 5.0:
            horizon = 5.0 * max(wait, 1.0)
        since = max(self._mark, self._cut - horizon)
        recent = [moment for moment in self._passes if moment >= since]
        # A window cannot begin before its first call: a quiet stretch before a burst is no part of it.
        return len(recent), recent[0] if recent else since
