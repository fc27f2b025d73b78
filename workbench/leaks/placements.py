"""Secrets that have no shape of their own: only the words around them give them away (dossier 1.1, 1.3).

SMTP passwords may be any text, so they are found by their placement: a DSN, a value whose name says password in a
block that is Mailgun's, what stands beside a login, a ``.netrc`` line, a map of a mail server, an AUTH dialogue in a
log. Whose block it is decides ``blocks``; what a value must look like decides ``values``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from workbench.leaks import context
from workbench.leaks.blocks import belongs
from workbench.leaks.fields import (
    LOGIN,
    Field,
    apart_fields,
    beside_logins,
    named_fields,
    spoken_fields,
    table_fields,
)
from workbench.leaks.kinds import kind_of
from workbench.leaks.logins import line_before, login_near, reads_as_login
from workbench.leaks.model import SHAPE_50, SecretKind
from workbench.leaks.services import names_mail, names_mailgun
from workbench.leaks.values import HEX32, OLD, SHAPED, drawn, encrypted, password_like, plausible
from workbench.leaks.views import plain_of

_URL = re.compile(
    rb"(?i)\b(mailgun(?:\+(?:api|https|smtps?))?|smtps?|https?|submission"
    rb"|smtps?\+\w+|mailtos?)://([^\s:/'\"<>\\]{1,200}):"
    rb"([^\s'\"<>\\]{1,200}?(?=@(?:smtp|api)\.(?:eu\.)?mailgun\.)|[^\s/'\"<>\\]{1,200}"
    rb"|[^\s'\"<>\\]{1,200}(?=@smtp\.))@([a-z0-9.-]{1,200})"
)
_PASSWORD = re.compile(
    r"(?i)pass(?:w(?:or)?d|phrase|wrd)?$|passwd$|pwd$|psw$|(?:^|[_.-])pw$|pass(?:word)?_?(?:value|smtp|mail"
    r"|plain)$|password_?\d{0,2}$|passwort$"
    r"|pass(?:word)?[_.-]?(?:encoded|base64|b64)$|pass(?:word)?_?(?:eval|cmd|command)$|^[xa]p$"
    r"|^mail_?secret$|smtp_?secret$|auth_?pass"
)
_NETRC = re.compile(
    rb"(?i)machine\s+(?:smtp|api)\.(?:eu\.)?mailgun\.(?:org"
    rb"|net)\s+(?:port\s+\d+\s+)?login\s+([\w.+@%-]{1,200})\s+(?:port\s+\d+\s+)?"
    rb"password\s+[\"']?([^\s\"']{6,200})"
)
_MAP = re.compile(
    rb"(?i)(?:mailgun\.(?:org|net)\]?(?::{1,2}\d{1,5})?[\"']?(?:[ \t]+|:[ \t]*|[ \t]*=[ \t]*)|static:|plain:)"
    rb"[\"']?([\w.+@%-]{1,200}):([^\s:\"']{6,200})"
)
_AUTH_PLAIN = re.compile(
    rb"(?i)AUTH PLAIN(?:[ '\"]{1,3}(?:b['\"])?|\s{0,4}\r?\n[^\n]{0,40}334[^\n]{0,12}\n[^\n]{0,80}?[ "
    rb">:])([A-Za-z0-9+/]{12,400}={0,2})"
)
_AUTH_LOGIN = re.compile(
    rb"(?:334 UGFzc3dvcmQ6|AUTH LOGIN\r?\n[A-Za-z0-9+/]{8,120}={0,2}\r?(?=\n))[^A-Za-z0-9+/=]{1,8}(?:[^\n]{0,80}?[ "
    rb">:])??(?:b?[\"'])?([A-Za-z0-9+/]{8,200}={0,2})[\"'\\]?\s"
)


@dataclass(frozen=True, slots=True)
class PlacedValue:
    """A value found by its placement: where it starts, and what its surroundings say about it."""

    start: int
    value: str
    kind: SecretKind
    placement: str
    name: str = ""
    login: str = ""


_SPEAKING = (b"pass", b"pw", b"psw", b"secret", b"key", b"-xp", b"-ap")


def in_window(data: bytes, start: int, end: int) -> Iterator[PlacedValue]:
    """Yield every secret that its placement gives away in ``data[start:end]``."""
    window = data[start:end]
    lowered = window.lower()
    if b"://" in window:
        yield from _urls(data, start, end)
    if any(word in lowered for word in _SPEAKING):
        for field in map(_unmarked, named_fields(data, start, end)):
            yield from _judged(data, field)
        for field in apart_fields(data, start, end):
            if field.style != "line below" or password_like(field.value):
                yield from _judged(data, field)
    if b"@" in window or b"%40" in window:
        for field in map(_unmarked, beside_logins(data, start, end)):
            yield from _beside(data, field)
    for field in spoken_fields(data, start, end):
        yield from _judged(data, field)
    if b"pass" in lowered or b"pw" in lowered:
        for field in map(_unmarked, table_fields(data, start, end)):
            if plausible(field) and password_like(field.value):
                yield _password(data, field)
    if b"machine" in lowered:
        for found in _NETRC.finditer(data, start, end):
            yield from _if_real(_placed(data, found, "netrc"))
    if b"static:" in lowered or b"plain:" in lowered or b"mailgun." in lowered:
        for found in _MAP.finditer(data, start, end):
            one = _placed(data, found, "postfix")
            if len(found.group(1)) > 2 and "@" not in one.value.partition(".")[0]:
                yield from _if_real(one)
    if b"auth plain" in lowered or b"auth login" in lowered or b"ugfzc3dvcmq6" in lowered:
        yield from _dialogue(data, start, end)


# How notes and wikis set a value apart: ``{{x}}``, ``=x=``, ``~x~``, ``||x||``; what follows it may be cut off.
_MARKED = re.compile(r"(?:\{\{|[=~]|\|\|)([^\s{}|]{6,100}?)(?:\}\}|[=~]|\|\|)?")


def _unmarked(field: Field) -> Field:
    """Return a field without the mark-up of notes around its value; a template's ``{{name}}`` stays as it is."""
    marked = _MARKED.fullmatch(field.value)
    if marked is None or not drawn(marked[1]):
        return field
    return replace(field, value=marked[1], start=field.start + marked.start(1))


