"""One line of an access log as a record, whichever server wrote it and whatever carried it.

Formats come in families: a quoted request between an address, a time and a status (Apache, nginx and everything that
learned from them), JSON, columns named by a header line (IIS, CloudFront), load balancers, ``name=value``, events of
filters. Each is recognised from the line itself; a prefix of syslog, journald, Docker, Kubernetes or Compose is
stepped over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

from workbench.core.json_text import read_json
from workbench.leaks.logclient import Network, client
from workbench.leaks.logevents import event
from workbench.leaks.logfields import FIELDS, normalised
from workbench.leaks.logloose import cells, in_order, labelled, loose

_QUOTED = rb'(?:[^"\\]|\\.)*'
_REQUEST = (
    rb'\\?"(?P<method>[A-Z]{1,16}) (?P<target>' + rb'(?:[^"\\]|\\[^"])*?' + rb')(?: (?:HTTP/)?[\d.]+)?\\?"'
)
_CLF = re.compile(
    rb"(?:^|(?<=[\s\"'|\]:>=]))(?P<addr>(?:[0-9A-Fa-f.:]{2,45}|unknown)(?:, ?[0-9A-Fa-f.:]{2,45}){0,8}"
    rb"|[\w-]+(?:\.[\w-]+)+|-)"
    rb"(?:\]?:\d{1,5})?\]?\s+(?:\S+\s+(?:(?:\"[^\"\[\]]{0,80}\""
    rb"|[^\[\]\"]{0,200})\s)?)?\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}[:T "
    rb"][^\]]{8,24}|\d{4}-[^\]]{10,30})\]\s+"
    + _REQUEST
    + rb"\s+(?P<status>\d{3}|-)(?:\s+(?P<size>\d+|-))?(?P<rest>.*)"
)
_AFTER = re.compile(rb'^\s+"(?P<referer>' + _QUOTED + rb')"\s+"(?P<agent>' + _QUOTED + rb')"(?P<more>.*)')
_AFTER_ESCAPED = re.compile(rb'^\s+\\"(?P<referer>.*?)\\"\s+\\"(?P<agent>.*?)\\"(?P<more>.*)')
_ADDRESS = rb"(?:(?:\d{1,3}\.){3}\d{1,3}|(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{3,45})"
_ADDRESSES = re.compile(
    rb"(?:^|(?<=[\s\"'|\]>\[=]))(" + _ADDRESS + rb"(?:, ?(?:" + _ADDRESS + rb"|unknown)){0,8})(?=[\s:\]])"
)
# nginx and Apache with the header first, in brackets or quotes, and who connected after it.
_BRACKETED = re.compile(rb"[\[\"]([0-9A-Fa-f.:]{3,45}(?:, ?[0-9A-Fa-f.:]{3,45}){0,8})[\]\"]\s")
# The same without any mark: the header, a blank, who connected.
_AHEAD = re.compile(rb"(" + _ADDRESS + rb")[ \t]+(?=" + _ADDRESS + rb"[ \t])")
_FORWARDED = re.compile(
    rb'\\?"((?:[0-9A-Fa-f.:]{2,45}|unknown|-)(?:, ?(?:[0-9A-Fa-f.:]{2,45}|unknown))*)\\?"'
)
_ALB = re.compile(
    rb"^(?:https?|h2|grpcs?|wss?"
    rb"|tls)?\s?(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z?)\s\S+\s(?P<addr>[0-9A-Fa-f.:]+):\d+\s\S+\s\S+\s\S+\s\S+"
    rb"\s"
    rb"(?P<status>\d{3}|-)\s\S+\s\S+\s(?P<size>\d+|-)\s"
    + _REQUEST
    + rb'(?:\s"(?P<agent>'
    + _QUOTED
    + rb')")?'
)
_S3 = re.compile(
    rb"^\S+\s\S+\s\[(?P<time>[^\]]{20,32})\]\s(?P<addr>[0-9A-Fa-f.:]+"
    rb"|-)\s\S+\s\S+\s(?P<op>[A-Z]+\.\S+)\s\S+\s"
    + _REQUEST
    + rb"\s(?P<status>\d{3}|-)\s\S+\s(?P<size>\d+|-)(?P<rest>.*)"
)
_HAPROXY = re.compile(
    rb"(?:^|\s)(?P<addr>[0-9A-Fa-f.:]+):\d{1,5}\s\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:[\d:.]+)\]\s\S+\s"
    rb"\S+\s[\d/+-]+\s"
    rb"(?P<status>\d{3}|-1)\s(?P<size>\+?\d+)\s(?P<rest>.*?)" + _REQUEST
)
_ENVOY = re.compile(
    rb"\[(?P<time>\d{4}-\d\d-\d\dT[^\]]{8,24})\]\s" + _REQUEST + rb"\s(?P<status>\d{3}|0)\s(?P<rest>.*)"
)
_BARE = re.compile(
    rb"(?P<addr>(?:\d{1,3}\.){3}\d{1,3}|\[?[0-9A-Fa-f]*:[0-9A-Fa-f:.]+?\]?)(?::\d{2,5})?\s-\s(?:\"-\"\s)?"
    + _REQUEST
    + rb"\s(?P<status>\d{3})(?:\s(?P<size>\d+)\b)?"
)
_PHP = re.compile(
    rb"\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} "
    rb"\d{4})\]\s(?P<addr>\S+?):\d+\s\[(?P<status>\d{3})\]:\s"
    rb"(?:(?P<method>[A-Z]{3,8})\s)?(?P<target>/\S*)"
)
# Nginx Proxy Manager: what the server behind it answered stands before its own status.
_PROXY_MANAGER = re.compile(
    rb"^\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:[^\]]{8,24})\]\s(?:\S+\s){0,2}(?P<status>\d{3})\s-\s"
    rb"(?P<method>[A-Z]{3,16})\s\w+\s\S+\s\"(?P<target>[^\"]*)\"\s\[Client\s(?P<addr>[0-9A-Fa-f.:]+)\]"
    rb"(?:\s\[Length\s(?P<size>\d+)\])?"
)
_LOGFMT = re.compile(rb'(?:^|\s|(?<="),)([A-Za-z_][\w.@-]{0,40})=(?:"(' + _QUOTED + rb')"|(\S*))')
_STAMP = re.compile(rb"(?P<iso>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)")
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
# What holds method, target and version in one, as nginx's $request does.
_ASKED = ("request", "_request", "r", "http_request", "request_line", "requestLine", "req", "first_line")
# Where a carrier keeps the line it carries.
_CARRIED = ("log", "MESSAGE", "message", "msg", "textPayload", "event.original", "line", "_raw")


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request: ``path`` without its query, decoded once and normalised; ``target`` the path as logged.

    ``time`` is None and ``size`` -1 where not logged; ``address`` is the client's, ``""`` where it cannot be told.
    """

    time: datetime | None
    address: str
    method: str
    path: str
    query: str
    status: int
    size: int
    agent: str
    target: str = ""


