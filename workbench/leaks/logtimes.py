"""The moments access logs write, in UTC: of Apache, nginx, PHP and Python, as in mail, numbers, days apart. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_STAMP = re.compile(rb"(?P<iso>\d{4}[-/:]\d\d[-/:]\d\d[T -]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
# As in mail: Wed, 18 Nov 2026 03:12:44 GMT.
_MAILED = re.compile(
    rb"(?:[A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: [+-]\d{4}| GMT| UTC)?$"
)


def clf_time(raw: bytes) -> datetime | None:
    """``18/Nov/2026:03:12:44 +0100`` as UTC; also nginx's ISO form, PHP's and Python's."""
    raw = raw.strip(b"[]")
    month = _MONTHS.get(raw[3:6])
    try:
        if _MAILED.match(raw):
            return _aware(parsedate_to_datetime(raw.decode("ascii")))
        if month is None:
            if month := _MONTHS.get(raw[4:7]):
                return datetime(
                    int(raw[20:24]),
                    month,
                    int(raw[8:10]),
                    int(raw[11:13]),
                    int(raw[14:16]),
                    int(raw[17:19]),
                    tzinfo=UTC,
                )
            plain = raw.decode("ascii").replace(",", ".").replace("/", "-")
            return _aware(datetime.fromisoformat(plain.replace(" +", "+").replace(" -", "-")))
        moment = datetime(
            int(raw[7:11]), month, int(raw[:2]), int(raw[12:14]), int(raw[15:17]), int(raw[18:20]), tzinfo=UTC
        )
        if len(raw) >= 26 and raw[21:22] in (b"+", b"-"):
            offset = timedelta(hours=int(raw[22:24]), minutes=int(raw[24:26]))
            moment += offset if raw[21:22] == b"-" else -offset
        return moment
    except (ValueError, OverflowError):
        return None


def day_and_time(record: dict[str, Any]) -> datetime | None:
    """The time of a record that keeps the day apart, in UTC: W3C extended logs and what learned from them."""
    day, time = record.get("date"), record.get("time")
    if not isinstance(day, str) or not isinstance(time, str):
        return None
    return clf_time(f"{day}T{time}Z".encode("ascii", "replace")) if len(day) == 10 else None


def stamp(text: bytes) -> datetime | None:
    """The time a carrier wrote before the line it carries, where the line has none of its own."""
    found = _STAMP.search(text)
    if found is None:
        return None
    text = found.group("iso")
    # Sophos parts the day as the hour.
    return clf_time(text[:10].replace(b":", b"-") + b"T" + text[11:])


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def json_time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        text = str(value)
        if isinstance(value, int | float) or text.replace(".", "", 1).isdigit():
            number = float(text)
            # Seconds, milli-, micro- or nanoseconds, by their size.
            while number > 1e11:
                number /= 1000
            return datetime.fromtimestamp(number, UTC).replace(microsecond=0) if number > 1e8 else None
        return clf_time(text.encode("ascii", "replace"))
    except (ValueError, OverflowError, OSError):
        return None
