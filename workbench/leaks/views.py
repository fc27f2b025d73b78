"""The decoding layer: one buffer seen as what its escapes, joints, tags and encodings stand for.

A view is another text of the same buffer with a way back to where each byte came from. Views cost a pass each,
so each has a cheap byte test, and none is built at all unless something in the buffer speaks of a secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# More replacements than this are no longer a text with escapes in it but an encoded blob.
_MOST_CHANGES = 400_000
_Put = Callable[[re.Match[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class View:
    """``data`` is the text seen, ``label`` how. ``wins`` says whether what is read here beats the raw reading."""

    label: str
    data: bytes
    wins: bool
    _marks: list[int]
    _origins: list[int]

    def origin(self, at: int) -> int:
        """Return the offset in the buffer that the view's offset ``at`` came from."""
        index = bisect_right(self._marks, at) - 1
        return self._origins[index] + at - self._marks[index]


_WIDE_RUN = re.compile(rb"(?:[\t\n\r -~\xa0-\xff]\0){6,}[ -~]?")


def wide_text(data: bytes) -> tuple[bytes, Callable[[int], int]]:
    """Return the runs of two-byte text in ``data``, a line each, and the way back to an offset in ``data``.

    Only the NUL bytes inside a run are dropped: the length before a string or the end of the one before it in binary
    data would else stand as a letter of it.
    """
    parts: list[bytes] = []
    marks, origins = [], []
    size = 0
    for found in _WIDE_RUN.finditer(data):
        text = found.group()[::2]
        # Where the larger byte comes first, the last byte of a string's length reads as its first letter.
        length = data[found.start() - 3 : found.start() + 1]
        counted = text[:1] if int.from_bytes(length) in (len(text) - 1, 2 * len(text) - 2) else b""
        for part, at in ((counted, found.start()), (text[len(counted) :], found.start() + 2 * len(counted))):
            if part:
                marks.append(size)
                origins.append(at)
                parts.append(part)
                size += len(part) + 1

    def origin(at: int) -> int:
        index = max(bisect_right(marks, at) - 1, 0)
        return origins[index] + 2 * (at - marks[index])

    return b"\n".join(parts), origin


