"""Which addresses and domains of the account are looked up, with which catalogue, through which name server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from msgspec import structs

from workbench.blocklists import catalogue
from workbench.blocklists.catalogue import Catalogue
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import Lookup
from workbench.blocklists.names import Role, Subject
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.zones import Zone
from workbench.core import config
from workbench.core.clock import Clock
from workbench.core.errors import ApiError, Reason, UsageError, VaultError
from workbench.core.redact import Secret
from workbench.core.registered_names import registrable
from workbench.domain.blocklists.ours import ADDRESSES
from workbench.domain.detection.hosts import host_of, urls_in
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.settings import Settings, template_content
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Endpoints
from workbench.mailgun.settings import list_ips
from workbench.readers.inventory import PASSING
from workbench.vault.entries import WORKBENCH_SERVICE, EntryName

# From domains that only a handful of refused messages carried tell nothing about this account.
MOST_FROM_DOMAINS = 20
MOST_LINKS = 40


class KeyVault(Protocol):
    """The part of the vault that holds the lists' keys."""

    async def fetch(self, name: EntryName) -> Secret | None:
        """Return a stored secret, None where there is none."""


async def read_catalogue(path: Path, vault: KeyVault | None, accepted: Iterable[str] = ()) -> Catalogue:
    """Return the catalogue as the operator's configuration changes it, with keys from the vault.

    A key in the vault switches its zones on: whoever stored it has agreed with the list's owner. ``accepted``
    are zones whose terms the operator accepted in this incident. Raises UsageError for a mistake in the
    configuration, VaultError where the vault cannot be read though the configuration needs a key of it.
    """
    wanted = (await asyncio.to_thread(config.load, path)).blocklists
    shipped = catalogue.load()
    needed = {str(table["key"]) for table in wanted.add if "key" in table}
    needed |= {shipped.zones[zone].key_name for zone in wanted.enable if zone in shipped.zones}
    keys: dict[str, Secret | None] = {}
    for name in sorted((needed | {zone.key_name for zone in shipped.zones.values()}) - {""}):
        entry = EntryName(WORKBENCH_SERVICE, wanted.keys.get(name, name))
        try:
            keys[name] = await vault.fetch(entry) if vault is not None else None
        except VaultError:
            if name in needed:
                raise
            keys[name] = None
    enable = dict.fromkeys(wanted.enable)
    enable |= dict.fromkeys(name for name in accepted if name in shipped.zones)
    enable |= {zone.name: None for zone in shipped.zones.values() if keys.get(zone.key_name) is not None}
    if not (enable or wanted.drop or wanted.rank or wanted.add):
        return shipped
    kept = [name for name in enable if name not in wanted.drop]
    return shipped.with_overrides(
        enable=kept, drop=wanted.drop, rank=wanted.rank, add=wanted.add, key=keys.get
    )


async def read_ips(api: Mailgun, inventory: Inventory) -> None:
    """Read the account's sending addresses into the inventory; a region that refuses simply adds none."""
    for region in api.endpoints.regions:
        try:
            found, own = await asyncio.gather(
                list_ips(api, region=region, priority=Priority.READ),
                list_ips(api, region=region, dedicated=True, priority=Priority.READ),
            )
        except ApiError as error:
            # The domains are looked up all the same; what is missing is said.
            passing = isinstance(error, PASSING) or error.reason is Reason.PAGE
            inventory.gaps[f"ips {region}"] = Gap(ADDRESSES, Place(region), error.what, passing=passing)
            continue
        inventory.gaps.pop(f"ips {region}", None)
        # The plain list does not say it of each address: whatever is not dedicated is shared with others.
        mine = {ip.ip for ip in own}
        inventory.ips.update({ip.ip: structs.replace(ip, dedicated=ip.ip in mine) for ip in found})


