"""What proves that an answer is an exposure and not a page for everything (dossier 3.1, 3.2).

Each proof looks at the first bytes of a body and names the markers it saw; no marker, no exposure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from workbench.leaks.context import is_placeholder, is_sample

Proof = Callable[[bytes], tuple[str, ...]]
"""Takes the first bytes of a body, returns the names of the markers in it, never their values."""

_SETTING = re.compile(rb"(?m)^\s*(?:export\s+)?([A-Z][A-Z0-9_]{2,60})\s*=[ \t]*(\S?[^\r\n]*)$")
_TELLING = re.compile(rb"KEY|TOKEN|PASS|SECRET|_URL|DSN|MAIL")
_SECRET_NAME = re.compile(rb"KEY|TOKEN|PASS|SECRET|DSN")
_PAGE = re.compile(rb"(?i)<html|<body|<!doctype html")


def is_page(body: bytes) -> bool:
    """Return whether a body is an HTML page: what a catch-all answers with."""
    return _PAGE.search(body[:4096]) is not None


def _settings(body: bytes) -> tuple[str, ...]:
    return tuple(
        sorted({name.decode("ascii") for name, _ in _SETTING.findall(body) if _TELLING.search(name)})[:8]
    )


def _real_settings(body: bytes) -> tuple[str, ...]:
    """As ``_settings``, but a sample file counts only with a secret's name and a value that is no placeholder."""
    named = {
        name.decode("ascii")
        for name, value in _SETTING.findall(body)
        if _SECRET_NAME.search(name) and not _stands_for_a_secret(value.strip())
    }
    return tuple(sorted(named)[:8])


def _stands_for_a_secret(value: bytes) -> bool:
    text = value.decode("utf-8", "replace").strip("\"'")
    return (
        len(text) < 8 or is_placeholder(text) or is_placeholder(text.removeprefix("key-")) or is_sample(text)
    )


def _all_of(*words: bytes, label: str = "") -> Proof:
    def proof(body: bytes) -> tuple[str, ...]:
        return (
            (label or " + ".join(word.decode() for word in words),) if all(w in body for w in words) else ()
        )

    return proof


def _any_of(*words: bytes) -> Proof:
    def proof(body: bytes) -> tuple[str, ...]:
        return tuple(word.decode("ascii", "replace") for word in words if word in body)[:4]

    return proof


def _pattern(rule: bytes, label: str) -> Proof:
    compiled = re.compile(rule)

    def proof(body: bytes) -> tuple[str, ...]:
        return (label,) if compiled.search(body) else ()

    return proof


def _starts(label: str, *heads: bytes) -> Proof:
    def proof(body: bytes) -> tuple[str, ...]:
        return (label,) if body.startswith(heads) else ()

    return proof


def _json_keys(*keys: str) -> Proof:
    """The body is JSON (perhaps cut off after the first kilobytes) and names every key."""

    def proof(body: bytes) -> tuple[str, ...]:
        text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
        if text[:1] not in (b"{", b"["):
            return ()
        return keys if all(json.dumps(key).encode() in text for key in keys) else ()

    return proof


def _git_head(body: bytes) -> tuple[str, ...]:
    text = body.strip()
    if len(text) < 100 and (text.startswith(b"ref: refs/") or re.fullmatch(rb"[0-9a-f]{40}", text)):
        return ("HEAD of a repository",)
    return ()


def _script_settings(body: bytes) -> tuple[str, ...]:
    if is_page(body) or len(body) > 60_000:
        return ()
    names = re.findall(
        rb"(?i)[\"']?(\w*(?:api_?key|secret|token|password|mailgun)\w*)[\"']?\s*[:=]\s*[\"'][^\"']{8,}", body
    )
    return tuple(sorted({name.decode("ascii", "replace") for name in names})[:8])


