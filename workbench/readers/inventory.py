"""Reads the account into the inventory, slice by slice, both regions and every subaccount.

A slice that cannot be read (a role too low, a region that does not answer) becomes a gap with its reason;
the rest goes on. Nothing here writes to the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from workbench.core.clock import Clock
from workbench.core.errors import (
    ApiError,
    NotAuthorised,
    NotFound,
    RateLimited,
    Unreachable,
    UnreadableAnswer,
    VendorFault,
)
from workbench.core.redact import visible
from workbench.domain.model.inventory import DomainItem, Gap, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.plan import Place
from workbench.mailgun import account, credentials, domains, keys, settings
from workbench.mailgun.client import Mailgun, Priority

Changed = Callable[[str], None]
# A subaccount that is closed is deleted for good; its inside cannot be read any more (dossier A4).
CLOSED = "closed"
# What may be different a moment later. A part that stays unread is a credential that stays uncut: ask again.
_PASSING = (VendorFault, UnreadableAnswer, Unreachable, RateLimited)
_PAUSES = (0.5, 2.0)  # seconds before the second and the third reading


@dataclass(slots=True)
class Reader:
    """Fills one inventory. ``changed`` is called with the name of each slice as soon as some of it arrived."""

    api: Mailgun
    inventory: Inventory
    clock: Clock
    changed: Changed
    priority: Priority = Priority.READ

    async def everything(self) -> None:
        """Read all slices; those whose place is known start at once, the subaccounts' follow.

        Raises NotAuthorised and Unreachable of the very first call: without any answer there is no
        inventory, only an error to act on.
        """
        home = Place(self.api.endpoints.home)
        main = [Place(region) for region in self.api.endpoints.regions]
        self.inventory.places = tuple(main)
        await self.keys(home, first=True)
        await asyncio.gather(
            self.users(home),
            self.subaccounts(),
            self.allowlist(home),
            *(self.domains_and_logins(place) for place in main),
            *(self.limit(place) for place in main),
            *(self.routes(place) for place in main),
            *(self.webhooks(place) for place in main),
        )
        below = [
            Place(region, sub.id)
            for sub in self.inventory.subaccounts.values()
            if sub.status != CLOSED
            for region in self.api.endpoints.regions
        ]
        self.inventory.places = (*main, *below)
        own = {place.subaccount: place for place in below if place.region is home.region}
        await asyncio.gather(
            *(self.keys(place) for place in own.values()),
            *(self.users(place) for place in own.values()),
            *(self.domains_and_logins(place) for place in below),
        )
        for name in ("keys", "users", "domains", "logins"):
            self._complete(name)

    async def keys(self, place: Place, *, first: bool = False) -> None:
        """Read the API keys of the account or of a subaccount (keys are global, dossier A1)."""

        async def read() -> None:
            found = await keys.list_keys(self.api, subaccount=place.subaccount, priority=self.priority)
            self.inventory.replace_keys(place, (KeyItem(key, place) for key in found))

        await self._slice("keys", place, read, strict=first)

    async def users(self, place: Place) -> None:
        """Read who can sign in to the control panel."""

        async def read() -> None:
            found = await account.list_users(self.api, subaccount=place.subaccount, priority=self.priority)
            self.inventory.replace_users(place, (UserItem(user, place) for user in found))

        await self._slice("users", place, read)

    async def subaccounts(self) -> None:
        """Read the subaccounts, the closed ones too; an account without the feature simply has none."""

        async def read() -> None:
            found = await account.list_subaccounts(self.api, priority=self.priority)
            self.inventory.subaccounts = {sub.id: sub for sub in found}

        await self._slice("subaccounts", None, read)

    async def allowlist(self, place: Place) -> None:
        """Read the IP allowlist."""

        async def read() -> None:
            found = await account.get_allowlist(self.api, priority=self.priority)
            self.inventory.allowlist = {entry.ip_address: entry for entry in found}

        await self._slice("allowlist", place, read)

    async def limit(self, place: Place) -> None:
        """Read the month's sending limit and use of a region."""

        async def read() -> None:
            self.inventory.limits[place] = await account.get_limit(
                self.api, region=place.region, subaccount=place.subaccount, priority=self.priority
            )

        await self._slice("limits", place, read)

    async def routes(self, place: Place) -> None:
        """Read the inbound routes of a place: a favourite way to stay."""

        async def read() -> None:
            found = await settings.list_routes(
                self.api, region=place.region, subaccount=place.subaccount, priority=self.priority
            )
            self.inventory.replace_settings("routes", place, {route.id: route for route in found})

        await self._slice("routes", place, read)

    async def webhooks(self, place: Place) -> None:
        """Read the account webhooks of a place."""

        async def read() -> None:
            found = await settings.account_webhooks(
                self.api, region=place.region, subaccount=place.subaccount, priority=self.priority
            )
            self.inventory.replace_settings("webhooks", place, {hook.webhook_id: hook for hook in found})

        await self._slice("webhooks", place, read)

    async def domains_and_logins(self, place: Place) -> None:
        """Read the domains of a place, then the logins of each domain, several domains at a time."""
        await self.logins(await self.domains(place))

    async def domains(self, place: Place) -> list[DomainItem]:
        """Read the domains of a place and return them; none where they cannot be read."""
        found: list[DomainItem] = []

        async def read() -> None:
            async for page in domains.iter_domains(
                self.api, region=place.region, subaccount=place.subaccount, priority=self.priority
            ):
                # With a parent's key the list may hold the subaccounts' domains too: they are read in their own place.
                found.extend(
                    DomainItem(domain, place)
                    for domain in page
                    if not domain.subaccount_id or domain.subaccount_id == place.subaccount
                )
            self.inventory.replace_domains(place, found)

        return found if await self._slice("domains", place, read) else []

    async def logins(self, items: Iterable[DomainItem]) -> None:
        """Read the SMTP logins of the given domains."""
        await asyncio.gather(*(self._logins_of(item) for item in items))

    async def _logins_of(self, item: DomainItem) -> None:
        place, name = item.place, item.name

        async def read() -> None:
            held = []
            try:
                async for page in credentials.iter_credentials(
                    self.api,
                    name,
                    region=place.region,
                    subaccount=place.subaccount,
                    priority=self.priority,
                ):
                    held += [LoginItem(credential, name, place) for credential in page]
                    self.inventory.logins.update({login.login: login for login in held})
                    self.changed("logins")
            except NotFound as missing:
                # Deleted between the two readings, so its logins went with it; or a fault, and they are all there.
                if not await self._is_gone(item):
                    raise UnreadableAnswer(
                        f"{missing.what} Yet the domain itself is there.", status=missing.status
                    ) from missing
                held = []
            self.inventory.replace_logins(name, held)

        await self._slice(f"logins of {visible(name, 80)}", place, read, slice_name="logins")

    async def _is_gone(self, item: DomainItem) -> bool:
        try:
            await domains.get_domain(
                self.api,
                item.name,
                region=item.place.region,
                subaccount=item.place.subaccount,
                priority=self.priority,
            )
        except NotFound:
            return True
        return False

    async def _slice(
        self,
        name: str,
        place: Place | None,
        read: Callable[[], Awaitable[None]],
        *,
        strict: bool = False,
        slice_name: str = "",
    ) -> bool:
        """Run one reading; a refusal becomes a gap unless ``strict``. Returns whether it was read."""
        gap = f"{name} {place or ''}".strip()
        try:
            await self._repeated(read)
        except ApiError as error:
            if strict and isinstance(error, NotAuthorised | Unreachable | UnreadableAnswer):
                raise
            self.inventory.gaps[gap] = Gap(name, place, error.what, passing=isinstance(error, _PASSING))
            self.changed(slice_name or name)
            return False
        self.inventory.gaps.pop(gap, None)
        if not slice_name:
            self._complete(name)
        self.changed(slice_name or name)
        return True

    async def _repeated(self, read: Callable[[], Awaitable[None]]) -> None:
        """Read, and again after a fault that may pass. Who gives no answer at all was asked often enough below."""
        for pause in _PAUSES:
            try:
                return await read()
            except (VendorFault, UnreadableAnswer):
                await self.clock.sleep(pause)
        return await read()

    def _complete(self, name: str) -> None:
        self.inventory.read_at[name] = self.clock.now()
