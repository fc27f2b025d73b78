"""The block a value stands in: whose it is.

A block ends where another section, object or group begins. Names share a block when they share a prefix
(``SMTP_HOST`` and ``SMTP_PASSWORD``) however many blank lines lie between; nameless values only when nothing of
another service stands in the way.
"""

from __future__ import annotations

import re

from workbench.leaks.fields import Field
from workbench.leaks.languages import PASSWORD_WORDS
from workbench.leaks.logins import line_before
from workbench.leaks.nesting import around, parents
from workbench.leaks.services import MAILGUN_HOST, MENTION, names_another, names_mail, names_mailgun

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
    # A heading of a document.
    rb"|\n(?=#{2,6}[ \t]+\S)"
    # A heading at the margin over lines that are indented, as in the files of mail and backup servers.
    rb"|\n\r?\n(?=[a-z][\w-]{0,30}:[ \t]+[\w.-]{1,60}[ \t]*\r?\n[ \t]+[\w-]+[ \t])"
)


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
    if "/" in name and not mail:
        # A path names whose it is: the host of the same path tells.
        return _same_prefix(data, field, start, end) is True
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
    rb"(?i)(?:(?:data source|initial catalog|user id|uid|trusted_connection|database)\s{0,2}="
    rb"|[\"'](?:server|host)\s{0,2}=(?![^;\"'\n]{0,80}mailgun)[^;\"'\n]{1,80};)[^\"'\n]{0,200}$"
)


def _of_a_page(data: bytes, field: Field) -> bool:
    """Whether a note's paragraph is about a page or a gateway of somebody else's, where one logs in by hand."""
    if not _LABEL.fullmatch(line_before(data, field.start)):
        return False
    gaps = [0, *(gap.end() for gap in _GAP.finditer(data, max(0, field.first - _REACH), field.first))]
    end = _GAP.search(data, field.last, field.last + _REACH)
    paragraph = data[max(gaps[-1], field.first - _REACH) : end.start() if end else field.last + _REACH]
    page = _PAGE.search(paragraph)
    return page is not None and not _PAGE_OURS.search(paragraph)


_LABEL = re.compile(rb"[ \t*-]*(?:[A-Za-z]{2,12}[ \t])?[A-Za-z]{2,14}[ \t]?:[ \t]{0,8}")
_PAGE = re.compile(
    rb"(?im)^[ \t*-]*(?:(?:url|site|page|panel|gateway|login)[ \t]?:[ \t]*)?(?:https?://|(?<=: )vpn\.)\S"
)
_PAGE_OURS = re.compile(
    rb"(?i)(?:smtp|api|app|login)\.(?:eu\.)?mailgun\.|https?://[\w.-]*mailgun\.(?:com|org|net)"
)
# A row of the people who log in to a site.
_MEMBERS = re.compile(
    rb"(?i)\binsert\s+into\s+[\"'`\[]?[\w.]{0,40}(?:users?|members?|customers?|accounts?|admins?|people|profiles?)[\"'`\]]?"
    rb"\s{0,4}(?:\(|values)"
)
# The call a password is an argument of, and what it is kept as: ``DBI::dbConnect(pg, password = "``, ``DB = dict(``.
_CALL = re.compile(
    rb"(?:\b(?P<to>[A-Za-z_]\w{0,60})\s{0,4}:?=\s{0,4})?(?P<call>[A-Za-z][\w.:>-]{1,60})\s{0,2}\([^(){}\n]{0,200}$"
)
_MAILS_OWN = re.compile(
    rb"(?i)(?<![a-z0-9])(?:smtp|mail)[\w.]{0,24}pass(?:word|wd)?\b[\"'\])]{0,3}[ \t]{0,8}(?:=>|[:=,])"
)


def _of_a_mailbox(data: bytes, field: Field) -> bool:
    """Whether the line fetches mail or opens a database: its password is the mailbox's or the database's."""
    before = line_before(data, field.first)
    call = _CALL.search(before)
    if call is not None and any(names_another(one.decode("ascii")) for one in call.groups(b"")):
        return True
    netrc = _MACHINE.match(before)
    if netrc is not None and b"mailgun" not in netrc.group(1).lower():
        return True
    return any(rule.search(before) for rule in (_MAILBOX, _CONNECTION, _MEMBERS)) or _of_a_page(data, field)


def _another_is_the_mails(data: bytes, field: Field, start: int, end: int) -> bool:
    """Whether a bare ``password`` stands beside one that calls itself the mail's: then it is something else's."""
    if field.style in ("pair", "table", "note") or not field.name:
        return False
    return _BEGINS.search(line_before(data, field.first)) is not None and any(
        not field.first <= one.start() < field.last for one in _MAILS_OWN.finditer(data, start, end)
    )


# What may stand before a name that begins its line or its statement.
_BEGINS = re.compile(rb"(?:^|[;{])[ \t]*(?:(?:public|private|var|let|const|export)[ \t]+)?\$?$")


def _bounds(data: bytes, field: Field) -> tuple[int, int]:
    start, end = max(0, field.first - _REACH), min(len(data), field.last + _REACH)
    for _ in range(data.count(b"\n", start, field.first) - _LINES):
        start = data.find(b"\n", start) + 1
    line = _option_line(data, field.first)
    if line is not None:
        return max(start, line[0]), min(end, line[1])
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


