"""The engine against a real DNSBL server: rbldnsd with IPv4, IPv6 and domain zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tests.unit.blocklists.servers import DelayProxy, Rbldnsd
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import Lookup, LookupProgress
from workbench.blocklists.names import Subject
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Zone

LIMITS = QueryLimits(timeout=3.0, owner_rate=None)


async def ask(
    port: int, zones: Iterable[Zone], *values: str, limits: QueryLimits = LIMITS
) -> dict[tuple[str, str], Listing]:
    """Return the listings of some subjects by (subject, zone)."""
    lookup = Lookup(zones, resolvers=[ResolverAddress("127.0.0.1", port)], limits=limits)
    return {listing.pair: listing async for listing in lookup.run([Subject.parse(value) for value in values])}


async def test_an_ip4_listing_has_codes_meaning_and_the_lists_own_text(
    rbldnsd: Rbldnsd, zones: Mapping[str, Zone]
) -> None:
    found = await ask(rbldnsd.port, [zones["ip4.bl.test"]], "198.18.0.1", "198.18.1.77", "203.0.113.9")
    first = found["198.18.0.1", "ip4.bl.test"]
    assert first.verdict is ListingVerdict.LISTED
    assert first.codes == ("127.0.0.2",)
    assert first.reason == "spam source"
    assert first.txt == ("Spam from 198.18.0.1, see https://list.test/198.18.0.1",)
    assert first.ttl == 35 * 60
    assert found["198.18.1.77", "ip4.bl.test"].reason == "exploited"
    assert found["203.0.113.9", "ip4.bl.test"].verdict is ListingVerdict.NOT_LISTED


async def test_a_good_code_is_no_listing_and_an_unknown_code_is_one(
    rbldnsd: Rbldnsd, zones: Mapping[str, Zone]
) -> None:
    found = await ask(rbldnsd.port, [zones["ip4.bl.test"]], "198.18.2.1", "198.18.2.2")
    assert found["198.18.2.1", "ip4.bl.test"].verdict is ListingVerdict.NOT_LISTED
    unknown = found["198.18.2.2", "ip4.bl.test"]
    assert unknown.verdict is ListingVerdict.LISTED
    assert "127.0.0.99" in unknown.reason
    assert unknown.txt == ("something new",)


async def test_ip6_is_asked_by_nibbles(rbldnsd: Rbldnsd, zones: Mapping[str, Zone]) -> None:
    found = await ask(
        rbldnsd.port, [zones["ip6.bl.test"]], "2001:db8:1::25", "2001:db8:1::5", "2001:db8:2::1"
    )
    verdicts = {subject: listing.verdict for (subject, _), listing in found.items()}
    assert verdicts == {
        "2001:db8:1::25": ListingVerdict.LISTED,
        "2001:db8:1::5": ListingVerdict.NOT_LISTED,
        "2001:db8:2::1": ListingVerdict.NOT_LISTED,
    }


async def test_domains_with_bits_and_registered_names(rbldnsd: Rbldnsd, zones: Mapping[str, Zone]) -> None:
    found = await ask(
        rbldnsd.port,
        [zones["dom.bl.test"], zones["reg.bl.test"]],
        "bad.example.com",
        "a.b.worse.example.com",
        "example.com",
        "mail.acme.co.uk",
    )
    assert found["bad.example.com", "dom.bl.test"].reason == "abuse"
    assert found["a.b.worse.example.com", "dom.bl.test"].reason == "phishing; abuse"
    assert found["example.com", "dom.bl.test"].verdict is ListingVerdict.NOT_LISTED
    assert found["mail.acme.co.uk", "reg.bl.test"].verdict is ListingVerdict.LISTED
    assert found["mail.acme.co.uk", "dom.bl.test"].verdict is ListingVerdict.NOT_LISTED


@pytest.mark.parametrize(
    ("zone", "why"),
    [
        ("dead.bl.test", "test entry is not listed"),
        ("all.bl.test", "answers everything"),
        ("refuse.bl.test", "public resolvers are refused"),
        ("unserved.bl.test", "REFUSED"),
    ],
)
async def test_a_zone_that_fails_its_health_check_cannot_tell(
    rbldnsd: Rbldnsd, zones: Mapping[str, Zone], zone: str, why: str
) -> None:
    found = await ask(rbldnsd.port, [zones[zone]], "198.18.0.1", "203.0.113.77")
    assert {listing.verdict for listing in found.values()} == {ListingVerdict.CANNOT_TELL}
    assert all(why in listing.reason for listing in found.values()), found


async def test_each_zone_gets_only_what_it_lists(rbldnsd: Rbldnsd, zones: Mapping[str, Zone]) -> None:
    found = await ask(rbldnsd.port, zones.values(), "198.18.0.1", "2001:db8:1::25", "bad.example.com")
    assert {pair for pair in found if pair[0] == "2001:db8:1::25"} == {("2001:db8:1::25", "ip6.bl.test")}
    assert {zone for subject, zone in found if subject == "bad.example.com"} == {"dom.bl.test", "reg.bl.test"}


async def test_every_listing_is_found_at_any_load_and_with_losses(
    rbldnsd: Rbldnsd, zones: Mapping[str, Zone]
) -> None:
    values = [f"198.18.1.{number}" for number in range(256)] + [f"198.18.9.{number}" for number in range(256)]
    limits = QueryLimits(in_flight=999, timeout=6.0, tries=6, owner_rate=None)
    with DelayProxy(rbldnsd.port, 5.0, lose_every=7) as proxy:
        found = await ask(proxy.port, [zones["ip4.bl.test"]], *values, limits=limits)
    assert len(found) == 512
    for (value, _), listing in found.items():
        truth = ListingVerdict.LISTED if value.startswith("198.18.1.") else ListingVerdict.NOT_LISTED
        assert listing.verdict in {truth, ListingVerdict.CANNOT_TELL}
    assert sum(listing.verdict is ListingVerdict.LISTED for listing in found.values()) >= 250


async def test_silent_zones_hold_up_nobody(rbldnsd: Rbldnsd, zones: Mapping[str, Zone]) -> None:
    arrived: list[tuple[str, ListingVerdict]] = []
    with DelayProxy(rbldnsd.port, 5.0, silent=["dead.bl.test"]) as proxy:
        lookup = Lookup(
            [zones["dead.bl.test"], zones["ip4.bl.test"]],
            resolvers=[ResolverAddress("127.0.0.1", proxy.port)],
            limits=QueryLimits(in_flight=8, timeout=1.0, owner_rate=None),
        )
        subjects = [Subject.parse(f"198.18.1.{number}") for number in range(40)]
        async for listing in lookup.run(subjects):
            arrived.append((listing.zone.name, listing.verdict))
    assert {zone for zone, _ in arrived[:40]} == {"ip4.bl.test"}
    assert {verdict for zone, verdict in arrived if zone == "dead.bl.test"} == {ListingVerdict.CANNOT_TELL}
    assert len(arrived) == 80


async def test_progress_counts_to_the_end_and_health_is_reported(
    rbldnsd: Rbldnsd, zones: Mapping[str, Zone]
) -> None:
    seen: list[LookupProgress] = []
    lookup = Lookup(
        [zones["ip4.bl.test"], zones["all.bl.test"]],
        resolvers=[ResolverAddress("127.0.0.1", rbldnsd.port)],
        limits=LIMITS,
        progress=seen.append,
    )
    subjects = [Subject.parse(value) for value in ("198.18.0.1", "203.0.113.9")]
    assert len([listing async for listing in lookup.run(subjects)]) == 4
    assert [progress.done for progress in seen] == [1, 2, 3, 4]
    assert seen[-1] == LookupProgress(done=4, total=4, listed=1, cannot_tell=2)
    assert {(health.zone.name, health.believed) for health in lookup.health} == {
        ("ip4.bl.test", True),
        ("all.bl.test", False),
    }
