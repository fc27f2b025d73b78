"""What the catalogue knows about one zone: frozen data, and how a returned address is matched to a code."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from workbench.blocklists.names import Role, SubjectKind
from workbench.core.redact import Secret

ANY = "any"
_RANGE = re.compile(r"(127\.\d{1,3}\.\d{1,3}\.)(\d{1,3})(?:-(\d{1,3}))?")
_BIT = re.compile(r"1|2|4|8|16|32|64|128")


class Tier(IntEnum):
    """How much a listing matters (dossier, tiers 1, 2, 3 and X)."""

    MAJOR = 1
    SOME = 2
    MINOR = 3
    IGNORE = 4

    @property
    def word(self) -> str:
        """Return the tier in a few words for a table or a ticket."""
        return {1: "matters most", 2: "some receivers", 3: "hardly matters", 4: "ignore, never pay"}[
            self.value
        ]


class Terms(StrEnum):
    """What the owner of a zone asks of those who query it."""

    OPEN = "open"
    LOW_VOLUME = "low-volume"
    NON_COMMERCIAL = "non-commercial"
    REGISTRATION = "registration"
    KEY = "key"
    UNKNOWN = "unknown"

    @property
    def on_by_default(self) -> bool:
        """Return whether a zone with these terms may be asked before the operator has read them."""
        return self in {Terms.OPEN, Terms.LOW_VOLUME}


class AskedBy(StrEnum):
    """Who can ask for a removal with any hope."""

    ANYONE = "anyone"
    ADDRESS_OWNER = "address-owner"
    NOBODY = "nobody"


class ZoneScope(StrEnum):
    """How much one entry of the zone covers."""

    ADDRESS = "address"
    RANGE = "range"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Code:
    """One answer and its meaning.

    ``pattern`` is an address (``127.0.0.2``), a range of last octets (``127.0.0.4-7``), a bit (``64``, only
    in a zone of bits) or ``any``. What is None falls back to the zone's own value.
    """

    pattern: str
    means: str
    part: str = ""
    tier: Tier | None = None
    ends: str | None = None
    asked_by: AskedBy | None = None
    wait_hours: float | None = None

    def matches(self, address: str) -> bool:
        """Return whether the returned address (dotted quad) is this code; bits are not matched here."""
        if self.pattern == ANY:
            return True
        found = _RANGE.fullmatch(self.pattern)
        if found is None:
            return False
        prefix, _, last = address.rpartition(".")
        low, high = int(found[2]), int(found[3] or found[2])
        return prefix + "." == found[1] and low <= int(last) <= high

    @property
    def bit(self) -> int:
        """Return the bit this code stands for in a zone of bits, 0 where it stands for none."""
        return int(self.pattern) if _BIT.fullmatch(self.pattern) else 0


@dataclass(frozen=True, slots=True)
class TestEntries:
    """An entry that must be listed and one that must not, in the form of a subject (not reversed)."""

    # pytest would otherwise take the class for a collection of tests.
    __test__ = False

    listed: str
    absent: str


# RFC 5782, section 5.
RFC_ENTRIES: Mapping[SubjectKind, TestEntries] = {
    SubjectKind.IP4: TestEntries("127.0.0.2", "127.0.0.1"),
    SubjectKind.IP6: TestEntries("::ffff:7f00:2", "::ffff:7f00:1"),
    SubjectKind.DOMAIN: TestEntries("test", "invalid"),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs a zone: the rate cap counts by owner, and removals are asked of the owner.

    ``terms_page`` is where the terms of asking stand, ``""`` where it is not known.
    """

    id: str
    name: str
    page: str
    asks: tuple[str, ...]
    errors: Mapping[str, str]
    terms_page: str = ""


@dataclass(frozen=True, slots=True)
class Zone:
    """One blocklist zone. ``name`` never holds a key; the name that is queried comes from ``suffix()``."""

    name: str
    title: str
    owner: Owner
    lists: frozenset[SubjectKind]
    scope: ZoneScope
    about: str
    tier: Tier
    why: str
    terms: Terms
    terms_note: str
    enabled: bool
    off_reason: str
    key_name: str
    bits: bool
    codes: tuple[Code, ...]
    good: tuple[Code, ...]
    errors: tuple[Code, ...]
    registered_form: bool
    page: str
    ends: str
    asked_by: AskedBy
    wait_hours: float
    recheck_minutes: int
    health: Mapping[SubjectKind, TestEntries]
    do_not_pay: str
    unsure: str
    key: Secret | None = field(default=None, repr=False, compare=False)

    def suffix(self) -> str:
        """Return the zone as queried. With a key it holds the key: send it, never show, log or store it."""
        return f"{self.key.reveal()}.{self.name}" if self.key is not None else self.name

    def takes(self, kind: SubjectKind, role: Role) -> bool:
        """Return whether a subject of this kind and role is asked of this zone.

        Lists about intruders are asked only for intruders' addresses, and those are asked nowhere else.
        """
        return kind in self.lists and (self.about == "intruders") == (role is Role.INTRUDER_IP)


@dataclass(frozen=True, slots=True)
class Retired:
    """A zone that must not be asked, so that nobody adds it back."""

    zone: str
    below: bool
    state: str
    since: str
    reason: str
    unsure: str

    def covers(self, name: str) -> bool:
        """Return whether ``name`` is this zone or, where everything below is retired too, lies below it."""
        return name == self.zone or (self.below and name.endswith("." + self.zone))


def is_code(pattern: str, *, bits: bool) -> bool:
    """Return whether a pattern may stand in the catalogue: ``any``, a bit, an address or range in 127/8."""
    if bits:
        return _BIT.fullmatch(pattern) is not None
    if pattern == ANY:
        return True
    found = _RANGE.fullmatch(pattern)
    if found is None:
        return False
    low, high = int(found[2]), int(found[3] or found[2])
    try:
        ipaddress.IPv4Address(found[1] + found[2])
        ipaddress.IPv4Address(found[1] + str(high))
    except ValueError:
        return False
    return low <= high
