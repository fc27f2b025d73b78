"""What is kept of the intruder's mail: one stored message of each group, where it lies sealed, what it holds. Pure.

The journal outlives a purge, so nothing personal goes into it: addresses are left out of what is quoted, links stand
by their shape. The message itself lies sealed in the evidence and goes with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

import msgspec

from workbench.core.redact import visible
from workbench.domain.forensics.attribution import OTHER, Group
from workbench.domain.forensics.classification import Proposal
from workbench.domain.mail import mime
from workbench.domain.mail.links import defanged_text, impersonal, shape_of_link, shaped_text
from workbench.domain.model.credential_use import INTRUDER
from workbench.domain.model.facts import RecordedFact

PART = "mail"
MOST = 200  # groups whose message is fetched, the busiest first
_EXCERPT_LINES, _EXCERPT = 12, 700
_NAMING = ("group", "credential", "sender", "domain", "subject", "at")
# No plan keeps message bodies longer (dossier C).
LONGEST = timedelta(days=7)


class Fate(StrEnum):
    """What became of asking for a message."""

    STORED = "stored"
    GONE = "retention ended"
    OFF = "no copy was stored"
    DENIED = "not allowed"
    FAILED = "could not be fetched"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A group's message to ask for, as the log names it."""

    group: str
    credential: str
    sender: str
    domain: str
    account: str
    subject: str
    accepted: int
    at: str
    message_id: str
    key: str
    url: str


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file of a message as it is named: never its content. ``sha256`` None where it was not fetched."""

    name: str = ""
    type: str = ""
    size: int = 0
    sha256: str | None = None


@dataclass(slots=True)
class Sample:
    """One group's message, and what became of asking for it. ``until`` is when its retention ended or ends.

    ``sha256`` is that of the message as sent (of the API's answer where it gives only fields); ``file`` is the sealed
    file it lies in.
    """

    group: str
    credential: str
    sender: str
    domain: str
    subject: str
    accepted: int
    at: str
    message_id: str = ""
    storage_key: str = ""
    host: str = ""
    fate: str = Fate.FAILED
    words: str = ""
    until: str = ""
    sha256: str = ""
    size: int = 0
    file: str = ""
    fetched_at: str = ""
    written_from: str = ""
    links: list[str] = field(default_factory=list)
    other_links: list[str] = field(default_factory=list)
    attachments: list[StoredAttachment] = field(default_factory=list)
    excerpt: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def content(self) -> str:
        """Return what is the same for groups that wrote the same message: text, links and attachments."""
        told = [
            self.excerpt,
            *self.links,
            *(one.sha256 or one.name for one in self.attachments),
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


class KeptMail(RecordedFact, frozen=True, tag="mail"):
    """What became of each intruder group's message; ``left_out`` counts the groups that were not asked for."""

    samples: tuple[Sample, ...] = ()
    left_out: int = 0
    as_of: str = ""

    @classmethod
    def from_body(cls, body: Mapping[str, Any], at: str) -> Self:
        """Return the fact of a journal row; a sample that cannot be read costs itself alone, and says so."""
        held = body.get("samples", ())
        if not isinstance(held, list | tuple):
            raise ValueError("fact mail: samples are no list")
        return super().from_body({**body, "samples": [_readable(one) for one in held]}, at)

    @property
    def stored(self) -> list[Sample]:
        """Return those whose message lies sealed in the evidence."""
        return [one for one in self.samples if one.fate == Fate.STORED]


def _readable(held: Any) -> Any:
    """Return a journaled sample as it is; where that is none, one in its place that says it could not be read."""
    try:
        msgspec.convert(held, Sample)
    except msgspec.ValidationError:
        known = held if isinstance(held, dict) else {}
        named = {name: visible(known.get(name, ""), 120) for name in _NAMING}
        return {**named, "accepted": 0, "words": "what the journal says of this message cannot be read"}
    return held


def wanted(proposals: Iterable[Proposal], have: Iterable[Sample] = ()) -> list[Wanted]:
    """Return the messages to ask for: the newest of each group that is judged the intruder's, the busiest first.

    What is stored already is not asked for again, nor the very message that is gone for good.
    """
    settled = {one.group for one in have if one.fate == Fate.STORED}
    gone = {one.storage_key for one in have if one.fate == Fate.GONE and one.storage_key}
    found = [p for p in proposals if p.judged == INTRUDER and p.group.accepted and OTHER not in p.group.key]
    asked = [
        _wanted(p.name, p.group)
        for p in sorted(found, key=lambda p: -p.group.accepted)[:MOST]
        if p.name not in settled
    ]
    return [one for one in asked if not one.key or visible(one.key, 300) not in gone]


def left_out(proposals: Iterable[Proposal]) -> int:
    """Return how many groups of the intruder's are beyond those whose message is fetched."""
    return max(0, sum(p.judged == INTRUDER and p.group.accepted > 0 for p in proposals) - MOST)


def _wanted(name: str, group: Group) -> Wanted:
    kept, key = group.kept, group.key
    return Wanted(
        name,
        key.credential,
        key.sender,
        key.domain,
        key.account,
        key.shape,
        group.accepted,
        kept.at if kept is not None else group.last,
        kept.message_id if kept is not None else "",
        kept.key if kept is not None else "",
        kept.url if kept is not None else "",
    )


def blank(asked: Wanted) -> Sample:
    """Return a sample of which nothing is known yet but what the log says."""
    return Sample(
        asked.group,
        asked.credential,
        asked.sender,
        asked.domain,
        asked.subject,
        asked.accepted,
        asked.at,
        visible(asked.message_id, 200),
        visible(asked.key, 300),
    )


def ended(at: datetime | None, kept_seconds: int | None) -> datetime | None:
    """Return when a message of ``at`` is thrown away by the domain's own setting; None where either is not known."""
    if at is None or kept_seconds is None or not 0 < kept_seconds <= 400 * 86_400:
        return None
    return at + timedelta(seconds=kept_seconds)


def gone_words(at: datetime | None, until: datetime | None, now: datetime) -> str:
    """Return why a message is not there any more, with the time its retention ended as far as that is known."""
    if until is not None and until <= now:
        return f"retention ended {until.astimezone(UTC):%Y-%m-%d %H:%M}Z, by the domain's setting"
    sent = f"sent {at.astimezone(UTC):%Y-%m-%d %H:%M}Z, " if at is not None else ""
    if until is not None:
        return (
            f"{sent}gone before {now.astimezone(UTC):%Y-%m-%d %H:%M}Z although the domain's setting keeps mail until "
            f"{until.astimezone(UTC):%Y-%m-%d %H:%M}Z: the plan keeps less (none, 1 or up to 7 days), or it was removed"
        )
    return f"{sent}retention ended before {now.astimezone(UTC):%Y-%m-%d %H:%M}Z (plans keep none, 1 or up to 7 days)"


def shown_of(answer: Mapping[str, Any]) -> mime.ShownMail:
    """Return an answer of the API as it may be shown: from the message as sent where it is there."""
    raw = answer.get("body-mime")
    if isinstance(raw, str) and raw:
        return mime.read(raw.encode("utf-8", "surrogateescape"))
    return mime.of_fields(answer)


def bytes_of(answer: Mapping[str, Any]) -> bytes:
    """Return what the hash of a message is taken of: the message as sent, or the whole answer in a fixed form."""
    raw = answer.get("body-mime")
    if isinstance(raw, str) and raw:
        return raw.encode("utf-8", "surrogateescape")
    return msgspec.json.encode(answer, order="deterministic")


def fill(sample: Sample, answer: Mapping[str, Any]) -> mime.ShownMail:
    """Put into a sample what the journal may keep of a message; return the message as it may be shown."""
    raw = bytes_of(answer)
    shown = shown_of(answer)
    sample.fate = Fate.STORED
    sample.sha256, sample.size = hashlib.sha256(raw).hexdigest(), len(raw)
    sample.written_from = impersonal(shown.header("From"))
    shapes = [(link, shape_of_link(link)) for link in shown.links]
    sample.links = list(dict.fromkeys(shape for _, shape in shapes if shape))[:20]
    sample.other_links = list(dict.fromkeys(visible(link[:40], 40) for link, shape in shapes if not shape))[
        :5
    ]
    sample.other_links = [impersonal(one) for one in sample.other_links]
    sample.attachments = [
        StoredAttachment(impersonal(one.name), one.type, one.size, one.sha256 or None)
        for one in shown.attachments[:20]
    ]
    sample.excerpt = excerpt(shown.text)
    sample.notes = [visible(note, 160) for note in shown.notes[:8]]
    return shown


def excerpt(text: str) -> str:
    """Return the first lines of a body without addresses and names in a greeting, its links by their shape."""
    lines = []
    for line in text.splitlines():
        plain = visible(impersonal(shaped_text(defanged_text(line))), 200).strip()
        if plain:
            lines.append(_greeting(plain))
        if len(lines) >= _EXCERPT_LINES:
            break
    return "\n".join(lines)[:_EXCERPT]


_GREETINGS = ("dear ", "hello ", "hi ", "hallo ", "bonjour ", "hola ", "ciao ", "guten tag ", "sehr geehrte")


def _greeting(line: str) -> str:
    """Return a line that greets somebody without the name."""
    low = line.lower()
    for words in _GREETINGS:
        if low.startswith(words) and len(line) < 80:
            return f"{line[: len(words)].rstrip()} #"
    return line
