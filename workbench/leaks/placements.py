"""Secrets that have no shape of their own: only the words around them give them away (dossier 1.1, 1.3).

SMTP passwords may be any text, so they are found by their placement: a DSN, an assignment beside Mailgun's
SMTP host or a ``postmaster@`` login, a ``.netrc`` line, a Postfix map, an AUTH dialogue in a log. A database
password twenty lines away must not be taken for one; ``_same_block`` decides that.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from workbench.leaks import context
from workbench.leaks.model import SHAPE_50, Kind

_URL = re.compile(
    rb"(?i)\b(mailgun(?:\+(?:api|https|smtps?))?|smtps?|https?)://([^\s:/@'\"<>\\]{1,200}):([^\s/@'\"<>\\]{1,200})@([a-z0-9.-]{1,200})"
)
# name, separator, value. The separator covers env, ini, YAML, JSON, PHP arrays and define(), serialised PHP,
# phpinfo and debug table cells; quotes may be escaped as in an SQL dump or HTML-escaped.
_ASSIGNMENT = re.compile(
    rb"(?P<name>[A-Za-z_][\w.-]{0,60})"
    rb"(?P<sep>(?:\\?[\"'`]|&quot;|\]){0,3}[ \t]{0,20}"
    rb"(?:=>|:=|[=:,]|</t[dh]>\s{0,20}<td[^>]{0,80}>|;s:\d{1,4}:|\s)[ \t]{0,20}"
    rb"(?:[bru]?\\?[\"'`]|&quot;|<(?:span|pre|samp|code)[^>]{0,80}>)*)"
    rb"(?P<value>[^\s\"'`\\<>&]{6,200})"
)
_NAMED = re.compile(rb"(?i)pass|pwd|secret|signing|api_?-?key|apikey|webhook")
# Whose password a name is not: the database's, the shop's, the panel's (the same file often holds them all).
_OTHERS = re.compile(
    r"(?i)(?:^|[._-])(?:db|database|mysql|maria|pg|postgres|pgsql|redis|mongo|rabbit|amqp|admin|root|ftp|ssh|ldap|imap|pop3?"
    r"|basic_?auth_?user|aws|s3|pusher|stripe|jwt|session|app|django|wp_?admin|proxy|keystore|sudo|elastic|cache)(?:[._-]|$)"
)
_PASSWORD = re.compile(
    r"(?i)pass(?:w(?:or)?d)?$|passwd$|pwd$|pass(?:word)?_?(?:value|smtp|mail)$|password_?\d?$"
)
_MAIL_NAME = re.compile(r"(?i)mail|smtp|(?:^|[._-])mg[._-]|sasl|anymail|postman|wpms|discourse")
_SMTP_HOST = re.compile(
    rb"(?i)smtp\.(?:eu\.)?mailgun\.(?:org|net)|postmaster@|service[\"']?\s*[:=]>?\s*[\"']?mailgun"
)
_LOGIN = re.compile(rb"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
_NETRC = re.compile(
    rb"(?i)machine\s+(?:smtp|api)\.(?:eu\.)?mailgun\.(?:org|net)\s+login\s+([\w.+@%-]{1,200})\s+password\s+(\S{6,200})"
)
_SASL = re.compile(
    rb"(?i)(?:smtp\.(?:eu\.)?mailgun\.org\]?(?::\d{1,5})?[ \t]+|static:)([\w.+@%-]{1,200}):([^\s:]{6,200})"
)
_AUTH_PLAIN = re.compile(rb"(?i)AUTH PLAIN ([A-Za-z0-9+/]{12,400}={0,2})")
_AUTH_LOGIN = re.compile(
    rb"334 UGFzc3dvcmQ6[^A-Za-z0-9+/=]{1,8}(?:[^\n]{0,80}?[ >:])??([A-Za-z0-9+/]{8,200}={0,2})[\"'\\]?\s"
)
_OPTION = re.compile(rb"(?i)(?:--auth-password|-ap|--smtp-pass(?:word)?)[ =]['\"]?([^\s'\"]{6,200})")
_HEX32 = re.compile(r"[0-9a-f]{32}")
_OLD_PASSWORD = re.compile(r"(?=[a-z0-9]*[0-9])(?=[a-z0-9]*[a-z])[a-z0-9]{12}")


@dataclass(frozen=True, slots=True)
class Placed:
    """A value found by its placement: where it starts, and what its surroundings say about it."""

    start: int
    value: str
    kind: Kind
    placement: str
    name: str = ""
    login: str = ""


def in_window(data: bytes, start: int, end: int) -> Iterator[Placed]:
    """Yield every secret that its placement gives away in ``data[start:end]``."""
    window = data[start:end]
    if b"://" in window:
        yield from _urls(data, start, end)
    lowered = window.lower()
    if b"pass" in lowered or b"pwd" in lowered or b"secret" in lowered or b"key" in lowered:
        yield from _assignments(data, start, end)
    if b"machine" in lowered:
        for found in _NETRC.finditer(data, start, end):
            yield from _if_real(_placed(found, 2, "netrc", login=found.group(1)))
    if b"static:" in lowered or b"mailgun.org" in lowered:
        for found in _SASL.finditer(data, start, end):
            yield from _if_real(_placed(found, 2, "postfix", login=found.group(1)))
    if b"auth plain" in lowered or b"ugfzc3dvcmq6" in lowered:
        yield from _dialogue(data, start, end)
    if b"-ap" in lowered or b"-pass" in lowered or b"-password" in lowered:
        for found in _OPTION.finditer(data, start, end):
            if context.mailgun_near(data, *found.span(1)):
                yield from _if_real(_placed(found, 1, "command-line"))


def _placed(found: re.Match[bytes], group: int, placement: str, *, login: bytes = b"") -> Placed:
    value = found.group(group).decode("utf-8", "replace")
    return Placed(
        found.start(group), value, Kind.SMTP_PASSWORD, placement, login=login.decode("utf-8", "replace")
    )


def _if_real(one: Placed) -> Iterator[Placed]:
    if not context.is_placeholder(one.value) and not context.is_sample(one.value):
        yield one


def _urls(data: bytes, start: int, end: int) -> Iterator[Placed]:
    """Symfony DSNs and URLs with userinfo: the key stands before the colon in the API forms (dossier 1.1)."""
    for found in _URL.finditer(data, start, end):
        scheme = found.group(1).lower().decode("ascii")
        user, password = (unquote(found.group(i).decode("utf-8", "replace")) for i in (2, 3))
        host = found.group(4).lower()
        ours = host.endswith((b"mailgun.org", b"mailgun.net"))
        if scheme in {"mailgun", "mailgun+api", "mailgun+https"}:
            one = Placed(found.start(2), user, Kind.API_KEY, "dsn")
            if len(user) < 16:
                continue
        elif scheme.startswith("http"):
            # Shorter than any key: a made-up value in an example or a test.
            if not ours or user != "api" or len(password) < 16:
                continue
            one = Placed(found.start(3), password, Kind.API_KEY, "url-userinfo")
        elif ours or scheme.startswith("mailgun+") or "@mg." in user or user.startswith("postmaster@"):
            one = Placed(found.start(3), password, Kind.SMTP_PASSWORD, "dsn", login=user)
        else:
            continue
        yield from _if_real(one)


def _assignments(data: bytes, start: int, end: int) -> Iterator[Placed]:
    at = start
    while found := _NAMED.search(data, at, end):
        at = found.end()
        # Step back to the beginning of the identifier; never over more than its longest form.
        head = found.start()
        while head > max(start, found.start() - 60) and (
            data[head - 1 : head].isalnum() or data[head - 1] in b"_.-"
        ):
            head -= 1
        assigned = _ASSIGNMENT.match(data, head, min(len(data), end + 200))
        if assigned is None:
            continue
        at = max(at, assigned.start("value"))
        yield from _assigned(data, assigned)


def _assigned(data: bytes, found: re.Match[bytes]) -> Iterator[Placed]:
    name = found.group("name").decode("ascii").strip(".-")
    raw = found.group("value").rstrip(b",;)}]")
    value = raw.decode("utf-8", "replace")
    first, last = found.start("name"), found.end("value")
    if _PASSWORD.search(name):
        if _OTHERS.search(name) and "mailgun" not in name.lower():
            return
        value = _unwrapped(data, found, name, value)
        if not _plausible(value, found.group("sep")) or not _belongs(data, first, last, name, value):
            return
        kind = Kind.SMTP_PASSWORD
    elif _HEX32.fullmatch(value) and _is_key_name(data, first, last, name):
        kind = Kind.SIGNING_KEY if re.search(r"(?i)sign|webhook", name) else Kind.API_KEY
    else:
        return
    if context.is_sample(value):
        return
    yield Placed(found.start("value"), value, kind, _style(found), name, _login_near(data, first, last))


def _unwrapped(data: bytes, found: re.Match[bytes], name: str, value: str) -> str:
    """Post SMTP keeps its password in base64, and so does a Kubernetes Secret (dossier 2.2, 2.3)."""
    near = data[max(0, found.start() - 600) : found.end() + 300]
    if name != "basic_auth_password" and not re.search(rb"(?m)^\s*kind:\s*Secret\b", near):
        return value
    try:
        plain = base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return value
    return plain if len(plain) >= 6 and plain.isprintable() else value


def _plausible(value: str, separator: bytes) -> bool:
    # An upper-case name with underscores is the next constant of a list, not a value.
    if context.is_placeholder(value) or "://" in value or re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", value):
        return False
    quoted = separator.rstrip()[-1:] in (b'"', b"'", b"`", b";", b">")
    letters, digits = any(c.isalpha() for c in value), any(c.isdigit() for c in value)
    if re.fullmatch(r"[A-Za-z_][\w.]*\(?.*\)?", value) and "(" in value:
        return False
    if quoted:
        return len(set(value)) >= 4 and (digits or not value.islower() or len(value) >= 12)
    # Unquoted text may be code (password = form.password): a drawn value has letters and digits.
    return letters and digits and not re.fullmatch(r"[A-Za-z_]+(?:[._][A-Za-z_]\w*)+\d*", value)


def _belongs(data: bytes, first: int, last: int, name: str, value: str) -> bool:
    lowered = name.lower()
    if "mailgun" in lowered or re.search(r"(?:^|[._-])mg[._-]", lowered):
        return True
    for host in _SMTP_HOST.finditer(data, max(0, first - 600), last + 600):
        if _same_block(data, min(host.start(), first), max(host.end(), last)):
            return True
    # Laravel's MAIL_PASSWORD alone counts only with the old generated form, 12 base-36 characters.
    return bool(_MAIL_NAME.search(name)) and bool(_OLD_PASSWORD.fullmatch(value) or SHAPE_50.fullmatch(value))


def _same_block(data: bytes, start: int, end: int) -> bool:
    """Whether nothing between two places closes one block and opens another."""
    between = data[start:end]
    if re.search(rb"\n[ \t]*\r?\n[ \t]*\[?|\n\[", between):
        return False
    closed = between.find(b"}")
    return not (closed >= 0 and b"{" in between[closed:]) and between.count(b"\n") <= 16


def _is_key_name(data: bytes, first: int, last: int, name: str) -> bool:
    if not re.search(r"(?i)sign|webhook|api_?-?key|secret", name) or re.search(
        r"(?i)md5|hash|cache|etag", name
    ):
        return False
    return context.mailgun_on_line(data, first, last) or "mailgun" in name.lower()


def _style(found: re.Match[bytes]) -> str:
    separator, name = found.group("sep"), found.group("name")
    if b";s:" in separator:
        return "php-serialised"
    if b"<td" in separator:
        return "phpinfo" if b'class="v"' in separator else "debug-page"
    if b"=>" in separator:
        return "php-array"
    if b"," in separator:
        return "php-define"
    if b":" in separator:
        return "json" if b'"' in separator else "yaml"
    if b"=" in separator:
        return "env" if name.isupper() else "ini"
    return "dockerfile"


def _login_near(data: bytes, first: int, last: int) -> str:
    """Return the SMTP login beside a password (dossier 1.1), ``""`` if none is near."""
    start = max(0, first - 300)
    best: tuple[int, bytes] | None = None
    for found in _LOGIN.finditer(data, start, last + 300):
        if re.match(rb"(?i).*@(?:api|smtp)\.", found.group()) or not _reads_as_login(data, found):
            continue
        between = data[min(found.end(), last) : max(found.start(), first)]
        distance = min(abs(found.end() - first), abs(found.start() - last))
        if between.count(b"\n") <= 6 and (best is None or distance < best[0]):
            best = (distance, found.group())
    return best[1].decode("ascii") if best else ""


# What may stand directly before an address that is one, and what betrays a piece of something longer.
_LOGIN_LEFT = re.compile(rb"(?:^|[\s\0\"'`=:<>,(\[|;])$")
_AFTER_SECRET = re.compile(
    rb"(?i)(?:pass|pwd|secret|token|key|credential)[\w.-]{0,40}[\"'\])\\]{0,4}\s{0,8}(?:=>|:=|[=:,;])"
    rb"\s{0,8}(?:s:\d{1,4}:)?\\?[\"'`]?[^\s\"'`]{0,200}$"
)
_PAIR_LEFT = re.compile(rb"(?i)([\w.+-]{1,64}):$")
# An address nothing names must look like a mailbox: a stray "Hunter2@host" may be the end of a password.
_WORDY = re.compile(rb"[a-z]+(?:[._+-][a-z]+){0,4}\d{0,3}@")
_USER_NAMED = re.compile(
    rb"(?i)(?:user|login|account|sender|from|auth|e?mail|address)[\w.-]{0,20}[^\w\s]{0,4}\s{0,4}"
    rb"(?:=>|[=:,;(]|[ \t>])\s{0,4}(?:s:\d{1,4}:)?[^\w\s]{0,4}$"
)
_USER_WORD = re.compile(rb"(?i)user|login|account|sender|from|mail|static|auth")


def _reads_as_login(data: bytes, found: re.Match[bytes]) -> bool:
    """Whether an address stands as one: not a password with its host in a URL, nor a piece of a longer value."""
    before = data[max(0, found.start() - 240, data.rfind(b"\n", 0, found.start()) + 1) : found.start()]
    if before.endswith(b"://"):
        return data[found.end() : found.end() + 1] == b":"
    if not _LOGIN_LEFT.search(before) or _AFTER_SECRET.search(before):
        return False
    if re.search(rb"://[^\s\"'<>]*$", before):
        return False
    if not _WORDY.match(found.group()) and not _USER_NAMED.search(before):
        return False
    pair = _PAIR_LEFT.search(before)
    return pair is None or _USER_WORD.search(pair.group(1)) is not None


def _dialogue(data: bytes, start: int, end: int) -> Iterator[Placed]:
    """SMTP dialogues in debug logs: AUTH PLAIN carries login and password, AUTH LOGIN one a line."""
    for found in _AUTH_PLAIN.finditer(data, start, end):
        parts = _text(found.group(1)).split("\0")
        if len(parts) == 3 and len(parts[2]) >= 6:
            yield Placed(found.start(1), parts[2], Kind.SMTP_PASSWORD, "smtp-dialogue", login=parts[1])
    for found in _AUTH_LOGIN.finditer(data, start, end):
        value = _text(found.group(1))
        if len(value) >= 6 and value.isprintable():
            yield Placed(found.start(1), value, Kind.SMTP_PASSWORD, "smtp-dialogue")


def _text(encoded: bytes) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
