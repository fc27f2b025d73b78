"""Refusals read as a blocklist: what a delivery status or a pasted notice says, and who is to be asked.

Large receivers publish no zone; their refusals are the only list there is. The data file ``bounces.toml``
holds one meaning a signature, and first match wins: texts that only look like a listing (the recipient's
own rule, the receiver's own mistake, authentication, rate) come before those that are one. Pure.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources

from workbench.blocklists.entries import Entry
from workbench.blocklists.names import canonical_domain
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.core.registered_names import registrable

# A refusal is a line or two; a pasted notice a page. What is longer is cut before it is searched.
_LONGEST_REFUSAL = 4_000
_LONGEST_NOTICE = 40_000
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)(?![\w:])")
_LINK = re.compile(r"https?://[^\s<>\"'\\)\]]{3,300}", re.IGNORECASE)
_DOMAIN = re.compile(r"(?<![\w.@/-])(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}(?![\w-])", re.IGNORECASE)
_LISTED_DOMAIN = re.compile(r"\b(?:domain|url|host|sender)\s+(?:name\s+)?[\[<\"'(]?$", re.IGNORECASE)
_MAIL_ADDRESS = re.compile(r"[^\s@<>]+@(?!abuse-att\.net)[A-Za-z0-9.-]+")
_OTHER_IP4 = re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b")
_MESSAGE_ID = re.compile(r"(?<![\w#-])(?=[A-Za-z-]*\d)[A-Za-z0-9-]{16,}(?![\w-])")
_CODE = re.compile(r"(?:^|\s|:)([245]\d\d)(?=[ -])")


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


_LISTINGS = {BounceKind.LIST, BounceKind.BLOCK, BounceKind.REPUTATION}


@dataclass(frozen=True, slots=True)
class BounceMeaning:
    """What one refusal means. ``zone`` is the catalogue's zone where it names one; ``page`` where to ask."""

    id: str
    provider: str
    kind: BounceKind
    means: str
    todo: str
    page: str
    zone: str
    asks: tuple[str, ...]

    @property
    def is_listing(self) -> bool:
        """Return whether somebody lists or blocks the sender; False for what only looks like it."""
        return self.kind in _LISTINGS


@dataclass(frozen=True, slots=True)
class _Signature:
    meaning: BounceMeaning
    any_of: tuple[re.Pattern[str], ...]
    all_of: tuple[re.Pattern[str], ...]
    codes: frozenset[int]

    def matches(self, code: int | None, text: str) -> bool:
        if self.codes and code is not None and code not in self.codes:
            return False
        return any(p.search(text) for p in self.any_of) and all(p.search(text) for p in self.all_of)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One failed delivery from the logs; ``mx_host`` is the receiving host, ``sent_from`` our address."""

    at: datetime
    code: int | None
    text: str
    mx_host: str = ""
    sent_from: str = ""


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often one provider refused for one reason within one hour (``hour`` is its beginning in UTC)."""

    hour: datetime
    provider: str
    meaning: BounceMeaning
    count: int
    addresses: tuple[str, ...]
    sample: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a pasted notice or bounce says. Everything in it is outside text, made harmless.

    ``meaning`` is None where nothing known was found; ``addresses`` are the addresses and domains it is
    about, ``codes`` answers like 127.0.0.4, ``links`` what the text itself links to (trust none of them:
    ``meaning.page`` is the page we know).
    """

    meaning: BounceMeaning | None
    others: tuple[BounceMeaning, ...]
    addresses: tuple[str, ...]
    codes: tuple[str, ...]
    links: tuple[str, ...]
    reason: str

    @property
    def looks_like_a_listing(self) -> bool:
        """Return whether the notice is about a listing or block, and not only something that looks like it."""
        return self.meaning is not None and self.meaning.is_listing


@cache
def _signatures() -> tuple[tuple[_Signature, ...], Mapping[str, str]]:
    text = resources.files("workbench.blocklists").joinpath("bounces.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    found = []
    for table in document["meanings"]:
        codes = frozenset(table.pop("codes", ()))
        entry = Entry(table, f"meaning {table.get('id', '?')}")
        meaning = BounceMeaning(
            id=entry.text("id"),
            provider=entry.text("provider"),
            kind=entry.word("kind", BounceKind),
            means=entry.text("means"),
            todo=entry.text("todo"),
            page=entry.text("page", ""),
            zone=entry.text("zone", ""),
            asks=entry.texts("asks"),
        )
        any_of, all_of = (
            tuple(re.compile(pattern, re.IGNORECASE) for pattern in entry.texts(field))
            for field in ("any", "all")
        )
        if not any_of:
            entry.wrong("any", "a meaning needs at least one expression")
        entry.done()
        found.append(_Signature(meaning, any_of, all_of, codes))
    return tuple(found), document["providers"]


def meanings() -> tuple[BounceMeaning, ...]:
    """Return every meaning the data file knows, in the order they are tried."""
    return tuple(signature.meaning for signature in _signatures()[0])


def classify(code: int | None, text: str) -> BounceMeaning | None:
    """Return what a delivery status (SMTP code, diagnostic text) means; None where nothing known is in it."""
    return _classify(code, _shape(" ".join(text[:_LONGEST_REFUSAL].split())))


def _shape(line: str) -> str:
    """Return a refusal without what differs from message to message: no signature looks at that.

    A wave of spam is refused with the same few texts: each is searched once and remembered.
    """
    line = _MAIL_ADDRESS.sub("@", line)
    line = _OTHER_IP4.sub("(ip)", line)
    return _MESSAGE_ID.sub("#", line)


@lru_cache(maxsize=4096)
def _classify(code: int | None, line: str) -> BounceMeaning | None:
    for signature in _signatures()[0]:
        if signature.matches(code, line):
            return signature.meaning
    return None


def provider_of(mx_host: str) -> str:
    """Return who runs a receiving host; the host's registered name where it is not known."""
    host = mx_host.lower().rstrip(".")
    labels = host.split(".")
    providers = _signatures()[1]
    for start in range(len(labels)):
        found = providers.get(".".join(labels[start:]))
        if found is not None:
            return found
    return visible(registrable(host), 80) if host else "unknown"