def subjects(
    inventory: Inventory, from_domains: Iterable[str] = (), links: Iterable[str] = ()
) -> list[Subject]:
    """Return what to look up: sending addresses, domains with tracking and return-path hosts, abused From domains.

    ``links`` are hosts that mail of this account links to; their lists are those of domains. Of each sending
    domain the organisational one (Public Suffix List) is asked as well: receivers judge by both. A name that
    cannot be looked up is left out: the sweep shows it as a finding.
    """
    named: dict[str, Subject] = {}
    for ip in inventory.ips.values():
        _add(named, ip.ip, Role.SENDING_IP, shared=None if ip.dedicated is None else not ip.dedicated)
    for item in inventory.domains.values():
        domain = item.domain
        if domain.is_sandbox:
            continue
        _add(named, item.name, Role.DOMAIN)
        # The API's tracking_host is the vendor's own name that ours points to: shared by all customers.
        if domain.web_prefix:
            _add(named, f"{domain.web_prefix}.{item.name}", Role.TRACKING_HOST)
        if domain.mailfrom_host:
            host = domain.mailfrom_host
            _add(named, host if "." in host else f"{host}.{item.name}", Role.RETURN_PATH)
    for item in inventory.domains.values():
        if not item.domain.is_sandbox:
            _add(named, registrable(item.name), Role.ORGANISATION)
    for name in list(from_domains)[:MOST_FROM_DOMAINS]:
        _add(named, name, Role.FROM_DOMAIN)
    for name in list(links)[:MOST_LINKS]:
        if not _vendors(name):
            _add(named, name, Role.LINK_DOMAIN)
    return list(named.values())


def _vendors(host: str) -> bool:
    """Return whether a link goes through Mailgun's own hosts: every customer's mail does."""
    return registrable(host) in ("mailgun.org", "mailgun.net", "mailgun.com")


def template_hosts(settings: Settings) -> list[str]:
    """Return the hosts that the account's templates link to, each once; at most ``MOST_LINKS``."""
    templates = [
        *(template for place in settings.places.values() for template in place.templates),
        *(template for domain in settings.domains.values() for template in domain.templates),
    ]
    inside = (host_of(url) for template in templates for url in urls_in(template_content(template)))
    return [host for host in dict.fromkeys(inside) if host][:MOST_LINKS]


def resolver_of(named: str, endpoints: Endpoints) -> ResolverAddress | None:
    """Return the name server to ask: the operator's, a drill's own, or None for the host's."""
    if named:
        return ResolverAddress.parse(named)
    return ResolverAddress(endpoints.dns.host, endpoints.dns.port) if endpoints.dns is not None else None


def _add(named: dict[str, Subject], text: str, role: Role, *, shared: bool | None = None) -> None:
    try:
        subject = Subject.parse(text, role, shared=shared)
    except UsageError:
        return
    named.setdefault(subject.value, subject)


def lookups(
    what: Sequence[Subject],
    zones: Sequence[Zone],
    wanted: Mapping[str, set[str]] | None,
    clock: Clock,
    server: ResolverAddress | None,
    limits: QueryLimits | None = None,
) -> list[tuple[Lookup, list[Subject]]]:
    """Return the engine's runs with their subjects: everything at once, or only the ``wanted`` of each zone."""
    servers = [server] if server is not None else None
    if wanted is None:
        return [(Lookup(zones, resolvers=servers, clock=clock, limits=limits), list(what))]
    groups: dict[frozenset[str], list[Zone]] = {}
    everything = frozenset(one.value for one in what)
    for zone in zones:
        takes = {one.value for one in what if zone.takes(one.kind, one.role)}
        # A zone of which all is due goes with the others of its sort: one run instead of one a sort.
        due = everything if wanted[zone.name] >= takes else frozenset(wanted[zone.name])
        groups.setdefault(due, []).append(zone)
    return [
        (
            Lookup(members, resolvers=servers, clock=clock, limits=limits),
            [one for one in what if one.value in names],
        )
        for names, members in groups.items()
    ]


@dataclass(frozen=True, slots=True)
class Dated:
    """The host's clock, dated by another one: the drill's days are the account's."""

    clock: Clock
    dated: Callable[[], datetime]

    def now(self) -> datetime:
        """Return the moment of the other clock."""
        return self.dated()

    def monotonic(self) -> float:
        """Return the host's own seconds."""
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the host's own clock."""
        await self.clock.sleep(seconds)
