"""Refusals of a log: each with its meaning, and counted by hour, provider and reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.blocklists.bounces import BounceMeaning, meaning_of, provider_of
from workbench.blocklists.refusal_text import masked, shape
from workbench.core.redact import visible

_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """One failed delivery from the logs; ``mx_host`` is the receiving host, ``sent_from`` our address."""

    at: datetime
    code: int | None
    text: str
    mx_host: str = ""
    sent_from: str = ""


@dataclass(frozen=True, slots=True)
class JudgedRefusal:
    """A refusal with what it means; ``words`` is its text without what differs from message to message."""

    refusal: Refusal
    words: str
    meaning: BounceMeaning


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often one provider refused for one reason within one hour (``hour`` is its beginning in UTC).

    ``samples`` are a few of the texts, different ones, made harmless; ``addresses`` what they came from.
    """

    hour: datetime
    provider: str
    meaning: BounceMeaning
    count: int
    addresses: tuple[str, ...]
    samples: tuple[str, ...]

    @property
    def sample(self) -> str:
        """Return the first of the texts."""
        return self.samples[0] if self.samples else ""


def judge(refusals: Iterable[Refusal]) -> list[JudgedRefusal]:
    """Return refusals with what each means, in their order; each text is looked at once."""
    found = []
    for refusal in refusals:
        shaped = shape(refusal.text, refusal.code)
        host = (refusal.mx_host or shaped.host).lower().rstrip(".")
        found.append(JudgedRefusal(refusal, shaped.text, meaning_of(shaped.text, host)))
    return found


def count_refusals(judged: Iterable[JudgedRefusal]) -> tuple[RefusalCount, ...]:
    """Return refusals counted per provider, meaning and hour, the newest hour first; none is left out.

    The provider is the one that the meaning names; where it only says “the receiver”, it is the one who
    runs the receiving host.
    """
    groups: dict[tuple[datetime, str, str], list[JudgedRefusal]] = {}
    for one in judged:
        provider = one.meaning.provider
        if provider.startswith(("the ", "an ")) and one.refusal.mx_host:
            provider = provider_of(one.refusal.mx_host)
        hour = one.refusal.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        groups.setdefault((hour, provider, one.meaning.id), []).append(one)
    counts = [
        RefusalCount(
            hour=hour,
            provider=provider,
            meaning=members[0].meaning,
            count=len(members),
            addresses=tuple(sorted({one.refusal.sent_from for one in members if one.refusal.sent_from})),
            samples=_samples(members),
        )
        for (hour, provider, _), members in groups.items()
    ]
    return tuple(sorted(counts, key=lambda c: (-c.hour.timestamp(), -c.count, c.provider, c.meaning.id)))


def _samples(members: Iterable[JudgedRefusal]) -> tuple[str, ...]:
    """Return a few texts that differ in more than addresses and ids."""
    kept: dict[str, str] = {}
    for one in members:
        if one.words not in kept:
            kept[one.words] = visible(masked(one.refusal.text), 300)
            if len(kept) == _SAMPLES:
                break
    return tuple(kept.values())


def refusals_by_zone(counts: Iterable[RefusalCount]) -> dict[str, int]:
    """Return how often the account's own refusals name each zone: those listings matter most."""
    found: dict[str, int] = {}
    for count in counts:
        if count.meaning.zone:
            found[count.meaning.zone] = found.get(count.meaning.zone, 0) + count.count
    return found
