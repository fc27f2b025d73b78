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
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from workbench.core.json_text import read_json
from workbench.leaks.logclient import Network, client
from workbench.leaks.logevents import event
from workbench.leaks.logfields import CLIENTS, FIELDS, normalised
from workbench.leaks.logloose import cells, in_order, labelled, loose
from workbench.leaks.logservers import QUOTED, REQUEST, SERVERS
from workbench.leaks.logtimes import clf_time, day_and_time, json_time, stamp

_CLF = re.compile(
    rb"(?:^|(?<=[\s\"'|\]:>=]))(?P<addr>(?:[0-9A-Fa-f.:]{2,45}|unknown)(?:, ?[0-9A-Fa-f.:]{2,45}){0,8}"
    rb"|[\w-]+(?:\.[\w-]+)+|-)"
    rb"(?:\]?:\d{1,5})?\]?\s+(?:\S+\s+(?:(?:\"[^\"\[\]]{0,80}\""
    rb"|[^\[\]\"]{0,200})\s)?)?\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}[:T "
    rb"][^\]]{8,24}|\d{4}-[^\]]{10,30})\]\s+"
    + REQUEST
    + rb"\s+(?P<status>\d{3}|-)(?:\s+(?P<size>\d+|-))?(?P<rest>.*)"
)
_AFTER = re.compile(rb'^\s+"(?P<referer>' + QUOTED + rb')"\s+"(?P<agent>' + QUOTED + rb')"(?P<more>.*)')
_AFTER_ESCAPED = re.compile(rb'^\s+\\"(?P<referer>.*?)\\"\s+\\"(?P<agent>.*?)\\"(?P<more>.*)')
_ADDRESS = rb"(?:(?:\d{1,3}\.){3}\d{1,3}|(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{3,45})"
_ADDRESSES = re.compile(
    rb"(?:^|(?<=[\s\"'|\]>\[=]))(" + _ADDRESS + rb"(?:, ?(?:" + _ADDRESS + rb"|unknown)){0,8})(?=[\s:\]\"])"
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
    rb"(?P<status>\d{3}|-)\s\S+\s\S+\s(?P<size>\d+|-)\s" + REQUEST + rb'(?:\s"(?P<agent>' + QUOTED + rb')")?'
)
_S3 = re.compile(
    rb"^\S+\s\S+\s\[(?P<time>[^\]]{20,32})\]\s(?P<addr>[0-9A-Fa-f.:]+"
    rb"|-)\s\S+\s\S+\s(?P<op>[A-Z]+\.\S+)\s\S+\s"
    + REQUEST
    + rb"\s(?P<status>\d{3}|-)\s\S+\s(?P<size>\d+|-)(?P<rest>.*)"
)
_HAPROXY = re.compile(
    rb"(?:^|\s)(?P<addr>[0-9A-Fa-f.:]+):\d{1,5}\s\[(?P<time>\d{1,2}/[A-Z][a-z]{2}/\d{4}:[\d:.]+)\]\s\S+\s"
    rb"\S+\s[\d/+-]+\s"
    rb"(?P<status>\d{3}|-1)\s(?P<size>\+?\d+)\s(?P<rest>.*?)" + REQUEST
)
_ENVOY = re.compile(
    rb"\[(?P<time>\d{4}-\d\d-\d\dT[^\]]{8,24})\]\s" + REQUEST + rb"\s(?P<status>\d{3}|0)\s(?P<rest>.*)"
)
_LOGFMT = re.compile(rb'(?:^|\s|(?<="),)([A-Za-z_][\w.@-]{0,40})=(?:"(' + QUOTED + rb')"|(\S*))')
# thttpd writes the site before the path.
_HOST_AHEAD = re.compile(rb"[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?/")
_SECOND_SIZE = re.compile(
    rb" (?:(?P<out>\d+) \d+(?: \"|$)|(?P<router>\d+) (?=\".*x_forwarded_for:)|\d+(?![\d.]))"
)
_COLOUR = re.compile(rb"\x1b\[[\d;]{0,12}m")
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
    if b"\x1b[" in line:
        line = _COLOUR.sub(b"", line)
    if declared is not None and (found := declared.match(line)):
        return _from_groups(found, proxies)
    if b"EF:" in line and (told := event(line)) is not None:
        return _from_record(told, proxies, stamp(line[:80]))
    if columns and line[:1] != b"#" and (request := _from_columns(line, columns, proxies)) is not None:
        return request
    if (brace := line.find(b"{")) >= 0 and line.endswith((b"}", b"},", b"}]")):
        request = _from_json(line[brace:].rstrip(b",]"), line[:brace], proxies)
        if request is not None:
            return request
    for rule in (_CLF, _ALB, _S3, _HAPROXY, _ENVOY, *SERVERS):
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
    if _HOST_AHEAD.match(target):
        target = target[target.index(b"/") :]
    if target.startswith((b"http://", b"https://")):
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    raw, _, query = target.partition(b"?")
    path = unquote_to_bytes(raw).decode("utf-8", "replace") if b"%" in raw else raw.decode("utf-8", "replace")
    while "//" in path or "/./" in path:
        path = path.replace("/./", "/").replace("//", "/")
    return path, query.decode("utf-8", "replace")


