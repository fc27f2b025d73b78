"""The drill's DNS server, asked with dnspython's own client over UDP and TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from workbench.drill.servers.dns_server import DnsServer
from workbench.drill.servers.dns_zones import TEST_ENTRIES, Behaviour, DnsZone, catalogue_zones, subject_of


class Listings:
    """Lists one address and one domain."""

    def lookup(self, zone: str, subject: str) -> tuple[Sequence[str], str] | None:
        if (zone, subject) == ("zen.spamhaus.org", "198.51.100.7"):
            return ("127.0.0.3", "127.0.0.4"), 'listed "by" \\ us'
        if (zone, subject) == ("dbl.spamhaus.org", "mg.acme.example"):
            return ("127.0.1.2",), "spam domain"
        return None


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    made = DnsServer(Listings())
    await made.start()
    yield made
    await made.close()


async def ask(
    server: DnsServer, name: str, kind: str = "A", *, tcp: bool = False, seconds: float = 2.0
) -> dns.message.Message:
    query = dns.message.make_query(name, kind)
    if tcp:
        return await dns.asyncquery.tcp(query, "127.0.0.1", port=server.port, timeout=seconds)
    return await dns.asyncquery.udp(
        query, "127.0.0.1", port=server.port, timeout=seconds, ignore_unexpected=True, ignore_errors=True
    )


def records(answer: dns.message.Message) -> list[str]:
    return sorted(item.to_text() for rrset in answer.answer for item in rrset)


def backwards(address: str) -> str:
    return ".".join(reversed(address.split(".")))


@pytest.mark.parametrize("tcp", [False, True])
async def test_simulated_listings_with_reason(server: DnsServer, tcp: bool) -> None:
    name = f"{backwards('198.51.100.7')}.zen.spamhaus.org"
    answer = await ask(server, name, tcp=tcp)
    assert records(answer) == ["127.0.0.3", "127.0.0.4"] and answer.answer[0].ttl == 60
    assert records(await ask(server, name, "TXT", tcp=tcp)) == ['"listed \\"by\\" \\\\ us"']
    assert records(await ask(server, name, "AAAA", tcp=tcp)) == []
    assert records(await ask(server, "MG.Acme.Example.dbl.spamhaus.org", tcp=tcp)) == ["127.0.1.2"]


async def test_what_is_not_listed_does_not_exist(server: DnsServer) -> None:
    for name in (
        f"{backwards('198.51.100.8')}.zen.spamhaus.org",
        f"{backwards('198.51.100.7')}.bl.spamcop.net",
        "shop.acme.example.dbl.spamhaus.org",
        "mg.acme.example.zen.spamhaus.org",  # no domains there
        "www.acme.example",
        "zen.spamhaus.org.example",
    ):
        assert (await ask(server, name)).rcode() == dns.rcode.NXDOMAIN, name
    assert (await ask(server, "zen.spamhaus.org")).rcode() == dns.rcode.NOERROR


async def test_an_address_asked_of_the_dbl(server: DnsServer) -> None:
    assert records(await ask(server, f"{backwards('198.51.100.7')}.dbl.spamhaus.org")) == ["127.0.1.255"]


@pytest.mark.parametrize("zone", catalogue_zones(), ids=lambda zone: zone.name)
async def test_every_zone_of_the_catalogue_has_its_test_entries(server: DnsServer, zone: DnsZone) -> None:
    ip6_listed = "2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20
    ip6_absent = "1.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20
    names = {
        "ip4": (backwards("127.0.0.2"), backwards("127.0.0.1")),
        "ip6": (ip6_listed, ip6_absent),
        "domain": (zone.tests["domain"], "invalid"),
    }
    suffix = f"0123456789abcdefghijklmnop.{zone.name}" if zone.keyed else zone.name
    for kind in zone.kinds:
        listed, absent = names[kind]
        assert records(await ask(server, f"{listed}.{suffix}")) == [zone.test_code], kind
        assert records(await ask(server, f"{listed}.{suffix}", "TXT")), kind
        assert (await ask(server, f"{absent}.{suffix}")).rcode() == dns.rcode.NXDOMAIN, kind


def test_catalogue_zones_are_plausible() -> None:
    zones = {zone.name: zone for zone in catalogue_zones()}
    assert len(zones) > 30
    assert zones["zen.spamhaus.org"].kinds == {"ip4", "ip6"}
    assert zones["dbl.spamhaus.org"].tests["domain"] == "dbltest.com"
    assert zones["multi.surbl.org"].test_code == "127.0.0.4"  # the lowest bit that is a listing
    assert zones["zen.dq.spamhaus.net"].keyed and not zones["bl.spamcop.net"].keyed


@pytest.mark.parametrize(
    "labels, expected",
    [
        ("2.0.0.127", ("ip4", "127.0.0.2")),
        ("256.0.0.127", ("domain", "256.0.0.127")),
        ("1" + ".0" * 23 + ".8.b.d.0.1.0.0.2", ("ip6", "2001:db8::1")),
        ("2.0.0.0.0.0.f.7.f.f.f.f" + ".0" * 20, ("ip6", TEST_ENTRIES["ip6"])),
        ("Mg.Acme.example", ("domain", "mg.acme.example")),
    ],
)
def test_subject_of_a_query(labels: str, expected: tuple[str, str]) -> None:
    assert subject_of(labels.split(".")) == expected


async def zone_answer(
    server: DnsServer, behaviour: Behaviour, host: str = "127.0.0.2", *, tcp: bool = False
) -> dns.message.Message:
    server.add(DnsZone("odd.bl.test", behaviour=behaviour))
    return await ask(server, f"{backwards(host)}.odd.bl.test", tcp=tcp, seconds=0.2)


async def test_zones_that_misbehave(server: DnsServer) -> None:
    assert (await zone_answer(server, "servfail")).rcode() == dns.rcode.SERVFAIL
    assert (await zone_answer(server, "refused")).rcode() == dns.rcode.REFUSED
    assert records(await zone_answer(server, "wildcard", "127.0.0.1")) == ["127.0.0.2"]
    assert records(await zone_answer(server, "blocked", "127.0.0.1")) == ["127.255.255.254"]
    assert records(await zone_answer(server, "outside", "127.0.0.1")) == ["198.51.100.199"]
    unanswered: tuple[Behaviour, ...] = ("silent", "garbled")
    for behaviour in unanswered:
        with pytest.raises(dns.exception.Timeout):
            await zone_answer(server, behaviour)


async def test_truncated_over_udp_is_told_over_tcp(server: DnsServer) -> None:
    with_flag = await zone_answer(server, "truncated")
    assert with_flag.flags & dns.flags.TC and records(with_flag) == []
    assert records(await zone_answer(server, "truncated", tcp=True)) == ["127.0.0.2"]


async def test_contradicting_and_spoofed(server: DnsServer) -> None:
    seen = [records(await zone_answer(server, "contradicting")) for _ in range(4)]
    assert seen == [["127.0.0.2"], [], ["127.0.0.2"], []]
    assert records(await zone_answer(server, "spoofed")) == ["127.0.0.2"]


async def test_fixed_entries_ttl_and_delay(server: DnsServer) -> None:
    entries = {"198.51.100.1": (("127.0.0.9",), "fixed")}
    server.add(DnsZone("fixed.bl.test", ttl=0, delay=0.01, entries=entries))
    answer = await ask(server, f"{backwards('198.51.100.1')}.fixed.bl.test")
    assert records(answer) == ["127.0.0.9"] and answer.answer[0].ttl == 0
    slow = await ask(server, f"{backwards('198.51.100.1')}.fixed.bl.test", tcp=True)
    assert records(slow) == ["127.0.0.9"]


async def test_garbage_is_not_answered_and_does_no_harm(server: DnsServer) -> None:
    assert server.answer(b"", udp=True) == [] and server.answer(b"\xff" * 40, udp=True) == []
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\x00\x02hi\xff")
    writer.close()
    assert (await ask(server, "2.0.0.127.bl.spamcop.net")).rcode() == dns.rcode.NOERROR


async def test_queries_are_counted(server: DnsServer) -> None:
    for _ in range(3):
        await ask(server, "2.0.0.127.bl.spamcop.net")
    assert server.asked[("2.0.0.127.bl.spamcop.net", "A")] == 3