def count_refusals(refusals: Iterable[Refusal]) -> tuple[RefusalCount, ...]:
    """Return refusals that mean something, counted per provider, meaning and hour, the newest hour first.

    The provider is the one that the meaning names; where the meaning only says “the receiver”, it is the
    one who runs the receiving host.
    """
    groups: dict[tuple[datetime, str, str], list[tuple[Refusal, BounceMeaning]]] = {}
    for refusal in refusals:
        meaning = classify(refusal.code, refusal.text)
        if meaning is None:
            continue
        provider = meaning.provider
        if meaning.provider.startswith(("the ", "an ")) and refusal.mx_host:
            provider = provider_of(refusal.mx_host)
        hour = refusal.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        groups.setdefault((hour, provider, meaning.id), []).append((refusal, meaning))
    counts = [
        RefusalCount(
            hour=hour,
            provider=provider,
            meaning=members[0][1],
            count=len(members),
            addresses=tuple(sorted({refusal.sent_from for refusal, _ in members if refusal.sent_from})),
            sample=visible(members[0][0].text, 300),
        )
        for (hour, provider, _), members in groups.items()
    ]
    return tuple(sorted(counts, key=lambda c: (-c.hour.timestamp(), -c.count, c.provider, c.meaning.id)))


def refusals_by_zone(counts: Iterable[RefusalCount]) -> dict[str, int]:
    """Return how often the account's own refusals name each zone: those listings matter most."""
    found: dict[str, int] = {}
    for count in counts:
        if count.meaning.zone:
            found[count.meaning.zone] = found.get(count.meaning.zone, 0) + count.count
    return found


def read_notice(text: str) -> Notice:
    """Return what a pasted bounce or notice says: the list, what is listed, why, and where to ask."""
    whole = text[:_LONGEST_NOTICE]
    line = " ".join(whole.split())
    found_code = _CODE.search(line)
    code = int(found_code[1]) if found_code else None
    matching = [s.meaning for s in _signatures()[0] if s.matches(code, line)]
    addresses, codes = _addresses(line)
    return Notice(
        meaning=matching[0] if matching else None,
        others=tuple(m for m in matching[1:] if m.id != "some-list"),
        addresses=(*addresses, *_domains(line)),
        codes=codes,
        links=tuple(dict.fromkeys(visible(link.rstrip(".,;:!?"), 300) for link in _LINK.findall(whole)))[:10],
        reason=_reason(whole, code, matching[0] if matching else None),
    )


def _addresses(line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses in a text, and apart from them the answers in 127/8 that a list gave."""
    addresses: dict[str, None] = {}
    codes: dict[str, None] = {}
    for piece in _ADDRESS.findall(line):
        try:
            address = ipaddress.ip_address(piece)
        except ValueError:
            continue
        if address.is_loopback:
            codes[str(address)] = None
        elif not address.is_unspecified and not address.is_multicast and not address.is_link_local:
            addresses[str(address)] = None
    return tuple(addresses), tuple(codes)


def _domains(line: str) -> tuple[str, ...]:
    """Return the domains that the text itself calls a domain, URL, host or sender."""
    found: dict[str, None] = {}
    for match in _DOMAIN.finditer(line):
        if not _LISTED_DOMAIN.search(line[max(0, match.start() - 40) : match.start()]):
            continue
        try:
            found[canonical_domain(match[0])] = None
        except UsageError:
            continue
    return tuple(found)


def _reason(whole: str, code: int | None, meaning: BounceMeaning | None) -> str:
    """Return the line of a notice that speaks of the refusal, else its first line."""
    lines = [" ".join(line.split()) for line in whole.splitlines()]
    lines = [line for line in lines if line]
    if meaning is not None:
        signature = next(s for s in _signatures()[0] if s.meaning.id == meaning.id)
        for line in lines:
            if any(pattern.search(line) for pattern in signature.any_of):
                return visible(line, 300)
    if code is not None:
        for line in lines:
            if str(code) in line:
                return visible(line, 300)
    return visible(lines[0], 300) if lines else ""
