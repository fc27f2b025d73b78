"""What an answer means: listed, not listed, or cannot tell. Pure.

The order of the rules is the dossier's (section 1, “Rule for every answer”): first everything that makes an
answer worthless, then what is no listing, and only then the listing. Silence is never a clean bill.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workbench.blocklists.names import Subject
from workbench.blocklists.zones import AskedBy, Code, Tier, Zone
from workbench.core.clock import iso

_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")
_QUERY_ERRORS = ipaddress.IPv4Network("127.255.255.0/24")


class ListingVerdict(StrEnum):
    """The three things a look-up may say."""

    LISTED = "listed"
    NOT_LISTED = "not listed"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """What the addresses of one answer mean in one zone; ``reason`` is for people."""

    verdict: ListingVerdict
    reason: str
    codes: tuple[str, ...] = ()
    matched: tuple[Code, ...] = ()


ABSENT = ZoneReading(ListingVerdict.NOT_LISTED, "no entry")


@dataclass(frozen=True, slots=True)
class Listing:
    """The verdict about one subject in one zone.

    ``codes`` are the returned addresses, ``txt`` the zone's reasons as harmless text (outside text: show
    it as text, never as markup), ``ttl`` in seconds where an answer had one, ``resolver`` the server that
    was asked. A later Listing for the same ``pair`` replaces the earlier one.
    """

    subject: Subject
    zone: Zone
    verdict: ListingVerdict
    tier: Tier
    codes: tuple[str, ...]
    matched: tuple[Code, ...]
    reason: str
    txt: tuple[str, ...]
    asked_at: datetime
    ttl: int | None
    resolver: str

    @property
    def pair(self) -> tuple[str, str]:
        """Return (subject, zone name): what identifies the listing in a history."""
        return self.subject.value, self.zone.name

    @property
    def matters(self) -> bool:
        """Return whether this is a listing of tier 1 or 2."""
        return self.verdict is ListingVerdict.LISTED and self.tier <= Tier.SOME

    @property
    def asked_by(self) -> AskedBy:
        """Return who may ask for the removal: the strictest of the matched codes, else the zone's word."""
        words = [code.asked_by or self.zone.asked_by for code in self.matched] or [self.zone.asked_by]
        return max(words, key=[AskedBy.ANYONE, AskedBy.NOBODY, AskedBy.ADDRESS_OWNER].index)

    @property
    def ends(self) -> str:
        """Return how the listing ends, in a sentence for each part of the list."""
        said = dict.fromkeys(code.ends or self.zone.ends for code in self.matched)
        return "; ".join(said) or self.zone.ends

    @property
    def wait_hours(self) -> float:
        """Return the cool-down in hours after a request: the longest of the matched codes."""
        return max(
            [code.wait_hours or self.zone.wait_hours for code in self.matched] or [self.zone.wait_hours]
        )

    def record(self) -> dict[str, object]:
        """Return the listing in the words of the ``--json`` contract."""
        return {
            "subject": self.subject.value,
            "role": self.subject.role.value,
            "zone": self.zone.name,
            "list": self.zone.title,
            "verdict": self.verdict.value,
            "tier": int(self.tier),
            "reason": self.reason,
            "codes": list(self.codes),
            "text": list(self.txt),
            "asked_at": iso(self.asked_at),
            "ttl": self.ttl,
            "resolver": self.resolver,
        }


def read_addresses(zone: Zone, addresses: Sequence[str]) -> ZoneReading:
    """Return what the A records of one positive answer mean in this zone (all of them count)."""
    # Name servers rotate their records: the same answer in another order is the same answer.
    codes = tuple(sorted(set(addresses), key=ipaddress.IPv4Address))
    worthless = worthless_answer(zone, codes)
    if worthless:
        return ZoneReading(ListingVerdict.CANNOT_TELL, worthless, codes)
    matched: list[Code] = []
    good: list[Code] = []
    for address in codes:
        fine = next((code for code in zone.good if code.matches(address)), None)
        if fine is not None:
            good.append(fine)
        else:
            matched.extend(_listing_codes(zone, address))
    matched = list(dict.fromkeys(matched))
    if not matched:
        return ZoneReading(
            ListingVerdict.NOT_LISTED, "; ".join(dict.fromkeys(code.means for code in good)), codes
        )
    return ZoneReading(
        ListingVerdict.LISTED, "; ".join(code.means for code in matched), codes, tuple(matched)
    )


def worthless_answer(zone: Zone, addresses: Sequence[str]) -> str:
    """Return why an answer with these A records says nothing about a listing; empty where it does."""
    if not addresses:
        return "an answer without an address"
    for address in addresses:
        number = ipaddress.IPv4Address(address)
        if number not in _LOOPBACK:
            return f"answered {address}, outside 127.0.0.0/8: a parked zone or a rewriting resolver"
        said = next((code.means for code in zone.errors if code.matches(address)), None)
        if said is not None:
            return f"refused ({address}): {said}"
        if number in _QUERY_ERRORS:
            return f"refused ({address}): an error code, no listing"
        if _undocumented_one(zone, address):
            return f"refused ({address}): this list has no such code, it means a blocked query"
    return ""


def _undocumented_one(zone: Zone, address: str) -> bool:
    """Return whether an answer is the general sign of a blocked query: 127.0.0.1, or bit 1 in a bit list."""
    prefix, _, last = address.rpartition(".")
    if prefix != "127.0.0":
        return False
    if zone.bits:
        return bool(int(last) & 1) and not any(code.bit == 1 for code in zone.codes)
    if last != "1":
        return False
    # "any" stands for the codes that nobody documented, and .1 is not one of them.
    return not any(code.pattern != "any" and code.matches(address) for code in (*zone.codes, *zone.good))


def _listing_codes(zone: Zone, address: str) -> list[Code]:
    if zone.bits and address.startswith("127.0.0."):
        value = int(address.rpartition(".")[2])
        found = [code for code in zone.codes if code.bit & value]
    else:
        found = [code for code in zone.codes if code.matches(address)][:1]
    return found or [Code(address, f"listed with the undocumented code {address}")]


def listing_tier(zone: Zone, matched: Sequence[Code]) -> Tier:
    """Return how much a listing with these codes matters: the most important of them, else the zone's tier.

    A zone that the operator ranked lower than a code's own tier wins: the operator knows the receivers.
    """
    own = [code.tier for code in matched if code.tier is not None]
    if not own or len(own) < len(matched):
        return zone.tier
    return max(zone.tier, min(own))
