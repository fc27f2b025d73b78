"""What a found value is (key, password, signing key) and how it lay there, by its name and its surroundings."""

from __future__ import annotations

import re
from functools import cache

from workbench.leaks.model import SecretKind

_API_WORD = re.compile(r"api|mailgun_secret|mailgun\+https?://|mailgun://|--user|-u ['\"]?api")
_API_NEAR = re.compile(
    r"api\.(?:eu\.)?mailgun|['\"\s:=(]api['\"]?\s{0,4}[:,]|[\"'>\s=:]api[\"'<\s]|userpwd|httpbasicauth"
    r"|/v[1-5]/|[^a-z]api:|basic\s?auth"
)
# What programs that notify write as an address: mailgun://user@domain/key
_PATH_OF_ADDRESS = re.compile(r"mailgun(?:\+\w{1,12})?://[^\s:\"']{1,120}/$")
_SMTP_NEAR = re.compile(r"smtp|postmaster@|@(?:mg|mail|mailgun)\.|\b(?:587|465|2525)\b")
_PASSWORD_NAME = re.compile(r"pass|pwd|(?:^|[^a-z])pw(?:$|[^a-z])")
# How much around a value that only its name calls a password is asked what kind of one it is.
_REACH = 300


def kind_of(data: bytes, start: int, name: str, *, legacy: bool = False) -> SecretKind:
    """Return what a value most likely is, by its own name first, then by its line, then by its block.

    A value of the current form is as often a key as a password, and both stand in fields called *password*.
    """
    lowered = name.lower()
    line = data[max(data.rfind(b"\n", 0, start) + 1, start - 200) : start].lower().decode("latin-1")
    if _PATH_OF_ADDRESS.search(line):
        return SecretKind.API_KEY
    for text in (lowered, line):
        if "signing" in text or "webhook" in text:
            return SecretKind.SIGNING_KEY
        if "sending" in text:
            return SecretKind.SENDING_KEY
        if not legacy and (
            "smtp" in text
            or "postmaster@" in text
            or ("mail" in text and "pass" in text and "mailgun" not in text)
        ):
            return SecretKind.SMTP_PASSWORD
        if _PASSWORD_NAME.search(text) and not legacy:
            return _by_block(data, start)
        if _API_WORD.search(text):
            return SecretKind.API_KEY
    return SecretKind.API_KEY if legacy else SecretKind.UNKNOWN_50


def _by_block(data: bytes, start: int) -> SecretKind:
    """Decide between key and password by the nearer of the words that speak for either."""
    before = data[max(0, start - _REACH) : start].lower().decode("latin-1")
    after = data[start + 50 : start + 50 + _REACH].lower().decode("latin-1")
    for text in (before, after):
        ends = [
            max(
                (found.end() if text is before else -found.start() for found in rule.finditer(text)),
                default=None,
            )
            for rule in (_API_NEAR, _SMTP_NEAR)
        ]
        api, smtp = ends
        if api is not None and (smtp is None or api > smtp):
            return SecretKind.API_KEY
        if smtp is not None:
            return SecretKind.SMTP_PASSWORD
    return SecretKind.UNKNOWN_50


@cache
def _placement_rules() -> tuple[tuple[str, re.Pattern[bytes]], ...]:
    return (
        ("dsn", re.compile(rb"(?i)(?:mailgun(?:\+[a-z]+)?|smtps?)://[^\s]{0,120}$")),
        ("url-userinfo", re.compile(rb"(?i)https?://[^\s/@]{0,80}:$")),
        ("curl-user", re.compile(rb"(?i)(?:--user|-u|api)[ =]?['\"]?(?:api)?:$")),
        ("php-serialised", re.compile(rb's:\d+:\\?"$')),
        ("phpinfo", re.compile(rb"(?i)<td class=\"?v\"?>\s*$")),
        ("debug-page", re.compile(rb"(?i)<td[^>]*>(?:\s|<[^>]*>|&quot;|[\"'])*$")),
        ("php-define", re.compile(rb"(?i)define\(\s*['\"][^'\"]+['\"]\s*,\s*['\"]$")),
        ("php-array", re.compile(rb"=>\s*['\"]$")),
        ("json", re.compile(rb"\"[^\"\n]{1,60}\"\s*:\s*\"$")),
        ("yaml", re.compile(rb"(?m)^[ \t-]*[\w.-]+:[ \t]+['\"]?$")),
        ("dockerfile", re.compile(rb"(?m)^\s*(?:ENV|ARG)\s+\w+\s+$")),
        ("env", re.compile(rb"(?m)^\s*(?:export\s+|ENV\s+|-\s+)?[A-Za-z_]\w*\s?=\s?['\"]?$")),
        ("code", re.compile(rb"[=:,(]\s*[bru]?['\"`]$")),
    )


def placement_of(data: bytes, start: int, end: int) -> str:
    """Return how the value at ``data[start:end]`` is placed, ``bare`` where nothing tells."""
    before = data[max(0, start - 200) : start]
    for label, rule in _placement_rules():
        if rule.search(before):
            return label
    return "bare"
