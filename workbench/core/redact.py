"""Secrets that cannot be printed by accident, and outside text made harmless.

Two ideas only. ``Secret`` keeps a value whose every text form is masked; the value comes out through one
method whose name can be searched for. ``visible`` turns text from outside into one line of plain
printable characters, so that nothing an intruder wrote can move the cursor, colour the screen or hide.
"""

from __future__ import annotations

import hmac
import unicodedata
from hashlib import sha256
from typing import NoReturn

MASK = "••••"
# A tail identifies a current Mailgun key (its id is the secret's tail, dossier A2); four characters
# of it are enough to recognise a key on screen and useless to an onlooker.
TAIL = 4


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
        return hmac.new(key, self.__value.encode(), sha256).hexdigest()[:32]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled or copied")


def visible(text: object, limit: int = 400) -> str:
    """Return ``text`` as one line of harmless printable characters, at most ``limit`` of them.

    Control characters (C0, C1, DEL), line and paragraph separators, every format character (right-to-left
    marks, zero-width joiners, tags) and lone surrogates become a visible ``\\x1b``-style escape. What is
    cut off is said: ``…(+123)``.
    """
    raw = str(text)
    if len(raw) <= limit and raw.isascii() and raw.isprintable():
        return raw  # Nearly all there is; printable ASCII needs no second look.
    out: list[str] = []
    size = 0
    for index, char in enumerate(raw):
        piece = char if _harmless(char) else _escape(char)
        if size + len(piece) > limit:
            return "".join(out) + f"…(+{len(raw) - index})"
        out.append(piece)
        size += len(piece)
    return "".join(out)


def _harmless(char: str) -> bool:
    if " " <= char <= "~":
        return True
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _escape(char: str) -> str:
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


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
