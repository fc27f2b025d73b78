"""Step 9: no day that has passed is waited for; a removal is offered by the word the removal itself goes by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Story, situation
from workbench.blocklists.removal import RemovalRequest, RequestState
from workbench.core.clock import iso
from workbench.domain.blocklists.listings import ListingBook
from workbench.domain.blocklists.ours import ADDRESSES
from workbench.domain.blocklists.recorded import VendorMonitoring, VendorsOwnListing
from workbench.domain.model.inventory import DomainItem, Gap
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, Decision, EffectRecord
from workbench.domain.runbook import blocklists
from workbench.domain.runbook.containment_state import Over, containment, is_contained
from workbench.domain.runbook.verdict import Found, Verdict
from workbench.domain.runbook.ways_open import WayIn
from workbench.mailgun.models import Domain, Ip

LISTED = {"subject": "192.0.2.1", "zone": "list.example", "tier": 1, "reason": "spam", "ttl": 60, "codes": []}
PAIR = {"subject": "192.0.2.1", "zone": "list.example"}


def watched(
    days: float, *, looked: float | None = None, listed: bool = True, asked: float | None = None
) -> Situation:
    """Return an account contained for so many days, last looked up after ``looked`` of them (now where not said).

    Everything is shut, and read just now. ``asked`` is after how many days the removal was asked for.
    """
    story = Story(at=NOW)
    own = an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True)
    story.verified([an_effect(EffectKind.KEY_DELETE, "prod-id", US), own], **{OWN: {"key_id": OWN}})
    story.add("contained")
    now = NOW + timedelta(days=days)
    at = NOW + timedelta(days=days if looked is None else looked)
    clear = {} if listed else {"not_listed": {"list.example": {"tier": 1, "subjects": ["192.0.2.1"]}}}
    record = [{**LISTED, "asked_at": iso(at)}] if listed else []
    story.add("blocklist.observed", at=iso(at), asked=1, unasked=[], listed=record, **clear)
    if asked is not None:
        sent = RemovalRequest().requested(NOW + timedelta(days=asked), 24, containment_done=True)
        story.add("removal.requested", **PAIR, whose="yours", request=sent.record())
    story.at = now
    made = situation(state=story.use().state())
    made.now, made.volume = now, Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 0.0, now)
    made.inventory.read_at = dict.fromkeys(made.inventory.read_at, now)
    return made


def dates_in(words: str) -> list[datetime]:
    """Return the days that a sentence names as still to come: those after *until*."""
    found = []
    parts = words.split("until ")[1:]
    for part in parts:
        day, month, *_ = part.replace(",", " ").replace(";", " ").split()
        found.append(datetime.strptime(f"{day} {month} 2026 +0000", "%d %b %Y %z").astimezone(UTC))
    return found


@pytest.mark.parametrize("days", [0.5, 3, 6.9, 7.1, 8, 16, 40])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("asked", [None, 0.25, 6.5])
def test_a_day_that_has_passed_is_never_said_as_awaited(
    days: float, listed: bool, asked: float | None
) -> None:
    there = watched(
        days, listed=listed, looked=min(days, 6.8), asked=asked if asked and asked < days else None
    )
    found = blocklists.blocklists(there)
    if found.verdict is Verdict.DONE:
        return
    words = " ".join((found.waits, *found.evidence))
    assert all(day.date() >= there.now.date() for day in dates_in(found.waits)), found.waits
    assert "watched until 28 Nov" not in words or there.now < NOW + timedelta(days=7)
    # Whoever is left to wait for is named, and where nobody is, there is something to do.
    assert bool(found.waits) == found.idle


def test_a_listing_that_outlives_the_watch_is_waited_for_by_name() -> None:
    found = blocklists.blocklists(watched(8, asked=7.5))
    assert found.idle and "192.0.2.1 on list.example, which answers until 30 Nov" in found.waits


def test_a_watch_that_nobody_looked_at_to_its_end_is_closed_by_one_last_look() -> None:
    there = watched(9, looked=6, listed=False)
    found = blocklists.blocklists(there)
    assert (found.idle, found.action) == (False, blocklists.CHECK)
    assert blocklists.blocklists(watched(9, listed=False)).verdict is Verdict.DONE


def test_a_removal_is_offered_only_while_the_account_is_seen_to_be_shut() -> None:
    there = watched(0.5)
    there.inventory.read_at = dict.fromkeys(there.inventory.read_at, there.now - timedelta(hours=2))
    assert there.state.contained_at and not is_contained(there)
    found = blocklists.blocklists(there)
    assert found.idle and found.action == blocklists.CHECK
    assert "a fresh reading" in found.waits and "Enter reads" in found.waits


def test_what_is_left_open_is_named_once_it_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    there = watched(0.5)
    there.state.first_cut_at, there.state.contained_at = iso(there.now), ""
    there.inventory.read_at = dict.fromkeys(there.inventory.read_at, there.now - timedelta(hours=2))
    over = containment(there)
    assert over.ways and not over.contained
    seen = replace(over.ways[0], known=True)
    said = {"a fresh reading": over.ways[:1], "no list is asked before": (seen,)}
    for words, ways in said.items():
        monkeypatch.setattr(blocklists, "containment", lambda _, ways=ways: replace(over, ways=ways))
        assert words in (waits := blocklists.blocklists(there).waits) and over.ways[0].words in waits
    for ways, words in (((seen,) * 4, "steps 1 to 3 and 10"),):
        monkeypatch.setattr(blocklists, "containment", lambda _, ways=ways: replace(over, ways=ways))
        found = blocklists.blocklists(there)
        assert found.idle and words in found.waits and "no list is asked before" in found.waits


def rogue(*own: str, subject: str = "mail-acme.example", how: str = "deleted") -> Situation:
    """Return an account after the watch whose only listing is one of a stranger's domain that is gone."""
    there = watched(8, listed=False)
    record = {**LISTED, "subject": subject, "asked_at": iso(there.now)}
    clear = {"list.example": {"tier": 1, "subjects": [name for name in own if name != subject]}}
    there.state.listings.observed({"at": iso(there.now), "asked": 1, "listed": [record], "not_listed": clear})
    if how == "deleted":
        effect = an_effect(EffectKind.DOMAIN_DELETE, "mail-acme.example", US)
        there.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED)
    else:
        name = "domain:mail-acme.example"
        there.state.decisions[name] = Decision(name, "intruder", "judged", "Ada", iso(there.now))
    there.inventory.domains = {n: DomainItem(Domain(name=n), US) for n in own}
    return there


