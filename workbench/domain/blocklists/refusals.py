"""What the journal keeps of refused mail: counted by kind and provider, with samples; and what is said of it. Pure.

A refusal that nothing known fits is counted like any other and shown with its words: it is the remainder of
the reading, never dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from workbench.blocklists.bounces import BounceKind
from workbench.blocklists.refusal_counts import (
    JudgedRefusal,
    Refusal,
    RefusalCount,
    count_refusals,
    judge,
    refusals_by_zone,
)
from workbench.blocklists.refusal_rules import ABOUT_OTHERS
from workbench.blocklists.refusal_text import masked
from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.blocklists.recorded import (
    NotUnderstood,
    RefusalQuote,
    RefusalReason,
    RefusalsOfAnHour,
    RefusalsRead,
)

_KEPT_COUNTS = 60
_KEPT_REASONS = 40
_KEPT_QUOTES = 60
_KEPT_REMAINDER = 12
_SAMPLES = 3


def refusal_fact(refusals: Sequence[Refusal]) -> RefusalsRead:
    """Return what is kept of refusals: every one is in ``kinds``, those about the sender in ``counts``.

    ``providers`` counts who lists or blocks; ``by_zone`` the zones that are named; ``quotes`` a text for each
    zone and sending address; ``not_understood`` what nothing fits, by provider, with samples; ``reasons`` adds
    the hours of ``counts`` up.
    """
    judged = judge(refusals)
    counts = count_refusals(judged)
    listing = [count for count in counts if count.meaning.is_listing]
    providers: Counter[str] = Counter()
    for count in listing:
        providers[count.provider] += count.count
    kinds: Counter[str] = Counter()
    for count in counts:
        kinds[count.meaning.kind.value] += count.count
    about_us = [one for one in counts if one.meaning.understood and one.meaning.kind not in ABOUT_OTHERS]
    return RefusalsRead(
        kinds=dict(kinds.most_common()),
        providers=dict(providers.most_common()),
        by_zone=refusals_by_zone(counts),
        counts=tuple(_count(count) for count in about_us[:_KEPT_COUNTS]),
        reasons=_added_up(_count(count) for count in about_us)[:_KEPT_REASONS],
        not_understood=_remainder(counts),
        quotes=_quotes(judged),
        sample=listing[0].sample if listing else "",
    )


def _count(count: RefusalCount) -> RefusalsOfAnHour:
    meaning = count.meaning
    return RefusalsOfAnHour(
        hour=iso(count.hour),
        provider=count.provider,
        count=count.count,
        kind=meaning.kind.value,
        is_listing=meaning.is_listing,
        means=meaning.means,
        todo=meaning.todo,
        page=meaning.page,
        zone=meaning.zone,
        tier=meaning.tier,
        do_not_pay=meaning.do_not_pay,
        addresses=count.addresses,
        sample=count.sample,
    )


def _added_up(hours: Iterable[RefusalsOfAnHour]) -> tuple[RefusalReason, ...]:
    """Return the hours of each provider and reason as one, the most frequent first."""
    groups: dict[tuple[str, str, str], list[RefusalsOfAnHour]] = {}
    for one in hours:
        groups.setdefault((one.provider, one.kind, one.means), []).append(one)
    found = [
        RefusalReason(
            provider=provider,
            count=sum(one.count for one in members),
            kind=kind,
            is_listing=members[0].is_listing,
            means=means,
            todo=members[0].todo,
            page=members[0].page,
            first=min(one.hour for one in members),
            last=max(one.hour for one in members),
        )
        for (provider, kind, means), members in groups.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.count, one.provider, one.means)))


def reasons(fact: RefusalsRead | None) -> tuple[RefusalReason, ...]:
    """Return who refused for which reason and how often, the most frequent first.

    A reading of an older journal kept single hours only: those are added up, and older hours may be missing.
    """
    if fact is None:
        return ()
    return fact.reasons or _added_up(fact.counts)


def partial_line(fact: RefusalsRead | None) -> str:
    """Return that only a part of the refusals was read, ``""`` where all were (a gap is said elsewhere)."""
    if fact is None or fact.whole or fact.gaps or not fact.read:
        return ""
    return f"only the newest {fact.read:,} refusals of the log were read: the numbers are at least these"


def _remainder(counts: Iterable[RefusalCount]) -> tuple[NotUnderstood, ...]:
    """Return what was not understood, the provider with the most first."""
    numbers: Counter[str] = Counter()
    samples: dict[str, dict[str, None]] = {}
    for count in counts:
        if not count.meaning.understood:
            numbers[count.provider] += count.count
            samples.setdefault(count.provider, {}).update(dict.fromkeys(count.samples))
    return tuple(
        NotUnderstood(provider, number, tuple(samples[provider])[:_SAMPLES])
        for provider, number in numbers.most_common(_KEPT_REMAINDER)
    )


def _quotes(judged: Iterable[JudgedRefusal]) -> tuple[RefusalQuote, ...]:
    """Return one text for each zone and sending address that refusals name, the newest of each."""
    kept: dict[tuple[str, str], str] = {}
    for one in sorted(judged, key=lambda one: one.refusal.at, reverse=True):
        pair = (one.meaning.zone, one.refusal.sent_from)
        if one.meaning.zone and one.meaning.kind is BounceKind.LIST and pair not in kept:
            kept[pair] = visible(masked(one.refusal.text), 300)
            if len(kept) == _KEPT_QUOTES:
                break
    return tuple(RefusalQuote(zone, address, text) for (zone, address), text in kept.items())


def quote(fact: RefusalsRead | None, zone: str, subject: str) -> str:
    """Return a refusal that names this zone and is about this subject; ``""`` where there is none.

    A refusal is about an address it left from or names, and about a domain only if it names it.
    """
    for one in fact.quotes if fact is not None else ():
        if same_list(one.zone) != same_list(zone):
            continue
        if one.sent_from == subject or _names(one.text, subject):
            return one.text
    return ""


def same_list(zone: str) -> str:
    """Return one name for a list that has a public zone and one with a key: refusals name only the public one."""
    return zone.replace(".dq.spamhaus.net", ".spamhaus.org")


def _names(text: str, subject: str) -> bool:
    at = text.lower().find(subject.lower())
    if at < 0:
        return False
    around = text[at - 1 : at] + text[at + len(subject) : at + len(subject) + 1]
    # 192.0.2.1 is not in 192.0.2.10, and acme.example not in notacme.example; mail.acme.example is about it.
    return not any(char.isalnum() or char == "-" for char in around)


def remainder_lines(fact: RefusalsRead | None, most: int = 4) -> tuple[str, ...]:
    """Return what was not understood, in words: ``41 refusals by t-online.de not understood: "…"``."""
    found = fact.not_understood if fact is not None else ()
    lines = []
    for one in found[:most]:
        samples = "; ".join(f"“{visible(text, 160)}”" for text in one.samples[:2])
        word = "refusal" if one.count == 1 else "refusals"
        lines.append(f"{one.count:,} {word} by {visible(one.provider, 60)} not understood: {samples}")
    if len(found) > most:
        rest = sum(one.count for one in found[most:])
        lines.append(f"and {rest:,} more not understood, by {plural(len(found) - most, 'other provider')}")
    return tuple(lines)


def kind_lines(fact: RefusalsRead | None) -> tuple[str, ...]:
    """Return how many refusals of each kind were read, in one line; empty where none was."""
    if fact is None or not fact.kinds:
        return ()
    told = ", ".join(f"{kind} {number:,}" for kind, number in fact.kinds.items())
    return (f"refusals read by kind: {told}",)
