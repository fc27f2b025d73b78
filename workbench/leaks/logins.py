"""Which login stands beside a password."""

from __future__ import annotations

import re

from workbench.leaks.fields import LOGIN

# What may stand directly before an address that is one, and what betrays a piece of something longer.
_LOGIN_LEFT = re.compile(rb"(?:^|[\x80-\xff\s\0\"'`=:<>,(\[{|;/^])$")
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
# An address whose query names the user: smtp://host?username=…
_ASKED_WITH = re.compile(rb"(?i)[?&](?:user(?:name)?|login)=$")
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
        named = _USER_NAMED.search(before) or before.endswith(b"://")
        rank = 2 if _SENDER_NAMED.search(before) else 0 if named else 1
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
    if re.search(rb"://[^\s\"'<>]*$", before) and not _ASKED_WITH.search(before):
        return False
    if not _WORDY.match(found.group()) and not _USER_NAMED.search(before):
        return False
    pair = _PAIR_LEFT.search(before)
    return pair is None or _USER_WORD.search(pair.group(1)) is not None