@pytest.mark.parametrize("how", ["deleted", "judged"])
def test_a_listing_of_a_strangers_domain_that_is_gone_holds_nothing_open(how: str) -> None:
    found = blocklists.blocklists(rogue("acme.example", how=how))
    assert found.verdict is Verdict.DONE, found
    assert any("nobody's of yours to end" in line for line in found.evidence)


def test_a_listing_that_is_ours_too_or_still_here_is_ours_to_end() -> None:
    for there in (
        rogue("mg.mail-acme.example"),
        rogue("mail-acme.example"),
        rogue("acme.example", subject="192.0.2.9"),
    ):
        assert blocklists.blocklists(there).verdict is not Verdict.DONE


# ── whole answers ────────────────────────────────────────────────────────────────────────────────────────

CHECKED = "looked up {at}: {n}, {m} of them matter, {dark} cannot tell"


def book(
    there: Situation, *zones: str, dark: tuple[str, ...] = (), clear: tuple[str, ...] = (), **more: Any
) -> Situation:
    """Have the account looked up now: these lists hold its address, give no sure answer, or do not hold it."""
    at = iso(there.now)
    body = {
        "at": at,
        "asked": 1,
        "unasked": [],
        "listed": [{**LISTED, "zone": zone, "asked_at": at} for zone in zones],
        "cannot_tell": [
            {"zone": zone, "tier": 1, "reason": "no answer", "subjects": ["192.0.2.1"]} for zone in dark
        ],
        "not_listed": {zone: {"tier": 1, "subjects": ["192.0.2.1"]} for zone in clear},
        **more,
    }
    there.state.listings.observed(body)
    return there


