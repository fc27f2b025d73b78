"""The vendor's date formats, read into aware moments in UTC, and written back where a call wants them.

Seven shapes are known (dossier B): ISO seconds without offset (means UTC), the same with microseconds, the
RFC 1123 shape ending GMT, RFC 2822 with a numeric offset, the RFC 1123 shape ending UTC, RFC 3339 with Z,
and float seconds since 1970 in the older events API.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
# "Wed, 28 May 2025 20:03:05 GMT" and its relatives; the weekday may be missing and is never believed.
_MAIL = re.compile(
    r"(?:[A-Za-z]{3},\s*)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2}):(\d{2})(?:\s+(\S{1,6}))?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_UTC_NAMES = {"GMT", "UTC", "UT", "Z"}
# Above this a number of seconds would lie in the year 5138: it is milliseconds.
_MILLISECONDS_FROM = 1e11


def parse_moment(value: object) -> datetime | None:
    """Return the moment a vendor's date names, in UTC; None where it names none.

    None is returned for null, empty text, the zero date ``0001-01-01T00:00:00Z`` (the vendor's "never"),
    impossible days, unknown zone names and anything that is no date. Never raises: dates are outside text.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            return _from_number(float(value))
        if not isinstance(value, str) or len(value) > 64:
            return None
        return _from_text(value.strip())
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def _from_text(text: str) -> datetime | None:
    """Return the moment a text names; kept, since metrics name the same hours (672 at most) for every domain."""
    moment = _from_iso(text) or _from_mail(text)
    return None if moment is None or moment.year <= 1 else moment


def _from_number(seconds: float) -> datetime | None:
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _from_iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micros)
    return _in_utc(local, "Z" if zone in {None, "z"} else zone)


def _from_mail(text: str) -> datetime | None:
    found = _MAIL.fullmatch(text)
    if found is None:
        return None
    day, name, year, hour, minute, second, zone = found.groups()
    month = _MONTHS.get(name.lower())
    if month is None:
        return None
    local = datetime(int(year), month, int(day), int(hour), int(minute), int(second))
    return _in_utc(local, zone or "UTC")


def _in_utc(local: datetime, zone: str) -> datetime | None:
    if zone.upper() in _UTC_NAMES:
        return local.replace(tzinfo=UTC)
    found = _OFFSET.fullmatch(zone)
    if found is None:
        # "MST" and friends: guessing an offset would move the abuse window by hours.
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return local.replace(tzinfo=timezone(offset if found[1] == "+" else -offset)).astimezone(UTC)


def rfc2822(moment: datetime) -> str:
    """Return a moment as logs and metrics calls want it: ``Fri, 23 Jan 2026 10:16:00 +0000``."""
    return format_datetime(moment.astimezone(UTC))
