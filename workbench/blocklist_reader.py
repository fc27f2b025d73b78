"""Looks the account's sending addresses and domains up on the blocklists that matter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from workbench.blocklists.catalogue import load
from workbench.blocklists.lookup import Lookup
from workbench.blocklists.names import Role, Subject
from workbench.blocklists.resolvers import HostPort
from workbench.blocklists.verdicts import Listing, Verdict
from workbench.clock import Clock
from workbench.errors import ApiError, UsageError
from workbench.incident.inventory import Gap, Inventory
from workbench.incident.plan import Place
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Endpoints
from workbench.mailgun.settings import list_ips


async def read_ips(api: Mailgun, inventory: Inventory) -> None:
    """Read the account's sending addresses into the inventory; a region that refuses simply adds none."""
    for region in api.endpoints.regions:
        try:
            found = await list_ips(api, region=region, priority=Priority.READ)
        except ApiError as error:
            # The domains are looked up all the same; what is missing is said.
            inventory.gaps[f"ips {region}"] = Gap("sending addresses", Place(region), error.what)
            continue
        inventory.ips.update({ip.ip: ip for ip in found})


def subjects(inventory: Inventory) -> list[Subject]:
    """Return what to look up: every sending address, every domain with its tracking host; oddities left out."""
    named: dict[str, Subject] = {}
    for ip in inventory.ips.values():
        _add(named, ip.ip, Role.SENDING_IP, shared=None if ip.dedicated is None else not ip.dedicated)
    for item in inventory.domains.values():
        if item.domain.is_sandbox:
            continue
        _add(named, item.name, Role.DOMAIN)
        prefix = item.domain.web_prefix
        if prefix:
            _add(named, f"{prefix}.{item.name}", Role.TRACKING_HOST)
    return list(named.values())


def resolver_of(named: str, endpoints: Endpoints) -> HostPort | None:
    """Return the name server to ask: the operator's, a drill's own, or None for the host's."""
    if named:
        return HostPort.parse(named)
    return HostPort(endpoints.dns.host, endpoints.dns.port) if endpoints.dns is not None else None


async def look_up(what: Iterable[Subject], clock: Clock, resolver: HostPort | None) -> AsyncIterator[Listing]:
    """Yield a verdict for every subject in every zone that is switched on; see ``blocklists.lookup``."""
    lookup = Lookup(load().enabled(), resolvers=[resolver] if resolver is not None else None, clock=clock)
    async for listing in lookup.run(what):
        yield listing


def summary(listings: Iterable[Listing]) -> dict[str, int]:
    """Return what the runbook's step rests on: how many are listed, how many of them matter, how many unclear."""
    every = list(listings)
    return {
        "asked": len(every),
        "listed": sum(one.verdict is Verdict.LISTED for one in every),
        "matter": sum(one.matters for one in every),
        "unclear": sum(one.verdict is Verdict.CANNOT_TELL for one in every),
    }


def _add(named: dict[str, Subject], text: str, role: Role, *, shared: bool | None = None) -> None:
    try:
        subject = Subject.parse(text, role, shared=shared)
    except UsageError:
        # A hostile or broken name cannot be looked up; the sweep shows it as a finding.
        return
    named.setdefault(subject.value, subject)