def looked(there: Situation, listings: str, matter: int, dark: int = 0) -> str:
    return CHECKED.format(at=iso(there.now), n=listings, m=matter, dark=dark)


def listed(there: Situation, zone: str) -> str:
    return f"192.0.2.1 on {zone} since {there.now:%d %b %H:%M}Z: spam; not requested"


def fresh(days: float = 0.5) -> Situation:
    """Return an account that is contained, of which no list was asked anything yet."""
    made = watched(days, listed=False)
    made.state.listings = ListingBook()
    return made


def word(there: Situation, step: str = "9") -> Situation:
    said = Attestation(step=step, who="ann", at=iso(there.now), text="seen to", subject="")
    there.state.attestations.append(said)
    return there


SAID = ("attested by ann, 2026-11-22T02:00:00Z: seen to",)


def test_a_book_without_a_look_is_open_and_without_a_subject_is_no_matter() -> None:
    there = fresh()
    there.inventory.domains = {"mg.example": DomainItem(Domain(name="mg.example"), US)}
    assert blocklists.blocklists(there) == Found(
        Verdict.OPEN, ("not looked up yet",), action="blocklists.check"
    )
    assert blocklists.blocklists(word(there)) == Found(Verdict.ATTESTED, SAID)
    assert blocklists.blocklists(word(fresh(), "8")).verdict is Verdict.NOT_APPLICABLE
    assert blocklists.blocklists(word(fresh())).verdict is Verdict.ATTESTED


def test_nothing_can_be_looked_up_only_where_all_was_read_and_nothing_sends() -> None:
    why = "no domain of the account sends, and no sending address is known: nothing can be looked up"
    no_matter = Found(Verdict.NOT_APPLICABLE, (why,))
    assert blocklists.blocklists(fresh()) == no_matter
    sandbox = DomainItem(Domain(name="sandbox1.mailgun.org", type="sandbox"), US)
    there = fresh()
    there.inventory.domains = {"sandbox1.mailgun.org": sandbox}
    assert blocklists.blocklists(there) == no_matter
    for change in ("domains", "ips", "gaps", "unread"):
        there = fresh()
        if change == "domains":
            there.inventory.domains = {
                "sandbox1.mailgun.org": sandbox,
                "mg.example": DomainItem(Domain(name="mg.example"), US),
            }
        elif change == "ips":
            there.inventory.ips = {"192.0.2.1": Ip(ip="192.0.2.1")}
        elif change == "gaps":
            there.inventory.gaps = {"ips": Gap("sending addresses", US, "403")}
        else:
            del there.inventory.read_at["domains"]
        assert blocklists.blocklists(there).verdict is Verdict.OPEN, change


def test_a_word_closes_the_step_over_what_was_asked_for_and_over_what_was_not() -> None:
    assert blocklists.blocklists(word(book(fresh(), "a.example"))) == Found(Verdict.ATTESTED, SAID)
    assert blocklists.blocklists(word(book(fresh(), clear=("a.example",)))) == Found(Verdict.ATTESTED, SAID)
    assert blocklists.blocklists(word(book(fresh(), "a.example"), "8")).verdict is Verdict.IN_PROGRESS


@pytest.mark.parametrize("count", [1, 4, 5])
def test_listings_whose_removal_is_to_be_asked_for_are_named_and_counted(count: int) -> None:
    zones = [f"{n}.example" for n in "abcde"[:count]]
    there = book(fresh(), *zones)
    named = "; ".join(f"192.0.2.1 on {zone}" for zone in zones[:4]) + (" and 1 more" if count > 4 else "")
    lines = (
        looked(there, f"{count} listing{'s' if count > 1 else ''}", count),
        *(listed(there, zone) for zone in zones),
    )
    assert blocklists.blocklists(there) == Found(
        Verdict.IN_PROGRESS, (named, *lines), (0, count), action="blocklists.removal"
    )


