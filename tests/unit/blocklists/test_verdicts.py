"""Verdicts: the rule table for answers, and what a listing says about itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.blocklists.zonekit import one_zone
from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Subject
from workbench.blocklists.verdicts import Listing, ListingVerdict, listing_tier, read_addresses
from workbench.blocklists.zones import AskedBy, Tier

SHIPPED = load().zones


@pytest.mark.parametrize(
    ("zone", "addresses", "verdict", "words"),
    [
        ("zen.spamhaus.org", ["127.0.0.2"], ListingVerdict.LISTED, "SBL"),
        ("zen.spamhaus.org", ["127.0.0.2", "127.0.0.4", "127.0.0.10"], ListingVerdict.LISTED, "PBL"),
        ("zen.spamhaus.org", ["127.255.255.254"], ListingVerdict.CANNOT_TELL, "public or unattributable"),
        ("zen.spamhaus.org", ["127.255.255.250"], ListingVerdict.CANNOT_TELL, "error code"),
        (
            "zen.spamhaus.org",
            ["127.0.0.2", "127.255.255.255"],
            ListingVerdict.CANNOT_TELL,
            "too many queries",
        ),
        ("zen.spamhaus.org", ["127.0.0.1"], ListingVerdict.CANNOT_TELL, "blocked query"),
        ("zen.spamhaus.org", ["127.0.0.200"], ListingVerdict.LISTED, "undocumented"),
        ("zen.spamhaus.org", ["192.0.2.1"], ListingVerdict.CANNOT_TELL, "outside 127.0.0.0/8"),
        ("zen.spamhaus.org", ["126.0.0.2"], ListingVerdict.CANNOT_TELL, "outside 127.0.0.0/8"),
        ("zen.spamhaus.org", [], ListingVerdict.CANNOT_TELL, "without an address"),
        ("dbl.spamhaus.org", ["127.0.1.4"], ListingVerdict.LISTED, "phishing domain"),
        ("dbl.spamhaus.org", ["127.0.1.102"], ListingVerdict.LISTED, "legitimate domain abused for spam"),
        ("dbl.spamhaus.org", ["127.0.1.50"], ListingVerdict.LISTED, "listed domain"),
        ("dbl.spamhaus.org", ["127.0.1.255"], ListingVerdict.CANNOT_TELL, "address was asked"),
        ("multi.surbl.org", ["127.0.0.80"], ListingVerdict.LISTED, "MW: malware; ABUSE: seen in spam"),
        ("multi.surbl.org", ["127.0.0.1"], ListingVerdict.CANNOT_TELL, "refused"),
        ("multi.surbl.org", ["127.0.0.65"], ListingVerdict.CANNOT_TELL, "refused"),
        ("multi.uribl.com", ["127.0.0.2"], ListingVerdict.LISTED, "black"),
        ("multi.uribl.com", ["127.0.0.1"], ListingVerdict.CANNOT_TELL, "refused"),
        ("bl.mailspike.net", ["127.0.0.18"], ListingVerdict.NOT_LISTED, "good"),
        ("bl.mailspike.net", ["127.0.0.18", "127.0.0.10"], ListingVerdict.LISTED, "worst"),
        ("hostkarma.junkemailfilter.com", ["127.0.0.1"], ListingVerdict.NOT_LISTED, "white"),
        ("bl.score.senderscore.com", ["127.0.0.1"], ListingVerdict.LISTED, "bot"),
        ("bl.score.senderscore.com", ["127.255.255.255"], ListingVerdict.CANNOT_TELL, "MyValidity"),
        ("psbl.surriel.com", ["127.0.0.2"], ListingVerdict.LISTED, "spam trap"),
        ("psbl.surriel.com", ["127.0.0.1"], ListingVerdict.CANNOT_TELL, "blocked query"),
    ],
)
def test_the_rule_table(zone: str, addresses: list[str], verdict: ListingVerdict, words: str) -> None:
    reading = read_addresses(SHIPPED[zone], addresses)
    assert reading.verdict is verdict
    assert words in reading.reason


def listing(zone: str, *addresses: str) -> Listing:
    """Return a listing as the engine would make it."""
    reading = read_addresses(SHIPPED[zone], addresses)
    tier = listing_tier(SHIPPED[zone], reading.matched)
    moment = datetime(2026, 11, 21, 14, 2, 7, tzinfo=UTC)
    return Listing(
        Subject.parse("192.0.2.1"), SHIPPED[zone], reading.verdict, tier, reading.codes, reading.matched,
        reading.reason, (), moment, 60, "192.0.2.53",
    )  # fmt: skip


def test_who_may_ask_and_how_it_ends_follow_the_code() -> None:
    css = listing("zen.spamhaus.org", "127.0.0.3")
    assert css.asked_by is AskedBy.ANYONE
    assert "three days" in css.ends
    both = listing("zen.spamhaus.org", "127.0.0.3", "127.0.0.2")
    assert both.asked_by is AskedBy.ADDRESS_OWNER
    assert both.matters
    wave = listing("bl.mailspike.net", "127.0.0.2")
    assert "fast" in wave.ends


def test_a_weak_code_lowers_the_tier_and_a_strong_one_beside_it_does_not() -> None:
    assert listing("multi.uribl.com", "127.0.0.4").tier is Tier.MINOR
    assert listing("multi.uribl.com", "127.0.0.6").tier is Tier.SOME
    ranked = load().with_overrides(rank={"multi.uribl.com": 4}).zones["multi.uribl.com"]
    assert listing_tier(ranked, read_addresses(ranked, ["127.0.0.4"]).matched) is Tier.IGNORE


def test_the_record_has_the_contracts_words() -> None:
    record = listing("bl.spamcop.net", "127.0.0.2").record()
    assert {"subject", "zone", "verdict", "tier", "reason"} <= set(record)
    assert record["verdict"] == "listed"
    assert record["tier"] == 2
    assert record["asked_at"] == "2026-11-21T14:02:07Z"


def test_verdict_words_are_the_contracts() -> None:
    assert [verdict.value for verdict in ListingVerdict] == ["listed", "not listed", "cannot tell"]


def test_any_does_not_cover_a_code_that_is_good() -> None:
    zone = one_zone("some.test", good={"127.0.0.5": "fine"})
    assert read_addresses(zone, ["127.0.0.5"]).verdict is ListingVerdict.NOT_LISTED
    assert read_addresses(zone, ["127.0.0.6"]).verdict is ListingVerdict.LISTED
