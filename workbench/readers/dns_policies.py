"""DMARC records of the account's domains, read from DNS: never from the account, which only knows what to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.blocklists.dmarc import Dmarc, read, unknown
from workbench.blocklists.names import canonical_domain
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.wire import load_dnspython
from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.registered_names import registrable
from workbench.domain.hardening.recorded import DmarcRead

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

MOST_DOMAINS = 40
_AT_ONCE = 8
_SECONDS = 5.0


async def read_dmarc(domains: Iterable[str], server: ResolverAddress | None, now: datetime) -> DmarcRead:
    """Return the DMARC state of domains as a fact, at most ``MOST_DOMAINS``.

    A domain without a record of its own is judged by its organisational domain (RFC 7489, section 6.6.3). What
    no name server answers is *cannot tell*, never *no record*; nothing is raised for it.
    """
    names = list(dict.fromkeys(_plain(domains)))[:MOST_DOMAINS]
    resolver, why = await _resolver(server)
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(domain: str) -> Dmarc:
        if resolver is None:
            return unknown(domain, why)
        async with turns:
            return await _policy(resolver, domain)

    found = await asyncio.gather(*(one(name) for name in names))
    return DmarcRead(as_of=iso(now), domains=tuple(found))


def _plain(domains: Iterable[str]) -> Iterable[str]:
    for name in domains:
        try:
            yield canonical_domain(name)
        except UsageError:
            continue


async def _resolver(server: ResolverAddress | None) -> tuple[Resolver | None, str]:
    await load_dnspython()
    import dns.asyncresolver
    import dns.exception

    try:
        resolver = dns.asyncresolver.Resolver(configure=server is None)
    except (dns.exception.DNSException, OSError) as error:
        return None, f"this host names no name server ({type(error).__name__})"
    if server is not None:
        resolver.nameservers, resolver.port = [server.host], server.port
    resolver.lifetime = _SECONDS
    return resolver, ""


async def _policy(resolver: Resolver, domain: str) -> Dmarc:
    texts: list[str] = []
    for at in dict.fromkeys((domain, registrable(domain))):
        answer = await _texts(resolver, f"_dmarc.{at}")
        if isinstance(answer, str):
            return unknown(domain, answer)
        if any("dmarc1" in text.lower() for text in answer):
            return read(domain, at, answer)
        texts += answer
    return read(domain, domain, texts)


async def _texts(resolver: Resolver, name: str) -> list[str] | str:
    """Return the TXT records of a name, or why no answer can be believed."""
    import dns.exception
    import dns.resolver

    try:
        answer = await resolver.resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return f"{name}: {type(error).__name__}"
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