def test_what_was_asked_for_is_counted_and_before_the_cut_nothing_is_to_be_asked_for() -> None:
    there = book(fresh(), "a.example", "b.example")
    pair = there.state.listings.pairs["192.0.2.1", "a.example"]
    pair.request = RemovalRequest().requested(there.now, 24, containment_done=True)
    assert blocklists.blocklists(there).progress == (1, 2)
    there = book(fresh(), "a.example")
    there.state.first_cut_at = there.state.contained_at = ""
    there.over = None
    found = blocklists.blocklists(there)
    assert found.evidence[0] == "ask for removal only once access is cut: 192.0.2.1 on a.example"
    assert (found.action, found.idle) == ("blocklists.check", True)
    assert found.waits == "steps 1 to 3 and 10: no list is asked before access is proven cut"


def open_by(monkeypatch: pytest.MonkeyPatch, there: Situation, *, known: bool, count: int) -> Found:
    """Return the step where so many ways are open, or cannot be told to be shut."""
    over = containment(there)
    ways = tuple(WayIn("login", f"{n}@x", f"way {n}", "w", known=known) for n in range(count))
    judged = replace(over, over=Over.OPEN, ways=ways)
    monkeypatch.setattr(blocklists, "containment", lambda _: judged)
    return blocklists.blocklists(there)


READ_AGAIN, PROOF = "a fresh reading (", "proof that access is cut ("


@pytest.mark.parametrize(
    ("known", "count", "cut", "contained", "begins"),
    [
        (False, 3, True, False, READ_AGAIN),
        (False, 4, True, False, "steps 1 to 3 and 10"),
        (False, 4, False, True, READ_AGAIN),
        (False, 1, False, False, "steps 1 to 3 and 10"),
        (True, 3, True, False, PROOF),
        (True, 4, True, False, "steps 1 to 3 and 10"),
        (True, 1, True, True, PROOF),
        (True, 1, False, True, "steps 1 to 3 and 10"),
    ],
)
def test_what_no_list_is_asked_before_is_named_once_it_is_little(
    monkeypatch: pytest.MonkeyPatch, known: bool, count: int, cut: bool, contained: bool, begins: str
) -> None:
    there = book(fresh(), "a.example")
    there.state.first_cut_at = iso(there.now) if cut else ""
    there.state.contained_at = iso(there.now) if contained else ""
    found = open_by(monkeypatch, there, known=known, count=count)
    assert found.waits.startswith(begins), found.waits
    assert (found.idle, found.action, found.verdict) == (True, "blocklists.check", Verdict.IN_PROGRESS)


DARK = (
    "cannot tell whether anything is listed: dark.example: not readable, no answer; look these up by hand, then "
    "attest (t)"
)


def test_while_the_days_run_the_lists_are_watched_and_what_gave_no_answer_is_said_first() -> None:
    there = book(fresh(), clear=("a.example",), dark=("dark.example",))
    found = blocklists.blocklists(there)
    day = "until 28 Nov"
    assert found == Found(
        Verdict.IN_PROGRESS,
        (
            DARK,
            looked(there, "0 listings", 0, 1),
            f"watched {day}: a listing can come days after the abuse",
        ),
        action="blocklists.check",
        idle=True,
        waits=f"the lists, {day}; what is due is asked again by itself",
    )


def test_before_access_is_cut_nobody_knows_until_when() -> None:
    there = book(fresh(), clear=("a.example",))
    there.state.contained_at = there.state.last_cut_at = ""
    found = blocklists.blocklists(there)
    assert found.evidence[1] == (
        "watched for 7 days after containment: a listing can come days after the abuse"
    )
    assert found.waits == "the lists, for 7 days after containment; what is due is asked again by itself"
    assert blocklists.watch_until(there.state) is None
    for name in ("contained_at", "last_cut_at"):
        other = fresh().state
        other.contained_at = other.last_cut_at = ""
        setattr(other, name, iso(NOW))
        assert blocklists.watch_until(other) == NOW + timedelta(days=7)


