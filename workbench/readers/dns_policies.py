"""DMARC records of the account's domains, read from DNS: never from the account, which only knows what to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
    no name server answers is *cannot tell*, never *no record*, and so is what a resolver denies that does not even
    know the domain (a sign-in page's, a company's inner one); nothing is raised for it.
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
    doubt = await _doubt(resolver, registrable(domain))
    return unknown(domain, doubt) if doubt else read(domain, domain, texts)


async def _doubt(resolver: Resolver, name: str) -> str:
    """Return why a resolver's *no such record* cannot be believed, ``""`` where it knows the domain.

    Whatever is registered has a start of authority (RFC 1035, section 3.3.13).
    """
    answer = await _records(resolver, name, "SOA")
    if isinstance(answer, str):
        return answer
    return "" if answer else f"this host's resolver does not know {name}: it does not tell the whole DNS"


async def _texts(resolver: Resolver, name: str) -> list[str] | str:
    """Return the TXT records of a name, or why no answer can be believed."""
    answer = await _records(resolver, name, "TXT")
    if isinstance(answer, str):
        return answer
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


async def _records(resolver: Resolver, name: str, kind: str) -> list[Any] | str:
    """Return the records of a name, none where it is said to have none, or why nothing was answered."""
    import dns.exception
    import dns.resolver

    try:
        return list(await resolver.resolve(name, kind, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.Timeout:
        return f"no name server answered for {name} within {_SECONDS:.0f} s"
    except dns.resolver.NoNameservers:
        return f"no name server could be reached for {name}, or each refused (SERVFAIL, REFUSED)"
    except (dns.exception.DNSException, OSError, ValueError) as error:
        return f"{name}: {type(error).__name__}"
