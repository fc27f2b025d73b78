"""DMARC read over real sockets: the domain's own record, the organisational one, none, and no answer at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.blocklists.resolvers import ResolverAddress
from workbench.drill.servers.dns_server import DnsServer
from workbench.drill.servers.dns_zones import DnsZone
from workbench.readers.dns_policies import read_dmarc

NOW = datetime(2026, 11, 28, tzinfo=UTC)


async def test_each_domain_gets_its_own_word() -> None:
    server = DnsServer(zones=[DnsZone("dark.example", behaviour="servfail")])
    await server.start()
    server.texts["_dmarc.acme.co.uk"] = "v=DMARC1; p=reject; sp=none; rua=mailto:d@acme.co.uk"
    server.texts["_dmarc.own.example"] = "v=DMARC1; p=quarantine"
    try:
        names = ["mg.acme.co.uk", "acme.co.uk", "own.example", "bare.example", "mg.dark.example", "no domain"]
        fact = await read_dmarc(names, ResolverAddress("127.0.0.1", server.port), NOW)
    finally:
        await server.close()
    found = {one.domain: one for one in fact.domains}
    assert {name: one.state.value for name, one in found.items()} == {
        "mg.acme.co.uk": "watching only (p=none)",
        "acme.co.uk": "reject",
        "own.example": "quarantine",
        "bare.example": "no record",
        "mg.dark.example": "cannot tell",
    }
    assert found["mg.acme.co.uk"].found_at == "acme.co.uk"
    assert found["mg.dark.example"].why


async def test_a_server_that_is_not_there_is_no_missing_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.readers.dns_policies._SECONDS", 0.2)
    server = DnsServer(zones=[])
    port = await server.start()
    await server.close()
    fact = await read_dmarc(["acme.example"], ResolverAddress("127.0.0.1", port), NOW)
    assert [one.state.value for one in fact.domains] == ["cannot tell"]


async def test_what_a_resolver_denies_that_does_not_know_the_domain_is_cannot_tell() -> None:
    server = DnsServer(zones=[])
    # A sign-in page's resolver, or a company's inner one: no such name, whatever is asked.
    server.apexes = False
    await server.start()
    try:
        fact = await read_dmarc(["mg.acme.example"], ResolverAddress("127.0.0.1", server.port), NOW)
    finally:
        await server.close()
    (found,) = fact.domains
    assert found.state.value == "cannot tell" and "does not know acme.example" in found.why
    assert found.change == "look again from another network"


async def test_why_nothing_was_answered_is_said_in_words() -> None:
    server = DnsServer(zones=[DnsZone("dark.example", behaviour="servfail")])
    await server.start()
    try:
        fact = await read_dmarc(["mg.dark.example"], ResolverAddress("127.0.0.1", server.port), NOW)
    finally:
        await server.close()
    assert fact.domains[0].why == (
        "no name server could be reached for _dmarc.mg.dark.example, or each refused (SERVFAIL, REFUSED)"
    )