def test_after_the_days_what_gave_no_answer_waits_for_a_person() -> None:
    there = book(fresh(8), clear=("a.example",), dark=("dark.example",))
    assert blocklists.blocklists(there) == Found(
        Verdict.IN_PROGRESS,
        (DARK, looked(there, "0 listings", 0, 1)),
        action="pane.blocklists",
        idle=True,
        waits="whoever looks these lists up by hand and attests it (t), or enables them in config.toml",
    )
    there = book(fresh(7), clear=("a.example",))
    until = f"no listing that matters, watched until {NOW + timedelta(days=7):%d %b}"
    assert blocklists.blocklists(there) == Found(Verdict.DONE, (until, looked(there, "0 listings", 0)))


@pytest.mark.parametrize(("passing", "action"), [(True, "blocklists.check"), (False, "pane.blocklists")])
def test_after_the_days_addresses_that_could_not_be_read_are_read_again_where_that_may_help(
    passing: bool, action: str
) -> None:
    there = book(fresh(8), clear=("a.example",))
    there.inventory.gaps["ips US"] = Gap(ADDRESSES, US, "a web page answered", passing=passing)
    found = blocklists.blocklists(there)
    assert (found.verdict, found.action, found.idle) == (Verdict.IN_PROGRESS, action, True)
    assert found.waits.startswith("the next look" if passing else "whoever looks these lists up by hand")


@pytest.mark.parametrize("count", [1, 4, 5])
def test_after_the_days_what_still_holds_is_named_with_the_moment_it_needs(count: int) -> None:
    zones = [f"{n}.example" for n in "abcde"[:count]]
    there = book(fresh(8), *zones)
    for n, seen in enumerate(there.state.listings.pairs.values()):
        seen.request = RemovalRequest().requested(there.now, 24 * (n + 1), containment_done=True)
    found = blocklists.blocklists(there)
    still = "; ".join(
        f"192.0.2.1 on {zone}, which answers until {there.now + timedelta(days=n + 1):%d %b %H:%M}Z"
        for n, zone in enumerate(zones[:4])
    ) + ("; and 1 more" if count > 4 else "")
    assert found.verdict is Verdict.IN_PROGRESS and found.idle and found.action == "blocklists.check"
    words = f"the days of the watch are over (28 Nov), and these are still listed: {still}"
    assert found.evidence[0] == looked(there, f"{count} listing{'s' if count > 1 else ''}", count)
    assert found.evidence[1] == words
    assert [line.partition(" since")[0] for line in found.evidence[2:]] == [
        f"192.0.2.1 on {z}" for z in zones
    ]
    assert found.waits == f"the lists that still hold {still}; what is due is asked again by itself"


def test_the_moment_the_days_end_they_are_over_and_a_list_whose_time_is_up_is_not_waited_for() -> None:
    there = book(fresh(7), "a.example")
    (seen,) = there.state.listings.pairs.values()
    seen.request = RemovalRequest().requested(there.now - timedelta(hours=24), 24, containment_done=True)
    found = blocklists.blocklists(there)
    still = "192.0.2.1 on a.example"
    assert (
        found.evidence[1] == f"the days of the watch are over (28 Nov), and these are still listed: {still}"
    )


def test_one_last_look_closes_a_watch_that_nobody_looked_at_to_its_end() -> None:
    there = watched(9, looked=6, listed=False)
    there.state.listings.unbelieved = {"x.example": "answers everything"}
    found = blocklists.blocklists(there)
    assert found == Found(
        Verdict.IN_PROGRESS,
        (
            CHECKED.format(at=iso(NOW + timedelta(days=6)), n="0 listings", m=0, dark=0),
            "the days of the watch are over (28 Nov): one last look closes this",
            "1 list cannot be believed from here: x.example",
        ),
        action="blocklists.check",
    )


