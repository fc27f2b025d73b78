"""Reads every setting an intruder can stay in, both regions and every subaccount (dossier F). Writes nothing.

It runs below the writes (priority BACKGROUND) and with bounded concurrency, so that a cut under way never
waits for it. A part that cannot be read becomes a gap with its reason, and the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from workbench.core.errors import ApiError, Incomplete, NotAuthorised, NotFound, UnreadableAnswer, VendorFault
from workbench.core.redact import visible
from workbench.domain.model.inventory import DomainItem, Gap, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.settings import (
    MOST_FRESH,
    SUPPRESSION_KINDS,
    AccountSettings,
    DomainSettings,
    PlaceSettings,
    Settings,
    SuppressionTable,
)
from workbench.mailgun import account, content, domains, settings, thresholds
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.evidence_models import Book
from workbench.mailgun.models import Suppression, Template
from workbench.mailgun.pagination import lost_elements, whole

# How many readings run at once: the limiter lets 20 calls out, and the writes need room among them.
AT_ONCE = 10
CLOSED = "closed"
T = TypeVar("T")
Moved = Callable[[int, int], None]
# A reading by its name, and what does it.
Part = tuple[str, Callable[[], Awaitable[None]]]


@dataclass(slots=True)
class SettingsReader:
    """Reads the settings of an inventory. ``fingerprint_key`` keys the fingerprint of the signing keys.

    ``moved`` is called with (readings done, readings in all) as they come in.
    """

    api: Mailgun
    inventory: Inventory
    fingerprint_key: bytes
    since: datetime
    moved: Moved | None = None
    priority: Priority = Priority.BACKGROUND
    suppressions: bool = True
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _done: int = 0
    _total: int = 0
    _refused: NotAuthorised | None = None

    async def read(self, now: datetime) -> Settings:
        """Return all settings; what could not be read stands in its ``gaps``.

        Raises NotAuthorised when every reading was refused with 401: then nothing at all was seen.
        """
        found = Settings(now, self.since)
        subaccounts = [s.id for s in self.inventory.subaccounts.values() if s.status != CLOSED]
        places = self.inventory.places or tuple(Place(region) for region in self.api.endpoints.regions)
        jobs = [self._account(found, None)]
        jobs += [self._account(found, subaccount) for subaccount in subaccounts]
        jobs += [self._place(found, place) for place in places]
        jobs += [self._domain(found, item) for item in self.inventory.domains.values()]
        await asyncio.gather(*jobs)
        if self._refused is not None and len(found.gaps) == self._total:
            raise self._refused
        return found

    async def read_suppressions(self, now: datetime, names: Iterable[str]) -> Settings:
        """Return the suppression tables and sending queues of some domains, and nothing else; gaps as in ``read``."""
        found = Settings(now, self.since)
        wanted = [item for name in names if (item := self.inventory.domains.get(name)) is not None]
        await asyncio.gather(
            *(self._all(found, item.place, self._after(found, item), item.name) for item in wanted)
        )
        return found

    def _after(self, found: Settings, item: DomainItem) -> list[Part]:
        """Return the readings that show what sending left behind: queues and suppressions."""
        held = found.domains.setdefault(item.name, DomainSettings(item.domain, item.place))
        ask = self._ask(item.place)

        async def queues() -> None:
            held.queues = await domains.sending_queues(self.api, item.name, **ask)

        parts: list[Part] = [("sending queues", queues)]
        if self.suppressions:
            parts += [(kind, self._suppressions(held, kind, ask)) for kind in SUPPRESSION_KINDS]
        return parts

    def _ask(self, place: Place) -> dict[str, Any]:
        return {"region": place.region, "subaccount": place.subaccount, "priority": self.priority}

    async def _account(self, found: Settings, subaccount: str | None) -> None:
        held = found.accounts.setdefault(subaccount or "", AccountSettings(subaccount))
        where = Place(self.api.endpoints.home, subaccount)
        ask: dict[str, Any] = {"subaccount": subaccount, "priority": self.priority}

        async def signing() -> None:
            held.signing_key = await account.signing_key_fingerprint(self.api, self.fingerprint_key, **ask)

        parts: list[Part] = [
            ("allowlist", _kept(held.allowlist, lambda: account.get_allowlist(self.api, **ask))),
            (
                "sandbox recipients",
                _kept(held.sandbox_recipients, lambda: settings.sandbox_recipients(self.api, **ask)),
            ),
            ("signing key", signing),
        ]
        await self._all(found, where, parts)

    async def _place(self, found: Settings, place: Place) -> None:
        held = found.places.setdefault(place, PlaceSettings(place))
        ask = self._ask(place)

        async def limit() -> None:
            held.limit = await account.get_limit(self.api, **ask)

        parts: list[Part] = [
            ("routes", _kept(held.routes, lambda: settings.list_routes(self.api, **ask))),
            ("account webhooks", _kept(held.webhooks, lambda: settings.account_webhooks(self.api, **ask))),
            ("mailing lists", _kept(held.lists, lambda: whole(content.iter_lists(self.api, **ask)))),
            ("account templates", _kept(held.templates, lambda: self._templates(None, ask))),
            ("alert rules", _kept(held.alerts, lambda: thresholds.list_rules(self.api, Book.ALERT, **ask))),
            (
                "limit rules",
                _kept(held.limit_rules, lambda: thresholds.list_rules(self.api, Book.LIMIT, **ask)),
            ),
            ("alerts that fired", _kept(held.hits, lambda: thresholds.threshold_hits(self.api, **ask))),
            ("sending addresses", _kept(held.ips, lambda: settings.list_ips(self.api, **ask))),
            ("address pools", _kept(held.pools, lambda: settings.list_ip_pools(self.api, **ask))),
            ("pool history", _kept(held.pool_moves, lambda: settings.pool_history(self.api, **ask))),
            ("sending limit", limit),
        ]
        await self._all(found, place, parts)

    async def _domain(self, found: Settings, item: DomainItem) -> None:
        held = found.domains[item.name] = DomainSettings(item.domain, item.place)
        name, place = item.name, item.place
        ask = self._ask(place)

        async def detail() -> None:
            held.domain = await domains.get_domain(self.api, name, **ask)

        async def webhooks() -> None:
            try:
                hooks = await settings.domain_webhooks(self.api, name, **ask)
            except Incomplete as part:
                held.webhooks = part.rows[0].urls if part.rows else {}
                raise
            held.webhooks = hooks.urls

        async def tracking() -> None:
            held.tracking = await domains.get_tracking(self.api, name, **ask)

        parts: list[Part] = [
            ("settings", detail),
            ("webhooks", webhooks),
            ("tracking", tracking),
            ("templates", _kept(held.templates, lambda: self._templates(name, ask))),
            ("DKIM keys", _kept(held.dkim, lambda: domains.domain_dkim_keys(self.api, name, **ask))),
            (
                "never-suppress entries",
                _kept(held.allowed, lambda: whole(content.iter_whitelist(self.api, name, **ask))),
            ),
            *self._after(found, item),
        ]
        await self._all(found, place, parts, of=name)

    def _suppressions(
        self, held: DomainSettings, kind: str, ask: dict[str, Any]
    ) -> Callable[[], Awaitable[None]]:
        async def read() -> None:
            table = SuppressionTable()
            async for page in content.iter_suppressions(self.api, held.name, kind, **ask):
                _count(table, page, self.since)
            held.suppressions[kind] = table

        return read

    async def _templates(self, domain: str | None, ask: dict[str, Any]) -> list[Template]:
        """Return the templates with their active version; one that vanishes meanwhile keeps its list entry.

        Raises Incomplete, with all rows, where the list is not whole or the content of a template cannot be read.
        """
        found: list[Template] = []
        short: Incomplete | None = None
        unseen: list[str] = []
        try:
            listed = await whole(content.iter_templates(self.api, domain, **ask))
        except Incomplete as part:
            listed, short = list(part.rows), part
        for template in listed:
            try:
                found.append(await self._with_content(domain, template, ask))
            except (NotFound, UnreadableAnswer, VendorFault) as fault:
                found.append(template)
                unseen += [] if isinstance(fault, NotFound) else [template.name]
        if unseen:
            short = short or lost_elements("the templates' content", unseen)
        if short is not None:
            short.rows = found
            raise short
        return found

    async def _with_content(self, domain: str | None, template: Template, ask: dict[str, Any]) -> Template:
        """Return a template with its active version, and its versions where that one was added in the window."""
        held = await content.get_template(self.api, domain, template.name, **ask)
        if self._added(held):
            known = await content.template_versions(self.api, domain, template.name, **ask)
            held = msgspec.structs.replace(held, versions=known.versions)
        return held

    def _added(self, template: Template) -> bool:
        """Return whether the version that is sent was added later, inside the window: then the one before counts."""
        made = template.version.created_at if template.version is not None else None
        return made is not None and made >= self.since and made != template.created_at

    async def _all(
        self,
        found: Settings,
        place: Place,
        parts: Iterable[Part],
        of: str = "",
    ) -> None:
        await asyncio.gather(*(self._one(found, place, name, read, of) for name, read in parts))

    async def _one(
        self, found: Settings, place: Place, name: str, read: Callable[[], Awaitable[None]], of: str
    ) -> None:
        label = f"{name} of {visible(of, 80)}" if of else name
        self._total += 1
        async with self._gate:
            try:
                await read()
            except ApiError as error:
                if isinstance(error, NotAuthorised):
                    self._refused = error
                found.gaps[f"{label} {place}"] = Gap(label, place, error.what)
        self._done += 1
        if self.moved is not None:
            self.moved(self._done, self._total)


def _kept(rows: list[T], read: Callable[[], Awaitable[Sequence[T]]]) -> Callable[[], Awaitable[None]]:
    """Return a reading that fills ``rows``: what a list that is not whole does hold is judged too, then it is a gap."""

    async def reading() -> None:
        try:
            rows[:] = await read()
        except Incomplete as part:
            rows[:] = part.rows
            raise

    return reading


def _count(table: SuppressionTable, page: list[Suppression], since: datetime) -> None:
    for entry in page:
        table.count += 1
        if entry.created_at is None:
            table.undated += 1
        elif entry.created_at >= since:
            if len(table.fresh) < MOST_FRESH:
                table.fresh.append(entry)
            else:
                table.fresh_more += 1