def parse(
    line: bytes,
    proxies: Sequence[Network] = (),
    columns: Sequence[str] = (),
    declared: re.Pattern[bytes] | None = None,
) -> LoggedRequest | None:
    """Return the request a line records, None for a line of another format.

    ``proxies`` are trusted beside the private ranges; ``columns`` the names a header line gave; ``declared`` the
    operator's own format.
    """
    line = line.rstrip(b"\r\n")
    if declared is not None and (found := declared.match(line)):
        return _from_groups(found, proxies)
    if b"EF:" in line and (told := event(line)) is not None:
        return _from_record(told, proxies, _stamp(line[:80]))
    if columns and line[:1] != b"#" and (request := _from_columns(line, columns, proxies)) is not None:
        return request
    if (brace := line.find(b"{")) >= 0 and line.endswith((b"}", b"},", b"}]")):
        request = _from_json(line[brace:].rstrip(b",]"), line[:brace], proxies)
        if request is not None:
            return request
    for rule in (_CLF, _ALB, _S3, _HAPROXY, _ENVOY, _BARE, _PHP, _PROXY_MANAGER):
        found = rule.search(line)
        if found is not None and (request := _from_groups(found, proxies)) is not None:
            return request
    if line.count(b"=") >= 4 and (request := _from_pairs(line, proxies)) is not None:
        return request
    record: dict[str, Any] | None = labelled(line) if b"\t" in line else None
    record = record or in_order(line) or loose(line)
    return _from_record(record, proxies) if record is not None else None


