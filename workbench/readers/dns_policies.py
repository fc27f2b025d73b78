"""DMARC records of the account's domains, read from DNS: never from the account, which only knows what to publish."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

from workbench.blocklists.dmarc import Dmarc, read, unknown
from workbench.blocklists.name_servers import NameServers
from workbench.blocklists.names import canonical_domain
from workbench.blocklists.resolvers import ResolverAddress, system_resolvers
from workbench.blocklists.wire import REFUSED, SILENT, SOA, TXT, AnswerState, DnsAnswer, failed
from workbench.core.clock import iso
from workbench.core.errors import HostError, UsageError
from workbench.core.registered_names import registrable
from workbench.domain.hardening.recorded import DmarcRead

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
    turns = asyncio.Semaphore(_AT_ONCE)
    try:
        async with NameServers([server] if server is not None else system_resolvers(), _SECONDS) as servers:

            async def one(domain: str) -> Dmarc:
                async with turns:
                    return await _policy(servers, domain)

            found = await asyncio.gather(*(one(name) for name in names))
    except HostError as error:
        found = [unknown(name, f"this host names no name server ({error.what})") for name in names]
    return DmarcRead(as_of=iso(now), domains=tuple(found))


def _plain(domains: Iterable[str]) -> Iterable[str]:
    for name in domains:
        try:
            yield canonical_domain(name)
        except UsageError:
            continue


async def _policy(servers: NameServers, domain: str) -> Dmarc:
    texts: list[str] = []
    for at in dict.fromkeys((domain, registrable(domain))):
        name = f"_dmarc.{at}"
        answer = await _asked(servers, name, TXT)
        if answer.state is AnswerState.FAILED:
            return unknown(domain, _why(name, answer))
        if any("dmarc1" in text.lower() for text in answer.texts):
            return read(domain, at, list(answer.texts))
        texts += answer.texts
    doubt = await _doubt(servers, registrable(domain))
    return unknown(domain, doubt) if doubt else read(domain, domain, texts)


async def _doubt(servers: NameServers, name: str) -> str:
    """Return why a resolver's *no such record* cannot be believed, ``""`` where it knows the domain.

    Whatever is registered has a start of authority (RFC 1035, section 3.3.13).
    """
    answer = await _asked(servers, name, SOA)
    if answer.state is AnswerState.FAILED:
        return _why(name, answer)
    if answer.state is AnswerState.FOUND:
        return ""
    return f"this host's resolver does not know {name}: it does not tell the whole DNS"


async def _asked(servers: NameServers, name: str, kind: bytes) -> DnsAnswer:
    """Return what is said of a name; one that cannot be asked for is a failure with its reason."""
    try:
        answer = await servers.ask(name, kind)
    except ValueError as error:
        return failed(str(error))
    return failed(answer.reason) if answer.state is AnswerState.TRUNCATED else answer


def _why(name: str, answer: DnsAnswer) -> str:
    if answer.reason.startswith(REFUSED):
        return f"no name server could be reached for {name}, or each refused (SERVFAIL, REFUSED)"
    if answer.reason.startswith(SILENT):
        return f"no name server answered for {name} within {_SECONDS:.0f} s"
    return f"{name}: {answer.reason}"
