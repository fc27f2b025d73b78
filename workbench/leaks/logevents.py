"""Events of filters in front of sites (CEF and LEEF): a header parted by bars, then ``name=value``, blanks and all."""

from __future__ import annotations

import re

_CEF = re.compile(rb"CEF:\d(?:\|(?:[^|\\]|\\.)*){6}\|(?P<rest>.*)")
_LEEF = re.compile(rb"LEEF:(?P<version>[12])\.0(?:\|[^|]*){4}\|(?P<rest>.*)")
# Of LEEF 2.0: the sign that parts the values, itself or as the number it has.
_PARTED = re.compile(rb"(?:0?x(?P<code>[0-9A-Fa-f]{2})|(?P<sign>[^|\w]))\|")
_PAIR = re.compile(r"(?:^|\s)([A-Za-z][\w.-]{0,60})=((?:[^=\\]|\\.)*?)(?=\s+[A-Za-z][\w.-]{0,60}=|\s*$)")
_STATUS = re.compile(r"(?i)(?:http|response|status).{0,12}(?:code|status)|^(?:status|code)$")
_REFUSED = re.compile(r"(?i)block|den(?:y|ied)|drop|reject|forbid")
# What these dialects call the fields of a request, by the names of ``logfields``.
_NAMES = {
    "request": "url", "requestClientApplication": "user_agent", "rt": "@timestamp", "start": "@timestamp",
    "devTime": "@timestamp",
}  # fmt: skip


def event(line: bytes) -> dict[str, str] | None:
    """Return the fields of an event of CEF or LEEF, None for another line.

    An event that a filter stopped and that names no status counts as refused (403).
    """
    found = _CEF.search(line) or _LEEF.search(line)
    if found is None:
        return None
    pairs = _of_leef(found) if found.re is _LEEF else _of_cef(found)
    record: dict[str, str] = {}
    for name, value in pairs.items():
        record.setdefault(_NAMES.get(name, name), value)
    for name, value in pairs.items():
        label = pairs.get(f"{name}Label", "")
        if label and _STATUS.search(label) and value.isdigit():
            record["status"] = value
        elif label and "forwarded" in label.lower():
            record["x_forwarded_for"] = value
    if b"|Incapsula|" in line and "cn1Label" not in pairs and "cn1" in pairs:
        record["status"] = pairs["cn1"]
        record["size"] = pairs.get("in", "")
    url = record.get("url", "")
    if re.match(r"[\w.-]+\.[a-z]{2,}/", url):
        record["url"] = f"https://{url}"
    named = any(_STATUS.search(name) for name in record)
    if not named and _REFUSED.search(record.get("act", record.get("action", ""))):
        record["status"] = "403"
    return record


def _of_cef(found: re.Match[bytes]) -> dict[str, str]:
    text = found.group("rest").decode("utf-8", "replace")
    return {name: re.sub(r"\\(.)", r"\1", value).strip() for name, value in _PAIR.findall(text)}


def _of_leef(found: re.Match[bytes]) -> dict[str, str]:
    rest, sign = found.group("rest"), b"\t"
    if found.group("version") == b"2" and (parted := _PARTED.match(rest)):
        sign = parted["sign"] or bytes.fromhex(parted["code"].decode())
        rest = rest[parted.end() :]
    pairs = (cell.decode("utf-8", "replace").partition("=") for cell in rest.split(sign))
    return {name.strip(): value.strip() for name, _, value in pairs}
