"""Rate limits above ``--rate`` calls a minute, answered in each family's own vocabulary (dossier C).

Windows are fixed minutes of real time from a family's first call; the vendor's own figures for verification
(10) and metrics (500 in 10 s) apply only when a rate was asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from workbench.drill.api.wire import WireAnswer

WINDOW = 60.0
_FIXED = {"verify": (10, 60.0), "metrics": (500, 10.0)}
_BODY_ONLY = frozenset({"domains", "webhooks", "credentials"})


@dataclass
class _Window:
    opened: float
    used: int


class Throttle:
    """Counts the calls of each family of one account and region."""

    def __init__(self, rate: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], _Window] = {}
        self.refused = 0

    def check(self, tenant: str, family: str, now: float) -> tuple[WireAnswer | None, dict[str, str]]:
        """Count a call; return the 429 answer (None: go ahead) and the headers this family shows anyway."""
        if self.rate <= 0:
            return None, {}
        limit, length = _FIXED.get(family, (self.rate, WINDOW))
        clock = self._monotonic()
        window = self._windows.get((tenant, family))
        if window is None or clock - window.opened >= length:
            window = self._windows[(tenant, family)] = _Window(clock, 0)
        left = window.opened + length - clock
        headers = _headers(family, limit, max(0, limit - window.used - 1), now + left)
        if window.used >= limit:
            self.refused += 1
            answer = _refuse(family, max(1, math.ceil(left)))
            answer.headers.update(headers)
            return answer, headers
        window.used += 1
        return None, headers


def _headers(family: str, limit: int, remaining: int, reset: float) -> dict[str, str]:
    # Resets are epoch milliseconds wherever they were recorded.
    stamp = str(int(reset * 1000))
    if family in ("suppressions", "verify"):
        return {
            "X-Request-Limit": str(limit),
            "X-Request-Remaining": str(remaining),
            "X-Request-Reset": stamp,
        }
    if family in ("messages", "metrics", "logs"):
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": stamp,
        }
    return {}


def _refuse(family: str, seconds: int) -> WireAnswer:
    if family in _BODY_ONLY:
        return WireAnswer({"retry-seconds": seconds}, 429)
    if family == "lists":
        return WireAnswer({"message": "Too Many Requests"}, 429)
    if family == "messages":
        text = f"account-requests-per-sec limit exceeded, try again after {seconds} seconds"
        return WireAnswer({"message": text}, 429)
    if family == "tls":
        return WireAnswer({"Description": "Too Many Requests"}, 429)
    return WireAnswer({"message": "rate limit exceeded"}, 429)