def _option_line(data: bytes, at: int) -> tuple[int, int] | None:
    """Return the command line that an option at ``at`` stands on, continued lines with it; None for no option."""
    if data[max(0, at - 2) : at] != b"--":
        return None
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    if re.search(rb"\w", data[start : at - 2]) is None and not data[: start - 1].rstrip(b"\r").endswith(
        b"\\"
    ):
        # An item of a list of arguments.
        return None
    while data[: start - 1][-2:].rstrip(b"\r").endswith(b"\\"):
        start = data.rfind(b"\n", 0, start - 1) + 1
    while end > 0 and data[end - 2 : end].rstrip(b"\r").endswith(b"\\"):
        end = data.find(b"\n", end + 1)
    return start, end if end > 0 else len(data)


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
        if _counts(found, mail=mail)
        and not _A_USER.search(data, max(0, found.start() - 24), found.start())
        and (apart or not _closed(data, found.end(), field.first))
        and not _has_its_own(data, found, field.first)
    ]
    if before:
        return before[-1].lastgroup == "ours"
    for found in MENTION.finditer(data, field.last, end):
        if not _counts(found, mail=mail) or (not apart and _closed(data, field.last, found.start())):
            continue
        outside = _far_outside(data[field.last : found.start()]) or _OWN_HOST.search(data, start, field.first)
        if not mail and outside and not MAILGUN_HOST.match(found.group()):
            continue
        return found.lastgroup == "ours"
    if field.login and MENTION.match(data, field.first):
        return True
    return None


# What follows is the name of a user: of a database or a server that is called so.
_A_USER = re.compile(rb"(?i)\b(?:user(?:name)?|login|uid)[\"'>\s:=]{1,6}$")


def _within(found: re.Match[bytes], span: tuple[int, int]) -> bool:
    return span[0] <= found.start() < span[1]


# A host that the block names before its password, and which is not Mailgun's, or that mention had decided.
_OWN_HOST = re.compile(
    rb"(?im)^[ \t]*[\"']?host(?:name)?[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?[\w.-]{1,80}[\"']?[ \t\r,]*$"
)


def _far_outside(between: bytes) -> bool:
    """Whether what stands behind a value closes two objects at least: a word there speaks of something else."""
    return between.count(b"}") - between.count(b"{") >= 2


_STORE = re.compile(
    rb"(?i)postgres|mysql|maria|redis|mongo|rabbit|amqp|memcached|elastic|database|datasource|jdbc|ldap"
    rb"|ftp|ssh|aws|s3|jwt|oauth|ppp|l2tp|vpn|wireguard|hotspot|radius|snmp|wifi|wlan"
)


def _counts(found: re.Match[bytes], *, mail: bool) -> bool:
    """A store beside the mail's own name is no rival: their variables stand mixed in one file."""
    return not (mail and found.lastgroup == "other" and _STORE.match(found.group()))


def _has_its_own(data: bytes, found: re.Match[bytes], at: int) -> bool:
    """Whether a mention before ``at`` stands in a tag, a paragraph or a line that holds a password itself.

    Then any other is somebody else's; beside a line only one that stands on its own line with its own user.
    """
    end = data.find(b"\n", found.end(), at)
    if end >= 0 and any(rule.search(line_before(data, at)) for rule in (_USERS_OWN, _NOTE_OF_ITS_OWN)):
        begin = data.rfind(b"\n", max(0, found.start() - 300), found.start()) + 1
        if _LINES_OWN.search(data, begin, end):
            return True
    gap = _GAP.search(data, found.end(), at)
    if gap is not None and _PARAGRAPHS_OWN.search(data, found.end(), gap.start()):
        return True
    tag = data.rfind(b"<", max(0, found.start() - 300), found.start())
    close = data.find(b">", found.end(), at)
    return tag >= 0 and close >= 0 and _TAGS_OWN.fullmatch(data, tag, close + 1) is not None


_GAP = re.compile(rb"\n[ \t]*\r?\n")
_PARAGRAPHS_OWN = re.compile(
    rb"(?im)^[ \t]*(?:[A-Za-z-]{2,12}[ \t])?(?:pass(?:word|wd)?|"
    + PASSWORD_WORDS
    + rb")[ \t]{0,4}[:=][ \t]{0,4}\S{6}"
)
_TAGS_OWN = re.compile(rb"(?i)<[a-z][^<>]{0,200}?pass(?:word|wd)?[ \t]{0,4}=[ \t]{0,4}[\"'][^<>]{0,300}>")
_LINES_OWN = re.compile(
    rb"(?i)pass(?:word|wd)?(?:[\"']?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}[\"'][^\"'\n]{6,100}[\"']"
    rb"|:? [^\s\"'=]{6,100}[ \t\r]*$)"
)
# ``Jira: jo, password …``: a line of a note with a name and a user of its own.
_NOTE_OF_ITS_OWN = re.compile(rb"^[ \t*-]{0,8}[A-Z][\w .-]{1,24}: [\w.@+-]{1,40},? ")
_USERS_OWN = re.compile(rb"(?i)\buser(?:name)?[\"']?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}[\"'][^\"'\n@]{1,60}[\"']")
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
