"""What is known of refusals: who receives mail (``receivers.toml``) and what they write (``bounces.toml``).

Both files are data, checked whole when they are read: an unknown field or a missing source is a mistake.
Pure but for reading the two files of the package.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from workbench.blocklists import catalogue
from workbench.blocklists.entries import DataEntry
from workbench.blocklists.zones import Zone
from workbench.core.shipped import shipped_text

STAGES = ("mistakes", "codes", "lists", "words", "statuses", "replies")
_TERM = re.compile(r"\{([a-z]+)\}")


class BounceKind(StrEnum):
    """What sort of refusal it is; only the first three are about being on a list."""

    LIST = "list"
    BLOCK = "block"
    REPUTATION = "reputation"
    CONTENT = "content"
    RATE = "rate"
    AUTHENTICATION = "authentication"
    RECIPIENT = "recipient"
    RECEIVER = "receiver"
    UNKNOWN_USER = "unknown user"
    MAILBOX_FULL = "mailbox full"
    GREYLISTING = "greylisting"
    SENDER_DNS = "sender's DNS"
    CONNECTION = "connection"
    NOT_UNDERSTOOD = "not understood"


LISTINGS = frozenset({BounceKind.LIST, BounceKind.BLOCK, BounceKind.REPUTATION})
# What the address or the way to it did: nothing about the sender is said by these.
ABOUT_OTHERS = frozenset(
    {BounceKind.UNKNOWN_USER, BounceKind.MAILBOX_FULL, BounceKind.GREYLISTING, BounceKind.CONNECTION}
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """One provider that receives mail; ``hosts_named`` gives names that differ by the end of the host."""

    id: str
    name: str
    hosts: tuple[str, ...]
    hosts_named: Mapping[str, str]
    marks: tuple[re.Pattern[str], ...]
    page: str
    source: str

    def name_of(self, host: str) -> str:
        """Return what this provider is called where ``host`` received."""
        return next((self.hosts_named[end] for end in ends(host) if end in self.hosts_named), self.name)


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """One entry of the data file; ``stage`` is where its evidence stands in the order.

    Where ``outright`` a phrase is not taken back by the words around it.
    """

    id: str
    stage: str
    kind: BounceKind
    of: str
    who: str
    owner: str
    zone: Zone | None
    about: str
    any_of: tuple[re.Pattern[str], ...]
    all_of: tuple[re.Pattern[str], ...]
    none_of: tuple[re.Pattern[str], ...]
    means: str
    todo: str
    page: str
    asks: tuple[str, ...]
    outright: bool
    source: str
    example: str

    def matches(self, text: str) -> bool:
        """Return whether the shaped text of a refusal is one this entry describes."""
        return (
            any(pattern.search(text) for pattern in self.any_of)
            and all(pattern.search(text) for pattern in self.all_of)
            and not any(pattern.search(text) for pattern in self.none_of)
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """Both files, read; ``defaults`` holds (means, todo) of each kind with a ``{who}`` in them."""

    receivers: Mapping[str, Receiver]
    rules: tuple[RefusalRule, ...]
    defaults: Mapping[BounceKind, tuple[str, str]]
    _by_end: Mapping[str, Receiver]

    def of_stage(self, stage: str) -> Iterable[RefusalRule]:
        """Return the entries of one stage in their order."""
        return (rule for rule in self.rules if rule.stage == stage)

    def receiver_of(self, host: str) -> Receiver | None:
        """Return who runs a receiving host, None where it is not known."""
        return next((self._by_end[end] for end in ends(host) if end in self._by_end), None)

    def receiver_in(self, text: str) -> Receiver | None:
        """Return whose codes, links or hosts a refusal's own words hold, None where nobody's."""
        return next(
            (one for one in self.receivers.values() if any(mark.search(text) for mark in one.marks)), None
        )


def ends(host: str) -> Iterable[str]:
    """Yield a host's name and every end of it: ``mx.acme.example``, ``acme.example``, ``example``."""
    labels = host.lower().rstrip(".").split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


@cache
def load() -> Rules:
    """Return what the package knows of refusals; raises UsageError naming a mistake in the data."""
    document = _read("bounces.toml")
    receivers = {name: _receiver(name, table) for name, table in _read("receivers.toml").items()}
    sources, terms = document["sources"], document["terms"]
    rules = tuple(
        _rule(stage, _spelled_out(table, terms), sources, receivers)
        for stage in STAGES
        for table in document.get(stage, ())
    )
    by_end = {end: one for one in receivers.values() for end in (*one.hosts, *one.hosts_named)}
    return Rules(receivers, rules, _defaults(document["kinds"]), by_end)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(shipped_text("workbench.blocklists", name))


def _defaults(tables: Mapping[str, Any]) -> dict[BounceKind, tuple[str, str]]:
    found = {}
    for kind, table in tables.items():
        entry = DataEntry(table, f"kind {kind}")
        found[BounceKind(kind)] = entry.text("means"), entry.text("todo")
        entry.done()
    return found


def _receiver(name: str, table: Mapping[str, Any]) -> Receiver:
    entry = DataEntry(table, f"receiver {name}")
    receiver = Receiver(
        id=name,
        name=entry.text("name"),
        hosts=entry.texts("hosts"),
        hosts_named=entry.table("hosts_named"),
        marks=_patterns(entry, "marks"),
        page=entry.text("page", ""),
        source=entry.text("source"),
    )
    entry.done()
    return receiver


def _rule(
    stage: str, table: Mapping[str, Any], sources: Mapping[str, str], receivers: Mapping[str, Receiver]
) -> RefusalRule:
    entry = DataEntry(table, f"refusal {table.get('id', '?')}")
    zone_name = entry.text("zone", "")
    zone = catalogue.load().zones.get(zone_name)
    if zone_name and zone is None:
        entry.wrong("zone", "the catalogue has no such zone")
    source = entry.text("source")
    if source not in sources:
        entry.wrong("source", "no such source")
    rule = RefusalRule(
        id=entry.text("id"),
        stage=stage,
        kind=entry.word("kind", BounceKind, BounceKind.LIST if stage == "lists" else None),
        of=entry.text("of", ""),
        who=entry.text("who", ""),
        owner=entry.text("owner", ""),
        zone=zone,
        about=entry.text("about", ""),
        any_of=_patterns(entry, "any"),
        all_of=_patterns(entry, "all"),
        none_of=_patterns(entry, "but"),
        means=entry.text("means", ""),
        todo=entry.text("todo", ""),
        page=entry.text("page", ""),
        asks=entry.texts("asks"),
        outright=entry.flag("outright"),
        source=sources[source],
        example=entry.text("example"),
    )
    if not rule.any_of:
        entry.wrong("any", "at least one expression is needed")
    if rule.of and rule.of not in receivers:
        entry.wrong("of", "no such receiver")
    entry.done()
    return rule


def _spelled_out(table: Mapping[str, Any], terms: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry whose expressions hold the words of every ``{term}`` they name."""

    def words(match: re.Match[str]) -> str:
        if match[1] not in terms:
            DataEntry(table, f"refusal {table.get('id', '?')}").wrong("any", f"no such term: {match[1]}")
        return f"(?:{terms[match[1]]})"

    return {
        field: [_TERM.sub(words, pattern) for pattern in value] if field in ("any", "all", "but") else value
        for field, value in table.items()
    }


def _patterns(entry: DataEntry, field: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in entry.texts(field))