PROOFS: dict[str, Proof] = {
    "settings": _settings,
    "real settings": _real_settings,
    "settings or swap": lambda body: _settings(body) or _starts("Vim swap file", b"b0VIM")(body),
    "script settings": _script_settings,
    "actuator": _json_keys("propertySources"),
    "git config": _any_of(b"[core]", b"[credential]", b"[remote "),
    "git head": _git_head,
    "git log": _pattern(rb"(?m)^[0-9a-f]{40} [0-9a-f]{40} ", "reflog lines"),
    "git index": _starts("git index", b"DIRC"),
    "git credentials": _pattern(rb"https?://[^\s/@]+@", "URL with userinfo"),
    "netrc": _pattern(rb"machine\s+\S+\s+login\s+\S+\s+password", "machine login password"),
    "svn": lambda body: (
        _starts("SQLite", b"SQLite format 3\0")(body) or _pattern(rb"\A\d{1,2}\n\n?dir\n", "entries")(body)
    ),
    "hg": _all_of(b"[paths]", b"default"),
    "ds_store": _starts(".DS_Store", b"\0\0\0\1Bud1"),
    "phpinfo": _all_of(b"PHP Version", b"PHP Extension", label="phpinfo"),
    "profiler": _any_of(b"Symfony Profiler"),
    "yaml": _pattern(rb"(?m)^[ \t]*[\w.-]+:[ \t]+\S", "YAML keys"),
    "ignition": _json_keys("can_execute_commands"),
    "log": _pattern(
        rb"(?m)(?:local|production|staging)\.(?:ERROR|CRITICAL|WARNING|INFO|DEBUG)"
        rb"|\] PHP (?:Fatal|Warning|Notice|Deprecated|Parse)"
        rb"|\b[A-Z]\w+Exception\b|\bStack trace:|verbose stack|Started (?:GET|POST) |\"(?:GET|POST) /",
        "log lines",
    ),
    "telescope": _all_of(b"Telescope", b"Requests", b"Commands"),
    "horizon": _json_keys("recentJobs"),
    "debugbar": _json_keys("datetime", "method"),
    "clockwork": lambda body: (
        _all_of(b"<title>Clockwork", label="Clockwork")(body) or _json_keys("version", "method")(body)
    ),
    "wp-config": _all_of(b"DB_NAME", b"DB_PASSWORD"),
    "index of": _any_of(b"Index of /"),
    "index of debug log": _all_of(b"Index of", b"_debug_log.txt"),
    "sql": _any_of(b"CREATE TABLE", b"DROP TABLE", b"INSERT INTO"),
    "archive": _starts(
        "archive", b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ"
    ),
    "php source": _pattern(
        rb"<\?php[\s\S]{0,4000}(?i:pass|secret|key|token)", "PHP source with credentials words"
    ),
    "compose": _pattern(rb"(?m)^services:", "services:"),
    "dockerfile": _pattern(rb"(?m)^FROM \S+", "FROM"),
    "docker auth": _any_of(b'"auth"', b'"auths"'),
    "ci": _pattern(rb"(?m)^\s*(?:jobs|steps|script|stages|pipeline)\s*[:{]", "CI keywords"),
    "kubernetes": _pattern(rb"(?m)^(?:apiVersion|kind):", "apiVersion/kind"),
    "json settings": lambda body: _json_mail(body),
    "node source": _any_of(b"module.exports", b"require("),
    "procfile": _pattern(rb"(?m)^web:", "web:"),
    "source map": _json_keys("version", "sources"),
    "editor": _any_of(b'"remote_path"', b'"remotePath"', b'"password"'),
    "shell": _pattern(rb"(?m)^(?:cd|ls|sudo|git|ssh|curl|vi|vim|nano|cat|mysql|php|docker) ", "shell words"),
    "npmrc": _any_of(b"_auth", b"_password"),
    "auth.json": _any_of(b"github-oauth", b"http-basic"),
    "aws": _any_of(b"aws_access_key_id"),
    "htpasswd": _pattern(rb":\$(?:apr1|2y|2a|5|6)\$", "password hashes"),
    "server-status": _any_of(b"Apache Server Status"),
    "composer": _json_keys("packages"),
    "dotnet": _any_of(b"ConnectionStrings", b"<connectionStrings", b"<appSettings"),
    "trace": _any_of(b"Error Log for", b"Application Trace"),
}
# Proofs that are themselves found on HTML pages; all others refuse a page.
ON_PAGES = frozenset(
    {
        "phpinfo",
        "profiler",
        "telescope",
        "clockwork",
        "index of",
        "index of debug log",
        "server-status",
        "trace",
    }
)
# Pages that show debug data whatever was asked for: looked for in the baseline answers (dossier 3.2, 28 to 30).
DEBUG_PAGES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("Laravel debug page", (b"Whoops! There was an error",)),
    ("Laravel debug page", (b"Environment Variables", b"Ignition")),
    ("Django debug page", (b"URLconf defined", b"Django tried these URL patterns")),
    ("Rails debug page", (b"Rails.root:", b"Action Controller: Exception caught")),
)


def _json_mail(body: bytes) -> tuple[str, ...]:
    if body.lstrip()[:1] != b"{":
        return ()
    names = re.findall(
        rb"(?i)\"(\w*(?:pass(?:word)?|secret|api_?key|token|auth|mailgun|smtp)\w*)\"\s*:", body
    )
    return tuple(sorted({name.decode("ascii", "replace") for name in names})[:8])