def test_a_listing_says_what_is_known_of_it_and_of_many_some_are_told() -> None:
    zones = [f"{n}.example" for n in "abcdefg"]
    there = book(fresh(), *zones, clear=("z.example",))
    there.state.listings.unbelieved = {f"{n}.test": "" for n in "edcba"}
    gone = there.state.listings.pairs["192.0.2.1", "z.example"]
    gone.request = replace(gone.request, state=RequestState.REMOVED)
    bare = there.state.listings.pairs["192.0.2.1", "a.example"]
    bare.record = {k: v for k, v in bare.record.items() if k != "reason"}
    lines = blocklists.blocklists(there).evidence[1:]
    assert lines == (
        f"{looked(there, '7 listings', 7)}, 1 gone",
        f"192.0.2.1 on a.example since {there.now:%d %b %H:%M}Z: ; not requested",
        *(listed(there, zone) for zone in zones[1:6]),
        "5 lists cannot be believed from here: a.test, b.test, c.test, d.test",
    )


def test_the_intruders_domains_are_named_up_to_four() -> None:
    there = book(fresh(8))
    names = [f"{n}.rogue.example" for n in "abcde"]
    for name in (*names, "unlisted.example"):
        effect = an_effect(EffectKind.DOMAIN_DELETE, name, US)
        there.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED)
    rows = [{**LISTED, "subject": name, "asked_at": iso(there.now)} for name in names]
    book(there, listed=rows)
    theirs = "the intruder's, deleted here; its listing is nobody's of yours to end"
    found = blocklists.blocklists(there)
    assert found.evidence[2] == f"{', '.join(names[:4])}: {theirs}"
    assert not [line for line in blocklists.blocklists(book(fresh(8))).evidence if theirs in line]


@pytest.mark.parametrize(
    ("looks", "zone", "told"),
    [
        ("not_listed", "list.example", False),
        ("cannot_tell", "list.example", True),
        ("", "list.example", True),
        # What is asked with a key is the same list.
        ("keyed", "zen.spamhaus.org", False),
    ],
)
def test_what_mailguns_own_monitoring_lists_is_told_where_no_look_up_of_ours_says(
    looks: str, zone: str, told: bool
) -> None:
    there = watched(1, listed=False)
    book = ListingBook()
    mine = "zen.dq.spamhaus.net" if looks == "keyed" else zone
    body: dict[str, Any] = {"at": iso(NOW), "resolver": "", "asked": 1, "unasked": []}
    if looks == "cannot_tell":
        body["cannot_tell"] = [{"zone": mine, "tier": 1, "reason": "SERVFAIL", "subjects": ["192.0.2.1"]}]
    elif looks:
        body["not_listed"] = {mine: {"tier": 1, "subjects": ["192.0.2.1"]}}
    book.observed(body)
    there.state.listings = book
    own = VendorsOwnListing("192.0.2.1", zone, "The list")
    there.state.learn(VendorMonitoring(listed=(own,)))
    line = (
        "Mailgun's own monitoring lists 192.0.2.1 on The list; no look-up from here tells whether that is so"
    )
    assert (line in blocklists.blocklists(there).evidence) is told
    assert blocklists.vendor_lines(there.state) == ((line,) if told else ())


def test_of_many_things_that_mailgun_lists_the_first_are_named_and_the_rest_counted() -> None:
    there = watched(1, listed=False)
    names = [VendorsOwnListing(f"192.0.2.{n}", "list.example", "A") for n in range(7)]
    there.state.learn(VendorMonitoring(listed=(*names, VendorsOwnListing("192.0.2.0", "b.example", "B"))))
    there.state.listings = ListingBook()
    lines = blocklists.vendor_lines(there.state)
    assert len(lines) == 5 and lines[-1] == "and 3 more of what it lists" and "on A, B;" in lines[0]
