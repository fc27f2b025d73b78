"""The vendor's date formats, one function each (dossier B, conventions). Moments are epoch seconds in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso0(moment: float) -> str:
    """ISO 8601 seconds, no offset, meaning UTC: keys."""
    return datetime.fromtimestamp(moment, UTC).isoformat()[:19]


def iso6(moment: float) -> str:
    """ISO 8601 with microseconds, no offset: users."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


# Kept: metrics name the same hours in every answer.
@lru_cache(maxsize=10_000)
def _long(moment: float, ending: str) -> str:
    # Built by hand: strftime would speak the host's language.
    at = datetime.fromtimestamp(moment, UTC)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02d} {month} {at.year} {at.isoformat()[11:19]} {ending}"


def rfc1123(moment: float) -> str:
    """``Wed, 28 May 2025 20:03:05 GMT``: domains, routes, subaccounts."""
    return _long(moment, "GMT")


def rfc2822(moment: float) -> str:
    """``Fri, 23 Jan 2026 10:16:00 +0000``: credentials, metrics."""
    return _long(moment, "+0000")


def rfc2822_minus(moment: float) -> str:
    """``Tue, 09 Aug 2011 20:50:27 -0000``: mailing lists, logs request."""
    return _long(moment, "-0000")


def utctxt(moment: float) -> str:
    """The RFC 1123 shape ending ``UTC``: templates, suppressions."""
    return _long(moment, "UTC")


def rfc3339(moment: float) -> str:
    """``2026-02-16T19:06:01Z``: webhooks, thresholds."""
    return iso0(moment) + "Z"


def rfc3339_ms(moment: float) -> str:
    """``2024-07-08T16:30:18.530Z``: log entries."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:23] + "Z"


@lru_cache(maxsize=10_000)
def parse(text: str) -> float:
    """Return the moment of an RFC 2822 or RFC 3339 date or of epoch seconds. Raises ValueError."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, IndexError, ValueError) as error:
            raise ValueError(f"not a date: {text!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def duration(text: str) -> float:
    """Return the seconds of ``1d``, ``24h``, ``48h0m0s``, ``1m`` (a month). Raises ValueError."""
    parts = re.findall(r"(\d+)([smhdwM])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a duration: {text!r}")
    if len(parts) == 1 and parts[0][1] == "m":
        # Alone, the vendor's ``m`` is a month (its own example: "duration": "1m").
        return timedelta(days=30 * int(parts[0][0])).total_seconds()
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000}
    return float(sum(int(number) * units[unit] for number, unit in parts))
