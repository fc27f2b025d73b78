"""Lines of no family: a request, a status, an address and a time in any order, as frameworks and proxies write them.

The last resort, and a careful one: what is not there once and unmistakably is not guessed, so that the line counts
as one that was not understood.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from workbench.leaks.logclient import is_inner
from workbench.leaks.logfields import FIELDS, normalised

_METHODS = rb"GET|POST|HEAD|PUT|DELETE|PATCH|OPTIONS|PROPFIND"
_ASKED = re.compile(
    rb"(?<![\w-])(?P<method>"
    + _METHODS
    + rb")[\s|]{1,12}(?:[\w.:-]{1,80} (?=\"))?\"?(?P<target>(?:https?://[^\s\"|/]{1,200})?/[^\s\"|]*)"
)
# The method a cell of its own, and the path another.
_METHOD_APART = re.compile(rb"(?:^|[ \"])(?:" + _METHODS + rb")(?:[ \"]|$)")
_PATH_APART = re.compile(rb"(?:^|[ \"])(?P<target>/[^\s\"|]*)(?=[ \"]|$)")
_VERSION_STATUS = re.compile(
    rb"HTTP/\d(?:\.\d)?\"?[\s,|]{1,3}\"?(?P<status>[1-5]\d\d)(?![\w.:])"
    rb"(?:\"?[\s,|]{1,3}(?:\"-\" )?\"?(?P<size>\d{1,12})(?![\w.:]))?"
)
_URL = re.compile(rb"(?:^|[\s|;,\"])(?P<target>https?://[^\s\"|;,/]{1,200}/[^\s\"|;,]*)")
# A number of three digits that is no part of an address, a time, a duration or a size with its unit.
_STATUS = re.compile(
    rb"(?:(?<=TCP_HIT/)|(?<=_MISS/)|(?<=[A-Z]/)|(?<![\w.:/+-]))(?P<status>[1-5]\d\d)"
    rb"(?![\w.:/-]|\s?(?:ms|us|ns|s|[kK]?B|\xc2\xb5s)\b|\xc2\xb5)(?:[\s"
    rb"|;,\"]{1,4}(?:\"-\" )?(?:-1\|)?(?P<size>\d{1,12})B?(?![\w.:/]|\s?(?:ms|us|ns|s|\xc2\xb5s)\b))?"
)
_ADDRESS = re.compile(
    rb"(?<![\w.:@])(?P<addr>(?:\d{1,3}\.){3}\d{1,3}"
    rb"|(?=[0-9A-Fa-f]*:[0-9A-Fa-f]*:)[0-9A-Fa-f:.]{3,45})(?![\w.]*\w)"
)
_TIME = re.compile(
    rb"(?P<time>\d{4}[-/]\d\d[-/]\d\d(?:[T ]| - )\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?"
    rb"|(?:[A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?: (?:[+-]\d{4}|GMT|UTC))?"
    rb"|\d{1,2}/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d(?: [+-]\d{4})?|(?<![\d.])1[5-9]\d{8}(?:\d{3}"
    rb"|\.\d{1,6})?(?![\d.]))"
)
# Tornado's: a letter for the level, the day in six digits.
_SHORT_DAY = re.compile(rb"\[[A-Z] (\d\d)(\d\d)(\d\d) (\d\d:\d\d:\d\d)\b")
_SENT = re.compile(rb"[\s|;,]{1,4}(\d{1,12})[\s|;,]{1,4}(?:TCP_)?(?:HIT|MISS|EXPIRED|STALE|BYPASS|DYNAMIC)\b")
_CLOCK = re.compile(rb"(?<![\d:])\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\d:])")
# IIS in its own format: fields parted by commas, the date as in the United States, the request in two of them.
_IIS_OWN = re.compile(
    rb"(?P<addr>[0-9A-Fa-f.:]{3,45}), [^,]*, (?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}), "
    rb"(?P<hour>\d{1,2}):(?P<rest>\d\d:\d\d), [^,]*, [^,]*, [^,]*, \d+, \d+, (?P<size>\d+), (?P<status>\d{3}), \d+, "
    rb"(?P<method>[A-Z]{1,16}), (?P<target>/[^,]*),"
)
# An edge's bars: cache, status, time, size, zone, client, referrer, address.
_EDGE = re.compile(
    rb"(?:[A-Z]{3,12}|-)\|(?P<status>\d{3})\|(?P<time>1[5-9]\d{11})\|(?P<size>\d+)\|\d+\|(?P<addr>[0-9A-Fa-f.:]{3,45})\|"
    rb"[^|]*\|(?P<target>https?://[^|]+)\|"
)
_LTSV = re.compile(rb"([A-Za-z][\w.-]{0,40}):([^\t]*)")
_KNOWN = {normalised(name) for names in FIELDS.values() for name in names}


def loose(line: bytes) -> dict[str, str] | None:
    """Return what a line says of one request, by the names of ``logfields``; None where it is not unmistakable."""
    asked = _ASKED.search(line) or _apart(line)
    if asked is None and (line.count(b"|") < 4 or (asked := _URL.search(line)) is None):
        return None
    rest = line[: asked.start()] + b" \0 " + line[asked.end() :]
    record = {
        "request_uri": _text(asked.group("target")),
        "request_method": _text(asked.groupdict().get("method", b"GET")),
    }
    if moment := _TIME.search(rest):
        record["@timestamp"] = _text(moment.group("time")).replace(" - ", "T")
        rest = rest[: moment.start()] + b" " + rest[moment.end() :]
    elif short := _SHORT_DAY.search(rest):
        record["@timestamp"] = "20{}-{}-{}T{}Z".format(*map(_text, short.groups()))
        rest = rest[: short.start()] + b" " + rest[short.end() :]
    rest = _CLOCK.sub(b" ", rest)
    if near := [_text(one.group("addr")) for one in _ADDRESS.finditer(rest)]:
        outer = [one for one in dict.fromkeys(near) if not is_inner(one)]
        # A server's own address may stand first: the one that is of no inner network is the client's.
        record["remote_addr"] = outer[0] if len(outer) == 1 else near[0]
    found = list(_VERSION_STATUS.finditer(rest))
    rest = _ADDRESS.sub(b" ", rest)
    found = found if len(found) == 1 else list(_STATUS.finditer(rest))
    if not found:
        return None
    mark = rest.find(b"\0")
    after = [one for one in found if one.start() > mark]
    if len(found) > 1 and not (after and after[0].start() - mark < 16):
        return None
    status = after[0] if after else found[0]
    record["status"] = _text(status.group("status"))
    if status.group("size"):
        # Where two sizes stand before what a cache said, the request's comes first.
        second = _SENT.match(rest, status.end())
        record["size"] = _text(second.group(1) if second else status.group("size"))
    return record


def _apart(line: bytes) -> re.Match[bytes] | None:
    """Return the one path of a line that tells its method elsewhere, None where there is none or another."""
    if _METHOD_APART.search(line) is None:
        return None
    paths = list(_PATH_APART.finditer(line))
    return paths[0] if len(paths) == 1 else None


def in_order(line: bytes) -> dict[str, str] | None:
    """Return the fields of a line whose columns are known by their order alone, None for another line."""
    found = _IIS_OWN.match(line) or _EDGE.match(line)
    if found is None:
        return _tabbed(line) if line.count(b"\t") >= 5 else None
    said = {name: _text(value) for name, value in found.groupdict().items()}
    moment = said.get("time") or "{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{rest}Z".format(**said)
    return {
        "@timestamp": moment,
        "remote_addr": said["addr"],
        "request_method": said.get("method", "GET"),
        "request_uri": said["target"],
        "status": said["status"],
        "size": said["size"],
    }


def _tabbed(line: bytes) -> dict[str, str] | None:
    """Return what the cells of a line parted by tabs say where each says by itself what it is, else None."""
    row = _text(line).split("\t")
    method = next((cell for cell in row if re.fullmatch(_METHODS.decode("ascii"), cell)), "")
    target = next((cell for cell in row if re.match(r"/|https?://[^/]+/", cell)), "")
    status = [at for at, cell in enumerate(row) if re.fullmatch(r"[1-5]\d\d", cell)]
    if len(status) > 1:
        # Another number of three digits may be a size or a time: a status has what was sent behind it.
        status = [at for at in status if "".join(row[at + 1 : at + 2]).isdigit()]
    if not method or not target or len(status) != 1:
        return None
    record = {"request_method": method, "request_uri": target, "status": row[status[0]]}
    if (size := row[status[0] + 1 : status[0] + 2]) and size[0].isdigit():
        record["size"] = size[0]
    for name, rule in (("remote_addr", _ADDRESS), ("@timestamp", _TIME)):
        if cell := next((cell for cell in row if rule.fullmatch(cell.encode())), ""):
            record[name] = cell
    return record


def labelled(line: bytes) -> dict[str, str] | None:
    """Return the fields of a line of labelled values parted by tabs (LTSV), None for another line."""
    cells = line.split(b"\t")
    found = [_LTSV.fullmatch(cell) for cell in cells]
    if len(cells) < 4 or not all(found):
        return None
    record = {_text(one.group(1)): _text(one.group(2)) for one in found if one is not None}
    if "host" in record and "remote_addr" not in record:
        # The client, by this form's own agreement; the site is its "vhost".
        record["remote_addr"] = record.pop("host")
    if "req" in record:
        record["request"] = record.pop("req")
    return {name: value.strip("[]") for name, value in record.items()}


def headed(line: bytes) -> tuple[str, ...]:
    """Return the names of a table's columns where its first line gives them for a log of requests, else ``()``."""
    if line.count(b",") < 3 or b"{" in line:
        return ()
    names = tuple(name.strip().strip('"') for name in _text(line).split(","))
    known = [name for name in names if normalised(name) in _KNOWN]
    return names if len(known) >= 5 or (len(known) >= 3 and len(known) * 2 >= len(names)) else ()


def cells(line: bytes, columns: Sequence[str]) -> list[str]:
    """Return the cells of a row: parted by tabs, by commas where the heading was, or by blanks."""
    text = line.decode("utf-8", "replace")
    if "\t" in text:
        return text.split("\t")
    if (
        "," in text
        and " " not in "".join(columns)
        and not any(name.startswith(("c-", "cs-", "sc-")) for name in columns)
    ):
        return _row(text, ",")
    # A blank inside quotes parts nothing.
    quoted = _row(text, " ") if '"' in text else []
    return quoted if len(quoted) == len(columns) else text.split(" ")


def _row(text: str, sign: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=sign), [])
    except csv.Error:  # A stranger's carriage return, or a quote that never ends.
        return []


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip("\r\n")
