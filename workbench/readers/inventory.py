"""Reads the account into the inventory, slice by slice, both regions and every subaccount.

A slice that cannot be read (a role too low, a region that does not answer) becomes a gap with its reason;
the rest goes on. Nothing here writes to the account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from workbench.core.clock import Clock
from workbench.core.errors import (
    ApiError,
    Forbidden,
    Incomplete,
    NotAuthorised,
    NotFound,
    RateLimited,
    Reason,
    Refused,
    Unreachable,
    UnreadableAnswer,
    VendorFault,
)
from workbench.core.redact import visible
from workbench.domain.model.inventory import DomainItem, Gap, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.plan import Place
from workbench.mailgun import account, credentials, domains, keys, settings
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.models import AccountWebhook, Key, Route
from workbench.mailgun.records import Record
from workbench.mailgun.where import Where
from workbench.readers.ended_subaccounts import CLOSED, forget_ended

T = TypeVar("T")
R = TypeVar("R", Route, AccountWebhook)
Changed = Callable[[str], None]
# The gap that notes a plan without subaccounts.
_FEATURE = "subaccounts (feature)"
# What may be different a moment later. A part that stays unread is a credential that stays uncut: ask again.
PASSING = (VendorFault, UnreadableAnswer, Unreachable, RateLimited)
_PAUSES = (0.5, 2.0)  # seconds before the second and the third reading


@dataclass(slots=True)
class InventoryReader:
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
            found, part = await _kept(
                lambda: keys.list_keys(self.api, subaccount=place.subaccount, priority=self.priority)
            )
            if part is None and place.subaccount is None:
                part = self._own_key_missing(found)
            whole = part is None
            self.inventory.replace_keys(place, (KeyItem(key, place) for key in found), whole=whole)
            self._note("keys", place, found)
            if part is not None:
                raise part

        await self._slice("keys", place, read, strict=first)

    def _own_key_missing(self, found: list[Key]) -> Incomplete | None:
        """Return why the list cannot be whole, None where it can: the key that asks is one of the account's keys."""
        ids = {key.id for key in found}
        ours = {keys.tail_of(self.api.key), self.api.key_id or ""} - {""}
        if ids & ours or ours & self.inventory.settling or (ids and not ours):
            return None
        return Incomplete(
            "The key list does not hold the very key that asked for it"
            + (" and is empty." if not ids else "."),
            "So it is not the whole list: there may be more keys that were neither seen nor cut.",
            "Read it again; if it stays so, look at API Security in the control panel.",
            rows=found,
        )

    async def users(self, place: Place) -> None:
        """Read who can sign in to the control panel."""

        async def read() -> None:
            found, part = await _kept(
                lambda: account.list_users(self.api, subaccount=place.subaccount, priority=self.priority)
            )
            if part is None and not found and place.subaccount is None:
                part = Incomplete(
                    "The user list is empty; an account has at least its owner.",
                    "So who can sign in is not known.",
                    "Read it again; if it stays so, look at the users in the control panel.",
                )
            self.inventory.replace_users(place, (UserItem(user, place) for user in found), whole=part is None)
            self._note("users", place, found)
            if part is not None:
                raise part

        await self._slice("users", place, read)

    async def subaccounts(self) -> None:
        """Read the subaccounts, the closed ones too; an account without the feature simply has none."""

        async def read() -> None:
            try:
                found, part = await _kept(lambda: account.list_subaccounts(self.api, priority=self.priority))
            except ApiError as refusal:
                if not self._has_no_subaccounts(refusal) or await self._domains_below():
                    raise
                self.inventory.subaccounts = {}
                self.inventory.gaps[_FEATURE] = Gap(
                    "subaccounts",
                    None,
                    f"the plan shows none, and no domain is of one: {refusal.what}",
                    note=True,
                )
                return
            self.inventory.gaps.pop(_FEATURE, None)
            held = {sub.id: sub for sub in found}
            self.inventory.subaccounts = held if part is None else {**self.inventory.subaccounts, **held}
            self._note("subaccounts", None, found)
            if part is not None:
                raise part

        if await self._slice("subaccounts", None, read):
            await forget_ended(self.api, self.inventory, self.priority, self.changed)

    def _has_no_subaccounts(self, refusal: ApiError) -> bool:
        """Return whether a refusal says that this account has no such feature: only the reasons that mean so do.

        *Not allowed* means it only to a key that the list itself shows to be an admin's: then its role is not the
        reason. Where anything of the account belongs to a subaccount, there are some, whatever the refusal says.
        """
        known = self.inventory
        seen = bool(known.subaccounts) or any(d.domain.subaccount_id for d in known.domains.values())
        plain = isinstance(refusal, Forbidden | NotFound | Refused) and refusal.own
        named = refusal.reason in (Reason.PLAN, Reason.MISSING, Reason.NONE)
        own = known.keys.get(keys.tail_of(self.api.key) or self.api.key_id or "")
        admin = own is not None and own.key.role == "admin"
        means_so = named or (refusal.reason is Reason.ROLE and admin)
        keys_read = "keys" in known.read_at and not any(gap.slice == "keys" for gap in known.gaps.values())
        return plain and means_so and not seen and keys_read

    async def _domains_below(self) -> bool:
        """Return whether a domain the parent's key can see belongs to a subaccount; True where none can be seen."""
        for region in self.api.endpoints.regions:
            try:
                found = await domains.list_domains(
                    self.api, region=region, include_subaccounts=True, priority=self.priority
                )
            except ApiError:
                return True
            if any(domain.subaccount_id for domain in found):
                return True
        return False

    async def allowlist(self, place: Place) -> None:
        """Read the IP allowlist."""

        async def read() -> None:
            found, part = await _kept(lambda: account.get_allowlist(self.api, priority=self.priority))
            held = {entry.ip_address: entry for entry in found}
            self.inventory.allowlist = held if part is None else {**self.inventory.allowlist, **held}
            self._note("allowlist", place, found)
            if part is not None:
                raise part

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
        await self._settings(
            "routes", place, lambda: settings.list_routes(self.api, **self._at(place)), lambda route: route.id
        )

    async def webhooks(self, place: Place) -> None:
        """Read the account webhooks of a place."""
        await self._settings(
            "webhooks",
            place,
            lambda: settings.account_webhooks(self.api, **self._at(place)),
            lambda hook: hook.webhook_id,
        )

    async def _settings(
        self, name: str, place: Place, ask: Callable[[], Awaitable[list[R]]], name_of: Callable[[R], str]
    ) -> None:
        async def read() -> None:
            found, part = await _kept(ask)
            held = {name_of(row): row for row in found}
            self.inventory.replace_settings(name, place, held, whole=part is None)
            self._note(name, place, found)
            if part is not None:
                raise part

        await self._slice(name, place, read)

    def _at(self, place: Place) -> Where:
        """Return how a call asks for a place, as urgently as this reading is."""
        return {"region": place.region, "subaccount": place.subaccount, "priority": self.priority}

    async def domains_and_logins(self, place: Place) -> None:
        """Read the domains of a place, then the logins of each domain, several domains at a time."""
        await self.logins(await self.domains(place))

    async def domains(self, place: Place) -> list[DomainItem]:
        """Read the domains of a place and return them; none where they cannot be read."""
        found: list[DomainItem] = []

        async def read() -> None:
            rows, part = await _kept(lambda: domains.list_domains(self.api, **self._at(place)))
            # With a parent's key the list may hold the subaccounts' domains too: they are read in their own place.
            mine = [
                DomainItem(domain, place)
                for domain in rows
                if not domain.subaccount_id or domain.subaccount_id == place.subaccount
            ]
            self.inventory.replace_domains(place, mine, whole=part is None)
            found[:] = [item for item in mine if self.inventory.domains.get(item.name) is item]
            self._note("domains", place, rows)
            if part is not None:
                raise part

        await self._slice("domains", place, read)
        return found

    async def logins(self, items: Iterable[DomainItem]) -> None:
        """Read the SMTP logins of the given domains."""
        await asyncio.gather(*(self._logins_of(item) for item in items))

    async def _logins_of(self, item: DomainItem) -> None:
        place, name = item.place, item.name

        async def read() -> None:
            held: list[LoginItem] = []
            part: Incomplete | None = None
            try:
                async for page in credentials.iter_credentials(self.api, name, **self._at(place)):
                    held += [LoginItem(credential, name, place) for credential in page]
                    self.inventory.logins.update({login.login: login for login in held})
                    self.changed("logins")
            except Incomplete as short:
                part = short
            except NotFound as missing:
                # Deleted between the two readings, so its logins went with it; or a fault, and they are all there.
                if not await self._is_gone(item):
                    raise UnreadableAnswer(
                        f"{missing.what.rstrip('.')}. Yet the account has that domain.", status=missing.status
                    ) from missing
                held = []
            self.inventory.replace_logins(name, held, whole=part is None)
            self._note(logins_part(name), place, [item.credential for item in held])
            if part is not None:
                raise part

        await self._slice(logins_part(name), place, read, slice_name="logins")

    async def _is_gone(self, item: DomainItem) -> bool:
        """Return whether a domain is not there any more: neither by its name nor in the list, read anew.

        A name that the list goes on telling and no call knows is one that nobody could read: what it has was not cut.
        """
        try:
            await domains.get_domain(self.api, item.name, **self._at(item.place))
        except NotFound:
            still = await domains.list_domains(self.api, **self._at(item.place))
            return all(domain.name != item.name for domain in still)
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
        gap = part_name(name, place)
        # As old as its first question: what happened while the answer was on its way may not show in it.
        asked = self.clock.now()
        try:
            await self._repeated(read)
        except ApiError as error:
            # Nobody answers, or not to us: an error to act on. One list that is none is a gap beside the others.
            if strict and isinstance(error, NotAuthorised | Unreachable):
                raise
            self.inventory.gaps[gap] = Gap(name, place, error.what, passing=isinstance(error, PASSING))
            self.changed(slice_name or name)
            return False
        self.inventory.gaps.pop(gap, None)
        self.inventory.parts[gap] = asked
        if not slice_name:
            self._complete(name)
        self.changed(slice_name or name)
        return True

    async def _repeated(self, read: Callable[[], Awaitable[None]]) -> None:
        """Read, and again after a fault that may pass. Who gives no answer at all was asked often enough below."""
        for pause in _PAUSES:
            try:
                return await read()
            except (VendorFault, UnreadableAnswer) as fault:
                if isinstance(fault, Incomplete) and not fault.short:
                    raise  # It came whole; an element nobody can read is not read better a second later.
                await self.clock.sleep(pause)
        return await read()

    def _note(self, name: str, place: Place | None, rows: Sequence[Record]) -> None:
        """Tell which rows are there and not fully read: they are kept, and nothing is made up for them."""
        gap = f"{name} {place or ''} (fields)"
        odd = [f"{_name_of(row)}: {', '.join(row.unreadable)}" for row in rows if row.unreadable]
        if not odd:
            self.inventory.gaps.pop(gap, None)
            return
        more = f"; and {len(odd) - 3} more" if len(odd) > 3 else ""
        text = f"{len(odd)} of {len(rows)} not fully read: {'; '.join(odd[:3])}{more}"
        self.inventory.gaps[gap] = Gap(name, place, text, note=True)

    def _complete(self, name: str) -> None:
        self.inventory.read_at[name] = self.clock.now()


def part_name(name: str, place: Place | None) -> str:
    """Return what a part of a slice is called in ``gaps`` and ``parts``: ``keys us``."""
    return f"{name} {place or ''}".strip()


def logins_part(domain: str) -> str:
    """Return what the logins of one domain are called."""
    return f"logins of {visible(domain, 80)}"


async def _kept(read: Callable[[], Awaitable[list[T]]]) -> tuple[list[T], Incomplete | None]:
    """Return the rows of a list, and why they are not all of it: what was read is never thrown away."""
    try:
        return await read(), None
    except Incomplete as part:
        return list(part.rows), part


def _name_of(row: Record) -> str:
    """Return a row's id or name, harmless, to say which one was not fully read."""
    first = next(iter(row.__struct_fields__[1:]), "")
    named = next((n for n in ("name", "email", "description", "login", "id") if getattr(row, n, None)), first)
    return f"“{visible(getattr(row, named, ''), 50)}”"
