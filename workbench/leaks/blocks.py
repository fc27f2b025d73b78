"""The block a value stands in: whose it is, and which login stands beside it.

A block ends where another section, object or group begins. Names share a block when they share a prefix
(``SMTP_HOST`` and ``SMTP_PASSWORD``) however many blank lines lie between; nameless values only when nothing of
another service stands in the way.
"""

from __future__ import annotations

import re

from workbench.leaks.fields import LOGIN, Field
from workbench.leaks.services import MENTION, names_another, names_mail, names_mailgun

# How far a host or a login may stand from its password, in bytes and in lines.
_REACH, _LINES = 700, 22
_OURS_HOST = (
    rb"(?:smtp\.|api\.|[\"'\s=:@/\[])(?:eu\.)?mailgun\.(?:org|net)|service[\"']?\s*[:=]>?\s*[\"']?mailgun"
)
_HOST_WORD = (
    rb"[\w.-]{0,24}(?:host|server|relay|url|uri|address|domain|smarthost|service|endpoint"
    rb"|transport)[\w.-]{0,12}"
)
_NEUTRAL = frozenset(
    "auth authentication credentials credential creds login options option config configuration settings "  # noqa: SIM905
    "setting data stringdata "
    "env environment transport args arguments params parameters spec values properties property secrets "
    "secret default server "
    "connection user account item items containers production development staging test transports mailers "
    "accounts attributes instances resources resource fields body payload inputs outputs variables".split()
)
_SECTION = re.compile(
    rb"(?:\A|\n)[ \t]*\[[^\]\n]{1,80}\][ \t]*\r?\n|\n---[ \t]*\r?\n|\n[ \t]*\r?\n[ \t]*(?:\r?\n[ \t]*){2,}"
)
_BRACE_KEY = re.compile(
    rb"[\"']?([\w.-]{1,60})[\"']?(?:[ \t]+\"[\w.-]{1,60}\")?\s{0,8}(?:=>|[:=]"
    rb"|\(\s{0,4}[\"']?[\w.-]{0,40}[\"']?\s{0,4},)?\s{0,8}(?:array\s{0,2}|new\s\w+\s{0,2}|&?\w{0,20})?$"
)
_LINE_KEY = re.compile(rb"(?:-[ \t]+)?[\"']?([\w./-]{1,60})[\"']?[ \t]{0,4}:(?:[ \t]*$|[ \t]+[&#|>])")


def belongs(data: bytes, field: Field, *, drawn: bool) -> bool:
    """Return whether the value of ``field`` is Mailgun's.

    ``drawn`` says that it looks drawn: a mail password of the old generated form counts without a host nearby.
    """
    name = field.name
    if names_mailgun(name):
        return True
    if names_another(name):
        return False
    start, end = _bounds(data, field)
    mail = names_mail(name)
    if not mail and (_of_a_mailbox(data, field) or _another_is_the_mails(data, field, start, end)):
        return False
    if mail and (same := _same_prefix(data, field, start, end)) is not None:
        return same
    path = name
    for parent, at in (*around(data, field.first), *parents(data, field.first)):
        if names_mailgun(parent):
            return True
        # The mail of an application is mail: ``app.mail.password``.
        path = f"{parent}.{path}" if names_mail(path) else parent
        if names_another(path):
            return False
        if at and not names_mail(parent) and parent.lower() not in _NEUTRAL and name != "":
            start = max(start, at)
            break
    verdict = _verdict(data, field, start, end, mail=mail)
    if verdict is None:
        return (
            drawn
            and mail
            and re.fullmatch(r"[a-z0-9]{12}|[0-9a-f]{32}(?:-[0-9a-f]{8}){2}", field.value) is not None
        )
    return verdict


_MACHINE = re.compile(rb"(?i)[ \t]*machine[ \t]+([\w.-]+)")
_MAILBOX = re.compile(rb"(?i)\b(?:pop3?|imap)s?\b")
_CONNECTION = re.compile(
    rb"(?i)(?:data source|initial catalog|user id|uid|trusted_connection|database)\s{0,2}=[^\"'\n]{0,200}$"
)
_MAILS_OWN = re.compile(
    rb"(?i)(?<![a-z0-9])(?:smtp|mail)[\w.]{0,24}pass(?:word|wd)?\b[\"'\])]{0,3}[ \t]{0,8}(?:=>|[:=,])"
)


def _of_a_mailbox(data: bytes, field: Field) -> bool:
    """Whether the line fetches mail or opens a database: its password is the mailbox's or the database's."""
    before = line_before(data, field.first)
    netrc = _MACHINE.match(before)
    if netrc is not None and b"mailgun" not in netrc.group(1).lower():
        return True
    return _MAILBOX.search(before) is not None or _CONNECTION.search(before) is not None


