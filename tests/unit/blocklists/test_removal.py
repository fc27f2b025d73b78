"""The way off: order, whose job, when a request is ready, its text, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Role, Subject
from workbench.blocklists.removal import (
    Removal,
    RemovalRequest,
    RemovalSituation,
    RequestState,
    Whose,
    plan_removals,
)
from workbench.blocklists.request_text import Facts
from workbench.blocklists.verdicts import Listing, ListingVerdict, listing_tier, read_addresses
from workbench.core.errors import UsageError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ZONES = load().zones
FACTS = Facts(
    organisation="Acme GmbH",
    contact="Ada Example, ada@acme.example",
    first_abuse=datetime(2026, 11, 21, 1, 0, tzinfo=UTC),
    last_abuse=datetime(2026, 11, 21, 14, 9, tzinfo=UTC),
    cause="An API key leaked from a public repository",
    changed=("all API keys replaced (14:05Z)", "all SMTP passwords replaced (14:08Z)"),
    prevents=("keys are limited to sending and to our addresses",),
)
DONE = RemovalSituation(FACTS, containment_done=True, own_names=frozenset({"acme.example"}))


def listed(zone: str, code: str, value: str = "192.0.2.1", **kind: object) -> Listing:
    """Return a listing of a zone with a code."""
    subject = Subject.parse(value, **kind)  # type: ignore[arg-type]
    reading = read_addresses(ZONES[zone], [code])
    assert reading.verdict is ListingVerdict.LISTED
    tier = listing_tier(ZONES[zone], reading.matched)
    return Listing(
        subject, ZONES[zone], reading.verdict, tier, reading.codes, reading.matched, reading.reason,
        ("see the page",), NOW, 300, "192.0.2.53",
    )  # fmt: skip


def plan(
    listings: Sequence[Listing], situation: RemovalSituation = DONE, **requests: RemovalRequest
) -> tuple[Removal, ...]:
    """Return the removals; ``requests`` are by zone with dots as underscores."""
    by_pair = {
        one.pair: requests[key] for one in listings if (key := one.zone.name.replace(".", "_")) in requests
    }
    return plan_removals(listings, situation, by_pair, NOW)


def test_what_matters_most_comes_first_and_refused_mail_raises_a_list() -> None:
    found = [
        listed("dnsbl-3.uceprotect.net", "127.0.0.2"),
        listed("dnsbl.dronebl.org", "127.0.0.6"),
        listed("zen.spamhaus.org", "127.0.0.3"),
        listed("psbl.surriel.com", "127.0.0.2"),
        listed("bl.spamcop.net", "127.0.0.2"),
    ]
    assert [removal.listing.zone.name for removal in plan(found)] == [
        "zen.spamhaus.org", "bl.spamcop.net", "psbl.surriel.com", "dnsbl.dronebl.org", "dnsbl-3.uceprotect.net",
    ]  # fmt: skip
    bounced = RemovalSituation(
        FACTS, True, refused_mail={"psbl.surriel.com": 40, "dnsbl-3.uceprotect.net": 5}
    )
    again = plan(found, bounced)
    assert [removal.listing.zone.name for removal in again][:2] == ["psbl.surriel.com", "zen.spamhaus.org"]
    assert [removal.rank for removal in again] == [1, 2, 3, 4, 5]
    assert again[-1].tier == 4
    assert any("40 of your own messages" in why for why in again[0].why)


@pytest.mark.parametrize(
    ("zone", "code", "value", "shared", "whose"),
    [
        ("psbl.surriel.com", "127.0.0.2", "192.0.2.1", False, Whose.YOU),
        ("psbl.surriel.com", "127.0.0.2", "192.0.2.1", True, Whose.VENDOR),
        ("psbl.surriel.com", "127.0.0.2", "192.0.2.1", None, Whose.VENDOR),
        ("zen.spamhaus.org", "127.0.0.2", "192.0.2.1", False, Whose.VENDOR),
        ("zen.spamhaus.org", "127.0.0.3", "192.0.2.1", False, Whose.YOU),
        ("zen.spamhaus.org", "127.0.0.10", "192.0.2.1", False, Whose.VENDOR),
        ("multi.surbl.org", "127.0.0.64", "acme.example", None, Whose.YOU),
        ("bl.spamcop.net", "127.0.0.2", "192.0.2.1", False, Whose.NOBODY),
    ],
)
def test_whose_job_it_is(zone: str, code: str, value: str, shared: bool | None, whose: Whose) -> None:
    (removal,) = plan([listed(zone, code, value, shared=shared)])
    assert removal.whose is whose
    assert removal.whose_why
    assert bool(removal.text) == (whose is not Whose.NOBODY)
    assert removal.text.startswith("Subject: ") == (whose is Whose.VENDOR)


def test_nothing_is_ready_while_containment_is_open() -> None:
    open_still = RemovalSituation(FACTS, containment_done=False, still_open=("2 SMTP credentials",))
    (removal,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)], open_still)
    assert not removal.ready
    assert removal.blocked_by == ("containment is open: 2 SMTP credentials",)
    assert "still open: 2 SMTP credentials" in removal.first
    (removal,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)])
    assert removal.ready
    with pytest.raises(UsageError, match="Containment is still open"):
        RemovalRequest().requested(NOW, 24, containment_done=False)


def test_the_text_holds_the_facts_and_leaves_blanks_for_what_is_not_known() -> None:
    (removal,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)])
    for fact in ("192.0.2.1", "PSBL", "Acme GmbH", "ada@acme.example", "2026-11-21T01:00:00Z", "An API key leaked",
                 "- all API keys replaced", "127.0.0.2", "see the page"):  # fmt: skip
        assert fact in removal.text
    assert "[" not in removal.text.replace("\\x1b[31m", "")
    assert "\x1b" not in removal.text
    (bare,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)], RemovalSituation(Facts(), True))
    for blank in (
        "[organisation]",
        "[the cause in one sentence]",
        "[time in UTC]",
        "[what prevents a repeat]",
    ):
        assert blank in bare.text


def test_the_message_to_the_vendor_says_that_we_may_be_the_cause() -> None:
    (removal,) = plan([listed("zen.spamhaus.org", "127.0.0.2", shared=True)])
    assert "we may be the cause" in removal.text
    assert "shared with other customers" in removal.text
    (own,) = plan([listed("zen.spamhaus.org", "127.0.0.2", shared=False)])
    assert "shared" not in own.text


def test_lists_that_ask_money_are_marked_and_intruders_addresses_are_left_out() -> None:
    (removal,) = plan([listed("dnsbl-1.uceprotect.net", "127.0.0.2")])
    assert "Do not pay" in removal.do_not_pay
    intruder = listed("authbl.dq.spamhaus.net", "127.0.0.20", role=Role.INTRUDER_IP)
    assert plan([intruder]) == ()


def test_from_request_over_the_cool_down_to_removed() -> None:
    request = RemovalRequest().requested(NOW, 24, containment_done=True)
    assert (request.state, request.times) == (RequestState.REQUESTED, 1)
    (removal,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)], psbl_surriel_com=request)
    assert not removal.ready
    assert "wait until 2026-11-23T09:00:00Z" in removal.blocked_by[0]
    with pytest.raises(UsageError, match="sent already"):
        request.requested(NOW + timedelta(hours=23), 24, containment_done=True)
    assert request.observed(ListingVerdict.LISTED, NOW + timedelta(hours=1)) == request
    assert (
        request.observed(ListingVerdict.CANNOT_TELL, NOW + timedelta(hours=25)).state is RequestState.RECHECK
    )
    removed = request.observed(ListingVerdict.NOT_LISTED, NOW + timedelta(hours=2))
    assert removed.state is RequestState.REMOVED
    assert removed.decided_at == NOW + timedelta(hours=2)


def test_still_listed_after_the_cool_down_is_refused_and_may_be_asked_again() -> None:
    request = RemovalRequest().requested(NOW, 24, containment_done=True)
    later = NOW + timedelta(hours=24)
    refused = request.observed(ListingVerdict.LISTED, later)
    assert refused.state is RequestState.REFUSED
    again = refused.requested(later, 24, containment_done=True)
    assert (again.state, again.times) == (RequestState.REQUESTED, 2)
    assert request.refused(NOW, "they want a call").note == "they want a call"


def test_a_listing_that_comes_back_starts_over_and_says_so() -> None:
    removed = (
        RemovalRequest().requested(NOW, 1, containment_done=True).observed(ListingVerdict.NOT_LISTED, NOW)
    )
    back = removed.observed(ListingVerdict.LISTED, NOW + timedelta(days=3))
    assert (back.state, back.relisted, back.times) == (RequestState.OPEN, True, 1)


def test_a_request_survives_the_journal() -> None:
    for request in (
        RemovalRequest(),
        RemovalRequest().requested(NOW, 24, containment_done=True).refused(NOW, "no"),
    ):
        assert RemovalRequest.from_record(request.record()) == request


def test_a_message_about_a_shared_address_does_not_wait_for_containment() -> None:
    still = RemovalSituation(FACTS, containment_done=False, still_open=("step 2, SMTP logins",))
    for shared, ready in ((True, True), (None, True), (False, False)):
        (removal,) = plan([listed("zen.spamhaus.org", "127.0.0.2", shared=shared)], still)
        assert removal.whose is Whose.VENDOR
        assert (removal.ready, removal.waits_for_containment) == (ready, not ready)
        assert "Not closed yet: step 2, SMTP logins." in removal.text
    (domain,) = plan([listed("multi.surbl.org", "127.0.0.64", "acme.example")], still)
    assert not domain.ready


@pytest.mark.parametrize(
    ("zone", "code", "value", "role"),
    [
        ("psbl.surriel.com", "127.0.0.2", "192.0.2.99", Role.ASKED),
        ("multi.surbl.org", "127.0.0.64", "stranger.example", Role.ASKED),
        ("multi.surbl.org", "127.0.0.64", "landing.evil.example", Role.LINK_DOMAIN),
        ("multi.surbl.org", "127.0.0.64", "from.evil.example", Role.FROM_DOMAIN),
    ],
)
def test_of_what_is_not_ours_nothing_is_claimed(zone: str, code: str, value: str, role: Role) -> None:
    (removal,) = plan([listed(zone, code, value, role=role)])
    assert removal.whose is Whose.OWNER
    for claim in ("our account", "sends from", "we send", "to send mail", "your domain"):
        assert claim not in removal.text
        assert claim not in removal.whose_why
    assert "[whose it is]" in removal.text


def test_a_link_of_ours_is_ours_to_clean() -> None:
    (removal,) = plan([listed("multi.surbl.org", "127.0.0.64", "www.acme.example", role=Role.LINK_DOMAIN)])
    assert removal.whose is Whose.YOU
    assert "link to this domain" in removal.text


def test_a_text_quotes_the_refusal_of_this_zone_and_subject_or_none() -> None:
    said = {("psbl.surriel.com", "192.0.2.1"): "550 blocked using psbl.surriel.com\x1b[31m"}
    about = RemovalSituation(FACTS, True, quote=lambda zone, subject: said.get((zone, subject), ""))
    (quoted,) = plan([listed("psbl.surriel.com", "127.0.0.2", shared=False)], about)
    assert "A refusal: 550 blocked using psbl.surriel.com\\x1b[31m" in quoted.text
    (other,) = plan([listed("zen.spamhaus.org", "127.0.0.3", shared=False)], about)
    assert "A refusal" not in other.text


def test_every_list_leads_to_its_own_form_and_none_that_costs_is_without_a_warning() -> None:
    matter = [zone for zone in ZONES.values() if zone.tier <= 2]
    front = {zone.owner.id for zone in matter if zone.page.count("/") == 3 and zone.page.endswith("/")}
    # The front pages of these hosts are the form: check.spamhaus.org, lookup.abusix.com, lookup.uribl.com.
    assert front <= {"spamhaus", "abusix", "uribl"}
    # Of the small lists: the form, or all there is to read, is the front page (0spam, Suomispam), nothing is
    # to be filed (InterServer), or nothing is documented (Excello).
    small = {
        zone.owner.id for zone in ZONES.values() if zone.page.count("/") == 3 and zone.page.endswith("/")
    }
    assert small <= front | {"zerospam", "suomispam", "interserver", "virusfree"}
    assert all("not pay" in zone.do_not_pay for zone in ZONES.values() if zone.tier == 4)


@pytest.mark.parametrize("zone", sorted(ZONES))
def test_an_answer_in_another_order_is_the_same_answer(zone: str) -> None:
    codes = ["127.0.0.4", "127.0.0.2", "127.0.0.10"]
    assert read_addresses(ZONES[zone], codes) == read_addresses(ZONES[zone], codes[::-1])
