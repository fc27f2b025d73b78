"""A whole bounce taken apart: which recipient was refused by whom, in which words (RFC 3464, and its elders). Pure.

Only what the reporting and the receiving server say counts. Headers and text of the message that came back
are cut off first, whatever shape the report has: they are the sender's own words. A complaint (ARF,
RFC 5965) is no refusal and is told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.errors import MessageError
from email.message import Message

# A report has a handful of parts. What nests deeper, or has more, is read as plain text instead.
_MOST_PARTS = 60
_MOST_REPORTS = 50
_MOST_FORWARDS = 3
_AS_IT_IS = ("", "7bit", "8bit", "binary")
_HEADERS = re.compile(r"\A(?:From [^\n]{3,200}\n)?(?:[!-9;-~]{2,60}:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}\r?\n")
_REPLY = re.compile(r"(?<![\w.#-])([245]\d\d)(?:[ -]|$)|#?\b[45]\.\d\.\d{1,3}\b")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"(?<![\w.])([245]\d\d)(?=[ -])")
_SAID_BY = re.compile(
    r"\bhost:? {1,3}([\w-]+(?:\.[\w-]+){1,8})\s?[\[(]|while talking to ([\w.-]+?)\.?:|"
    r"remote host:? ([\w-]+(?:\.[\w-]+){1,8})|"
    r"\b(?:[Gg]enerating|[Rr]emote) [Ss]erver:? ([\w-]+(?:\.[\w-]+){1,8})"
)
# Addresses of the receiving server in the words of Postfix, Exim and qmail.
_OWN = re.compile(
    r"\bhost:? {1,3}[\w.-]+ ?[\[(]([0-9a-fA-F.:]{3,45})[\])]|"
    r"\b(?:giving up on|connected to) ([0-9a-fA-F.:]{3,45}?)\.?(?:\s|$)",
    re.IGNORECASE,
)
# Where the returned message begins: Exim, qmail, Sendmail, Exchange, Notes, and whoever quotes its headers.
_RETURNED = re.compile(
    r"^(?:[- ]{2,12}(?:this is a copy of|below this line is|original message|message header|the original|returned|"
    r"the (?:header|body|text) of the|forwarded message|undelivered|unsent message|message text|included is|"
    r"the attached|copy of)[^\n]{0,80}|original message headers?:?[^\n]{0,20}|"
    r"(?:message|original) (?:contents?|headers?) follow\w*:?[^\n]{0,20}|-{5,} ?returned message ?-{3,}[^\n]{0,20}|"
    r"your (?:original )?message (?:follows|is (?:below|attached))[^\n]{0,40}|"
    r"(?:return-path|received|x-[\w-]{2,40}|message-id|dkim-signature|mime-version): [^\n]{1,400})$",
    re.IGNORECASE | re.MULTILINE,
)

# Who writes bounces: its name or address, in any of a few languages.
_MAIL_SYSTEM = re.compile(
    r"mailer-daemon|postmaster@|mail delivery|delivery (?:sub)?system|mail system|microsoft outlook|mailsystem",
    re.IGNORECASE,
)
# "-------- Forwarded message --------", "Begin forwarded message:", "-----Ursprüngliche Nachricht-----"
_FORWARDS = re.compile(
    r"^(?:[-_ ]{3,20}[^\n-]{6,60}[-_]{3,20}|begin forwarded message:|_{20,80})[ \t]*\n"
    r"(?:[^\n]{0,120}\n){0,4}?[ \t*]{0,4}(?:from|von|de|da|od|van|från|fra|от|差出人|发件人)[ \t]?[:：][^\n]{0,200}\n",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST_HEAD = 4_000
_ADDRESSED = re.compile(r"\A\s{0,20}<[^\s<>@]{1,100}@[\w.-]{1,200}>:[ \t]*\n")
# What was quoted by who passed it on; Sendmail's transcript (">>> RCPT TO") is none of that.
_QUOTED = re.compile(r"^(?!>>> [A-Z]{4})(?:> ?){1,6}", re.MULTILINE)

# What a mail system says before it comes to the point, and the fields of the message it quotes beside it.
_PREAMBLE = re.compile(
    r"^[ \t]*(?:(?:this|the original|your) message (?:was|is) (?:created|received|generated)\b[^\n]*|"
    r"this is a warning message[^\n]*|you do not need to resend[^\n]*|this report relates to a message[^\n]*|"
    r"(?:message-id|date|from|to|cc|subject):[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
# Japanese is sent in seven bits; where nobody said so, its escapes say it.
_SEVEN_BIT_JAPANESE = re.compile(r"\x1b\$[@B][\x21-\x7e\n]{1,2000}\x1b\([BJ]")


@dataclass(frozen=True, slots=True)
class BounceReport:
    """One refused recipient: the receiving server's words, its host, the code and enhanced status it gave.

    ``text`` is what was said, ``host`` who said it (``""`` where the report does not tell), ``ours`` hosts
    and addresses of the two servers themselves, which are never what a refusal is about.
    """

    text: str
    host: str = ""
    code: int | None = None
    status: str = ""
    recipient: str = ""
    ours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A bounce as read: its ``shape`` (*report*, *complaint*, *mail* or *text*) and what was refused.

    ``complaint`` holds the fields of a complaint report by lower-case name.
    """

    shape: str
    reports: tuple[BounceReport, ...]
    complaint: dict[str, str]


