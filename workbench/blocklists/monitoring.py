"""The vendor's own monitoring (Optimize) beside our look-ups. Pure: the records are read elsewhere.

Shapes: items of ``listed`` of GET /v1/inboxready/ip_addresses and of ``blocklists`` of
GET /v1/monitoring/domains/{domain}/blocklists (blocklist dossier, section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from workbench.blocklists.catalogue import Catalogue
from workbench.blocklists.names import canonical
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.core.redact import visible


class Agreement(StrEnum):
    """How the vendor's word and ours stand to each other."""

    BOTH = "listed, by both"
    OURS = "listed by our look-up only"
    VENDOR = "listed by Mailgun's monitoring only"
    OPPOSED = "Mailgun's monitoring says listed, our look-up says not"
    UNSURE = "listed by Mailgun's monitoring, our look-up cannot tell"


@dataclass(frozen=True, slots=True)
class VendorListing:
    """One listing as Mailgun's monitoring reports it; every text is outside text, made harmless."""

    subject: str
    zone: str
    title: str
    first_seen: datetime | None
    last_seen: datetime | None
    delist_requested_at: datetime | None
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """One subject on one list, with what we know and what the vendor says; at least one says listed.

    ``zone`` is the catalogue's name of the list where it has one, else the vendor's.
    """

    subject: str
    zone: str
    title: str
    agreement: Agreement
    ours: Listing | None
    vendor: VendorListing | None


def vendor_listings(subject: str, items: Iterable[Mapping[str, Any]]) -> tuple[VendorListing, ...]:
    """Return the vendor's listings of one address or domain; items without a list name are left out.

    Raises UsageError where ``subject`` is neither an address nor a domain.
    """
    value, _ = canonical(subject)
    found = []
    for item in items:
        zone = str(item.get("list") or "").strip().lower().rstrip(".")
        if not zone:
            continue
        comments = item.get("comments")
        found.append(
            VendorListing(
                subject=value,
                zone=visible(zone, 255),
                title=visible(item.get("name") or zone, 80),
                first_seen=_moment(item.get("first_seen")),
                last_seen=_moment(item.get("last_seen")),
                delist_requested_at=_moment(item.get("delist_requested_at")),
                comments=tuple(
                    visible(text, 300)
                    for text in (comments if isinstance(comments, list) else ())
                    if isinstance(text, str)
                ),
            )
        )
    return tuple(found)


def merge(
    listings: Iterable[Listing], vendor: Iterable[VendorListing], catalogue: Catalogue
) -> tuple[Beside, ...]:
    """Return our look-ups and the vendor's monitoring side by side: every pair that either calls listed.

    The vendor names parts of Spamhaus ZEN by zones of their own; they are compared with ZEN.
    """
    ours = {listing.pair: listing for listing in listings}
    rows: dict[tuple[str, str], Beside] = {}
    for said in vendor:
        known = catalogue.find(said.zone)
        zone = known.name if known is not None else said.zone
        mine = _ours(ours, said.subject, zone)
        title = known.title if known is not None else said.title
        rows[said.subject, zone] = Beside(said.subject, zone, title, _agreement(mine), mine, said)
    seen = {id(row.ours) for row in rows.values() if row.ours is not None}
    for pair, listing in ours.items():
        if listing.verdict is ListingVerdict.LISTED and id(listing) not in seen:
            rows[pair] = Beside(*pair, listing.zone.title, Agreement.OURS, listing, None)
    return tuple(rows[pair] for pair in sorted(rows))


def _ours(ours: Mapping[tuple[str, str], Listing], subject: str, zone: str) -> Listing | None:
    """Return our look-up of a pair, also where it was made through the same owner's zone with a key."""
    return ours.get((subject, zone)) or ours.get((subject, keyed(zone)))


def keyed(zone: str) -> str:
    """Return the zone of the same owner and content that is asked with a key, ``""`` where there is none."""
    return {"zen.spamhaus.org": "zen.dq.spamhaus.net", "dbl.spamhaus.org": "dbl.dq.spamhaus.net"}.get(
        zone, ""
    )


def _agreement(mine: Listing | None) -> Agreement:
    if mine is None:
        return Agreement.VENDOR
    return {
        ListingVerdict.LISTED: Agreement.BOTH,
        ListingVerdict.NOT_LISTED: Agreement.OPPOSED,
        ListingVerdict.CANNOT_TELL: Agreement.UNSURE,
    }[mine.verdict]


def _moment(value: object) -> datetime | None:
    """Return a time of the API; None for the zero time (0001-01-01), which means never, and for no time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.year > 1 and moment.tzinfo is not None else None
