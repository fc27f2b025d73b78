"""What step 9 and every report say where the resolver fails, lies, or the lists that matter are off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import dns.message
import dns.rcode
import pytest

from tests.support.patient_loop import LoopClock
from tests.unit.blocklists.misbehaving import Misbehaving, Sent, code, healthy, listed, nxdomain
from tests.unit.blocklists.zonekit import one_zone
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import Lookup
from workbench.blocklists.names import Subject
from workbench.domain.blocklists.listings import ListingBook, round_body
from workbench.domain.model.inventory import Inventory
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook.blocklists import blocklists
from workbench.domain.runbook.verdict import Found, Verdict
from workbench.reports import render
from workbench.reports.report import Audience, Material, compose

AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
LISTED_NAME = "1.0.18.198.first.test."
# The reports that speak of blocklists at all; the others must not call anything clean either.
TELLING = (Audience.SUPPORT, Audience.MANAGEMENT, Audience.MARKETING)
CLEAN = ("Nothing of the account was listed", "no listing that matters,")
ZONES = [one_zone("first.test", tier=1), one_zone("second.test", tier=1)]


def by_udp(answer: Callable[[dns.message.Message], bytes]) -> Callable[[dns.message.Message, int], Sent]:
    """Return a server that answers every question in one way."""
    return lambda query, _: [(0, answer(query))]


async def told(server: Misbehaving, unasked: tuple[str, ...] = ()) -> tuple[Found, dict[Audience, str]]:
    """Return step 9 and the reports after one round of look-ups by ``server``, long after containment."""
    limits = QueryLimits(timeout=1.5, tries=1, owner_rate=None)
    lookup = Lookup(ZONES, resolvers=[server.address], limits=limits, clock=LoopClock())
    subjects = [Subject.parse("198.18.0.1", shared=False), Subject.parse("198.18.0.2", shared=False)]
    seen = [one async for one in lookup.run(subjects)]
    health = {one.zone.name: "" if one.believed else one.reason for one in lookup.health}
    book = ListingBook()
    body = round_body(
        book, seen, AT, health=health, resolver=str(server.address), whole=True, unasked=unasked
    )
    book.observed(body)
    state = State(contained_at="2026-11-01T14:00:00Z", listings=book, incident="x", opened_at="2026-11-01")
    situation = Situation(Inventory(), state, AT)
    reports = {one: render.text(compose(one, Material(situation, (), "f" * 64))) for one in Audience}
    return blocklists(situation), reports


def says(texts: Iterable[str], words: str) -> bool:
    """Return whether one of the texts holds the words, wherever its lines break."""
    return any(words in " ".join(text.split()) for text in texts)


def servfail(query: dns.message.Message) -> bytes:
    """Return a resolver's word that it could not find out."""
    return code(query, dns.rcode.SERVFAIL)


def captive(query: dns.message.Message) -> bytes:
    """Return what a hotel's network answers to every name."""
    return listed(query, "203.0.113.80")


@pytest.mark.parametrize("answer", [servfail, captive], ids=["SERVFAIL", "captive"])
async def test_a_resolver_that_tells_nothing_is_told_as_such(misbehaving: Misbehaving, answer: Any) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = by_udp(answer)
    misbehaving.tcp = answer
    step, reports = await told(misbehaving)
    assert step.verdict is Verdict.IN_PROGRESS
    assert says(step.evidence, "cannot tell whether anything is listed")
    assert says(step.evidence, "2 lists cannot be believed from here")
    # Not the lists, but the way to them: what to do about it stands beside it.
    way = "it is this host's resolver or network: look up from another network, or name a resolver"
    assert says(step.evidence, way) and all(says([reports[one]], way) for one in TELLING)
    assert not any(says(reports.values(), words) for words in CLEAN)
    assert all(says([reports[one]], "No listing was seen, but that is not all") for one in TELLING)


async def test_where_dns_goes_by_tcp_alone_the_answers_are_the_lists_own(misbehaving: Misbehaving) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = lambda query, _: []

    def answer(query: dns.message.Message) -> bytes:
        hit = query.question[0].name.to_text() == LISTED_NAME
        return healthy(query) or (listed(query, "127.0.0.2") if hit else nxdomain(query))

    misbehaving.tcp = answer
    step, reports = await told(misbehaving)
    assert step.verdict is Verdict.IN_PROGRESS
    assert says(step.evidence, "198.18.0.1 on first.test")
    assert all(says([reports[one]], "1 listed, 1 of them on lists that matter") for one in TELLING)


async def test_lists_that_are_off_for_their_terms_are_named_everywhere(misbehaving: Misbehaving) -> None:
    step, reports = await told(misbehaving, unasked=("Spamhaus ZEN", "Spamhaus DBL"))
    assert step.verdict is Verdict.IN_PROGRESS and "looks these lists up by hand" in step.waits
    assert says(step.evidence, "Spamhaus DBL, Spamhaus ZEN: not asked")
    assert all(says([reports[one]], "Spamhaus DBL, Spamhaus ZEN: not asked") for one in TELLING)
    assert not any(says(reports.values(), words) for words in CLEAN)