def read_bounce(text: str) -> Bounce:
    """Return what a bounce, a notice or a pasted refusal says; any text is read, none raises."""
    text = _SEVEN_BIT_JAPANESE.sub(lambda found: found[0].encode().decode("iso2022_jp", "replace"), text)
    message = _parsed(text)
    if message is None:
        return Bounce("text", tuple(_from_words(text)), {})
    return _bounce_of(message, text, _MOST_FORWARDS)


def _bounce_of(message: Message, text: str, deeper: int) -> Bounce:
    """Return what a mail says as a bounce; one that somebody passes on as an attachment is read in its place."""
    parts = list(_parts(message))
    complaint = _complaint(parts)
    if complaint:
        return Bounce("complaint", (), complaint)
    inner = _forwarded(message, parts) if deeper else None
    if inner is not None:
        return _bounce_of(inner, inner.as_string(), deeper - 1)
    words = _words(message, parts)
    reports = list(_from_status(parts, words))
    if reports:
        return Bounce("report", tuple(reports[:_MOST_REPORTS]), {})
    return Bounce("mail", tuple(_from_words(words or _unfolded(text))), {})


def _forwarded(message: Message, parts: list[Message]) -> Message | None:
    """Return the bounce that somebody's mail has attached, None where the mail is a system's own or holds none."""
    if _MAIL_SYSTEM.search(str(message.get("From", ""))) or any(map(_is_status, parts)):
        return None
    for part in parts:
        payload = part.get_payload()
        if part.get_content_type() != "message/rfc822" or not isinstance(payload, list):
            continue
        for inner in payload:
            if isinstance(inner, Message) and (
                _MAIL_SYSTEM.search(str(inner.get("From", ""))) or any(map(_is_status, _parts(inner)))
            ):
                return inner
    return None


def _is_status(part: Message) -> bool:
    return part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")


def _words(message: Message, parts: list[Message]) -> str:
    """Return what a person reads of a bounce: its plain text, else what its HTML shows."""
    plain = (_decoded(part) for part in parts if part.get_content_type() == "text/plain")
    if words := next((words for words in plain if words.strip()), ""):
        return words
    shown = (_shown(part) for part in parts if part.get_content_type() == "text/html")
    if words := next((words for words in shown if words), ""):
        return words
    return "" if message.is_multipart() else _decoded(message)


def _shown(part: Message) -> str:
    from workbench.core import html_text  # Few bounces are HTML alone: its tables wait for the first.

    return html_text.reduce(_decoded(part)).text


def _parsed(text: str) -> Message | None:
    """Return a text as a mail, None where it is none or is built to exhaust a reader."""
    if _HEADERS.match(text.lstrip()) is None or text.lower().count("boundary=") > _MOST_PARTS:
        return None
    try:
        return message_from_string(text.lstrip().encode("utf-8", "replace").decode("utf-8"))
    except (MessageError, RecursionError, ValueError, LookupError):
        return None


def _parts(message: Message) -> Iterator[Message]:
    """Yield the parts of the report itself, not those of the message it returns."""
    waiting = [message]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        yield part
        kind = part.get_content_type()
        if kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
            continue
        payload = part.get_payload()
        if isinstance(payload, list) and kind != "message/delivery-status":
            waiting.extend(one for one in payload if isinstance(one, Message))


def _decoded(part: Message) -> str:
    """Return a part's text; a charset that is wrong or unknown costs single characters, not the text."""
    plain = part.get_payload()
    if isinstance(plain, str) and str(part.get("Content-Transfer-Encoding", "")).strip().lower() in _AS_IT_IS:
        return plain  # It was text when it was read: to make bytes of it and guess again can only lose.
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = str(part.get_content_charset() or "utf-8")
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _complaint(parts: list[Message]) -> dict[str, str]:
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        payload = part.get_payload()
        block = payload[0] if isinstance(payload, list) and payload else None
        text = block.as_string() if isinstance(block, Message) else _decoded(part) or str(payload)
        fields = (line.partition(":") for line in text.splitlines() if ":" in line)
        return {name.strip().lower(): value.strip()[:300] for name, _, value in fields}
    return {}