_NAMED = {b"quot": b'"', b"amp": b"&", b"lt": b"<", b"gt": b">", b"apos": b"'", b"nbsp": b" ", b"colon": b":"}
_SHORT = {b"n": b"\n", b"r": b"", b"t": b"\t", b"/": b"/", b'"': b'"', b"'": b"'"}
# Escaped in a properties file or a shell: the sign itself is meant.
_SHORT |= {sign: sign for sign in (b"!", b"=", b":", b"#", b"@", b"$", b"&")}
# The first sign stands before the alternatives, so that the engine looks for it alone.
_ESCAPE = re.compile(
    rb"[\x1b\\&](?:(?<=\x1b)(?P<ansi>\[[0-9;?]{0,20}[A-Za-z])"
    rb"|(?<=\\)(?:\\{0,3}(?:u00(?P<u>[0-9a-fA-F]{2})|u\{0{0,4}(?P<ub>[0-9a-fA-F]{2})\}|x(?P<x>[0-9a-fA-F]{2})"
    rb"|(?P<nul>0{1,3})(?![0-9])|0?(?P<o>[01][0-7]{2})|'(?P<r>[2-7][0-9a-f]))"
    rb"|(?P<cont>\r?\n[ \t]{0,80}(?=[0-9a-z-])|\r?\n)|(?P<line>n\"[ \t]{0,4},\s{0,80}\")"
    rb"|\\{0,3}(?P<short>[nrt/\"'!=:#@$&]))"
    rb"|(?<=&)(?:#[xX]0{0,4}(?P<hx>[0-9a-fA-F]{2});|#0{0,4}(?P<hd>\d{2,3});"
    rb"|(?P<named>quot|amp|lt|gt|apos|nbsp|colon);))"
)
_QUOTED_PRINTABLE = re.compile(rb"(?P<soft>=\r?\n)|=(?P<q>[0-9A-F]{2})")
_PERCENT = re.compile(rb"%(?:25)?(?P<p>[2-7][0-9A-Fa-f])")
_JOINT = re.compile(
    rb"[\"'`](?<!\\.)[ \t]{0,40}(?:[\\_]?\r?\n[ \t]{0,80})?(?:\+|\.{1,2}|&|\|\||~|<>|\^)?[ \t]{0,40}"
    rb"(?:[\\_]?\r?\n[ \t]{0,80})?(?:[bru]|\(|@)?[\"'`](?=[\w-])"
)
# Nothing is given back: blanks between two strings could else be shared out in thousands of ways.
_JOINED = re.compile(
    rb"[\[(](?P<parts>(?:\s{0,40}+[\"'`][^\"'`\s]{1,60}+[\"'`]\s{0,20}+,?){2,12}+)\s{0,40}[\])]"
    rb"(?=\s{0,4}\.join\(\s{0,4}(?P<quote>[\"'`])(?P<glue>-?)(?P=quote)|\s{0,4}\))"
)
# A literal put into a string by a call or a template: ``${encodeURIComponent('x')}``, ``" + quote("x") + "``.
# A digest of one is another text.
_FILLED = re.compile(
    rb"[$#]?\{\s?(?:[A-Za-z][\w.:]{0,40}\(\s?)?[\"'`](?P<inside>[^\"'`\s{}]{1,200})[\"'`]\s?\)?\s?\}"
    rb"|[\"'`]\s{0,4}[+.&]\s{0,4}(?!\w{0,20}(?i:md5|sha\d|hash|crc|digest|hmac))[A-Za-z][\w.:]{0,40}"
    rb"\(\s?[\"'`](?P<called>[^\"'`\s]{1,200})[\"'`]"
    rb"(?:,[^()\n]{0,30})?\s?\)(?:\s{0,4}[+.&]\s{0,4}[\"'`])?"
)
# Text as the bytes a registry file keeps it in: ``hex(2):53,00,4d,00``.
_REGISTRY = re.compile(
    rb"hex(?:\([12]\))?:(?P<bytes>[0-9a-fA-F]{2}(?:,(?:\\\r?\n[ \t]{0,8})?[0-9a-fA-F]{2}){5,2000})"
)
# What a log or a reader puts before the next line: a date with a host and a program or a stream, a bar, blanks.
_DATED = rb"(?:[A-Z][a-z]{2}[ \t]{1,2}\d{1,2} [\d:.]{5,15}|\d{4}-\d\d-\d\dT[\d:.+Z-]{8,30})[ \t]"
_BEGUN = (
    rb"(?:" + _DATED + rb"(?:std(?:out|err) [FP] |[\w.-]{1,60} [\w./-]{1,60}(?:\[\d{1,10}\])?: )"
    rb"|[\w.-]{1,40}[ \t]{1,20}\|[ \t]|[ \t>|]{0,40})"
)
# The end of a line in the middle of a key: folded by a terminal, quoted in a reply, or parted by a log, which begins
# each of its entries anew. The first sign stands before the alternatives, so that the engine looks for it alone.
_CUT = re.compile(
    rb"[\n\r\\\"](?:(?:(?<=\n)|(?<=\r)\n|(?<=\\)\r?\n)"
    + _BEGUN
    + rb"|(?:(?<=\"),|(?<=\\)n\",)\"stream\":\"std(?:out|err)\""
    rb"[^\n]{0,120}\}\r?\n\{\"log\":\")(?P<tail>[0-9a-z-]{1,48})(?![0-9A-Za-z-])"
)
_BEFORE_CUT = re.compile(
    rb"(?<![0-9A-Za-z-])((?:pub)?key-[0-9a-z]{1,31}|[0-9a-f]{4,32}(?:-[0-9a-f]{0,8}){0,2})$"
)
_WHOLE_KEY = re.compile(rb"(?:pub)?key-[0-9a-z]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")
_TAG = re.compile(rb"<(?P<end>/?)(?P<tag>[A-Za-z][\w:.-]{0,30})[^<>]{0,300}>")
_BLOCKS = frozenset(
    {
        b"p",
        b"tr",
        b"div",
        b"li",
        b"br",
        b"w:p",
        b"w:br",
        b"w:tr",
        b"a:p",
        b"a:tr",
        b"text:p",
        b"table:table-row",
    }
    | {b"h1", b"h2", b"h3", b"pre"}
)
_CELLS = frozenset({b"td", b"th", b"w:tc", b"a:tc", b"table:table-cell", b"dt", b"dd", b"label", b"option"})
# The end of a paragraph that ends its cell with it.
_ENDS_CELL = re.compile(rb"\s{0,20}</(?:td|th|w:tc|a:txBody|a:tc|table:table-cell)>")
_INLINE = frozenset(
    {
        b"span",
        b"b",
        b"i",
        b"u",
        b"em",
        b"strong",
        b"font",
        b"mark",
        b"code",
        b"wbr",
        b"a",
        b"small",
        b"kbd",
        b"samp",
        b"var",
    }
)
_VALUE_BASE64 = re.compile(
    rb"(?P<before>[\w.\-/]{1,80}\\{0,3}[\"']?[ \t]{0,8}[:=][ "
    rb"\t]{0,8}\\{0,3}[\"']?)(?P<value>[A-Za-z0-9+/]{8,4000}={0,2})(?=[\\\"'\s,}]|$)"
)
_SECRET_KIND = re.compile(rb"(?i)\\{0,3}[\"']?kind\\{0,3}[\"']?\s{0,4}:\s{0,4}\\{0,3}[\"']?Secret\b")


