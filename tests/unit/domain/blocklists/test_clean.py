"""Nothing is called clean that was not asked or did not answer."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.support.situations import know
from workbench.blocklists.catalogue import load
from workbench.blocklists.names import Subject
from workbench.blocklists.rates import RateDay, quiet_days
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Tier
from workbench.cli.blocklist_words import _by_name
from workbench.core.clock import iso
from workbench.domain.blocklists import clean
from workbench.domain.blocklists.listings import ListingBook
from workbench.domain.blocklists.ours import ADDRESSES, unseen
from workbench.domain.model.inventory import DomainItem, Gap, Inventory
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook import blocklists
from workbench.domain.runbook.blocklists import rate_lines
from workbench.domain.runbook.claims import ClaimAnswer
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Ip
from workbench.presentation.listings import round_words
from workbench.reports.blocklists import blocklists as section_of
from workbench.reports.blocks import Text
from workbench.session.blocklist_watch import Round

AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
DAY = date(2026, 11, 21)


def _book(answers: dict[str, str], *, tier: int = 1, unasked: tuple[str, ...] = ()) -> ListingBook:
    """Return a book of one round: zone by what it answered (listed, clear, dark)."""
    body: dict[str, Any] = {"at": iso(AT), "asked": len(answers), "unasked": list(unasked)}
    body["listed"] = [
        {"subject": "192.0.2.1", "zone": z, "tier": tier, "reason": "spam", "ttl": 60, "codes": []}
        for z, said in answers.items()
        if said == "listed"
    ]
    clear = [z for z, said in answers.items() if said == "clear"]
    body["not_listed"] = {z: {"tier": tier, "subjects": ["192.0.2.1"]} for z in clear}
    body["cannot_tell"] = [
        {"zone": z, "tier": tier, "reason": "SERVFAIL", "subjects": ["192.0.2.1"]}
        for z, said in answers.items()
        if said == "dark"
    ]
    book = ListingBook()
    book.observed(body)
    return book


def test_a_resolver_that_fails_everywhere_tells_nothing() -> None:
    said = clean.of_book(_book({f"z{n}": "dark" for n in range(60)}))
    assert said.answer is ClaimAnswer.CANNOT_TELL
    assert clean.nothing_answered(said)
    assert "cannot tell whether anything is listed" in clean.words(said)


@pytest.mark.parametrize(
    ("answers", "unasked", "shown"),
    [
        (
            {"a": "dark", "b": "dark"},
            (),
            "cannot tell whether anything is listed: a, b: not readable, SERVFAIL. No list answers from here, so",
        ),
        (
            {"a": "dark", "b": "clear"},
            ("Spamhaus ZEN", "Spamhaus DBL"),
            "listed: a: not readable, SERVFAIL; Spamhaus ZEN, Spamhaus DBL: not asked, large receivers act on it.",
        ),
        (
            {"a": "clear"},
            ("Spamhaus ZEN",),
            "cannot tell whether anything is listed: Spamhaus ZEN: not asked",
        ),
        ({}, (), "cannot tell whether anything is listed: lists that matter: not asked"),
        ({"a": "listed", "b": "dark"}, (), "1 listing now; listed on a list that matters."),
        ({"a": "clear", "b": "clear"}, (), "no listing that matters: 2 lists that matter answered."),
    ],
)
def test_what_is_said_after_a_round_claims_no_more_than_was_answered(
    answers: dict[str, str], unasked: tuple[str, ...], shown: str
) -> None:
    state = State(listings=_book(answers, unasked=unasked))
    said = round_words(Situation(Inventory(), state, AT), AT)
    assert said.startswith("Blocklists looked up 14:00Z: ") and shown in said


def test_lists_that_are_switched_off_were_not_asked() -> None:
    said = clean.of_book(_book({"z": "clear"}, unasked=("Spamhaus ZEN",)))
    assert said.answer is ClaimAnswer.CANNOT_TELL
    assert "Spamhaus ZEN: not asked" in clean.words(said)
    assert clean.of_book(_book({"z": "clear"}, tier=3)).answer is ClaimAnswer.CANNOT_TELL


def test_every_list_that_matters_answered_is_an_answer() -> None:
    assert clean.of_book(_book({"z": "clear"})).good
    assert clean.of_book(_book({"z": "clear", "y": "listed"})).answer is ClaimAnswer.NO


@pytest.mark.parametrize("seed", range(40))
def test_no_book_is_clean_unless_all_of_it_answered(seed: int) -> None:
    rng = random.Random(seed)
    answers = {f"z{n}": rng.choice(["clear", "clear", "dark", "listed"]) for n in range(rng.randint(0, 4))}
    unasked = ("Some list",) if rng.random() < 0.3 else ()
    said = clean.of_book(_book(answers, unasked=unasked))
    clear = bool(answers) and set(answers.values()) == {"clear"} and not unasked
    assert said.good is clear
    assert (said.answer is ClaimAnswer.NO) is ("listed" in answers.values())


@pytest.mark.parametrize(
    ("answers", "unasked"),
    [
        ({f"z{n}": "dark" for n in range(60)}, ()),
        ({"z": "clear"}, ("Spamhaus ZEN", "Spamhaus DBL")),
        ({"z": "clear", "y": "dark"}, ()),
    ],
    ids=["every list fails", "the first lists are off", "one list fails"],
)
def test_neither_the_step_nor_a_report_calls_it_clean(
    answers: dict[str, str], unasked: tuple[str, ...]
) -> None:
    state = State(contained_at="2026-11-01T14:00:00Z", listings=_book(answers, unasked=unasked))
    found = Situation(Inventory(), state, AT)
    step = blocklists.blocklists(found)
    assert step.verdict not in (Verdict.DONE, Verdict.NOT_APPLICABLE, Verdict.ATTESTED)
    assert "cannot tell whether anything is listed" in " ".join(step.evidence)
    section = section_of(found)
    told = " ".join(block.text for block in section.blocks if isinstance(block, Text))
    assert "Nothing of the account was listed" not in told
    assert "No listing was seen, but that is not all" in told


def test_a_look_up_by_name_counts_what_is_listed_whosever_it_is() -> None:
    subject, catalogue = Subject.parse("192.0.2.99"), load()
    zones = [zone for zone in catalogue.enabled() if zone.tier <= Tier.SOME][:3]
    said = [ListingVerdict.LISTED, ListingVerdict.LISTED, ListingVerdict.NOT_LISTED]
    looked_up = [
        Listing(subject, zone, verdict, zone.tier, (), (), "", (), AT, 60, "")
        for zone, verdict in zip(zones, said, strict=True)
    ]
    claim = clean.of_listings(looked_up, (), AT)
    assert claim.answer is ClaimAnswer.NO
    shown = _by_name(Round(AT, 3, (), (), 0.1), looked_up, claim)
    assert "2 listings, 0 cannot tell. Listed on a list that matters." in shown
    assert shown.count("192.0.2.99") == 2


def _told(*days: RateDay) -> str:
    rows = [
        {"day": d.day.isoformat(), "delivered": d.delivered,
         "complaints": d.complaints, "bounced": d.bounced}
        for d in days
    ]  # fmt: skip
    return " ".join(rate_lines(know(State(), "sending_health", {"days": rows})))


def _days(count: int, delivered: int, complaints: int, bounced: int) -> list[RateDay]:
    return [RateDay(DAY - timedelta(days=n), delivered, complaints, bounced) for n in range(count)]


def test_silence_is_neither_fine_nor_quiet() -> None:
    assert quiet_days(_days(7, 0, 0, 0)) == 0
    told = _told(*_days(7, 0, 0, 0))
    assert "say nothing" in told and "fine" not in told


def test_two_complaints_of_thirty_mails_are_not_fine() -> None:
    told = _told(RateDay(DAY, 30, 2, 0))
    assert "2 complaints" in told and "not fine" in told
    assert quiet_days([RateDay(DAY, 30, 2, 0)]) == 0


def test_a_day_on_which_everything_bounced_is_no_quiet_day() -> None:
    days = _days(7, 0, 0, 900)
    assert quiet_days(days) == 0
    assert "100.0% bounces" in _told(*days)


def test_gmails_own_count_is_not_claimed() -> None:
    told = _told(*_days(7, 1000, 0, 10))
    assert "7 of 7" not in told and "which no call shows" in told


def test_gmails_own_count_is_told_where_the_account_reads_it() -> None:
    spam = {"2026-11-17": (0.0001, 0.004), "2026-11-18": (0.002, 0.0001), "2026-11-19": (0.001, 0.0)}
    days = [
        {"domain": f"d{n}.example", "day": day, "spam": share}
        for day, both in spam.items()
        for n, share in enumerate(both)
    ]
    rates = [{"day": AT.date().isoformat(), "delivered": 1000, "complaints": 0, "bounced": 1}]
    state = know(know(State(), "sending_health", {"days": rates}), "gmail_rates", {"days": days})
    told = " ".join(rate_lines(state))
    assert "the worst domain had 0.10% on 2026-11-19" in told
    assert "2 days of 3 up to it stayed below 0.3%" in told


US = Place(Region.US)


def _of_account(inventory: Inventory, days: float = 9) -> Situation:
    """Return an account long contained whose one address (192.0.2.1) every list that matters called clear."""
    state = State(contained_at=iso(AT - timedelta(days=days)), listings=_book({"z": "clear"}))
    return Situation(inventory, state, AT)


def _domain(name: str) -> DomainItem:
    return DomainItem(Domain(name=name), US)


@pytest.mark.parametrize(
    ("domains", "ips", "gap", "said"),
    [
        ((), ("192.0.2.1",), "", ""),
        ((), ("192.0.2.1", "192.0.2.9"), "", "192.0.2.9: not asked, no list was asked about it yet"),
        (("new.example",), ("192.0.2.1",), "", "new.example: not asked, no list was asked about it yet"),
        # What no list can be asked about is a finding of the sweep.
        (("no domain",), ("192.0.2.1",), "", ""),
        ((), (), "refused (403)", "sending addresses (US): not readable, refused (403)"),
    ],
)
def test_what_of_the_account_was_never_looked_up_is_not_clean(
    domains: tuple[str, ...], ips: tuple[str, ...], gap: str, said: str
) -> None:
    inventory = Inventory()
    inventory.domains = {name: _domain(name) for name in domains}
    inventory.ips = {ip: Ip(ip=ip) for ip in ips}
    if gap:
        inventory.gaps["ips us"] = Gap(ADDRESSES, US, gap)
    found = _of_account(inventory)
    assert bool(unseen(found)) is bool(said)
    step = blocklists.blocklists(found)
    assert (step.verdict is Verdict.DONE) is (not said)
    assert not said or said in step.evidence[0]
    told = " ".join(block.text for block in section_of(found).blocks if isinstance(block, Text))
    assert ("Nothing of the account was listed" in told) is (not said)
    assert said in told and said in round_words(found, AT)


def test_a_look_at_one_name_is_no_look_at_the_account() -> None:
    """A day's round, then, after the days of the watch, one address asked about by name: nothing is closed by it."""
    found = _of_account(Inventory(), days=7.5)
    book = found.state.listings
    closing = book.last_round_at
    late = AT + timedelta(days=9)
    by_name = {"at": iso(late), "asked": 1, "by_name": True, "same": {"z": ["192.0.2.1"]}, "unasked": []}
    book.observed(by_name)
    assert (book.rounds, book.last_round_at) == (1, closing)
    assert book.pairs["192.0.2.1", "z"].last.at == late, "what it saw is kept"
    fresh = ListingBook()
    fresh.observed({**by_name, "not_listed": {"z": {"tier": 1, "subjects": ["192.0.2.1"]}}})
    there = Situation(Inventory(), State(contained_at=iso(AT), listings=fresh), late)
    assert blocklists.blocklists(there).evidence == ("not looked up yet",)
