"""The watch over an incident's listings: rounds of look-ups, the journal of them, what rings, what is due next.

One per session. A round asks what is due (or everything), journals one row of what it saw, and tells of
listings that came or came back. When it was last asked is in the journal, so a restart goes on where the
watch stood. In the drill the account's own clock counts, because its days pass when somebody lets them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.blocklists.catalogue import Catalogue
from workbench.blocklists.dmarc import DmarcState
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import ZoneHealth
from workbench.blocklists.monitoring import Beside, VendorListing, merge
from workbench.blocklists.names import Role, Subject
from workbench.blocklists.removal import RemovalRequest
from workbench.blocklists.verdicts import Listing
from workbench.blocklists.watch import ListingChange, Pair, due_pairs, next_check
from workbench.blocklists.zones import Tier, Zone
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.blocklists.listings import listing_now, round_body, subject_of
from workbench.domain.blocklists.ours import hidden_by_fault, mattering
from workbench.domain.blocklists.recorded import (
    AcceptedTerms,
    LinkedHosts,
    RefusalsRead,
    TemplateLinks,
    VendorMonitoring,
    VendorsOwnListing,
)
from workbench.domain.hardening.recorded import DmarcRead
from workbench.domain.runbook.blocklists import watch_until
from workbench.execution.progress import ProgressNotice
from workbench.readers import blocklist_targets, deliverability, dns_policies
from workbench.session.delisting_requests import DelistingHost, WaysOff
from workbench.session.events import Changed, Event

# What the account itself shows (refusals, rates, its monitoring) is read again this often while watching.
AFTERMATH_EVERY = timedelta(hours=1)
POLICIES_EVERY = timedelta(days=1)
# A whole zone is asked when one of its pairs is due and the others will be within this time.
TOGETHER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Round:
    """One round: how many pairs were asked, what changed, which zones failed their health check, seconds."""

    at: datetime
    asked: int
    changes: tuple[ListingChange, ...]
    health: tuple[ZoneHealth, ...]
    seconds: float

    @property
    def rings(self) -> tuple[ListingChange, ...]:
        """Return the listings that came or came back."""
        return tuple(change for change in self.changes if change.rings)


@dataclass(slots=True)
class BlocklistWatch(WaysOff):
    """See the module. ``listings`` holds the latest verdict of every pair by ``subject|zone``."""

    host: DelistingHost
    tell: Callable[[Event], None]
    config: Path
    vault: blocklist_targets.KeyVault
    resolver: str = ""
    limits: QueryLimits | None = None
    listings: dict[str, Listing] = field(default_factory=dict)
    vendor: list[VendorListing] = field(default_factory=list)
    vendor_gap: str = ""
    health: dict[str, str] = field(default_factory=dict)
    _catalogue: Catalogue | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def catalogue(self) -> Catalogue:
        """Return the catalogue as configured, read once; raises UsageError, VaultError."""
        if self._catalogue is None:
            accepted = self.host.recorder.state.known(AcceptedTerms).zones
            self._catalogue = await blocklist_targets.read_catalogue(self.config, self.vault, accepted)
            self._restore(self._catalogue)
        return self._catalogue

    def acceptable(self) -> tuple[Zone, ...]:
        """Return the lists of tier 1 and 2 that are off only because nobody accepted their terms yet."""
        asked = (
            {_plain(zone.title) for zone in self._catalogue.enabled()}
            if self._catalogue is not None
            else set()
        )
        return tuple(
            zone
            for zone in self.switched_off()
            if zone.tier <= Tier.SOME and not zone.key_name and _plain(zone.title) not in asked
        )

    async def accept(self, zones: Sequence[str]) -> None:
        """Record that the operator accepted the terms of some lists: from now on they are asked.

        Raises UsageError for a zone that is not off because of its terms.
        """
        offered = {zone.name for zone in self.acceptable()}
        strange = [zone for zone in zones if zone not in offered]
        if strange:
            raise UsageError(
                f"The list {visible(strange[0], 80)} does not wait for its terms to be accepted.",
                todo="The overview of step 9 names the lists that do.",
            )
        every = {*self.host.recorder.state.known(AcceptedTerms).zones, *zones}
        made = AcceptedTerms(zones=tuple(sorted(every)), by=self.host.recorder.operator, at=iso(self.now()))
        await self.host.recorder.learn(made)
        self._catalogue = None
        await self.catalogue()
        self.tell(Changed("blocklists"))

    @property
    def known_catalogue(self) -> Catalogue | None:
        """Return the catalogue if it was read already, for screens, which wait for nothing."""
        return self._catalogue

    def switched_off(self) -> tuple[Zone, ...]:
        """Return the zones that are off, the ones that matter most first; empty before the first round."""
        return self._catalogue.switched_off() if self._catalogue is not None else ()

    def unasked(self) -> list[str]:
        """Return the lists that large receivers act on and that no zone in use asks, by title."""
        if self._catalogue is None:
            return []
        # The same list may have a public zone and one with a key: one of them is enough.
        used = {_plain(zone.title) for zone in self._catalogue.enabled()}
        off = (_plain(zone.title) for zone in self.switched_off() if zone.tier is Tier.MAJOR)
        return [title for title in dict.fromkeys(off) if title not in used]

    # ── rounds ───────────────────────────────────────────────────────────────────────────────────────

    async def check(self, only: Sequence[Subject] = ()) -> Round:
        """Ask every list that is on about everything of the account (or about ``only``), now.

        Raises UsageError for a broken configuration, HostError where no name server can be asked.
        """
        async with self._lock:
            await self._read_targets()
            catalogue = await self.catalogue()
            what = self._asked(only) or self._subjects()
            return await self._round(what, catalogue.enabled(), whole=not only)

    async def follow(self) -> Round | None:
        """Ask what is due now and read what the account shows of the days after; None where nothing is due."""
        if self.over():
            await self._show_what_is_known()
            return None
        async with self._lock:
            catalogue = await self.catalogue()
            if not self.book.rounds or not self.host.inventory.ips or hidden_by_fault(self.host.inventory):
                await self._read_targets()
            due = self._due(catalogue, self.now())
            made = None
            if due:
                zones = [catalogue.zones[name] for name in sorted(due)]
                wanted = {name: set(subjects) for name, subjects in due.items()}
                made = await self._round(self._subjects(), zones, whole=False, wanted=wanted)
        if self._aftermath_due():
            await self.read_aftermath()
        return made

    async def _show_what_is_known(self) -> None:
        """After a restart nothing is asked any more once the watch is over: what was found is shown all the same."""
        if self._catalogue is None and self.book.pairs:
            async with self._lock:
                await self.catalogue()
            self.tell(Changed("blocklists"))

    def next_due(self) -> datetime:
        """Return when something is to be asked next; now where nothing was asked yet."""
        now = self.now()
        if self._catalogue is None or not self.book.rounds:
            return now
        moments = [
            next_check(zone, self._last(pair), self._request(pair), now)
            for pair, zone in self._pairs(self._catalogue)
        ]
        return min(moments, default=now + AFTERMATH_EVERY)

    def over(self) -> bool:
        """Return whether the watch is over: a week after containment, all addresses read, no listing that matters."""
        until, last = watch_until(self.host.recorder.state), self.book.last_round_at
        asked = bool(last) and until is not None and datetime.fromisoformat(last) >= until
        return asked and not mattering(self.host.situation()) and not hidden_by_fault(self.host.inventory)

    async def _round(
        self,
        what: Sequence[Subject],
        zones: Iterable[Zone],
        *,
        whole: bool,
        wanted: Mapping[str, set[str]] | None = None,
    ) -> Round:
        began = self.host.clock.monotonic()
        before = self.now()
        listed = [seen.pair for seen in self.book.listed]
        server = blocklist_targets.resolver_of(self.resolver, self.host.api.endpoints)
        clock = blocklist_targets.Dated(self.host.clock, self.now)
        lookups = blocklist_targets.lookups(what, list(zones), wanted, clock, server, self.limits)
        got: dict[Pair, Listing] = {}
        health: list[ZoneHealth] = []
        try:
            for lookup, subjects in lookups:
                async for listing in lookup.run(subjects, known_listed=listed):
                    got[listing.pair] = listing
                    self.listings["|".join(listing.pair)] = listing
                    self.tell(Changed("blocklists"))
                health += lookup.health
        finally:
            # Also when it was stopped half-way: what was seen was seen.
            by_name = not whole and wanted is None
            changes = await self._journal(got.values(), health, whole=whole, by_name=by_name) if got else ()
        self._ring([change for change in changes if change.rings])
        self.tell(Changed("blocklists"))
        seconds = self.host.clock.monotonic() - began
        return Round(before, len(got), tuple(changes), tuple(health), seconds)

    def _ring(self, news: Sequence[ListingChange]) -> None:
        """Tell of listings that came or came back, all of a round at once; those that matter ring."""
        if not news:
            return
        shown = "; ".join(f"{c.kind.value}: {c.subject} on {c.zone} (tier {c.tier})" for c in news[:3])
        more = f"; and {len(news) - 3} more" if len(news) > 3 else ""
        matters = any(change.tier <= Tier.SOME for change in news)
        self.tell(ProgressNotice(visible(shown + more, 400), loud=matters, rings=matters))

    async def _journal(
        self, listings: Iterable[Listing], health: Sequence[ZoneHealth], *, whole: bool, by_name: bool
    ) -> tuple[ListingChange, ...]:
        """Write the row of a round; returns what changed by it. One ``by_name`` is no look at the account."""
        for one in health:
            self.health[one.zone.name] = "" if one.believed else one.reason
        # What was looked up beside the account's own things is shown, and is no part of the watch.
        own = {subject.value for subject in self._subjects()}
        seen = [one for one in listings if one.subject.value in own]
        if by_name and not seen:
            return ()
        at = self.now()
        said = {one.zone.name: "" if one.believed else one.reason for one in health}
        asked = seen[0].resolver if seen else ""
        off = self.unasked()
        body = round_body(self.book, seen, at, health=said, resolver=asked, whole=whole, unasked=off)
        if by_name:
            body["by_name"] = True
        counts = {pair: len(one.history.changes) for pair, one in self.book.pairs.items()}
        if self.host.recorder.read_only:
            self.book.observed(body)
        else:
            await self.host.recorder.record("blocklist.observed", body)
        pairs = self.book.pairs.items()
        news = [change for pair, one in pairs for change in one.history.changes[counts.get(pair, 0) :]]
        return tuple(sorted(news, key=lambda change: (change.tier, change.zone, change.subject)))

    # ── what is due ──────────────────────────────────────────────────────────────────────────────────

    def _subjects(self) -> list[Subject]:
        state = self.host.recorder.state
        links = (*state.known(LinkedHosts).hosts, *state.known(TemplateLinks).hosts)
        named = blocklist_targets.subjects(self.host.inventory, state.known(RefusalsRead).from_domains, links)
        # What is listed is asked about until it is off, also where nothing of today names it any more.
        known = {one.value for one in named}
        listed = dict.fromkeys(seen.subject for seen in self.book.listed if seen.subject not in known)
        return named + [one for name in listed if (one := subject_of(self.book, name)) is not None]

    async def _read_targets(self) -> None:
        """Read what is looked up beside the domains, addresses and linked hosts, and what DNS says of the domains."""
        host = self.host
        await blocklist_targets.read_ips(host.api, host.inventory)
        if host.recorder.state.fact(LinkedHosts) is None:
            regions = host.api.endpoints.regions
            await host.recorder.learn(await deliverability.read_links(host.api, regions, self.now()))
        await self._read_policies()

    async def _read_policies(self) -> None:
        """Read the DMARC records of the domains, at most once a day: they change by hand.

        What could not be told is asked again: the next look may come from another network.
        """
        fact, now = self.host.recorder.state.fact(DmarcRead), self.now()
        told = fact is not None and all(one.state is not DmarcState.CANNOT_TELL for one in fact.domains)
        if fact is not None and told and now - datetime.fromisoformat(fact.as_of) < POLICIES_EVERY:
            return
        server = blocklist_targets.resolver_of(self.resolver, self.host.api.endpoints)
        own = [item.name for item in self.host.inventory.domains.values() if not item.domain.is_sandbox]
        await self.host.recorder.learn(await dns_policies.read_dmarc(own, server, now))

    def _asked(self, only: Sequence[Subject]) -> list[Subject]:
        """Return what was asked about by name as what it is to the account, or as nothing of the account's."""
        own = {one.value: one for one in self._subjects()} if only else {}
        return [own.get(one.value, replace(one, role=Role.ASKED)) for one in only]

    def _pairs(self, catalogue: Catalogue) -> list[tuple[Pair, Zone]]:
        return [
            ((subject.value, zone.name), zone)
            for subject in self._subjects()
            for zone in catalogue.zones_for(subject)
        ]

    def _due(self, catalogue: Catalogue, now: datetime) -> dict[str, list[str]]:
        """Return zone → subjects to ask now; pairs of a zone that fall due soon are asked along."""
        pairs = self._pairs(catalogue)
        histories, requests = self.book.histories(), self.book.requests()
        now_due = due_pairs(pairs, histories, requests, now)
        zones = {zone for _, zone in now_due}
        soon = due_pairs(
            [(pair, zone) for pair, zone in pairs if zone.name in zones], histories, requests, now + TOGETHER
        )
        found: dict[str, list[str]] = {}
        for subject, zone in soon:
            found.setdefault(zone, []).append(subject)
        return found

    def _last(self, pair: Pair) -> Any:
        seen = self.book.pairs.get(pair)
        return seen.last if seen is not None and seen.observations else None

    def _request(self, pair: Pair) -> RemovalRequest | None:
        seen = self.book.pairs.get(pair)
        return seen.request if seen is not None else None

    # ── beside the look-ups ──────────────────────────────────────────────────────────────────────────

    def _aftermath_due(self) -> bool:
        fact = self.host.recorder.state.fact(RefusalsRead)
        if fact is None:
            return True
        return self.now() - datetime.fromisoformat(fact.as_of) >= AFTERMATH_EVERY

    async def read_aftermath(self) -> None:
        """Read refusals, rates and the vendor's monitoring; journaled as facts where they say something new."""
        host, now = self.host, self.now()
        regions = host.api.endpoints.regions
        items = [item for item in host.inventory.domains.values() if not item.domain.is_sandbox]
        own = [item.name for item in items]
        watched = [(item.name, item.place.region) for item in items if item.place.subaccount is None]
        refused, rates, links, vendor, gmail = await asyncio.gather(
            deliverability.read_refusals(host.api, regions, now, own=own),
            deliverability.read_rates(host.api, regions, now),
            deliverability.read_links(host.api, regions, now),
            deliverability.read_monitoring(host.api, watched),
            deliverability.read_gmail(host.api, regions, now),
        )
        self.vendor_gap, fresh = vendor
        # What it told before it could not be read stands until it is read again.
        held = {(one.subject, one.zone): one for one in (*(self.vendor if self.vendor_gap else ()), *fresh)}
        self.vendor = list(held.values())
        await host.recorder.learn(refused)
        await host.recorder.learn(rates)
        await host.recorder.learn(gmail)
        await self._read_policies()
        await host.recorder.learn(links)
        await self.catalogue()
        said = tuple(
            VendorsOwnListing(one.subject, one.zone, one.title, iso(v.first_seen) if v.first_seen else None)
            for one in self.beside()
            if (v := one.vendor) is not None
        )
        before = host.recorder.state.fact(VendorMonitoring)
        made = VendorMonitoring(listed=said, gap=self.vendor_gap).after(before)
        if before is None or (made.listed, made.gap) != (before.listed, before.gap):
            await host.recorder.learn(made)
        self.tell(Changed("blocklists"))

    def beside(self) -> tuple[Beside, ...]:
        """Return our look-ups and Mailgun's own monitoring side by side: whatever either calls listed."""
        if self._catalogue is None:
            return ()
        return merge(self.listings.values(), self.vendor, self._catalogue)

    # ── the way off ──────────────────────────────────────────────────────────────────────────────────

    def _restore(self, catalogue: Catalogue) -> None:
        """Fill ``listings`` from the journal, so that a restart shows what is known before it asks anew."""
        for (name, zone_name), seen in self.book.pairs.items():
            zone, subject = catalogue.zones.get(zone_name), subject_of(self.book, name)
            if zone is None or subject is None or not seen.observations:
                continue
            self.listings.setdefault(f"{name}|{zone_name}", listing_now(seen, subject, zone))
        self.health = dict(self.book.unbelieved)


def _plain(title: str) -> str:
    return title.removesuffix(" (DQS)")
