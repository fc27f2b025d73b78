"""The blocklist zones the drill's DNS server answers for, made from the workbench's own catalogue data."""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol

Behaviour = Literal[
    "normal",
    "servfail",
    "refused",
    "silent",
    "truncated",
    "wildcard",
    "blocked",
    "outside",
    "contradicting",
    "garbled",
    "spoofed",
]

# RFC 5782 section 5: what every list must hold; the entry that must be absent is answered by silence.
TEST_ENTRIES = {"ip4": "127.0.0.2", "ip6": "::ffff:7f00:2", "domain": "test"}
TEST_REASON = "Test entry (RFC 5782)"


class ZoneContents(Protocol):
    """What the simulated blocklists hold at this moment."""

    def lookup(self, zone: str, subject: str) -> tuple[Sequence[str], str] | None:
        """Return A codes and TXT reason of ``subject`` (an address or a domain) in ``zone``, or None."""


@dataclass(frozen=True)
class DnsZone:
    """One blocklist zone.

    ``kinds`` says what may be asked (ip4, ip6, domain), ``tests`` which entry of each kind is always listed,
    with ``test_code``; ``keyed`` zones carry one label with the query key before the zone. ``entries`` are
    fixed listings for tests: subject → (codes, reason). ``behaviour`` other than normal is how it misbehaves:

    ``servfail``, ``refused``, ``silent`` (no answer), ``truncated`` (UDP says so, TCP tells), ``wildcard``
    (everything is listed), ``blocked`` (127.255.255.254 to everything), ``outside`` (a parked zone: an
    address outside 127/8 to everything), ``contradicting`` (every other query finds nothing), ``garbled``
    (bytes that are no message), ``spoofed`` (a wrong answer under a wrong id comes first).
    """

    name: str
    kinds: frozenset[str] = frozenset({"ip4"})
    tests: Mapping[str, str] = field(default_factory=lambda: dict(TEST_ENTRIES))
    test_code: str = "127.0.0.2"
    keyed: bool = False
    ttl: int = 60
    delay: float = 0.0
    behaviour: Behaviour = "normal"
    entries: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    def find(self, labels: Sequence[str], listings: ZoneContents | None) -> tuple[Sequence[str], str] | None:
        """Return codes and reason for the labels in front of the zone, or None where it lists nothing."""
        if self.keyed:
            labels = labels[:-1]
        if not labels:
            return None
        kind, subject = subject_of(labels)
        if kind not in self.kinds:
            if kind != "domain" and self.name.startswith("dbl."):
                # Blocklist dossier: the DBL always answers this to an address.
                return ("127.0.1.255",), "No IP queries allowed"
            return None
        if subject == self.tests.get(kind):
            return (self.test_code,), TEST_REASON
        if subject in self.entries:
            return self.entries[subject]
        return None if listings is None else listings.lookup(self.name, subject)


def subject_of(labels: Sequence[str]) -> tuple[str, str]:
    """Return (kind, subject) of a query's labels: an address written backwards (RFC 5782), or a domain."""
    text = ".".join(labels).lower()
    if len(labels) == 4 and all(label.isdigit() and int(label) < 256 for label in labels):
        return "ip4", ".".join(reversed(labels))
    if len(labels) == 32 and all(len(label) == 1 and label in "0123456789abcdefABCDEF" for label in labels):
        return "ip6", normal_ip6(int("".join(reversed(labels)), 16))
    return "domain", text


def normal_ip6(number: int) -> str:
    """Return an IPv6 address as lower-case compressed text, v4-mapped ones in hex like any other."""
    packed = ipaddress.IPv6Address(number)
    mapped = packed.ipv4_mapped
    if mapped is None:
        return packed.compressed
    value = int(mapped)
    return f"::ffff:{value >> 16:x}:{value & 0xFFFF:x}"


@cache
def catalogue_zones() -> tuple[DnsZone, ...]:
    """Return a zone for each one of the catalogue, with the health entries it names and a code it knows."""
    raw = resources.files("workbench.blocklists").joinpath("catalogue.toml").read_text(encoding="utf-8")
    zones: list[dict[str, Any]] = tomllib.loads(raw)["zones"]
    by_name = {zone["zone"]: zone for zone in zones}
    made: list[DnsZone] = []
    for zone in zones:
        tests = dict(TEST_ENTRIES)
        for kind, entry in zone.get("health", {}).items():
            tests[kind] = str(entry["listed"])
        codes = zone.get("codes") or by_name.get(zone.get("same_codes_as", ""), {}).get("codes", [])
        made.append(
            DnsZone(
                zone["zone"],
                frozenset(zone["lists"]),
                tests,
                _first_code(codes, zone.get("encoding", "values")),
                keyed=zone.get("terms") == "key",
            )
        )
    return tuple(made)


def _first_code(codes: Sequence[Mapping[str, Any]], encoding: str) -> str:
    """Return the A record of the zone's first listing code: an address, a bit, a range's start, or any."""
    code = str(codes[0]["code"]) if codes else "any"
    if code == "any":
        return "127.0.0.2"
    if encoding == "bits":
        return f"127.0.0.{code}"
    return code.split("-")[0]
