"""The ways off the blocklists: what is listed, what stands before a request, and the requests made, journaled.

The watch (``blocklist_watch``) stands on this and adds the look-ups.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from workbench.blocklists.names import canonical
from workbench.blocklists.removal import Removal, RemovalRequest
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.core.clock import Clock
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.blocklists import delisting
from workbench.domain.blocklists.listings import ListingBook, listing_of
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.containment_state import is_contained
from workbench.mailgun.client import Mailgun, Priority
from workbench.session.events import Changed, Event
from workbench.session.recorder import Recorder


class DelistingHost(Protocol):
    """The part of a session that the watch uses."""

    api: Mailgun
    inventory: Inventory
    clock: Clock
    recorder: Recorder

    def situation(self) -> Situation:
        """Return everything that is known."""


class WaysOff:
    """What is listed and how it comes off; ``listings`` holds the latest verdict of every pair by ``subject|zone``."""

    __slots__ = ()

    host: DelistingHost
    tell: Callable[[Event], None]
    listings: dict[str, Listing]

    @property
    def book(self) -> ListingBook:
        """Return what the journal says of blocklists."""
        return self.host.recorder.state.listings

    def now(self) -> datetime:
        """Return the moment that looks are dated by: the session's, in a drill the account's at once."""
        now = self.host.clock.now()
        # Only a drill names a name server; its days pass by jumps, which a session's clock follows after some answers.
        if self.host.api.endpoints.dns is None:
            return now
        return now + timedelta(seconds=self.host.api.clock_offset or 0.0)

    def removals(self) -> tuple[Removal, ...]:
        """Return the way off for every listing, the most important first."""
        listed = [self._standing(one) for one in self.listings.values()]
        return delisting.removals(self._situation(), [one for one in listed if one is not None])

    def removal(self, subject: str, zone: str) -> Removal | None:
        """Return the way off one listing, None where it is not listed."""
        return next((one for one in self.removals() if one.listing.pair == (subject, zone)), None)

    async def requested(self, subject: str, zone: str) -> RemovalRequest:
        """Record that the removal was asked for; raises UsageError where that is too early, or not listed."""
        found = self._removal_of(subject, zone)
        if not found.ready:
            raise UsageError(
                f"A removal of {found.listing.subject.value} from {found.listing.zone.title} cannot be asked for yet.",
                "; ".join(found.blocked_by),
                "Asking too early gets the next request looked at harder.",
            )
        now = self._situation()
        done = not delisting.still_open(now) and is_contained(now)
        request = found.request.requested(
            self.now(), found.listing.wait_hours, containment_done=done or not found.waits_for_containment
        )
        await self._record("removal.requested", found, request)
        if self.host.recorder.drill:
            # In the drill the list's owner is played as well: the request arrives.
            body = {"zone": found.listing.zone.name, "subject": found.listing.subject.value}
            await self.host.api.call("POST", "/_drill/removal", json=body, priority=Priority.READ)
        return request

    async def refused(self, subject: str, zone: str, note: str) -> RemovalRequest:
        """Record that the list said no, in the operator's words; raises UsageError where it is not listed."""
        found = self._removal_of(subject, zone)
        request = found.request.refused(self.now(), visible(note, 300))
        await self._record("removal.refused", found, request)
        return request

    async def _record(self, kind: str, found: Removal, request: RemovalRequest) -> None:
        name, zone = found.listing.pair
        body = {"subject": name, "zone": zone, "whose": found.whose.value, "request": request.record()}
        await self.host.recorder.record(kind, body)
        self.tell(Changed("blocklists"))

    def _removal_of(self, subject: str, zone: str) -> Removal:
        found = self.removal(canonical(subject)[0], zone.lower().rstrip("."))
        if found is None:
            raise UsageError(
                f"{visible(subject, 80)} is not listed on {visible(zone, 80)}.",
                "",
                "`workbench blocklists` shows what is listed.",
            )
        return found

    def _standing(self, one: Listing) -> Listing | None:
        """Return the listing that stands: after *cannot tell* the last sure word holds."""
        seen = self.book.pairs.get(one.pair)
        if seen is None or not seen.listed:
            return one if one.verdict is ListingVerdict.LISTED else None
        if one.verdict is ListingVerdict.LISTED:
            return one
        return listing_of(seen, one.subject, one.zone)

    def _situation(self) -> Situation:
        situation = self.host.situation()
        situation.now = self.now()
        return situation
