"""One line of an access log as a record: Apache and nginx combined, nginx/Caddy/Traefik JSON (dossier 5.1)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

_COMBINED = re.compile(
    rb"(?:(?P<vhost>[\w.-]+:\d+) )?(?P<addr>[0-9A-Fa-f.:]{2,45}|[\w.-]+) \S+ (?:.*? "
    rb")?\[(?P<time>[^\]]{20,32})\] "
    rb'"(?P<method>[A-Z]{1,16}) (?P<target>(?:[^"\\]|\\.)*?)(?: HTTP/[\d.]+)?" (?P<status>\d{3}) (?P<size>\d+|-)'
    rb'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest>.*)'
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
# The field names of the JSON dialects, most specific first; dots go into nested objects.
_JSON_FIELDS = {
    "address": (
        "remote_addr",
        "request.remote_ip",
        "request.client_ip",
        "ClientHost",
        "clientip",
        "client_ip",
    ),
    "target": ("request_uri", "request.uri", "RequestPath", "uri", "path", "url"),
    "method": ("request_method", "request.method", "RequestMethod", "method"),
    "status": ("status", "DownstreamStatus", "response.status"),
    "size": ("body_bytes_sent", "size", "DownstreamContentSize", "bytes_sent", "bytes"),
    "agent": ("http_user_agent", "request.headers.User-Agent", "request_User-Agent", "user_agent", "agent"),
    "time": ("@timestamp", "time_iso8601", "time_local", "ts", "StartUTC", "time", "timestamp", "msec"),
    "forwarded": ("http_x_forwarded_for", "http_cf_connecting_ip", "request.headers.X-Forwarded-For"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``path`` without its query, decoded once and normalised; ``target`` the path as logged.

    ``size`` is in bytes, -1 where not logged.
    """

    time: datetime
    address: str
    method: str
    path: str
    query: str
    status: int
    size: int
    agent: str
    target: str = ""


def parse(line: bytes) -> Request | None:
    """Return the request a line records, None for a line of another format."""
    if line[:1] == b"{":
        return _from_json(line)
    found = _COMBINED.match(line)
    if found is None:
        return None
    moment = _clf_time(found.group("time"))
    if moment is None:
        return None
    path, query = split_target(found.group("target"))
    size = found.group("size")
    return Request(
        moment,
        found.group("addr").decode("ascii"),
        found.group("method").decode("ascii"),
        path,
        query,
        int(found.group("status")),
        # Apache's %b writes "-" for a body of no bytes.
        0 if size == b"-" else int(size),
        (found.group("agent") or b"").decode("utf-8", "replace"),
        found.group("target").partition(b"?")[0].decode("utf-8", "replace"),
    )


def split_target(target: bytes) -> tuple[str, str]:
    """Return path and query of a request target; the path percent-decoded once, ``//`` and ``/./`` removed."""
    if target.startswith((b"http://", b"https://")):
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    raw, _, query = target.partition(b"?")
    path = unquote_to_bytes(raw).decode("utf-8", "replace") if b"%" in raw else raw.decode("utf-8", "replace")
    while "//" in path or "/./" in path:
        path = path.replace("/./", "/").replace("//", "/")
    return path, query.decode("utf-8", "replace")


def _clf_time(raw: bytes) -> datetime | None:
    """``18/Nov/2026:03:12:44 +0100`` as UTC; also nginx's ISO form."""
    month = _MONTHS.get(raw[3:6])
    try:
        if month is None:
            return _aware(datetime.fromisoformat(raw.decode("ascii")))
        moment = datetime(
            int(raw[7:11]), month, int(raw[:2]), int(raw[12:14]), int(raw[15:17]), int(raw[18:20]), tzinfo=UTC
        )
        if len(raw) >= 26:
            offset = timedelta(hours=int(raw[22:24]), minutes=int(raw[24:26]))
            moment += offset if raw[21:22] == b"-" else -offset
        return moment
    except (ValueError, OverflowError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _from_json(line: bytes) -> Request | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    values = {field: _first(record, names) for field, names in _JSON_FIELDS.items()}
    moment = _json_time(values["time"])
    target, method = str(values["target"] or ""), str(values["method"] or "")
    if not target and isinstance(record.get("request"), str):
        # nginx's $request: "GET /path HTTP/1.1" in one field.
        method, _, rest = record["request"].partition(" ")
        target = rest.partition(" ")[0]
    if moment is None or not target or not str(values["status"]).isdigit():
        return None
    path, query = split_target(target.encode("utf-8", "replace"))
    size, agent = values["size"], values["agent"]
    address = values["forwarded"] or values["address"] or ""
    return Request(
        moment,
        str(address[0] if isinstance(address, list) and address else address).split(",")[0].strip(),
        method or "GET",
        path,
        query,
        int(str(values["status"])),
        int(str(size)) if str(size).isdigit() else -1,
        str(agent[0] if isinstance(agent, list) and agent else agent or ""),
        target.partition("?")[0],
    )


def _first(record: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        value: Any = record
        if name not in record:
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
        else:
            value = record[name]
        if value not in (None, "", "-"):
            return value
    return None


def _json_time(value: object) -> datetime | None:
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        text = str(value)
        if text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        return _clf_time(text.encode("ascii", "replace"))
    except (ValueError, OverflowError, OSError):
        return None
