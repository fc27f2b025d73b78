"""The engine against a server that misbehaves: nothing of it may read as listed or as clean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from tests.support.patient_loop import LoopClock
from tests.unit.blocklists.misbehaving import Misbehaving, Sent, code, healthy, listed, nxdomain, truncated
from tests.unit.blocklists.zonekit import one_zone
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.lookup import Lookup
from workbench.blocklists.names import Subject
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Zone
from workbench.core.redact import Secret

SUBJECT = "198.18.0.1"
NOBODY = ResolverAddress("127.0.0.1", 9)
NAME = "1.0.18.198.bad.test."
ZONE = one_zone("bad.test")
FAST = QueryLimits(timeout=0.3, tries=2, owner_rate=None)


async def ask(
    server: Misbehaving,
    *values: str,
    zone: Zone = ZONE,
    limits: QueryLimits = FAST,
    known: tuple[tuple[str, str], ...] = (),
) -> list[Listing]:
    """Return the listings in the order they came."""
    lookup = Lookup([zone], resolvers=[server.address], limits=limits, clock=LoopClock())
    subjects = [Subject.parse(value) for value in values or (SUBJECT,)]
    return [listing async for listing in lookup.run(subjects, known_listed=known)]


def always(answer: Callable[[dns.message.Message], bytes]) -> Callable[[dns.message.Message, int], Sent]:
    """Return a behaviour that answers everything the same way."""
    return lambda query, _: [(0, answer(query))]


def with_bad_name(query: dns.message.Message) -> bytes:
    """Return a listing for another name than the one asked."""
    other = dns.message.make_query("9.9.9.9.bad.test", "A")
    other.id = query.id
    return listed(other, "127.0.0.2")


def with_bad_id(query: dns.message.Message) -> bytes:
    """Return a listing with another id."""
    data = listed(query, "127.0.0.2")
    return (int.from_bytes(data[:2], "big") ^ 0x5555).to_bytes(2, "big") + data[2:]


def alias_only(query: dns.message.Message) -> bytes:
    """Return an alias without an address."""
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "CNAME", "parked.test."))
    return response.to_wire()


def referral(query: dns.message.Message) -> bytes:
    """Return what a server says that does not resolve for strangers."""
    response = dns.message.make_response(query)
    response.authority.append(dns.rrset.from_text("test.", 60, "IN", "NS", "ns.test."))
    return response.to_wire()


def listed_for(ttl: int, query: dns.message.Message) -> bytes:
    """Return a listing with a TTL."""
    return listed(query, "127.0.0.2", ttl=ttl)


def cut_off(query: dns.message.Message) -> bytes:
    """Return a listing whose last bytes are missing."""
    return listed(query, "127.0.0.2")[:-3]


def query_echoed(query: dns.message.Message) -> bytes:
    """Return the query itself."""
    return query.to_wire()


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (lambda query, _: [], "no answer within 0.3 s"),
        (always(lambda query: code(query, dns.rcode.SERVFAIL)), "SERVFAIL"),
        (always(lambda query: code(query, dns.rcode.REFUSED)), "REFUSED"),
        (always(lambda query: code(query, dns.rcode.FORMERR)), "FORMERR"),
        (always(lambda query: listed(query, "127.255.255.254")), "refused (127.255.255.254)"),
        (always(lambda query: listed(query, "127.0.0.1")), "refused (127.0.0.1)"),
        (always(lambda query: listed(query, "203.0.113.80")), "outside 127.0.0.0/8"),
        (always(lambda query: listed(query, "127.0.0.2", "203.0.113.80")), "outside 127.0.0.0/8"),
        (always(with_bad_name), "no answer within"),
        (always(with_bad_id), "no answer within"),
        (always(alias_only), "other records"),
        (always(referral), "does not resolve"),
        (always(cut_off), "cannot be read"),
        (always(query_echoed), "no answer within"),
        (always(truncated), "no whole one over TCP"),
        (lambda query, _: [(0.6, listed(query, "127.0.0.2"))], "no answer within"),
        (lambda query, _: [(0, b"\x00"), (0, b"")], "no answer within"),
    ],
    ids=[
        "silence", "servfail", "refused", "formerr", "error code", "code 1", "parked", "listed and parked", "bad name",
        "bad id", "alias only", "referral", "cut off", "echo", "truncated without TCP", "late", "garbage",
    ],
)  # fmt: skip
async def test_a_worthless_answer_cannot_tell(
    misbehaving: Misbehaving, behaviour: Callable[[dns.message.Message, int], Sent], why: str
) -> None:
    misbehaving.udp = behaviour
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.CANNOT_TELL
    assert why in listing.reason
    assert listing.resolver == str(misbehaving.address)


async def test_truncated_answers_are_fetched_over_tcp(misbehaving: Misbehaving) -> None:
    misbehaving.udp = always(truncated)
    misbehaving.tcp = lambda query: listed(query, "127.0.0.2", text="long reason")
    (listing,) = await ask(misbehaving)
    assert (listing.verdict, listing.txt) == (ListingVerdict.LISTED, ("long reason",))
    misbehaving.tcp = nxdomain
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.NOT_LISTED


async def test_a_truncated_tcp_answer_and_a_wrong_id_over_tcp_cannot_tell(misbehaving: Misbehaving) -> None:
    misbehaving.udp = always(truncated)
    for answer in (truncated, with_bad_id):
        misbehaving.tcp = answer
        (listing,) = await ask(misbehaving)
        assert listing.verdict is ListingVerdict.CANNOT_TELL
        assert "TCP" in listing.reason


async def test_a_lost_query_is_sent_again_and_its_answer_found(misbehaving: Misbehaving) -> None:
    misbehaving.udp = lambda query, times: [] if times == 1 else [(0, listed(query, "127.0.0.2"))]
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.LISTED


async def test_an_answer_from_another_source_is_not_taken(misbehaving: Misbehaving) -> None:
    def spoofed(query: dns.message.Message, _: int) -> Sent:
        misbehaving.from_a_stranger(listed(query, "127.0.0.2"), misbehaving.client)
        return [(0.05, nxdomain(query))]

    misbehaving.udp = spoofed
    # The first query tells the server our port; the behaviour then spoofs every later one.
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.NOT_LISTED


async def test_a_listing_is_asked_for_twice_and_its_reason_once(misbehaving: Misbehaving) -> None:
    misbehaving.udp = always(lambda query: listed(query, "127.0.0.2"))
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.LISTED
    assert misbehaving.asked[NAME, "A"] == 2
    assert misbehaving.asked[NAME, "TXT"] == 1


async def test_two_different_answers_are_settled_by_asking_again(misbehaving: Misbehaving) -> None:
    misbehaving.udp = lambda query, times: [
        (0, nxdomain(query) if times == 2 else listed(query, "127.0.0.2"))
    ]
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.LISTED
    assert misbehaving.asked[NAME, "A"] == 3
    misbehaving.asked.clear()
    misbehaving.udp = lambda query, times: [
        (0, listed(query, "127.0.0.2") if times == 1 else nxdomain(query))
    ]
    (listing,) = await ask(misbehaving)
    assert (listing.verdict, listing.txt) == (ListingVerdict.NOT_LISTED, ())


async def test_answers_that_go_on_differing_cannot_tell(misbehaving: Misbehaving) -> None:
    def wavering(query: dns.message.Message, times: int) -> Sent:
        said = {1: listed(query, "127.0.0.2"), 2: nxdomain(query)}.get(times, code(query, dns.rcode.SERVFAIL))
        return [(0, said)]

    misbehaving.udp = wavering
    (listing,) = await ask(
        misbehaving, limits=QueryLimits(timeout=0.3, tries=2, owner_rate=None, give_up_after=9)
    )
    assert listing.verdict is ListingVerdict.CANNOT_TELL
    assert "two different answers" in listing.reason


@pytest.mark.parametrize("delay", [0.0, 0.02], ids=["at once", "a moment later"])
async def test_a_second_datagram_that_contradicts_the_first_is_noticed(
    misbehaving: Misbehaving, delay: float
) -> None:
    def both(query: dns.message.Message, times: int) -> Sent:
        name = query.question[0].name.to_text()
        if name == NAME and times == 1:
            return [(0, nxdomain(query)), (delay, listed(query, "127.0.0.2"))]
        # The other subjects keep the run alive until the late datagram is in.
        return [
            (0.05 if name != NAME else 0, listed(query, "127.0.0.2") if name == NAME else nxdomain(query))
        ]

    misbehaving.udp = both
    listings = await ask(misbehaving, SUBJECT, *(f"198.18.3.{number}" for number in range(3)))
    final = {listing.subject.value: listing.verdict for listing in listings}
    assert final[SUBJECT] is ListingVerdict.LISTED
    assert misbehaving.asked[NAME, "A"] >= 2


async def test_duplicate_answers_that_agree_change_nothing(misbehaving: Misbehaving) -> None:
    misbehaving.udp = lambda query, _: [(0, nxdomain(query)), (0, nxdomain(query)), (0.01, nxdomain(query))]
    listings = await ask(misbehaving, *(f"198.18.3.{number}" for number in range(20)))
    assert [listing.verdict for listing in listings] == [ListingVerdict.NOT_LISTED] * 20
    assert misbehaving.asked["1.3.18.198.bad.test.", "A"] == 1


async def test_what_was_listed_is_asked_twice_before_it_is_gone(misbehaving: Misbehaving) -> None:
    (listing,) = await ask(misbehaving, known=((SUBJECT, "bad.test"),))
    assert listing.verdict is ListingVerdict.NOT_LISTED
    assert misbehaving.asked[NAME, "A"] == 2


async def test_three_failures_in_a_row_end_the_questions(misbehaving: Misbehaving) -> None:
    misbehaving.udp = always(lambda query: code(query, dns.rcode.SERVFAIL))
    values = [f"198.18.3.{number}" for number in range(60)]
    listings = await ask(
        misbehaving, *values, limits=QueryLimits(in_flight=4, timeout=0.3, tries=1, owner_rate=None)
    )
    assert {listing.verdict for listing in listings} == {ListingVerdict.CANNOT_TELL}
    assert len(listings) == 60
    assert sum(1 for name, _ in misbehaving.asked if ".18.198." in name) <= 8
    assert sum("asked no further" in listing.reason for listing in listings) >= 50


async def test_a_failure_between_good_answers_does_not_end_the_questions(misbehaving: Misbehaving) -> None:
    def every_other(query: dns.message.Message, _: int) -> Sent:
        odd = int(query.question[0].name.labels[0]) % 2
        return [(0, code(query, dns.rcode.SERVFAIL) if odd else nxdomain(query))]

    misbehaving.udp = every_other
    values = [f"198.18.3.{number}" for number in range(20)]
    listings = await ask(misbehaving, *values, limits=QueryLimits(in_flight=1, timeout=0.3, owner_rate=None))
    assert sum(listing.verdict is ListingVerdict.NOT_LISTED for listing in listings) == 10


async def test_nothing_of_an_unhealthy_zone_counts(misbehaving: Misbehaving) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = always(lambda query: listed(query, "127.0.0.2"))
    values = [f"198.18.3.{number}" for number in range(50)]
    listings = await ask(misbehaving, *values)
    assert {listing.verdict for listing in listings} == {ListingVerdict.CANNOT_TELL}
    assert all("answers everything" in listing.reason for listing in listings)
    assert sum(1 for name, _ in misbehaving.asked if ".18.198." in name) <= 2


async def test_ttl_zero_and_a_hostile_ttl(misbehaving: Misbehaving) -> None:
    for ttl, expected in ((0, 0), (2**31 - 1, 2**31 - 1)):
        misbehaving.udp = always(partial(listed_for, ttl))
        (listing,) = await ask(misbehaving)
        assert (listing.verdict, listing.ttl) == (ListingVerdict.LISTED, expected)


async def test_hostile_text_is_made_harmless(misbehaving: Misbehaving) -> None:
    misbehaving.udp = always(
        lambda query: listed(query, "127.0.0.2", text="\\027[31mpay\\226\\128\\174 [b]now")
    )
    (listing,) = await ask(misbehaving)
    assert listing.txt == ("\\x1b[31mpay\\u202e [b]now",)


async def test_a_key_is_sent_but_appears_nowhere_else(misbehaving: Misbehaving) -> None:
    key = "k3yk3yk3yk3yk3yk3yk3yk3y26"
    table = one_zone("keyed.test", terms="key", terms_note="a key", key="blocklists/test")
    assert not table.enabled
    zone = replace(table, key=Secret(key))
    misbehaving.udp = always(lambda query: listed(query, "127.0.0.2", text=f"see 1.{key.upper()}.keyed.test"))
    (listing,) = await ask(misbehaving, zone=zone)
    assert listing.verdict is ListingVerdict.LISTED
    assert any(key in name for name, _ in misbehaving.asked)
    shown = f"{listing!r} {listing.record()} {listing.txt}"
    assert key.lower() not in shown.lower()
    assert listing.txt == ("see 1.••••.keyed.test",)


async def test_the_owners_cap_spaces_the_queries(misbehaving: Misbehaving) -> None:
    await ask(
        misbehaving, *(f"198.18.3.{number}" for number in range(10)), limits=QueryLimits(owner_rate=100.0)
    )
    times = [at for at, _, _ in misbehaving.log]
    assert len(times) == 12
    assert times[-1] - times[0] >= 11 * 0.01 * 0.9


async def test_a_name_too_long_for_the_zone_cannot_tell(misbehaving: Misbehaving) -> None:
    long = ".".join(["a" * 60] * 4) + ".example"
    zone = one_zone("bad.test", lists=["domain"])
    listings = await ask(misbehaving, long, "short.example", zone=zone)
    verdicts = {listing.subject.value: listing for listing in listings}
    assert verdicts[long].verdict is ListingVerdict.CANNOT_TELL
    assert "too long" in verdicts[long].reason
    assert verdicts["short.example"].verdict is ListingVerdict.NOT_LISTED


async def test_where_nobody_listens_the_reason_says_so() -> None:
    # No port of those the system gives away: another test may have had it a moment ago, or have it a moment later.
    lookup = Lookup([ZONE], resolvers=[NOBODY], limits=FAST, clock=LoopClock())
    listings = [listing async for listing in lookup.run([Subject.parse(SUBJECT)])]
    assert listings[0].verdict is ListingVerdict.CANNOT_TELL
    assert "nothing listens there" in listings[0].reason


async def test_the_second_server_is_asked_where_the_first_is_silent(misbehaving: Misbehaving) -> None:
    silent = Misbehaving()
    await silent.start()
    silent.sound_tests = False
    silent.udp = lambda query, _: []
    misbehaving.udp = always(lambda query: listed(query, "127.0.0.2"))
    lookup = Lookup([ZONE], resolvers=[silent.address, misbehaving.address], limits=FAST, clock=LoopClock())
    listings = [listing async for listing in lookup.run([Subject.parse(SUBJECT)])]
    await silent.stop()
    assert listings[0].verdict is ListingVerdict.LISTED


async def test_a_run_that_is_left_early_leaves_nothing_behind(misbehaving: Misbehaving) -> None:
    lookup = Lookup([ZONE], resolvers=[misbehaving.address], limits=FAST, clock=LoopClock())
    run = lookup.run([Subject.parse(f"198.18.3.{number}") for number in range(50)])
    async for listing in run:
        assert listing.verdict is ListingVerdict.NOT_LISTED
        break
    await run.aclose()  # type: ignore[attr-defined]


async def test_a_fault_in_the_progress_callback_is_raised(misbehaving: Misbehaving) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("the pane is gone")

    lookup = Lookup([ZONE], resolvers=[misbehaving.address], limits=FAST, clock=LoopClock(), progress=broken)
    with pytest.raises(RuntimeError, match="the pane is gone"):
        [listing async for listing in lookup.run([Subject.parse(SUBJECT)])]


async def test_no_subjects_end_at_once() -> None:
    lookup = Lookup([ZONE], resolvers=[NOBODY], limits=FAST, clock=LoopClock())
    assert [listing async for listing in lookup.run([])] == []


async def test_the_text_of_a_refusal_is_kept_because_it_names_the_refused_resolver(
    misbehaving: Misbehaving,
) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = always(lambda query: listed(query, "127.0.0.1", text="Query Refused for 203.0.113.5"))
    (listing,) = await ask(misbehaving)
    assert listing.verdict is ListingVerdict.CANNOT_TELL
    assert "the list says: Query Refused for 203.0.113.5" in listing.reason


async def test_queries_that_are_sent_again_count_against_the_owners_cap(misbehaving: Misbehaving) -> None:
    misbehaving.udp = lambda query, times: [] if times == 1 else [(0, nxdomain(query))]
    limits = QueryLimits(timeout=0.3, tries=2, owner_rate=50.0)
    listings = await ask(misbehaving, *(f"198.18.3.{number}" for number in range(10)), limits=limits)
    assert {listing.verdict for listing in listings} == {ListingVerdict.NOT_LISTED}
    start = misbehaving.log[0][0]
    seen: set[str] = set()
    for sent_before, (at, name, _) in enumerate(misbehaving.log):
        if name not in seen:
            # A new query waits its turn behind everything sent before it, the repetitions included.
            assert at - start >= sent_before * 0.02 * 0.9 - 0.01
        seen.add(name)
    assert len(misbehaving.log) == 22


async def test_a_network_that_lets_dns_through_by_tcp_alone_is_asked_by_tcp(misbehaving: Misbehaving) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = lambda query, _: []

    def by_tcp(query: dns.message.Message) -> bytes:
        first = query.question[0].name.to_text().startswith(NAME)
        return healthy(query) or (listed(query, "127.0.0.2") if first else nxdomain(query))

    misbehaving.tcp = by_tcp
    said = await ask(misbehaving, SUBJECT, "198.18.0.2", limits=replace(FAST, tries=1))
    found = {one.subject.value: one.verdict for one in said}
    assert found == {SUBJECT: ListingVerdict.LISTED, "198.18.0.2": ListingVerdict.NOT_LISTED}


async def test_where_tcp_is_silent_too_nothing_is_told(misbehaving: Misbehaving) -> None:
    misbehaving.sound_tests = False
    misbehaving.udp = lambda query, _: []
    (only,) = await ask(misbehaving)
    assert only.verdict is ListingVerdict.CANNOT_TELL and "no answer within" in only.reason