def split_target(target: bytes) -> tuple[str, str]:
    """Return path and query of a request target; the path percent-decoded once, ``//`` and ``/./`` removed."""
    if target.startswith((b"http://", b"https://")):
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    raw, _, query = target.partition(b"?")
    path = unquote_to_bytes(raw).decode("utf-8", "replace") if b"%" in raw else raw.decode("utf-8", "replace")
    while "//" in path or "/./" in path:
        path = path.replace("/./", "/").replace("//", "/")
    return path, query.decode("utf-8", "replace")


def _from_groups(found: re.Match[bytes], proxies: Sequence[Network]) -> LoggedRequest | None:
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    moment = _clf_time(groups["time"]) if "time" in groups else _stamp(found.string[: found.start()])
    if "time" in groups and moment is None:
        return None
    rest = groups.get("rest", b"")
    after = _AFTER.match(rest) or _AFTER_ESCAPED.match(rest)
    agent = groups.get("agent") or (after.group("agent") if after else b"")
    said_first = groups.get("addr", b"")
    if found.re is _CLF and (near := _ADDRESSES.findall(found.string[: found.start("time") - 1])):
        # A host, a month or a time of the carrier may stand before it: the address is the last one there is.
        said_first = near[-1]
        header = _BRACKETED.match(found.string) or _AHEAD.match(found.string)
        if len(near) > 1 and b"," not in said_first and header is not None:
            said_first = header.group(1) + b", " + said_first
    first, *others = [part.strip() for part in said_first.decode("ascii", "replace").split(",")]
    # A list in the first column is the header itself; one in quotes at the end stands beside who connected.
    ahead = [first, *others] if others else []
    said = [
        one.decode("ascii")
        for one in _FORWARDED.findall(after.group("more") if after else rest if not first else b"")
    ]
    if groups.get("forwarded"):
        said.append(groups["forwarded"].decode("ascii", "replace"))
    size = groups.get("size", b"")
    if found.re is _ENVOY and (
        numbers := re.match(rb"(?:\S+\s){0,6}?\"?(?:-\"?\s)?(\d+)\s(\d+)\s\d+\s", rest)
    ):
        size = numbers.group(2)
    if groups.get("status") in (b"-", b"-1", b"0"):
        return None
    no_size = size == b"" or (size == b"-" and b" " in groups.get("time", b"")[:12])
    path, query = split_target(groups["target"])
    return LoggedRequest(
        moment,
        client("" if ahead else first, ahead or said, proxies),
        groups.get("method", b"GET").decode("ascii"),
        path,
        query,
        int(groups["status"]),
        # Apache's %b writes "-" for a body of no bytes.
        -1 if no_size else 0 if size == b"-" else int(size.lstrip(b"+")),
        agent.decode("utf-8", "replace"),
        groups["target"].partition(b"?")[0].decode("utf-8", "replace"),
    )


def _from_columns(line: bytes, columns: Sequence[str], proxies: Sequence[Network]) -> LoggedRequest | None:
    """W3C extended logs: IIS parts by blanks, CloudFront by tabs; both write ``-`` for nothing, ``+`` for a blank."""
    row = cells(line, columns)
    if len(row) < len(columns):
        return None
    record: dict[str, Any] = dict(zip(columns, row, strict=False))
    if agent := record.get("cs(User-Agent)"):
        record["cs(User-Agent)"] = agent.replace("+", " ").replace("%20", " ")
    forwarded = next(
        (record[name] for name in columns if "forwarded-for" in name.lower() and record[name] != "-"), ""
    )
    if forwarded:
        record["x_forwarded_for"] = forwarded.replace("+", " ")
    return _from_record(record, proxies)


def _from_pairs(line: bytes, proxies: Sequence[Network]) -> LoggedRequest | None:
    record: dict[str, Any] = {
        name.decode("ascii"): (quoted or bare).decode("utf-8", "replace")
        for name, quoted, bare in _LOGFMT.findall(line)
    }
    if not any(name in record for name in ("@timestamp", "time", "ts", "timestamp", "t")) and (
        moment := _stamp(line[:80])
    ):
        record["@timestamp"] = moment.isoformat()
    return _from_record(record, proxies)


