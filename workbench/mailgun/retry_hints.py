"""When a server says it wants to be asked again, in every vocabulary the vendor uses (dossier C).

Three vocabularies are on record: ``Retry-After``, the families ``X-RateLimit-*`` and ``X-Request-*`` whose
reset is epoch milliseconds in recordings and seconds in the vendor's Go SDK, and words or fields in the body.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from workbench.core.json_text import read_json
from workbench.mailgun.dates import parse_moment

# No answer may silence the workbench for longer than this: a hostile or broken one could name a year.
LONGEST_WAIT = 300.0
_MILLISECONDS_FROM = 1e11
_EPOCH_FROM = 1e9
_WORDS = re.compile(
    r"(?:again|retry)\s+(?:after|in)\s+(\d{1,7}(?:\.\d+)?)\s*(ms|milli|s|m|h)?", re.IGNORECASE
)
_UNIT = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Hints(NamedTuple):
    """What an answer says about limits: seconds to wait, limit, what is left of it, seconds to its reset."""

    wait: float | None = None
    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


NOTHING = Hints()


def read_hints(headers: Sequence[tuple[bytes, bytes]], body: bytes, now: datetime, *, refused: bool) -> Hints:
    """Return what an answer says about limits. ``refused`` is True for a 429, whose body is read too."""
    wait = limit = remaining = reset = None
    for name, value in headers:
        key = name.lower()
        if key == b"retry-after":
            wait = _retry_after(value.decode("latin-1"), now)
        elif key.startswith((b"x-ratelimit-", b"x-request-")):
            kind = key.rpartition(b"-")[2]
            if kind == b"limit":
                limit = _whole(value)
            elif kind == b"remaining":
                remaining = _whole(value)
            elif kind == b"reset":
                reset = _reset(value, now)
    if refused and wait is None:
        wait = _from_body(body)
    if refused and wait is None:
        wait = reset
    if wait is None and limit is None and remaining is None:
        return NOTHING
    return Hints(wait, limit, remaining, reset)


def _whole(value: bytes) -> int | None:
    return int(value) if value.isdigit() and len(value) < 16 else None


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _retry_after(value: str, now: datetime) -> float | None:
    try:
        return _capped(float(value)) if float(value) == float(value) else None  # NaN equals nothing
    except ValueError:
        moment = parse_moment(value)
        return None if moment is None else _capped((moment - now).total_seconds())


def _reset(value: bytes, now: datetime) -> float | None:
    """Return seconds to a reset given as epoch milliseconds, epoch seconds, or seconds from now."""
    try:
        number = float(value)
    except ValueError:
        return None
    if number >= _MILLISECONDS_FROM:
        return _capped(number / 1000 - now.timestamp())
    if number >= _EPOCH_FROM:
        return _capped(number - now.timestamp())
    return _capped(number) if number >= 0 else None


def _from_body(body: bytes) -> float | None:
    try:
        document = read_json(body, msgspec.json.decode)
    except ValueError:
        document = body[:2000].decode("utf-8", "replace")
    if isinstance(document, dict):
        for name in ("retry-seconds", "retry_seconds", "retry_after", "retry-after"):
            value = document.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _capped(float(value))
            if isinstance(value, str) and value.isdigit() and len(value) < 10:
                return _capped(float(value))
        document = " ".join(str(value) for value in document.values())
    found = _WORDS.search(str(document))
    if found is None:
        return None
    return _capped(float(found[1]) * _UNIT[(found[2] or "s").lower()])
