"""What a value is held in: the subscripts, elements, objects and indented keys around a place in a text."""

from __future__ import annotations

import re

from workbench.leaks.logins import line_before

_BRACE_KEY = re.compile(
    rb"[\"']?([\w.-]{1,60})[\"']?(?:[ \t]+\"[\w.-]{1,60}\")?\s{0,8}(?:=>|[:=]"
    rb"|\(\s{0,4}[\"']?[\w.-]{0,40}[\"']?\s{0,4},)?\s{0,8}(?:array\s{0,2}|new\s\w+\s{0,2}|&?\w{0,20})?$"
)
_ITEM = re.compile(rb"-[ \t]+[\"']?[\w./-]{1,60}[\"']?:[ \t]")
_LINE_KEY = re.compile(rb"(?:-[ \t]+)?[\"']?([\w./-]{1,60})[\"']?[ \t]{0,4}:(?:[ \t]*$|[ \t]+[&#|>])")
_SUBSCRIPTS = re.compile(rb"([\w.]{1,60})((?:\[[\"']?[\w.-]{1,40}[\"']?\]){0,3})\[[\"']?$")
_ELEMENT = re.compile(rb"<(/?)([A-Za-z_][\w:.-]{0,60})[^<>]{0,300}?(/?)>")


def around(data: bytes, at: int) -> list[tuple[str, int]]:
    """Return what a name at ``at`` is held in on its own: subscripts (``$db['default']['``) or open elements.

    Innermost first, each with 0 as its beginning: neither bounds a block.
    """
    if data[at - 1 : at] == b"<":
        names = _open_elements(data[max(0, at - 1500) : at])
    else:
        found = _SUBSCRIPTS.search(line_before(data, at))
        names = [] if found is None else [*re.findall(rb"[\w.-]+", found[2])[::-1], found[1]]
    return [(one.decode("ascii", "replace"), 0) for one in names]


def _open_elements(text: bytes) -> list[bytes]:
    """Return the elements that a piece of markup opens and does not close, innermost first."""
    closed: list[bytes] = []
    names: list[bytes] = []
    for end, name, empty in reversed(_ELEMENT.findall(text)):
        if end:
            closed.append(name)
        elif name in closed:
            closed.remove(name)
        elif not empty:
            names.append(name)
    return names


def parents(data: bytes, at: int) -> list[tuple[str, int]]:
    """Return the keys around a place, innermost first, with where each begins: by braces, else by indentation."""
    begin = max(0, at - 1500)
    line = data.rfind(b"\n", 0, at) + 1
    indent = _indent(data[line:at])
    found = _by_braces(data, begin, at)
    if found or indent == 0:
        return found
    out: list[tuple[str, int]] = []
    lines = data[begin:line].split(b"\n")
    where = line
    for text in reversed(lines[:-1] if lines and not lines[-1] else lines):
        where -= len(text) + 1
        if not text.strip():
            continue
        depth = _indent(text)
        if depth < indent:
            key = _LINE_KEY.match(text.lstrip(b" \t").rstrip(b"\r"))
            if key is None and _ITEM.match(text, depth):
                # The first member of the item that the value stands in: what holds the list comes before.
                indent = depth
                continue
            if key is None:
                break
            out.append((key.group(1).decode("ascii"), where))
            indent = depth
            if indent == 0:
                break
    return out


def _indent(text: bytes) -> int:
    return len(text) - len(text.lstrip(b" \t"))


def _by_braces(data: bytes, begin: int, at: int) -> list[tuple[str, int]]:
    depth = 0
    out: list[tuple[str, int]] = []
    for found in reversed(list(re.finditer(rb"[{}\[\]]", data[begin:at]))):
        sign = found.group()
        if sign in b"}]":
            depth += 1
        elif depth:
            depth -= 1
        else:
            where = begin + found.start()
            key = _BRACE_KEY.search(data, max(0, where - 90), where)
            # The dash of an item names nothing.
            if key is not None and key.group(1).strip(b".-"):
                out.append((key.group(1).decode("ascii"), key.start()))
                if len(out) == 6:
                    break
    return out