def _placed(data: bytes, found: re.Match[bytes], placement: str) -> PlacedValue:
    login, value = (found.group(group).decode("utf-8", "replace") for group in (1, 2))
    value = value.rstrip("})],;")
    kind = SecretKind.API_KEY if login == "api" else SecretKind.SMTP_PASSWORD
    return PlacedValue(found.start(2), value, kind, placement, login=login if "@" in login else "")


def _if_real(one: PlacedValue) -> Iterator[PlacedValue]:
    if (
        not context.is_placeholder(one.value)
        and not context.is_sample(one.value)
        and not encrypted(one.value)
    ):
        yield one


def _urls(data: bytes, start: int, end: int) -> Iterator[PlacedValue]:
    """Symfony DSNs and URLs with userinfo: the key stands before the colon in the API forms (dossier 1.1)."""
    for found in _URL.finditer(data, start, end):
        scheme = found.group(1).lower().decode("ascii")
        user, password = (_plain(found.group(i).decode("utf-8", "replace")) for i in (2, 3))
        host = found.group(4).lower()
        ours = host.endswith((b"mailgun.org", b"mailgun.net"))
        if scheme in {"mailgun", "mailgun+api", "mailgun+https"}:
            one = PlacedValue(found.start(2), user, SecretKind.API_KEY, "dsn")
            if len(user) < 16:
                continue
        elif scheme.startswith("http"):
            # Shorter than any key: a made-up value in an example or a test.
            if not ours or user != "api" or len(password) < 16:
                continue
            one = PlacedValue(found.start(3), password, SecretKind.API_KEY, "url-userinfo")
        elif (
            ours
            or scheme.startswith("mailgun+")
            or "@mg." in user
            or (user.startswith("postmaster@") and b"imap" not in host and b"pop" not in host)
        ):
            one = PlacedValue(found.start(3), password, SecretKind.SMTP_PASSWORD, "dsn", login=user)
        else:
            continue
        yield from _if_real(one)


def _plain(text: str) -> str:
    """Return percent-decoded text; as it stands where decoding makes no text of it (a raw ``%`` in a password)."""
    decoded = unquote(text)
    return decoded if decoded.isprintable() and "\ufffd" not in decoded else text