def _core(word: bytes, shift: int) -> bytes:
    encoded = base64.b64encode(b"\0" * shift + word)
    return encoded[(0, 2, 3)[shift] : (shift + len(word)) * 8 // 6]


# "mailgun" inside base64, at each of its alignments: what betrays a short encoded host or name.
ENCODED_WORDS = tuple(_core(b"mailgun", shift) for shift in range(3))


def views(data: bytes, only: str = "") -> Iterator[View]:
    """Yield each view of ``data`` that differs from it, or the one called ``only``.

    The caller has seen that a secret is likely here.
    """
    if only == "split":
        yield from _view("split", data, _JOINT, lambda found: b"")
        return
    if b"\\" in data or b"&" in data or b"\x1b" in data:
        yield from _view("escaped", data, _ESCAPE, _unescaped)
    # An empty setting ends in "=" too: only its own sign for "=", or its name, shows that this is how it is written.
    if b"=3D" in data or b"uoted-" in data or b"=2D" in data:
        yield from _view("quoted-printable", data, _QUOTED_PRINTABLE, _unquoted)
    if b"\n" in data:
        yield from _view("wrapped", data, _CUT, _rejoined)
    if b"%" in data:
        yield from _view("url-escaped", data, _PERCENT, lambda found: _byte(found.group("p")), wins=False)
    if _JOINT.search(data):
        yield from _view("split", data, _JOINT, lambda found: b"")
    if _FILLED.search(data):
        yield from _view("filled in", data, _FILLED, lambda found: found["inside"] or found["called"])
    if b"join(" in data or b"implode(" in data or b"concat(" in data.lower():
        yield from _view("split", data, _JOINED, _concatenated)
    if in_registry_bytes(data):
        yield from _view("registry", data, _REGISTRY, _from_registry)
    if b"</" in data:
        yield from _view("markup", data, _TAG, _untagged, wins=False)
    if secrets_of_kubernetes(data) or any(word in data for word in ENCODED_WORDS):
        yield from _view("base64", data, _VALUE_BASE64, _decoded_value)


def secrets_of_kubernetes(data: bytes) -> bool:
    """Return whether a manifest of secrets stands in ``data``: all its values are in base64, names are not."""
    return b"Secret" in data and b"kind" in data and _SECRET_KIND.search(data) is not None


def in_registry_bytes(data: bytes) -> bool:
    """Return whether values stand in ``data`` as an export of the registry writes strings: byte after byte."""
    return b"hex" in data and _REGISTRY.search(data) is not None


def _from_registry(found: re.Match[bytes]) -> bytes:
    plain = bytes.fromhex(re.sub(rb"[^0-9a-fA-F]", b"", found.group("bytes")).decode("ascii"))
    plain = plain.replace(b"\0", b"")
    return b'"' + plain + b'"' if plain.isascii() and b'"' not in plain else found.group()


def _view(
    label: str, data: bytes, rule: re.Pattern[bytes], put: _Put, *, wins: bool = True
) -> Iterator[View]:
    parts: list[bytes] = []
    marks, origins = [0], [0]
    last = size = 0
    for found in rule.finditer(data):
        new = put(found)
        if new == found.group():
            continue
        parts += (data[last : found.start()], new)
        size += found.start() - last + len(new)
        last = found.end()
        marks.append(size)
        origins.append(last)
        if len(marks) > _MOST_CHANGES:
            break
    if len(marks) > 1:
        parts.append(data[last:])
        yield View(label, b"".join(parts), wins, marks, origins)


def _byte(digits: bytes, base: int = 16) -> bytes:
    return bytes((int(digits, base) & 0xFF,))


def _unescaped(found: re.Match[bytes]) -> bytes:
    kind = found.lastgroup
    if kind == "nul":
        return b"\t"
    if kind == "line":
        return b"\n"
    if kind in ("u", "ub", "x", "hx", "r"):
        return _byte(found.group(kind))
    if kind in ("o", "hd"):
        number = int(found.group(kind), 8 if kind == "o" else 10)
        return bytes((number,)) if 32 <= number < 127 or number in (9, 10) else found.group()
    if kind == "named":
        return _NAMED[found.group("named")]
    if kind == "short":
        return _SHORT[found.group("short")]
    return b""


def _unquoted(found: re.Match[bytes]) -> bytes:
    return b"" if found.group("q") is None else _byte(found.group("q"))


def _rejoined(found: re.Match[bytes]) -> bytes:
    head = _BEFORE_CUT.search(found.string, max(0, found.start() - 48), found.start())
    whole = b"" if head is None else head[1] + found["tail"]
    return found["tail"] if _WHOLE_KEY.fullmatch(whole) else found.group()


# What a call before the list puts between its pieces: ``"-".join([…])``, ``implode("-", […])``.
_GLUE_BEFORE = re.compile(rb"[\"'`]-[\"'`]\s{0,4}(?:\.join\(|,)\s{0,4}(?:array)?$")


def _concatenated(found: re.Match[bytes]) -> bytes:
    before = _GLUE_BEFORE.search(found.string, max(0, found.start() - 24), found.start())
    glue = b"-" if before is not None else found["glue"] or b""
    return b'"' + glue.join(re.findall(rb"[\"'`]([^\"'`\s]{1,60})[\"'`]", found.group("parts"))) + b'"'


def _untagged(found: re.Match[bytes]) -> bytes:
    tag = found.group("tag").lower()
    if tag in _INLINE or (tag.startswith((b"w:", b"a:", b"text:")) and tag not in _BLOCKS | _CELLS):
        return b""
    if tag in _CELLS:
        return b"\t" if found.group("end") else b""
    if tag in _BLOCKS:
        if found.group("end") and _ENDS_CELL.match(found.string, found.end()):
            return b""
        return b"\n" if found.group("end") or tag in (b"br", b"w:br") else b""
    return found.group()


def _decoded_value(found: re.Match[bytes]) -> bytes:
    plain = plain_of(found.group("value"))
    return found.group() if plain is None else found.group("before") + plain


def plain_of(value: bytes) -> bytes | None:
    """Return the printable ASCII text that a base64 value stands for, None where it stands for none."""
    if len(value) % 4:
        return None
    try:
        plain = binascii.a2b_base64(value, strict_mode=True).rstrip(b"\r\n\0")
    except (binascii.Error, ValueError):
        return None
    if len(plain) < 5 or not all(32 <= char < 127 or char in b"\r\n\t" for char in plain):
        return None
    return plain
