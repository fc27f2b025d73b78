"""Every form one exact value can take on disk, as byte strings to search for.

The forms are those of the dossier's table 1.1: bare (which also covers a DSN, URL userinfo and the inside
of a PHP-serialised string), base64 at each of its three alignments (which covers Basic headers and
Kubernetes Secrets), hex, URL-, JSON-, SQL- and HTML-escaped. UTF-16 is searched by dropping the NUL bytes
of a buffer, and base64 over UTF-16 (PowerShell) has its own form. Nothing here is ever written to disk.
"""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from workbench.core.errors import UsageError
from workbench.leaks.model import SHAPE_50, KnownValue

# A shorter value would hit by chance everywhere; every real Mailgun secret is longer.
SHORTEST = 6
# A derived form this short hits by chance (four base64 characters are three bytes).
SHORTEST_FORM = 10
# Runs of base64 text at least this long are found by the prefilter; 44 admits a legacy key at each alignment.
RUN = 44
# A shorter run that ordinary text still seldom has: the gate for the forms of 32-character passwords.
SHORT_RUN = 30


@dataclass(frozen=True, slots=True)
class Needle:
    """One byte string to search for; ``gate`` names the prefilter that must fire first ("" for none)."""

    data: bytes
    form: str
    gate: str
    known: KnownValue


def needles(known: KnownValue) -> list[Needle]:
    """Return the byte strings that betray ``known`` in any of its forms.

    Raises UsageError when the value is too short to be searched for without drowning in chance hits.
    """
    value = known.secret.reveal()
    if len(value) < SHORTEST:
        raise UsageError(
            f"The value given as {known.label} is shorter than {SHORTEST} characters.",
            "It would be found by chance in nearly every file.",
            "Search for a longer value, or look for its variable name instead.",
        )
    hexed = SHAPE_50.fullmatch(value) is not None
    seen: set[bytes] = set()
    result: list[Needle] = []
    for form, data in _forms(value):
        if data in seen or (form != "bare" and len(data) < SHORTEST_FORM):
            continue
        seen.add(data)
        result.append(Needle(data, form, _gate(data, hexed=hexed and not form.startswith("base64")), known))
    return result


def _gate(data: bytes, *, hexed: bool) -> str:
    """Return the prefilter a form cannot pass unseen; a search for each of many forms would take too long."""
    if hexed:
        # Every plain form of a 32-8-8 value holds its 32 hex digits, its hex form twice as many.
        return "hex32"
    longest = max((len(run) for run in re.findall(rb"[A-Za-z0-9+/]+", data)), default=0)
    return "run" if longest >= RUN else "short run" if longest >= SHORT_RUN else ""


def _forms(value: str) -> list[tuple[str, bytes]]:
    raw = value.encode()
    escaped = json.dumps(value)[1:-1]
    pairs: list[tuple[str, bytes]] = [
        ("bare", raw),
        ("url-escaped", quote(value, safe="").encode()),
        ("url-escaped", _lower_percent(quote(value, safe="")).encode()),
        ("url-escaped", quote(value, safe="").replace("-", "%2D").encode()),
        ("url-escaped", _lower_percent(quote(value, safe="")).replace("-", "%2d").encode()),
        ("json-escaped", escaped.encode()),
        ("json-escaped", escaped.replace("/", "\\/").encode()),
        ("json-escaped", json.dumps(value, ensure_ascii=False)[1:-1].encode()),
        ("json-escaped", escaped.replace("-", "\\u002d").encode()),
        ("json-escaped", escaped.replace("-", "\\u002D").encode()),
        ("sql-escaped", value.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"').encode()),
        ("sql-escaped", value.replace("'", "''").encode()),
        ("html-escaped", html.escape(value).encode()),
        ("properties-escaped", re.sub(r"([!=:#])", r"\\\1", value).encode()),
        ("hex", raw.hex().encode()),
        ("hex", raw.hex().upper().encode()),
    ]
    if value.startswith("key-") and len(value) == 36:
        # Kept without its prefix, which the code puts before it.
        pairs.append(("without its prefix", raw[4:]))
    if not value.isascii():
        # Dropping the NUL bytes of UTF-16 gives ASCII back; other characters need their own forms.
        pairs += [("utf-16", value.encode("utf-16-le")), ("utf-16", value.encode("utf-16-be"))]
        if all(ord(char) < 256 for char in value):
            pairs.append(("latin-1", value.encode("latin-1")))
    for label, data in (("base64", raw), ("base64 of utf-16", value.encode("utf-16-le"))):
        for prefix in range(3):
            core = _base64_core(data, prefix)
            pairs.append((label, core))
            pairs.append((label, core.translate(bytes.maketrans(b"+/", b"-_"))))
    return pairs


def _lower_percent(text: str) -> str:
    parts = text.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])


def _base64_core(raw: bytes, prefix: int) -> bytes:
    """Return the base64 characters that ``raw`` alone decides when ``prefix`` bytes stand before it."""
    encoded = base64.b64encode(b"\0" * prefix + raw)
    return encoded[(0, 2, 3)[prefix] : (prefix + len(raw)) * 8 // 6]