def _judged(data: bytes, field: Field) -> Iterator[PlacedValue]:
    """Yield the secret a named value is, if it is one of ours."""
    if SHAPED.search(field.value) or context.is_sample(field.value):
        # The search by shape reports it, with its own word on the kind; but a key has no login beside it.
        if (
            SHAPE_50.fullmatch(field.value)
            and kind_of(data, field.start, field.name) is SecretKind.SMTP_PASSWORD
        ):
            yield PlacedValue(
                field.start,
                field.value,
                SecretKind.SMTP_PASSWORD,
                _style(field),
                field.name,
                login_near(data, field.first, field.last),
            )
        return
    if _is_a_value(data, field):
        return
    name = _SUFFIX.sub("", field.name)
    if (
        _PASSWORD.search(name)
        or (name != field.name and name.endswith(".auth"))
        or (_SECRET.search(name) and _login_before(data, field))
    ):
        if plausible(field) and belongs(data, field, drawn=drawn(field.value)):
            yield _password(data, field)
    elif HEX32.fullmatch(field.value) and _is_key_name(data, field):
        kind = SecretKind.SIGNING_KEY if re.search(r"(?i)sign|webhook", field.name) else SecretKind.API_KEY
        value = _prefixed(data, field)
        yield PlacedValue(field.start, value, kind, _style(field), field.name, "")


_SECRET = re.compile(r"(?i)(?:^|[_.-])secret$")
# What follows the word itself in the name of a password.
_SUFFIX = re.compile(
    r"(?i)[._-]?(?:secured?|value|text|string|str|raw|plain|clear(?:text)?|default|prod(?:uction)?|live"
    r"|staging|eu|us|old|new)$"
)
_NAMES_THE_NEXT = re.compile(rb"[\"'][ \t]{0,4}(?::(?!:)|=>)")
_DIGESTED = re.compile(rb"(?i)digest[\"'][^<>]{0,40}>$")
_VALUE_BEFORE = re.compile(rb"[:=]>?[ \t]{0,4}\\{0,3}[\"'`]$")


def _is_a_value(data: bytes, field: Field) -> bool:
    """Whether the name is itself the value of another member, or the value a name or a digest.

    ``"name": "smtp_password", "slot": …``; ``"label": "password", "hint": …``; ``Type="#PasswordDigest"``.
    """
    if (
        _NAMES_THE_NEXT.match(data, field.start + len(field.value.encode())) is not None
        and b"," in field.separator
    ):
        return True
    if _DIGESTED.search(field.separator) or _DIGESTED.search(data[max(0, field.start - 80) : field.start]):
        return True
    if field.style or not field.separator.strip(b" \t\"'`\\").startswith(b","):
        return False
    return _VALUE_BEFORE.search(data[max(0, field.first - 12) : field.first]) is not None


def _login_before(data: bytes, field: Field) -> bool:
    """Whether an SMTP login stands just before a value: what is called a secret there is its password."""
    if names_mail(field.name):
        return True
    start = max(0, field.first - 160)
    return any(
        reads_as_login(data, found, line_before(data, found.start()))
        for found in LOGIN.finditer(data, start, field.first)
        if data.count(b"\n", found.end(), field.first) <= 1
        or not data[found.end() : field.first].strip(b" \t\r\n\"',;")
    )


def _password(data: bytes, field: Field) -> PlacedValue:
    value = field.value
    plain = None if OLD.fullmatch(value) else plain_of(value.encode("utf-8", "replace"))
    if plain is not None and b" " not in plain and len(plain) >= 6:
        # Plugins and Kubernetes keep it in base64: what counts is what it stands for (dossier 2.2, 2.3).
        value = plain.decode("ascii")
    kind = (
        SecretKind.API_KEY
        if SHAPED.fullmatch(value) and value.startswith("key-")
        else SecretKind.SMTP_PASSWORD
    )
    login = field.login or login_near(data, field.first, field.last)
    return PlacedValue(field.start, value, kind, _style(field), field.name, login)


# What stands behind a login and is the name of something else; on the next line digits may be part of it.
_LABEL = re.compile(r"-?[^\W\d](?:[^\W\d]|[ .-]){1,39}[:=\uff1a]")
_NEXT_LABEL = re.compile(r"-?[^\W\d][\w .\[\]-]{1,59}[:=;\uff1a]")


