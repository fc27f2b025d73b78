"""The record model: names and values of a stretch of text, however the two are held together.

``NAME=value`` is one of many forms: name and value may be two attributes, two elements, two items of a list, two
cells of a table, an option and its argument, a call and its arguments. Each form is one pattern here; what a value is
worth is judged elsewhere, the same for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A value in quotes runs to the same quote; a bare one to the first blank, bracket or quote.
_VALUE = (
    rb"(?:\\?\"(?P<dq>(?:[^\"\\\n]|\\(?![\"'][,;\s)\]}:]|[\"']$)[^\n]){1,400})\\?\""
    rb"|\\?'(?P<sq>(?:[^'\\\n]|\\(?!'[,;\s)\]}])[^\n]){1,400})\\?'"
    rb"|`(?P<bq>[^`\n]{1,200})`|&quot;(?P<eq>[^&\n]{1,200})&quot;|(?P<bare>[^\s\"'`\\<>]{1,300}))"
)
_ASSIGNMENT = re.compile(
    rb"(?P<name>[A-Za-z_][\w.:/-]{0,120})"
    rb"(?P<sep>(?:\\?[\"'`]|&quot;|[\])]){0,4}[ \t]{0,20}"
    rb"(?:=>|->|:=|\|[ \t]|[=:,(]|</t[dh]>\s{0,20}<td[^>]{0,80}>|</(?:key|name|Name|Key|option"
    rb"|dt)>\s{0,40}<[\w:]{1,30}[^<>]{0,80}>"
    rb"|>\s{0,20}(?:<!\[CDATA\[)?|;s:\d{1,4}:|\s(?:is|ist|=|:|to|->)\s|[ \t])[ \t]{0,20}"
    rb"(?:(?:new|String|str|Secret|SecretStr|env|secret)\(?[ \t]?)?(?:[bruf@](?=[\"'`])|<(?:span|pre|samp"
    rb"|code|b)[^>]{0,80}>){0,3})" + _VALUE
)
_NAMED = re.compile(
    rb"(?i)pass(?!ive|age|enger|ed\b|es\b)|pwd|\bpw\b|secret|signing|api_?-?key|apikey|webhook"
    rb"|(?<=[\s-])-[xa]p\b"
)
_APART = re.compile(
    rb"(?i)(?:name|key|variable|option|setting|param(?:eter)?|field|id)[\"']?[ \t]{0,4}[:=]>?[ "
    rb"\t]{0,4}\\?[\"']?"
    rb"(?P<name>[A-Za-z_][\w./:\[\]-]{1,120})\\?[\"']?(?P<sep>(?:[ \t,;]|\r?\n|[ \t]type=[\"']?\w+[\"']?"
    rb"|[ \t](?!value)[\w-]{1,20}=[\"'][^\"'\n]{0,80}[\"']){1,40}"
    rb"[\"']?(?:value|val|content|default|setting_value|option_value|config_value|data)[\"']?[ "
    rb"\t]{0,4}[:=]>?[ \t]{0,4})" + _VALUE
)
_ATTRIBUTE = re.compile(
    rb"(?i)(?:name|key|id)[ \t]{0,2}=[ "
    rb"\t]{0,2}[\"'](?P<name>[A-Za-z_][\w./:\[\]-]{1,120})[\"'](?P<sep>[^<>\n]{0,200}>\s{0,20})(?P<bare>[^"
    rb"\s<>\"'&]{5,200})<"
)
_BACKWARD = re.compile(
    rb"(?i)\bvalue[ \t]{0,2}=[ \t]{0,2}[\"'](?P<dq>[^\"'\n<>]{5,200})[\"'](?P<sep>[^<>\n]{0,160}\b(?:name"
    rb"|id|key)[ \t]{0,2}=[ \t]{0,2}[\"'])"
    rb"(?P<name>[A-Za-z_][\w./:\[\]-]{1,120})[\"']"
)
LOGIN = re.compile(rb"[A-Za-z0-9._+-]{1,64}(?:@|%40)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
# What may stand between a login and its password: punctuation of pairs, calls, tables, notes; one line's end.
_BESIDE = re.compile(
    rb"(?:\\?[\"'`]|&quot;)?(?:\.\w{2,16}\(\))?[ \t]{0,20}"
    rb"(?P<sep>,[ \t]{0,20}(?:\r?\n[ \t]{0,40})?|:[ \t]{0,4}|\||[ \t]\|[ \t]{0,20}|\t{1,4}|[ \t]?/[ \t]|[ "
    rb"\t]-{1,2}[ \t]|;|[ ]{1,20}|\\t|\r?\n[ \t]{0,20}"
    rb"|[\"'][ \t]{1,10}(?=[\"'])|(?=[\"'](?:I|P|M|R)[:=]))"
    rb"(?:[bru@](?=[\"']))?(?:\\?[\"'`](?:[IMR][:=][^\"'\n]{1,80}[\"'][ \t]{1,10}[\"'])?(?P<tag>P[:=])?)?"
    rb"(?P<value>[^\s\"'`<>|\\]{6,100})(?=[\s\"'`|<\\]|$)"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A name with its value: where the name begins, where the value does, and how the two are held together."""

    name: str
    value: str
    first: int
    start: int
    last: int
    separator: bytes
    quoted: bool
    style: str = ""
    login: str = ""


