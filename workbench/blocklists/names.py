"""What is looked up, and the name each thing has in a blocklist's zone (RFC 5782, sections 2.1, 2.4, 3).

Pure: text in, text out. A subject is one address or domain; its ``labels`` are what stands in front of
the zone in a query.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.core.registered_names import registrable

LONGEST_NAME = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


class SubjectKind(StrEnum):
    """The three sorts of things a blocklist may list."""

    IP4 = "ip4"
    IP6 = "ip6"
    DOMAIN = "domain"


class Role(StrEnum):
    """What a subject is to the account; it decides which lists are asked and whose job a removal is."""

    SENDING_IP = "sending address"
    DOMAIN = "sending domain"
    FROM_DOMAIN = "From domain seen in abuse"
    TRACKING_HOST = "tracking host"
    RETURN_PATH = "return-path host"
    LINK_DOMAIN = "linked domain"
    ORGANISATION = "organisational domain"
    ASKED = "asked by name"
    INTRUDER_IP = "intruder's address"


@dataclass(frozen=True, slots=True)
class Subject:
    """One address or domain in canonical form. Make it with ``Subject.parse``.

    ``shared`` says whether an address is shared with other customers: True, False, or None where the
    account did not say (then the removal text treats it as shared: the provider must be asked).
    """

    value: str
    kind: SubjectKind
    role: Role
    shared: bool | None = None

    @classmethod
    def parse(cls, text: str, role: Role | None = None, *, shared: bool | None = None) -> Subject:
        """Return the subject that ``text`` names; raise UsageError where it names none.

        Domains become lower-case ASCII (punycode); a URL's or a mail address's domain is not dug out here.
        """
        value, kind = canonical(text)
        if role is None:
            role = Role.DOMAIN if kind is SubjectKind.DOMAIN else Role.SENDING_IP
        return cls(value, kind, role, shared)


def canonical(text: str) -> tuple[str, SubjectKind]:
    """Return ``text`` as (canonical value, kind); raise UsageError where it is neither address nor domain."""
    stripped = text.strip().strip("[]").rstrip(".")
    try:
        address = ipaddress.ip_address(stripped)
    except ValueError:
        return canonical_domain(stripped), SubjectKind.DOMAIN
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise _unusable(text)
        if address.ipv4_mapped is None:
            return str(address), SubjectKind.IP6
        address = address.ipv4_mapped
    return str(address), SubjectKind.IP4


def canonical_domain(text: str) -> str:
    """Return a domain in lower-case ASCII without the final dot; raise UsageError where it is none."""
    lowered = text.strip().rstrip(".").lower()
    try:
        ascii_form = lowered if lowered.isascii() else lowered.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise _unusable(text) from error
    labels = ascii_form.split(".")
    if len(ascii_form) > LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise _unusable(text)
    if len(labels) < 2 or labels[-1].isdigit():
        raise _unusable(text)
    return ascii_form


def reverse_ip4(address: str) -> str:
    """Return an IPv4 address as in a query (RFC 5782, 2.1): ``192.0.2.99`` → ``99.2.0.192``."""
    return ".".join(reversed(str(ipaddress.IPv4Address(address)).split(".")))


def reverse_ip6(address: str) -> str:
    """Return an IPv6 address as 32 dotted nibbles, last one first (RFC 5782, 2.4)."""
    # Not `exploded`: from Python 3.13 on it writes the last 32 bits of a mapped address with dots.
    nibbles = ipaddress.IPv6Address(address).packed.hex()
    return ".".join(reversed(nibbles))


def query_labels(value: str, kind: SubjectKind, *, registered: bool = False) -> str:
    """Return what stands in front of the zone: a reversed address, or the (registered part of the) domain."""
    if kind is SubjectKind.IP4:
        return reverse_ip4(value)
    if kind is SubjectKind.IP6:
        return reverse_ip6(value)
    return registrable(value) if registered else value


def _unusable(text: str) -> UsageError:
    return UsageError(
        f"“{visible(text, 80)}” is neither an IP address nor a domain.",
        "It cannot be looked up on a blocklist.",
        "Give an address such as 192.0.2.1 or a domain such as mail.example.com.",
    )