def _beside(data: bytes, field: Field) -> Iterator[PlacedValue]:
    """Yield what stands beside a login where the line or the block is Mailgun's and it looks like a password."""
    current = SHAPE_50.fullmatch(field.value) is not None
    if not current and (SHAPED.search(field.value) or not plausible(field) or not password_like(field.value)):
        return
    if (current and context.is_sample(field.value)) or field.value.startswith(":"):
        # Behind two colons in a row stands another field of a list: ``login::id:service``.
        return
    login = LOGIN.match(data, field.first)
    before = line_before(data, field.first)
    if _LOGS_IN_ELSEWHERE.search(before) and _elsewhere(data, field):
        return
    if login is None or before.endswith(b"://") or not reads_as_login(data, login, before):
        return
    label = _NEXT_LABEL if b"\n" in field.separator else _LABEL
    first_is_label = label.match(field.value) is not None
    loose = field.separator.strip(b" \t") in (b"", b"-", b"--") or b"\n" in field.separator
    if field.separator.strip()[:1].isalpha() and not re.search(rb"(?i)pass|pwd|\bpw\b", before):
        return
    if first_is_label or (loose and not field.quoted and not drawn(field.value)):
        return
    if belongs(data, field, drawn=False):
        yield _password(data, field)


_LOGS_IN_ELSEWHERE = re.compile(rb"(?:^|\s)(?:-u|--user)[ =]?[\"']?$")
_ADDRESSED = re.compile(rb"[a-z]{2,6}://([\w.-]+)")


def _elsewhere(data: bytes, field: Field) -> bool:
    """Whether the command a login is given to calls a host that is not Mailgun's."""
    line = data[data.rfind(b"\n", 0, field.first) + 1 :].partition(b"\n")[0]
    called = _ADDRESSED.search(line)
    return called is not None and b"mailgun" not in called[1].lower()


# Whose method is called with the key: ``Tracker.start({apiKey: "``; what creates something is nobody's name.
_CALLED = re.compile(
    rb"(?<![\w.])(?!Object|Config|Client|App\b)([A-Z]\w{2,40})(?:\.|::)\w{1,40}\(\s{0,4}\{[^{}()]{0,160}$"
)


def _is_key_name(data: bytes, field: Field) -> bool:
    if not re.search(r"(?i)sign|webhook|api_?-?key|secret", field.name) or re.search(
        r"(?i)md5|hash|cache|etag", field.name
    ):
        return False
    if names_mailgun(field.name):
        return True
    called = _CALLED.search(line_before(data, field.first))
    if called is not None and not (names_mailgun(owner := called[1].decode("ascii")) or names_mail(owner)):
        return False
    if context.mailgun_aside(data, field.last):
        return False
    return context.mailgun_on_line(data, field.first, field.last) and belongs(data, field, drawn=False)


def _prefixed(data: bytes, field: Field) -> str:
    """A key kept without its ``key-``, which the code puts before it: the whole is the key."""
    name = re.escape(field.name.rpartition(".")[2].encode())
    joined = re.search(rb"key-[\"'`]?\s{0,4}[.+&~{$#\"'` ]{1,8}[\w>.(\"'-]{0,40}" + name, data)
    return f"key-{field.value}" if joined else field.value


def _style(field: Field) -> str:
    separator, name = field.separator, field.name
    if field.style:
        return field.style
    if b";s:" in separator:
        return "php-serialised"
    if b"<td" in separator:
        return "phpinfo" if b'class="v"' in separator else "debug-page"
    if b"=>" in separator:
        return "php-array"
    if b"," in separator:
        return "php-define"
    if b">" in separator:
        return "xml"
    if b":" in separator:
        return "json" if b'"' in separator else "yaml"
    if b"=" in separator:
        return "env" if name.isupper() else "ini"
    return "code" if b"(" in separator else "dockerfile"


def _dialogue(data: bytes, start: int, end: int) -> Iterator[PlacedValue]:
    """SMTP dialogues in debug logs: AUTH PLAIN carries login and password, AUTH LOGIN one a line."""
    for found in _AUTH_PLAIN.finditer(data, start, end):
        parts = _text(found.group(1)).split("\0")
        if len(parts) == 3 and len(parts[2]) >= 6:
            yield PlacedValue(
                found.start(1), parts[2], SecretKind.SMTP_PASSWORD, "smtp-dialogue", login=parts[1]
            )
    for found in _AUTH_LOGIN.finditer(data, start, end):
        value = _text(found.group(1))
        if len(value) >= 6 and value.isprintable():
            yield PlacedValue(found.start(1), value, SecretKind.SMTP_PASSWORD, "smtp-dialogue")


def _text(encoded: bytes) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