def _another_is_the_mails(data: bytes, field: Field, start: int, end: int) -> bool:
    """Whether a bare ``password`` stands beside one that calls itself the mail's: then it is something else's."""
    if field.style in ("pair", "table", "note") or not field.name:
        return False
    window = re.compile(
        rb"(?m)^[ \t]*(?:(?:public|private|var|let|const|export)[ \t]+)?\$?" + re.escape(field.name.encode())
    )
    return window.match(data, data.rfind(b"\n", 0, field.first) + 1) is not None and any(
        not field.first <= one.start() < field.last for one in _MAILS_OWN.finditer(data, start, end)
    )


def _bounds(data: bytes, field: Field) -> tuple[int, int]:
    start, end = max(0, field.first - _REACH), min(len(data), field.last + _REACH)
    for _ in range(data.count(b"\n", start, field.first) - _LINES):
        start = data.find(b"\n", start) + 1
    sections = list(_SECTION.finditer(data, start, field.first))
    # Where a heading opened the section only the next one ends it, however many blank lines come between.
    headed = [one for one in sections if one.group().strip()]
    while len(headed) > 1 and _heading(headed[-1]).startswith(_heading(headed[-2]) + b"."):
        # A section of the one before: ``[outgoing]``, ``[outgoing.auth]``.
        headed.pop()
    if sections:
        start = (headed or sections)[-1].end() - 1
    for after in _SECTION.finditer(data, field.last, end):
        if not headed or after.group().strip():
            return start, after.start()
    return start, end


def _heading(section: re.Match[bytes]) -> bytes:
    return section.group().strip().strip(b"[]").strip()


def _verdict(data: bytes, field: Field, start: int, end: int, *, mail: bool) -> bool | None:
    """Return whose mention stands nearest: before the value in its block, else after it."""
    own = (field.start, field.last)
    # Each setting is an object of its own where names and values stand apart.
    apart = field.style == "name-value"
    line = data.rfind(b"\n", 0, field.first) + 1
    stop = data.find(b"\n", field.last)
    stop = len(data) if stop < 0 else stop
    same_line = [
        found.lastgroup == "ours"
        for found in MENTION.finditer(data, max(line, start), min(stop, end))
        if not _within(found, own)
    ]
    if field.style in ("pair", "table", "command-line", "note") and same_line and any(same_line):
        return True
    before = [
        found
        for found in MENTION.finditer(data, start, field.first)
        if _counts(found, mail=mail) and (apart or not _closed(data, found.end(), field.first))
    ]
    if before:
        return before[-1].lastgroup == "ours"
    for found in MENTION.finditer(data, field.last, end):
        if _counts(found, mail=mail) and (apart or not _closed(data, field.last, found.start())):
            return found.lastgroup == "ours"
    if field.login and MENTION.match(data, field.first):
        return True
    return None


def _within(found: re.Match[bytes], span: tuple[int, int]) -> bool:
    return span[0] <= found.start() < span[1]


_STORE = re.compile(
    rb"(?i)postgres|mysql|maria|redis|mongo|rabbit|amqp|memcached|elastic|database|datasource|jdbc|ldap"
    rb"|ftp|ssh|aws|s3|jwt|oauth|ppp|l2tp|vpn|wireguard|hotspot|radius|snmp|wifi|wlan"
)


def _counts(found: re.Match[bytes], *, mail: bool) -> bool:
    """A store beside the mail's own name is no rival: their variables stand mixed in one file."""
    return not (mail and found.lastgroup == "other" and _STORE.match(found.group()))


_NEXT_PAIR = re.compile(rb"\}\s{0,4},\s{0,20}\{\s{0,4}[\"']?\w+[\"']?\s{0,4},")


def _closed(data: bytes, start: int, end: int) -> bool:
    """Whether one brace block closes and another opens between two places."""
    between = data[start:end]
    closed = between.find(b"}")
    if closed >= 0 and _NEXT_PAIR.match(between, closed) and b"{" not in between[:closed]:
        # ``{relay, "host"}, {password, "…"}``: each pair has braces of its own.
        opened = data.rfind(b"{", max(0, start - 120), start)
        if (
            opened >= 0
            and sum(data.count(sign, opened, start + closed) for sign in (b",", b"=>", b":=")) == 1
        ):
            return False
    return closed >= 0 and b"{" in between[closed:] and b"}\\" not in between[closed : closed + 2]


def _same_prefix(data: bytes, field: Field, start: int, end: int) -> bool | None:
    """Return whether the host of the same prefix is Mailgun's, None where there is no such host."""
    base = re.sub(r"(?i)[_.\-]?(?:send)?(?:pass|pwd|pw|secret).*$", "", field.name)
    for prefix in dict.fromkeys((base, re.sub(r"(?i)[_.\-]?(?:auth|user|host)$", "", base))):
        rule = re.compile(
            rb"(?i)(?<![A-Za-z0-9])" + re.escape(prefix.encode()) + _HOST_WORD + rb"[\"'\])\\]{0,4}[ \t]{0,8}"
            rb"(?:=>|[=:,>;(]|[ \t])[^\n]{0,30}?([a-z0-9.-]{4,80})"
        )
        found = list(rule.finditer(data, max(0, start - 400), end + 400)) if len(prefix) >= 2 else []
        if any(re.search(rb"(?i)mailgun", data[one.start() : one.end() + 40]) for one in found):
            return True
        if found and (other := _other_host(data, found)) is not None:
            return other
    return None


