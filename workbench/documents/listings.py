"""The document of ``workbench blocklists``, in the words of the design. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from workbench.blocklists.dmarc import Dmarc, told_once
from workbench.blocklists.monitoring import Beside
from workbench.blocklists.removal import Removal
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Zone
from workbench.core.clock import iso
from workbench.documents.documents import coverage, head
from workbench.domain.blocklists.listings import ListingBook, request_word
from workbench.domain.blocklists.recorded import RefusalsRead, SendingHealth
from workbench.domain.hardening.recorded import DmarcRead
from workbench.domain.model.inventory import Gap
from workbench.domain.model.state import State
from workbench.domain.runbook.claims import Claim

_REFUSALS = (
    "since",
    "as_of",
    "read",
    "whole",
    "gaps",
    "kinds",
    "providers",
    "by_zone",
    "counts",
    "reasons",
    "not_understood",
)
_ORDER = {ListingVerdict.LISTED: 0, ListingVerdict.CANNOT_TELL: 1, ListingVerdict.NOT_LISTED: 2}


def blocklists(
    *,
    incident: str,
    book: ListingBook,
    now: datetime,
    listings: Iterable[Listing],
    removals: Sequence[Removal],
    health: Mapping[str, str],
    switched_off: Iterable[Zone],
    beside: Iterable[Beside],
    vendor_gap: str,
    state: State,
    seconds: float | None,
    due: datetime,
    claim: Claim,
    policies: Iterable[Dmarc],
    gaps: Sequence[Gap] = (),
) -> dict[str, Any]:
    """Return everything known of the account's listings, the listings themselves first, worst first.

    ``policies`` are the DMARC readings of the account's own domains: what is to be changed is theirs alone.
    """
    ordered = sorted(
        listings, key=lambda one: (_ORDER[one.verdict], one.tier, one.zone.name, one.subject.value)
    )
    read = state.fact(RefusalsRead)
    refusals = msgspec.to_builtins(read) if read is not None else {}
    return {
        **head("blocklists", incident),
        "as_of": iso(now),
        **coverage([*claim.missing, *gaps]),
        "clean": claim.answer.value,
        "listings": [_listing(book, one, now) for one in ordered],
        "removals": [removal_json(one) for one in removals],
        "health": [
            {"zone": zone, "believed": not why, "reason": why} for zone, why in sorted(health.items())
        ],
        "switched_off": [
            {"zone": zone.name, "list": zone.title, "tier": int(zone.tier), "reason": zone.off_reason}
            for zone in switched_off
        ],
        "refusals": {name: refusals.get(name) for name in _REFUSALS},
        "rates": msgspec.to_builtins(state.known(SendingHealth).days),
        "dmarc": [one.to_json() for one in state.known(DmarcRead).domains],
        "dmarc_changes": dmarc_changes(policies),
        "monitoring": {"gap": vendor_gap, "listings": [_watched(one) for one in beside]},
        "seconds": round(seconds, 3) if seconds is not None else None,
        "next_due": iso(due),
    }


def _watched(one: Beside) -> dict[str, Any]:
    """Return what Mailgun's own monitoring says of a pair, beside what the look-ups say."""
    first_seen = one.vendor.first_seen if one.vendor is not None else None
    return {
        "subject": one.subject,
        "zone": one.zone,
        "list": one.title,
        "agreement": one.agreement.value,
        "first_seen": iso(first_seen) if first_seen else None,
    }


def dmarc_changes(policies: Iterable[Dmarc]) -> list[dict[str, Any]]:
    """Return what to change about DMARC, each change once with the domains of ours that it concerns."""
    return [
        {"state": said, "change": change, "domains": [one.domain for one in members]}
        for said, change, members in told_once(policies)
        if change
    ]


def removal_json(one: Removal) -> dict[str, Any]:
    """Return the way off one listing as the document shows it."""
    return {
        "rank": one.rank,
        "subject": one.listing.subject.value,
        "zone": one.listing.zone.name,
        "tier": int(one.tier),
        "what": one.what,
        "why": list(one.why),
        "first": list(one.first),
        "whose": one.whose.value,
        "whose_why": one.whose_why,
        "page": one.page,
        "asks": list(one.asks),
        "ends": one.ends,
        "do_not_pay": one.do_not_pay,
        "ready": one.ready,
        "blocked_by": list(one.blocked_by),
        "request": one.request.record(),
        "text": one.text,
    }


def _listing(book: ListingBook, one: Listing, now: datetime) -> dict[str, Any]:
    seen = book.pairs.get(one.pair)
    since = seen.since if seen is not None else None
    return {
        **one.record(),
        "shared": one.subject.shared,
        "since": iso(since) if since is not None else None,
        "removal": request_word(seen, now),
    }