def _from_status(parts: list[Message], words: str) -> Iterator[BounceReport]:
    """Yield a report for each recipient block of a delivery status that failed or was delayed."""
    for part in parts:
        if not _is_status(part):
            continue
        blocks = _blocks(part)
        reporting = _typed(blocks[0].get("Reporting-MTA")) if blocks else ""
        for block in blocks:
            if "Final-Recipient" not in block and "Original-Recipient" not in block and "Action" not in block:
                continue
            if str(block.get("Action", "failed")).strip().lower().split(" ")[0] in (
                "delivered",
                "relayed",
                "expanded",
            ):
                continue
            yield _report(block, reporting, words)


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        return [one for one in payload if isinstance(one, Message)]
    texts = re.split(r"\n\s*\n", _decoded(part))
    return [message_from_string(text + "\n\n") for text in texts if text.strip()]


def _report(block: Message, reporting: str, words: str) -> BounceReport:
    said = " ".join(_typed(block.get("Diagnostic-Code") or _remark(block.get("Status"))).split())
    recipient = _typed(block.get("Final-Recipient") or block.get("Original-Recipient"))
    host = _typed(block.get("Remote-MTA")).split(" ")[0].strip("()[]")
    status = _first(_STATUS, said) or _first(_STATUS, str(block.get("Status", "")))
    human = next(iter(_from_words(words, recipient)), None) if words else None
    if human is not None and (not said or _tells_nothing(said)):
        said = f"{said} {human.text}".strip()
    if not host and human is not None:
        host = human.host
    if status and status not in said:
        said = f"{status} {said}".strip()
    code = _first(_CODE, said)
    own = tuple(one.lower() for one in (host, reporting, *(human.ours if human is not None else ())) if one)
    return BounceReport(said, host, int(code) if code else None, status, recipient, own)


def _remark(status: object) -> str:
    """Return what stands in brackets behind a status: ``5.4.4 (no such host)``."""
    return str(status or "").partition("(")[2].rpartition(")")[0]


def _tells_nothing(said: str) -> bool:
    """Return whether a diagnostic is only a code: the words are then in the readable part."""
    return len(re.sub(r"[\W\d]+", "", said)) < 12


def _typed(value: object) -> str:
    """Return a field without its type (``dns; mx.example`` → ``mx.example``)."""
    text = str(value or "").strip()
    kind, separator, rest = text.partition(";")
    return rest.strip() if separator and re.fullmatch(r"[\w-]{1,20}", kind.strip()) else text


def _from_words(text: str, recipient: str = "") -> Iterator[BounceReport]:
    """Yield what the readable text of a bounce quotes of the receiving server, one paragraph each."""
    text = _passed_on(_QUOTED.sub("", text))
    begun = _RETURNED.search(text)
    own = text[: begun.start()] if begun is not None else text
    paragraphs = [part for part in re.split(r"\n\s*\n", _unfolded(own)) if part.strip()]
    telling = [part for part in paragraphs if _REPLY.search(part)]
    if recipient:
        telling = [part for part in telling if recipient.lower() in part.lower()] or telling
    point = _PREAMBLE.sub("", own)
    if not telling:
        # qmail and its kin put the address on a line of its own, the reason below it.
        telling = [part for part in paragraphs if _ADDRESSED.match(part)]
    for part in (telling or [one for one in (point, own) if one.strip()][:1])[:_MOST_REPORTS]:
        line = _diagnostic(part) or " ".join(_ADDRESSED.sub("", part).split())
        found = _SAID_BY.search(" ".join(part.split()))
        host = next((group for group in found.groups() if group), "").lower() if found is not None else ""
        code = _first(_CODE, line)
        ours = tuple(address for pair in _OWN.findall(" ".join(part.split())) for address in pair if address)
        ours = (*ours, *((host,) if host else ()))
        yield BounceReport(
            _from_code(line), host, int(code) if code else None, _first(_STATUS, line), recipient, ours
        )


def _passed_on(text: str) -> str:
    """Return what stands below the head of a mail system's mail that a person passes on; other texts as they are.

    The person's own words above it are no refusal. Where a reply stands above it, it is the mail that came back.
    """
    for found in _FORWARDS.finditer(text):
        if _REPLY.search(text, 0, found.start()) is not None:
            return text
        if _MAIL_SYSTEM.search(found[0]) is not None:
            # The rest of its head, up to the first blank line, tells no more.
            return (
                text[found.end() :][:_LONGEST_HEAD].partition("\n\n")[2] + text[found.end() :][_LONGEST_HEAD:]
            )
    return text


def _diagnostic(paragraph: str) -> str:
    """Return the diagnostic of a status that is quoted in the readable text, ``""`` where none is."""
    found = re.search(
        r"^Diagnostic-Code:[ \t]*(?:[\w-]{1,20};)?[ \t]*(.+(?:\n[ \t]+.+){0,8})", paragraph, re.MULTILINE
    )
    return " ".join(found[1].split()) if found is not None else ""


def _from_code(line: str) -> str:
    """Return a line from the reply's code on: what stands before it are the sending server's own words."""
    found = _CODE.search(line)
    return line[found.start() :] if found is not None else line


def _unfolded(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found is not None else ""
