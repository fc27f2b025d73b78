"""The intruder's mail as plain text: what was fetched, what it says, where it leads. Never markup, never a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.core.redact import key_tail, visible
from workbench.domain.mail.landing import Landing
from workbench.domain.mail.links import (
    defanged,
    defanged_shape,
    defanged_text,
    host_of,
    looks_like,
    scheme_of,
)
from workbench.domain.mail.mime import ShownMail
from workbench.domain.mail.samples import Fate, Sample

SAMPLE_HEADERS = ("subject (# varies)", "sender", "credential", "sent", "message")
LANDING_HEADERS = ("link (# varies)", "clicks", "in messages", "looks like")
_LINES = 200


def sample_rows(samples: Iterable[Sample]) -> list[tuple[str, ...]]:
    """Return one row a sample, the busiest first."""
    return [
        (
            visible(one.subject or "(no subject)", 50),
            visible(one.sender, 60),
            credential(one.credential),
            f"{one.accepted:,}",
            standing(one),
        )
        for one in sorted(samples, key=lambda one: (-one.accepted, one.group))
    ]


def standing(one: Sample) -> str:
    """Return what became of asking for a message, in words."""
    if one.fate == Fate.STORED:
        return f"stored, {one.size:,} bytes, sha256 {one.sha256[:12]}…"
    return visible(f"{one.fate}: {one.words}", 240)


def credential(name: str) -> str:
    """Return a credential's name with the tail of a key's id only."""
    kind, _, rest = name.partition(":")
    return f"key {key_tail(rest)}" if kind == "key" and rest else visible(rest or kind or "not told", 60)


def landing_rows(found: Iterable[Landing]) -> list[tuple[str, ...]]:
    """Return one row a landing address, its link defanged."""
    return [
        (defanged_shape(one.shape), f"{one.clicks:,}", f"{one.messages:,}", visible(one.alike, 80))
        for one in found
    ]


def message_text(message: Mapping[str, Any], shown: ShownMail, own: Sequence[str] = ()) -> str:
    """Return one stored message as plain text: head, words, links defanged, attachments by name, type, size, hash."""
    digest = visible(message.get("sha256", ""), 64)
    lines = [f"Message {visible(message.get('message_id', ''), 160)}"]
    lines.append(f"fetched {visible(message.get('fetched_at', ''), 30)}, sha256 {digest}")
    lines += [f"{name}: {value}" for name, value in shown.headers]
    lines.append("")
    body = [visible(line, 400) for line in defanged_text(shown.text).splitlines()]
    lines += [f"  {line}" for line in body[:_LINES]]
    if len(body) > _LINES:
        lines.append(f"  … and {len(body) - _LINES} more lines")
    if not shown.text.strip():
        lines.append("  (no text)")
    if shown.links:
        lines += ["", f"Links ({len(shown.links)}), defanged; do not open them:"]
        lines += [f"  {_link(link, own)}" for link in shown.links[:40]]
    if shown.attachments:
        lines += ["", f"Attachments ({len(shown.attachments)}), not opened:"]
        lines += [
            f"  {one.name}  {one.type}  {one.size:,} bytes  sha256 {one.sha256 or 'not fetched'}"
            for one in shown.attachments
        ]
    if shown.notes:
        lines += ["", *(f"Note: {visible(note, 200)}." for note in shown.notes)]
    return "\n".join(lines)


def _link(link: str, own: Sequence[str]) -> str:
    host = host_of(link)
    alike = looks_like(host, own) if host else ""
    scheme = scheme_of(link)
    odd = (
        ""
        if scheme in ("http", "https", "mailto")
        else f"  ({visible(scheme or 'no scheme', 20)}: no web page)"
    )
    return f"{defanged(link)}{odd}{f'  (looks like {visible(alike, 80)})' if alike else ''}"