def _other_host(data: bytes, found: list[re.Match[bytes]]) -> bool | None:
    hosts = [data[one.start() : one.end()] for one in found]
    return False if any(re.search(rb"[a-z0-9-]+\.[a-z]{2,}$", host) for host in hosts) else None


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
            if key is not None:
                out.append((key.group(1).decode("ascii"), key.start()))
    return out[:6]


# What may stand directly before an address that is one, and what betrays a piece of something longer.
_LOGIN_LEFT = re.compile(rb"(?:^|[\x80-\xff\s\0\"'`=:<>,(\[|;/^])$")
_AFTER_SECRET = re.compile(
    rb"(?i)(?:pass|pwd|secret|token|key|credential)[\w.-]{0,40}[\"'\])\\]{0,4}\s{0,8}(?:=>|:=|[=:,;])"
    rb"\s{0,8}(?:s:\d{1,4}:)?\\?[\"'`]?[^\s\"'`]{0,200}$"
)
# Two names, then two values: ``user, password = "…", "…"``.
_TWO_AT_ONCE = re.compile(
    rb"(?i)(?:user|login|account)\w{0,20}[ \t]{0,4},[ \t]{0,4}[\w.$]{0,40}pass\w{0,20}\s{0,4}:?=\s{0,4}[\[(]?[\"'`]$"
)
_PAIR_LEFT = re.compile(rb"(?i)([\w.+-]{1,64}):$")
# An address nothing names must look like a mailbox: a stray "Hunter2@host" may be the end of a password.
_WORDY = re.compile(rb"[a-z]+(?:[._+-][a-z]+){0,4}\d{0,3}(?:@|%40)")
_USER_NAMED = re.compile(
    rb"(?i)(?:user|login|account|auth|e?mail|address)[\w.-]{0,20}[^\w\s]{0,4}\s{0,4}"
    rb"(?:=>|[=:,;(]|[ \t>])\s{0,4}(?:s:\d{1,4}:)?[^\w\s]{0,4}$"
)
_SENDER_NAMED = re.compile(
    rb"(?i)(?:from|sender|reply|return|\bto\b|rcpt|cc)[\w.-]{0,20}[^\w\s]{0,4}\s{0,4}(?:=>|[=:,;(]|[ "
    rb"\t>])?\s{0,4}(?:s:\d{1,4}:)?[^\w\s]{0,4}$"
)
_USER_WORD = re.compile(
    rb"(?i)user|login|account|sender|from|mail|static|auth|^[ui]$|mailgun|\.(?:org|net|com)$|^\d{2,5}$"
)


def login_near(data: bytes, first: int, last: int) -> str:
    """Return the SMTP login beside a password (dossier 1.1), ``""`` if none is near.

    What is named a user wins over a stray address, and anything over a sender's or a recipient's address.
    """
    start = max(0, first - 400)
    best: tuple[int, int, bytes] | None = None
    for found in LOGIN.finditer(data, start, last + 400):
        if re.match(rb"(?i).*(?:@|%40)(?:api|smtp)\.", found.group()) or first <= found.start() < last:
            continue
        before = line_before(data, found.start())
        if not reads_as_login(data, found, before):
            continue
        between = data[min(found.end(), last) : max(found.start(), first)]
        distance = min(abs(found.end() - first), abs(found.start() - last))
        rank = 2 if _SENDER_NAMED.search(before) else 0 if _USER_NAMED.search(before) else 1
        if between.count(b"\n") <= 8 and (best is None or (rank, distance) < best[:2]):
            best = (rank, distance, found.group())
    return best[2].decode("ascii").replace("%40", "@") if best else ""


def line_before(data: bytes, at: int) -> bytes:
    """Return what stands before a place on its line, at most 240 bytes."""
    return data[max(0, at - 240, data.rfind(b"\n", 0, at) + 1) : at]


def reads_as_login(data: bytes, found: re.Match[bytes], before: bytes) -> bool:
    """Return whether an address stands as one: no password with its host in a URL, no piece of a longer value.

    ``before`` is what stands before it on its line.
    """
    if before.endswith(b"://"):
        return data[found.end() : found.end() + 1] in (b":", b"@")
    if _TWO_AT_ONCE.search(before):
        return True
    if not _LOGIN_LEFT.search(before) or _AFTER_SECRET.search(before):
        return False
    if re.search(rb"://[^\s\"'<>]*$", before):
        return False
    if not _WORDY.match(found.group()) and not _USER_NAMED.search(before):
        return False
    pair = _PAIR_LEFT.search(before)
    return pair is None or _USER_WORD.search(pair.group(1)) is not None
