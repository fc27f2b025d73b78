"""Which credential is used, from where and how much: the words for it, and the fact the journal keeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from workbench.core.clock import as_moment
from workbench.core.words import plural
from workbench.domain.model.facts import RecordedFact

# Whose use of a credential looks like: what a person reads, and what plans rank by.
PRODUCTION = "production"
INTRUDER = "intruder"
BOTH = "both"
UNCLEAR = "unclear"
# Addresses a credential's use names one by one; the rest is counted.
MOST_ADDRESSES = 20


def credential_of(api_key_id: str | None, method: str | None, sender: str | None) -> str:
    """Return how a fact names a credential: ``key:<id>``, ``smtp:<envelope sender>``, or ``?``.

    For SMTP the API names no login; the envelope sender is the best sign of it (dossier B5).
    """
    if api_key_id:
        return f"key:{api_key_id}"
    if method == "smtp" or sender:
        return f"smtp:{sender or '?'}"
    return "?"


class RecordedUse(msgspec.Struct, frozen=True):
    """How one credential was used, as the journal keeps it (see ``Use``); addresses and domains busiest first."""

    last_hour: int = 0
    last_used: str = ""
    addresses: tuple[str, ...] = ()
    more_addresses: int = 0
    strange: tuple[str, ...] = ()
    strange_last_used: str = ""
    strange_last_hour: int = 0
    looks: str = ""
    why: str = ""
    domains: tuple[str, ...] = ()
    more_domains: int = 0


class CredentialUses(RecordedFact, frozen=True, tag="credential_use"):
    """Who sent in the last hour, by credential (``key:<id>``, ``smtp:<login>``), and how far that can be trusted.

    ``sampled`` says that counts are estimates, None where nobody told; ``unreadable`` counts log entries that could
    not be read, ``gaps`` names regions that gave no log, each with the reason. ``since`` is the journal's last row
    before the reading began, None in older journals.
    """

    by_credential: Mapping[str, RecordedUse] = {}
    as_of: str = ""
    sampled: bool | None = None
    entries: int = 0
    unreadable: int = 0
    gaps: tuple[str, ...] = ()
    since: int | None = None

    @property
    def read_at(self) -> datetime | None:
        """Return when the log was read: a judgement that is recorded later reads nothing anew."""
        return as_moment(self.as_of) or as_moment(self.at)


@dataclass(slots=True)
class Use:
    """How one credential was used lately.

    ``last_hour`` is messages accepted in the last hour: an estimate where only a sample was read.
    ``addresses`` maps an originating address to its share of them, ``strange`` those among them that were
    not seen before the abuse. ``last_used`` is the moment as the log writes it, ``last_by`` that of each address,
    ``strange_last`` that of the last message that was nobody's of the customer's.
    ``domains`` maps each domain it sent for to its messages, those from strange addresses left out; messages
    alone are no proof that a key does nothing else, because the API logs no other call.
    """

    last_hour: int = 0
    last_used: str = ""
    last_by: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, int] = field(default_factory=dict)
    more_addresses: int = 0
    strange: list[str] = field(default_factory=list)
    strange_last: str = ""
    looks: str = UNCLEAR
    why: str = ""
    domains: dict[str, int] = field(default_factory=dict)

    def recorded(self) -> RecordedUse:
        """Return what the journal keeps of it, the addresses busiest first."""
        busiest = sorted(self.addresses, key=lambda address: (-self.addresses[address], address))
        domains = sorted(self.domains, key=lambda name: (-self.domains[name], name))
        return RecordedUse(
            last_hour=self.last_hour,
            last_used=self.last_used,
            addresses=tuple(busiest[:MOST_ADDRESSES]),
            more_addresses=self.more_addresses + max(0, len(busiest) - MOST_ADDRESSES),
            strange=tuple(sorted(self.strange)[:MOST_ADDRESSES]),
            strange_last_used=self.strange_last,
            strange_last_hour=sum(self.addresses.get(address, 0) for address in self.strange),
            looks=self.looks,
            why=self.why,
            domains=tuple(domains[:MOST_ADDRESSES]),
            more_domains=max(0, len(domains) - MOST_ADDRESSES),
        )


def judged(
    use: Use, before: Mapping[str, Iterable[str]] | None, credential: str, *, calm: bool = True
) -> Use:
    """Set and return what a use looks like, given each credential's addresses of calmer days.

    ``before`` None (no log that old) leaves it unclear: without a past nothing is new. An address counts as
    known when any credential used it before, because it is then a machine of the customer's. ``calm`` False
    says that nobody knows whether those days were calm: then nothing is called production.
    """
    if before is None or not use.addresses:
        use.looks, use.why = UNCLEAR, "no log from before the abuse to compare with"
        return use
    known = {address for held in before.values() for address in held}
    use.strange = sorted(address for address in use.addresses if address not in known)
    use.strange_last = max((use.last_by.get(address, "") for address in use.strange), default="")
    usual = set(before.get(credential, ()))
    if not use.strange and not calm:
        use.looks, use.why = UNCLEAR, "its addresses are not new, but when the abuse began is not known"
    elif not use.strange:
        use.looks = PRODUCTION if set(use.addresses) & usual else UNCLEAR
        use.why = "every address was seen before the abuse"
    elif len(use.strange) == len(use.addresses):
        use.looks = INTRUDER
        use.why = f"sent from {_addresses(len(use.strange))} alone, never seen before the abuse"
    else:
        use.looks = BOTH
        known_ones = len(use.addresses) - len(use.strange)
        use.why = f"{_addresses(known_ones)} known, {len(use.strange)} never seen before"
    return use


def _addresses(count: int) -> str:
    return plural(count, "address", "addresses")


class EverSeen(msgspec.Struct, frozen=True):
    """What all readings together saw of a credential's use; each tells of its own hour only.

    ``first`` and ``last`` are the earliest and latest moments of use that any reading named, empty for none,
    ``addresses`` every address that was not strange, at most ``MOST_ADDRESSES``; ``strange`` says that any reading saw
    a stranger use it.
    """

    first: str = ""
    last: str = ""
    addresses: tuple[str, ...] = ()
    strange: bool = False

    def and_now(self, use: RecordedUse) -> EverSeen:
        """Return it with one more reading taken in."""
        moment, new = use.last_used, set(use.strange) | set(self.addresses)
        held = (*self.addresses, *(address for address in use.addresses if address not in new))
        return EverSeen(
            first=min(self.first or moment, moment) if moment else self.first,
            last=max(self.last, moment),
            addresses=held[:MOST_ADDRESSES],
            strange=self.strange or use.looks in (INTRUDER, BOTH),
        )


NEVER_SEEN = EverSeen()
