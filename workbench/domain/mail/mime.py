"""A stored message read within bounds, as plain text: hostile from the first byte, never rendered, never opened. Pure.

The parts are bounded before anything parses them: how many, how deeply nested, how long their headers. An
attachment is named by name, type, size and hash; its content goes nowhere.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from typing import Any

from workbench.core import html_text
from workbench.core.redact import visible
from workbench.domain.mail.links import links_in

MOST_BYTES = 32 * 1024 * 1024  # of one message
MOST_PARTS = 200
MOST_NESTED = 20
MOST_BOUNDARIES = 4000
MOST_HEADERS = 64 * 1024  # bytes of the head
MOST_TEXT = 256 * 1024  # characters of one body
MOST_ATTACHMENTS = 50
_LONGEST_HEADER = 2000
_PARTED = re.compile(rb"(?im)^content-type:\s*(?:multipart|message)/")
_BOUNDARY = re.compile(rb"(?m)^--")
_CONTENT = re.compile(rb"(?im)^content-[a-z-]{1,40}:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")
_BLANK = re.compile(rb"\r?\n\r?\n")
_SHOWN = ("From", "Sender", "Reply-To", "To", "Subject", "Date", "Message-Id", "X-Mailer", "Return-Path")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment, not opened. ``size`` in bytes; ``sha256`` is ``""`` where its content was not there."""

    name: str
    type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A message as it may be shown: every text is plain, and nothing in it is a way to anywhere.

    ``links`` are as they stand in the message: defang them before they are shown. ``notes`` say what was cut,
    guessed or left out.
    """

    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    links: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the first header of that name, ``""`` where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class _Part(Message):
    """A part that reads its type once: the parser asks for it a dozen times, and its header does not change."""

    _kind = ""

    def get_content_type(self) -> str:
        """Return the type as the standard library does."""
        if not self._kind:
            self._kind = super().get_content_type()
        return self._kind


def read(raw: bytes) -> ShownMail:
    """Return a message (RFC 5322 with MIME) as it may be shown; whatever is wrong with it stands in ``notes``."""
    bounded, notes = _bounded(raw)
    try:
        # The parser's own policy, compat32, which hands everything on as it stands.
        message = BytesParser(_Part).parsebytes(bounded)
        return _shown(message, notes)
    except (RecursionError, ValueError, LookupError, HeaderParseError, AttributeError, TypeError) as odd:
        note = f"its structure could not be read ({type(odd).__name__}): only its bytes are kept"
        return ShownMail(notes=(*notes, note))


def of_fields(answer: Mapping[str, Any]) -> ShownMail:
    """Return a message that the API told in fields (``body-plain``, ``body-html``) as it may be shown.

    Attachments are then only named: their content would have to be fetched apart, and is not.
    """
    notes: list[str] = []
    body = _Body(notes)
    body.plain(_text(answer.get("body-plain")))
    body.html(_text(answer.get("body-html")))
    held = answer.get("attachments")
    files = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    attachments = tuple(
        Attachment(
            visible(one.get("name") or "(no name)", 120),
            visible(one.get("content-type") or "not told", 80),
            size if isinstance(size := one.get("size"), int) and not isinstance(size, bool) else 0,
            "",
        )
        for one in files[:MOST_ATTACHMENTS]
    )
    if len(files) > MOST_ATTACHMENTS:
        notes.append(f"{len(files) - MOST_ATTACHMENTS} more attachments are not named")
    lower = {str(key).lower(): value for key, value in answer.items() if isinstance(value, str)}
    headers = tuple((name, _line(lower[name.lower()])) for name in _SHOWN if name.lower() in lower)
    return ShownMail(headers, body.text, tuple(body.links), attachments, tuple(notes))


def _bounded(raw: bytes) -> tuple[bytes, list[str]]:
    """Return as much of a message as is safe to parse, and what was cut."""
    notes: list[str] = []
    if len(raw) > MOST_BYTES:
        raw = raw[:MOST_BYTES]
        notes.append(f"cut at {MOST_BYTES // (1024 * 1024)} MB")
    head = _BLANK.search(raw)
    end = head.start() if head is not None else len(raw)
    if end > MOST_HEADERS:
        notes.append(f"its headers are {end:,} bytes long; the first {MOST_HEADERS:,} were read")
        raw = raw[:MOST_HEADERS].rpartition(b"\n")[0] + raw[end:]
    for pattern, most, what in (
        (_PARTED, MOST_NESTED, "multipart or enclosed parts"),
        (_BOUNDARY, MOST_BOUNDARIES, "lines that divide parts"),
    ):
        for number, found in enumerate(pattern.finditer(raw)):
            if number >= most:
                raw = raw[: found.start()]
                notes.append(f"it has more than {most:,} {what}: read up to there")
                break
    return _CONTENT.sub(lambda found: found[0][:_LONGEST_HEADER], raw), notes


def _shown(message: Message, notes: list[str]) -> ShownMail:
    body = _Body(notes)
    attachments: list[Attachment] = []
    more = 0
    for part in _parts(message, notes):
        kind = part.get_content_type()
        # Most bodies have neither a name nor a disposition: their headers are not parsed for what is not in them.
        disposed, typed = "content-disposition" in part, str(part.get("content-type", "")).lower()
        named = disposed or "name" in typed
        name = _line(str(part.get_filename() or "")) if named else ""
        inline = (
            kind in ("text/plain", "text/html")
            and not name
            and not (disposed and part.get_content_disposition() == "attachment")
        )
        content = _payload(part)
        if inline:
            charset = str((part.get_content_charset() if "charset" in typed else "") or "utf-8")
            text = _decoded(content[: 4 * MOST_TEXT], charset, notes)
            body.html(text) if kind == "text/html" else body.plain(text)
        elif len(attachments) < MOST_ATTACHMENTS:
            digest = hashlib.sha256(content).hexdigest()
            attachments.append(Attachment(name or "(no name)", visible(kind, 80), len(content), digest))
        else:
            more += 1
    if more:
        notes.append(f"{more} more attachments are not named")
    held: dict[str, str] = {}
    for name, value in message.items():
        held.setdefault(name.lower(), str(value))
    headers = tuple((name, _line(held[name.lower()])) for name in _SHOWN if name.lower() in held)
    return ShownMail(headers, body.text, tuple(body.links), tuple(attachments), tuple(dict.fromkeys(notes)))


def _parts(message: Message, notes: list[str]) -> Iterator[Message]:
    """Yield the parts that hold something themselves, at most 200."""
    held = 0
    for part in message.walk():
        if part.is_multipart():
            continue
        held += 1
        if held > MOST_PARTS:
            notes.append(f"it has more than {MOST_PARTS} parts; the rest was not looked at")
            return
        yield part


def _payload(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, binascii.Error):
        content = None
    if isinstance(content, bytes):
        return content
    held = part.get_payload()
    return held.encode("utf-8", "surrogateescape") if isinstance(held, str) else b""


def _decoded(content: bytes, charset: str, notes: list[str]) -> str:
    try:
        return content.decode(charset)
    except (LookupError, UnicodeError, ValueError):
        notes.append(f"its text is not what it says it is ({visible(charset, 30)}): read as UTF-8")
        return content.decode("utf-8", "replace")


class _Body:
    """Gathers the text of the bodies, the plain one first choice, and the links of all of them."""

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._plain = self._html = ""
        self.links: list[str] = []

    @property
    def text(self) -> str:
        """Return the plain body, or the HTML one reduced to text where there is no other."""
        if not self._plain.strip() and self._html:
            return self._html
        if self._html and not html_text.tells_the_same(self._plain, self._html):
            self._notes.append("its plain and its HTML body differ: both are shown")
            return f"{self._plain.rstrip()}\n\n[the HTML body, reduced to text]\n{self._html}"
        return self._plain

    def plain(self, text: str) -> None:
        """Add a plain body."""
        if text:
            self._plain += self._cut(text)
            self._add(links_in(text[:MOST_TEXT]))

    def html(self, text: str) -> None:
        """Add an HTML body."""
        if text:
            reduced = html_text.reduce(self._cut(text))
            self._html += reduced.text
            self._notes += reduced.notes
            self._add([*reduced.links, *links_in(reduced.text)])

    def _cut(self, text: str) -> str:
        if len(text) > MOST_TEXT:
            self._notes.append(f"a body of {len(text):,} characters was cut at {MOST_TEXT:,}")
        return text[:MOST_TEXT]

    def _add(self, found: list[str]) -> None:
        self.links = list(dict.fromkeys([*self.links, *found]))[:200]


def _line(value: str) -> str:
    """Return a header's value decoded and harmless; what cannot be decoded stands as it is."""
    raw = value[:_LONGEST_HEADER]
    if "=?" not in raw:
        return visible(raw.replace("\r", "").replace("\n", " "), 300)
    try:
        parts = [
            text.decode(charset or "ascii", "replace") if isinstance(text, bytes) else text
            for text, charset in decode_header(raw)
        ]
    except (HeaderParseError, LookupError, ValueError, binascii.Error):
        return visible(raw, 300)
    return visible("".join(parts).replace("\r", "").replace("\n", " "), 300)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