def _from_groups(found: re.Match[bytes], proxies: Sequence[Network]) -> LoggedRequest | None:
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    moment = clf_time(groups["time"]) if "time" in groups else stamp(found.string[: found.start()])
    if "time" in groups and moment is None:
        return None
    rest = groups.get("rest", b"")
    size = groups.get("size", b"")
    if size in (b"-", b"0") and (second := _SECOND_SIZE.match(rest)):
        # Two numbers: what came in, or a header nobody sent, stands before what went out. One may be a duration.
        size = second.group("out") or second.group("router") or b""
        rest = rest[second.end() - 1 :] if second.group("router") else rest
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
    if not any(json_time(record.get(name)) for name in ("@timestamp", "time", "ts", "timestamp", "t")) and (
        moment := stamp(line[:80])
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
    for wrapper in (
        "jsonPayload",
        "protoPayload",
        "data",
        "transaction",
        "event",
        "fields",
        "attributes",
        "Attributes",
    ):
        if isinstance(record.get(wrapper), dict):
            record = {**record, **record[wrapper]}
    if isinstance(inner := record.get("properties"), str) and inner.startswith("{"):
        try:
            within = read_json(inner)
        except ValueError:
            within = None
        record = {**record, **within} if isinstance(within, dict) else record
    if (request := _from_record(record, proxies, stamp(before))) is not None:
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
    moment = json_time(values["time"]) or day_and_time(record) or stamped
    target, method = str(values["target"] or ""), str(values["method"] or "")
    asked = next((record[name] for name in _ASKED if name in record), None)
    if isinstance(asked, str) and (not target or asked.startswith("/")):
        # nginx's $request: "GET /path HTTP/1.1" in one field; some write the path alone.
        head, _, rest = asked.partition(" ")
        method, target = (method, asked) if asked.startswith("/") else (head, rest.partition(" ")[0])
    if values["target"] is not None and target == str(record.get("reqPath")):
        target = "/" + target.lstrip("/")
    status = _status(record, values["status"])
    if not target.startswith(("/", "http://", "https://")) or not status.isdigit():
        return None
    if moment is None and values["time"] is not None and not str(values["time"]).isdigit():
        return None
    query = str(values["query"] or "")
    path, own = split_target(target.encode("utf-8", "replace"))
    size, agent = values["size"], values["agent"]
    address, forwarded = values["address"] or "", values["forwarded"] or ()
    said = [str(one) for one in (forwarded if isinstance(forwarded, list | tuple) else (forwarded,))]
    said += (
        [str(named) for name in CLIENTS if (named := _first(record, (name,))) is not None]
        if not any(said)
        else []
    )
    return LoggedRequest(
        moment,
        client(
            str(address[0] if isinstance(address, list) and address else address).partition(",")[0],
            said,
            proxies,
        ),
        method.upper() or "GET",
        path,
        own or query,
        int(status),
        int(counted) if (counted := str(size).removesuffix("B")).isdigit() else -1,
        str(agent[0] if isinstance(agent, list) and agent else agent or ""),
        target.partition("?")[0],
    )


def _status(record: dict[str, Any], first: object) -> str:
    """Return the status as digits; a word under its name ("success") leaves it to another name, ``""`` is none."""
    told = str(first).rpartition("/")[2]
    if told.isdigit() or first is None:
        return told
    others = (str(_first(record, (name,))).rpartition("/")[2] for name in FIELDS["status"])
    return next((one for one in others if one.isdigit()), "")


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