def named_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield every value in ``data[start:end]`` whose name speaks of a secret."""
    limit = min(len(data), end + 300)
    at = start
    while found := _NAMED.search(data, at, end):
        at = found.end()
        head = found.start()
        # Step back to the beginning of the identifier; never over more than its longest form.
        while head > max(start, found.start() - 100) and (
            data[head - 1 : head].isalnum() or data[head - 1] in b"_.-:/"
        ):
            head -= 1
        while head < found.start() and not (data[head : head + 1].isalpha() or data[head] == 0x5F):
            head += 1
        option = found.group().lower() in (b"-xp", b"-ap")
        assigned = _ASSIGNMENT.match(data, found.start() + 1 if option else head, limit)
        if assigned is None:
            continue
        field = _field(
            assigned, "command-line" if data[max(0, assigned.start() - 1) : assigned.start()] == b"-" else ""
        )
        if field is not None:
            at = max(at, field.start)
            yield field


def apart_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield values that stand in another attribute, element or item than their name."""
    for rule in (_APART, _ATTRIBUTE, _BACKWARD):
        for found in rule.finditer(data, start, end):
            if _NAMED.search(found.group("name")) and (field := _field(found, "name-value")) is not None:
                yield field


def beside_logins(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield what stands directly after a login: ``user:password``, two arguments of a call, two cells of a row."""
    for login in LOGIN.finditer(data, start, end):
        found = _BESIDE.match(data, login.end(), min(len(data), login.end() + 300))
        if found is None:
            continue
        value = found.group("value").rstrip(b",;)]}.")
        quoted = data[found.start("value") - 1 : found.start("value")] in (b'"', b"'", b"`")
        yield Field(
            "",
            value.decode("utf-8", "replace"),
            login.start(),
            found.start("value"),
            found.start("value") + len(value),
            found.group("sep"),
            quoted,
            "pair",
            login.group().decode("ascii").replace("%40", "@"),
        )


def _field(found: re.Match[bytes], style: str) -> Field | None:
    groups = found.groupdict()
    which = next((name for name in ("dq", "sq", "bq", "eq", "bare") if groups.get(name)), "")
    if not which:
        return None
    value = found.group(which)
    if which == "bare":
        value = value.rstrip(b",;)}]|")
    if not value:
        return None
    return Field(
        found.group("name").decode("ascii").strip(".-:/"),
        value.decode("utf-8", "replace"),
        found.start("name"),
        found.start(which),
        found.start(which) + len(value),
        found.group("sep"),
        which != "bare",
        style,
    )


_PASSWORD_CELL = re.compile(
    rb"(?i)^\W*(?:smtp|mail(?:gun)?)?[ _-]?(?:pass(?:word|wd|phrase)?|passwort|pwd|pw|contrase"
    rb"\xc3\xb1a|mot de passe|secret)\W*$"
)
_EVIDENCE = re.compile(rb"(?i)mailgun|postmaster@mg\.|@mg\.")


def table_fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield the cells under a heading that says password, of rows that name Mailgun."""
    begin = data.rfind(b"\n", 0, start) + 1
    head: tuple[bytes, int, int] | None = None
    for line_at, line in _lines(data, begin, end):
        if head is None or line.count(head[0]) < head[1] - 1:
            head = _heading(line) or (head if head and line.strip(b"\r |-+:\t") == b"" else None)
            continue
        delimiter, count, column = head
        cells = line.split(delimiter)
        if len(cells) < count or not _EVIDENCE.search(line):
            continue
        cell = cells[column]
        value = cell.strip(b" \t\r\"'`*")
        if value:
            at = line_at + sum(len(one) + len(delimiter) for one in cells[:column]) + cell.find(value)
            login = LOGIN.search(line)
            yield Field(
                "",
                value.decode("utf-8", "replace"),
                at,
                at,
                at + len(value),
                delimiter,
                False,
                "table",
                login.group().decode("ascii") if login else "",
            )


def _lines(data: bytes, begin: int, end: int) -> Iterator[tuple[int, bytes]]:
    while begin < end:
        stop = data.find(b"\n", begin, begin + 4000)
        stop = min(len(data), begin + 4000) if stop < 0 else stop
        yield begin, data[begin:stop]
        begin = stop + 1


def _heading(line: bytes) -> tuple[bytes, int, int] | None:
    """Return delimiter, number of cells and the password's column of a table's heading."""
    if len(line) > 1000:
        return None
    for delimiter in (b"|", b"\t", b";", b","):
        if (count := line.count(delimiter)) >= 1:
            cells = line.split(delimiter)
            column = next((i for i, cell in enumerate(cells) if _PASSWORD_CELL.match(cell)), -1)
            if column >= 0 and not any(b"=" in cell for cell in cells):
                return delimiter, count + 1, column
    return None