def _from_json(text: bytes, before: bytes, proxies: Sequence[Network]) -> LoggedRequest | None:
    try:
        record = read_json(text)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    for wrapper in ("jsonPayload", "protoPayload", "event", "fields", "attributes", "Attributes"):
        if isinstance(record.get(wrapper), dict):
            record = {**record, **record[wrapper]}
    if isinstance(inner := record.get("properties"), str) and inner.startswith("{"):
        try:
            within = read_json(inner)
        except ValueError:
            within = None
        record = {**record, **within} if isinstance(within, dict) else record
    if (request := _from_record(record, proxies, _stamp(before))) is not None:
        return request
    for name in _CARRIED:
        carried = _first(record, (name,))
        if (
            isinstance(carried, str)
            and len(carried) > 10
            and (request := parse(carried.encode(), proxies)) is not None
        ):
            return request
    return None


def _from_record(
    record: dict[str, Any], proxies: Sequence[Network], stamped: datetime | None = None
) -> LoggedRequest | None:
    values = {field: _first(record, names) for field, names in FIELDS.items()}
    moment = _json_time(values["time"]) or _day_and_time(record) or stamped
    target, method = str(values["target"] or ""), str(values["method"] or "")
    asked = next((record[name] for name in _ASKED if name in record), None)
    if isinstance(asked, str) and (not target or asked.startswith("/")):
        # nginx's $request: "GET /path HTTP/1.1" in one field; some write the path alone.
        head, _, rest = asked.partition(" ")
        method, target = (method, asked) if asked.startswith("/") else (head, rest.partition(" ")[0])
    if values["target"] is not None and target == str(record.get("reqPath")):
        target = "/" + target.lstrip("/")
    if not target.startswith(("/", "http://", "https://")) or not str(values["status"]).isdigit():
        return None
    if moment is None and values["time"] is not None:
        return None
    query = str(values["query"] or "")
    path, own = split_target(target.encode("utf-8", "replace"))
    size, agent = values["size"], values["agent"]
    address, forwarded = values["address"] or "", values["forwarded"] or ()
    said = [str(one) for one in (forwarded if isinstance(forwarded, list | tuple) else (forwarded,))]
    return LoggedRequest(
        moment,
        client(
            str(address[0] if isinstance(address, list) and address else address).partition(",")[0],
            said,
            proxies,
        ),
        method or "GET",
        path,
        own or query,
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
        if value not in (None, "", "-") and not isinstance(value, dict):
            return value
    plain = {normalised(name): value for name, value in record.items() if not isinstance(value, dict)}
    for name in names:
        value = plain.get(normalised(name)) if len(name) > 2 else None
        if value not in (None, "", "-"):
            return value
    return None


def _clf_time(raw: bytes) -> datetime | None:
    """``18/Nov/2026:03:12:44 +0100`` as UTC; also nginx's ISO form, PHP's and Python's."""
    raw = raw.strip(b"[]")
    month = _MONTHS.get(raw[3:6])
    try:
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
            return _aware(datetime.fromisoformat(raw.decode("ascii").replace(",", ".").replace("/", "-")))
        moment = datetime(
            int(raw[7:11]), month, int(raw[:2]), int(raw[12:14]), int(raw[15:17]), int(raw[18:20]), tzinfo=UTC
        )
        if len(raw) >= 26 and raw[21:22] in (b"+", b"-"):
            offset = timedelta(hours=int(raw[22:24]), minutes=int(raw[24:26]))
            moment += offset if raw[21:22] == b"-" else -offset
        return moment
    except (ValueError, OverflowError):
        return None


def _day_and_time(record: dict[str, Any]) -> datetime | None:
    """The time of a record that keeps the day apart, in UTC: W3C extended logs and what learned from them."""
    day, time = record.get("date"), record.get("time")
    if not isinstance(day, str) or not isinstance(time, str):
        return None
    return _clf_time(f"{day}T{time}Z".encode("ascii", "replace")) if len(day) == 10 else None


def _stamp(text: bytes) -> datetime | None:
    """The time a carrier wrote before the line it carries, where the line has none of its own."""
    found = _STAMP.search(text)
    return _clf_time(found.group("iso")) if found else None


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _json_time(value: object) -> datetime | None:
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
        return _clf_time(text.encode("ascii", "replace"))
    except (ValueError, OverflowError, OSError):
        return None
