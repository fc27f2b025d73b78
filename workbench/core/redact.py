"""Secrets that cannot be printed by accident, and outside text made harmless.

Two ideas only. ``Secret`` keeps a value whose every text form is masked; the value comes out through one
method whose name can be searched for. ``visible`` turns text from outside into one line of plain
printable characters, so that nothing an intruder wrote can move the cursor, colour the screen or hide.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from typing import NoReturn

MASK = "••••"
# A tail identifies a current Mailgun key (its id is the secret's tail, dossier A2); four characters
# of it are enough to recognise a key on screen and useless to an onlooker.
TAIL = 4
# Marks one character may carry: Vietnamese needs two, pointed Hebrew and Arabic up to four.
MARKS = 4
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default_Ignorable_Code_Point beyond the categories above (DerivedCoreProperties.txt): joiners, Hangul and Khmer
# fillers, variation selectors, tags. They are letters or marks by category, and draw nothing.
_IGNORABLE = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)
# What draws an empty cell and is no space: other spaces, Braille and hieroglyphic blanks, the null notehead.
_BLANK = frozenset(
    [0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0x2800, 0x1D159, 0x13441, 0x13442]
)


class Secret:
    """A secret value. ``str``, ``repr``, ``format`` and pickling never give it away; ``reveal()`` does.

    Two secrets compare equal in constant time. A Secret has no length, no iteration and no truth value
    that depends on its content, and it is not hashable, so it cannot become a key of something printed.
    """

    __slots__ = ("__value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: str) -> None:
        if not isinstance(value, str) or not value:
            # The message must not echo the value, whatever it was.
            raise TypeError("a secret is made from a non-empty string")
        self.__value = value

    def reveal(self) -> str:
        """Return the value itself. Call it only where the value is sent, stored or shown on purpose."""
        return self.__value

    def fingerprint(self, key: bytes) -> str:
        """Return a keyed HMAC-SHA-256 of the value as 32 hex digits: same key and value, same result."""
        # OpenSSL is loaded with it: nothing that the first frame needs.
        import hmac
        from hashlib import sha256

        return hmac.new(key, self.__value.encode(), sha256).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


# What a Mailgun secret looks like: a legacy or public key, or 32, 8 and 8 hex digits.
_SECRET = re.compile(r"(?:pub)?key-[0-9a-z]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}", re.IGNORECASE)
_SHORTEST = 36
SHAPE_MASK = "‹secret"


def masked(text: str) -> str:
    """Return outside text with everything of a secret's shape replaced by its tail: ``‹secret …4f2a›``.

    Whoever writes a subject, a description or a URL may write a live key into it; it leaves by no way out.
    """
    if len(text) < _SHORTEST:
        return text
    return _SECRET.sub(lambda found: f"{SHAPE_MASK} …{found[0][-TAIL:]}›", text)


# What is shown as it is wherever it stands: ASCII, the letters of Europe, dashes, quotes, arrows, signs, boxes.
_PLAIN = re.compile("[ -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2030-\u205e\u2190-\u23ff\u2460-\u27bf]*")


def visible(text: object, limit: int = 400) -> str:
    """Return ``text`` as one line of harmless printable characters, at most ``limit`` of them.

    Whatever draws nothing or moves what is drawn becomes a visible ``\\x1b``-style escape: control characters,
    separators, format characters (right-to-left marks, joiners, tags), variation selectors, Hangul fillers,
    blanks that are no space, lone surrogates, marks that stand on nothing. Of the marks stacked on one
    character the first few stay and the rest are counted, as is what is cut off at the end: ``…(+123)``. What
    has the shape of a Mailgun secret is masked.
    """
    raw = masked(str(text))
    if len(raw) <= limit and _PLAIN.fullmatch(raw):
        return raw  # Nearly all there is.
    out: list[str] = []
    size = start = excess = 0  # ``start``: where in ``out`` the present grapheme begins
    done = 0  # characters of ``raw`` before the present grapheme
    for index, (char, fate) in enumerate(_judged(raw)):
        if fate is _Fate.EXCESS:
            excess += 1
            continue
        pieces = [f"…(+{excess})"] if excess else []
        pieces.append(char if fate is not _Fate.HIDDEN else _escape(char))
        excess = 0
        if fate is not _Fate.MARK:
            start, done = len(out), index
        out += pieces
        size += sum(map(len, pieces))
        if size > limit:
            return "".join(out[:start]) + f"…(+{len(raw) - done})"
    if excess:
        out.append(f"…(+{excess})")
    return "".join(out)


def json_escaped(dumped: str) -> str:
    """Return JSON text with the same values in which everything ``visible`` would escape or cut is a ``\\u`` escape.

    For documents that scripts read: an id stays exactly what it is, and a terminal that prints it is safe.
    """
    if dumped.isascii():
        return dumped.replace("\x7f", "\\u007f")
    # No character is judged by what stands on another line, and nearly all lines are plain.
    return "\n".join(line if _PLAIN.fullmatch(line) else _line_escaped(line) for line in dumped.split("\n"))


def _line_escaped(line: str) -> str:
    kept = (_Fate.SHOWN, _Fate.MARK)
    return "".join(char if fate in kept else _json_escape(char) for char, fate in _judged(line))


class _Fate(Enum):
    SHOWN = 0
    MARK = 1  # shown, as a part of the character before it
    HIDDEN = 2  # would draw nothing, or move what is drawn
    EXCESS = 3  # one mark more than a character can carry


def _judged(text: str) -> Iterator[tuple[str, _Fate]]:
    """Yield every character with what becomes of it; marks belong to the character they stand on."""
    carries, marks = False, 0
    for char in text:
        if " " <= char <= "~":
            carries, marks = char != " ", 0
            yield char, _Fate.SHOWN
        elif _hides(char):
            carries = False
            yield char, _Fate.HIDDEN
        elif not _extends(char):
            carries, marks = True, 0
            yield char, _Fate.SHOWN
        elif not carries:
            yield char, _Fate.HIDDEN
        else:
            marks += 1
            yield char, _Fate.MARK if marks <= MARKS else _Fate.EXCESS


def _hides(char: str) -> bool:
    if unicodedata.category(char) in _UNSEEN:
        return True
    code = ord(char)
    return code in _BLANK or any(first <= code <= last for first, last in _IGNORABLE)


def _extends(char: str) -> bool:
    code = ord(char)
    # Medial and final letters of Hangul take no cell of their own, whatever they stand on.
    hangul = 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF
    return hangul or unicodedata.category(char) in ("Mn", "Me", "Mc")


def _escape(char: str) -> str:
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def short_address(address: str) -> str:
    """Return an e-mail address shortened for a shared screen: ``an…@example.com``; other text unchanged.

    Used for people (users, recipients), never for SMTP logins, which are machine names.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local:
        return address
    return f"{local[:2]}…@{domain}"


def key_tail(key_id: str) -> str:
    """Return the last four characters of a key id, marked as a tail: ``…4f2a``."""
    return f"…{key_id[-TAIL:]}"
