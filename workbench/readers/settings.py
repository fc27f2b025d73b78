"""Reads every setting an intruder can stay in, both regions and every subaccount (dossier F). Writes nothing.

It runs below the writes (priority BACKGROUND) and with bounded concurrency, so that a cut under way never
waits for it. A part that cannot be read becomes a gap with its reason, and the rest goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from workbench.core.errors import ApiError, NotAuthorised, NotFound
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

        async def allowlist() -> None:
            held.allowlist = await account.get_allowlist(self.api, **ask)

        async def recipients() -> None:
            held.sandbox_recipients = await settings.sandbox_recipients(self.api, **ask)

        async def signing() -> None:
            held.signing_key = await account.signing_key_fingerprint(self.api, self.fingerprint_key, **ask)

        await self._all(
            found,
            where,
            (("allowlist", allowlist), ("sandbox recipients", recipients), ("signing key", signing)),
        )

    async def _place(self, found: Settings, place: Place) -> None:
        held = found.places.setdefault(place, PlaceSettings(place))
        ask = self._ask(place)

        async def routes() -> None:
            held.routes = await settings.list_routes(self.api, **ask)

        async def webhooks() -> None:
            held.webhooks = await settings.account_webhooks(self.api, **ask)

        async def lists() -> None:
            held.lists = await _all_of(content.iter_lists(self.api, **ask))

        async def templates() -> None:
            held.templates = await self._templates(None, ask)

        async def alerts() -> None:
            held.alerts = await thresholds.list_rules(self.api, Book.ALERT, **ask)

        async def rules() -> None:
            held.limit_rules = await thresholds.list_rules(self.api, Book.LIMIT, **ask)

        async def hits() -> None:
            held.hits = await thresholds.threshold_hits(self.api, **ask)

        async def ips() -> None:
            held.ips = await settings.list_ips(self.api, **ask)

        async def pools() -> None:
            held.pools = await settings.list_ip_pools(self.api, **ask)

        async def moves() -> None:
            held.pool_moves = await settings.pool_history(self.api, **ask)

        async def limit() -> None:
            held.limit = await account.get_limit(self.api, **ask)

        await self._all(
            found,
            place,
            (
                ("routes", routes),
                ("account webhooks", webhooks),
                ("mailing lists", lists),
                ("account templates", templates),
                ("alert rules", alerts),
                ("limit rules", rules),
                ("alerts that fired", hits),
                ("sending addresses", ips),
                ("address pools", pools),
                ("pool history", moves),
                ("sending limit", limit),
            ),
        )

    async def _domain(self, found: Settings, item: DomainItem) -> None:
        held = found.domains[item.name] = DomainSettings(item.domain, item.place)
        name, place = item.name, item.place
        ask = self._ask(place)

        async def detail() -> None:
            held.domain = await domains.get_domain(self.api, name, **ask)

        async def webhooks() -> None:
            held.webhooks = (await settings.domain_webhooks(self.api, name, **ask)).urls

        async def tracking() -> None:
            held.tracking = await domains.get_tracking(self.api, name, **ask)

        async def templates() -> None:
            held.templates = await self._templates(name, ask)

        async def dkim() -> None:
            held.dkim = await domains.domain_dkim_keys(self.api, name, **ask)

        async def allowed() -> None:
            held.allowed = await _all_of(content.iter_whitelist(self.api, name, **ask))

        parts: list[Part] = [
            ("settings", detail),
            ("webhooks", webhooks),
            ("tracking", tracking),
            ("templates", templates),
            ("DKIM keys", dkim),
            ("never-suppress entries", allowed),
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
        """Return the templates with their active version; one that vanishes meanwhile keeps its list entry."""
        listed = await _all_of(content.iter_templates(self.api, domain, **ask))
        whole: list[Template] = []
        for template in listed:
            try:
                held = await content.get_template(self.api, domain, template.name, **ask)
                if self._added(held):
                    known = await content.template_versions(self.api, domain, template.name, **ask)
                    held = msgspec.structs.replace(held, versions=known.versions)
                whole.append(held)
            except NotFound:
                whole.append(template)
        return whole

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


async def _all_of(pages: AsyncIterator[list[T]]) -> list[T]:
    return [item async for page in pages for item in page]


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
