"""What speaks for a stranger: dates inside the window, names and addresses nobody shares, never a verdict alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.detection import suspicion
from workbench.domain.detection.suspicion import NOTHING, Background
from workbench.domain.model.inventory import DomainItem, Gap, Inventory, KeyItem, LoginItem, UserItem
from workbench.domain.model.plan import Place
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, SmtpCredential, User

US = Place(Region.US)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)
BEFORE, INSIDE = SINCE - timedelta(days=300), SINCE + timedelta(hours=5)


def background(*ours: str) -> Background:
    """Return an account of two people at acme.example."""
    inventory = Inventory()
    for n, email in enumerate(("ada@acme.example", "ben@acme.example")):
        inventory.users[str(n)] = UserItem(User(id=str(n), email=email, name=f"U{n}", is_master=n == 0), US)
    inventory.domains["mg.acme.example"] = DomainItem(Domain(name="mg.acme.example"), US)
    return Background.of(inventory, SINCE, ours)


def test_a_key_made_in_the_window_is_suspected_unless_it_is_ours() -> None:
    key = KeyItem(Key(id="k1", created_at=INSIDE, requestor="ada@acme.example"), US)
    found = suspicion.of_key(key, background())
    assert found.likely
    assert "inside the abuse window" in found.why[0]
    assert suspicion.of_key(key, background("k1")) == NOTHING
    old = KeyItem(Key(id="k2", created_at=BEFORE, requestor="ada@acme.example"), US)
    assert suspicion.of_key(old, background()) == NOTHING


def test_a_key_asked_for_by_nobody_known_is_suspected_whatever_its_date() -> None:
    key = KeyItem(Key(id="k", created_at=BEFORE, requestor="eve@elsewhere.example"), US)
    assert suspicion.of_key(key, background()).likely


def test_postmaster_is_never_suspected_and_a_fresh_login_is() -> None:
    def login(name: str, at: datetime | None) -> LoginItem:
        return LoginItem(SmtpCredential(login=name, created_at=at), "mg.acme.example", US)

    assert suspicion.of_login(login("postmaster", INSIDE), background()) == NOTHING
    assert suspicion.of_login(login("app", BEFORE), background()) == NOTHING
    assert suspicion.of_login(login("app", None), background()) == NOTHING
    assert suspicion.of_login(login("relay", INSIDE), background()).likely


def test_the_owner_is_never_a_stranger_and_another_mail_domain_is() -> None:
    owner = UserItem(User(id="9", email="x@elsewhere.example", is_master=True), US)
    assert suspicion.of_user(owner, background()) == NOTHING
    stranger = UserItem(User(id="8", email="it@acme-mail.example"), US)
    assert suspicion.of_user(stranger, background()).likely
    colleague = UserItem(User(id="7", email="carla@acme.example", password_updated_at=INSIDE), US)
    assert not suspicion.of_user(colleague, background()).likely


def test_a_domain_added_in_the_window_is_suspected_the_more_the_stranger_its_name() -> None:
    same = suspicion.of_domain(DomainItem(Domain(name="x.acme.example", created_at=INSIDE), US), background())
    other = suspicion.of_domain(
        DomainItem(Domain(name="acme-mail.example", created_at=INSIDE), US), background()
    )
    assert same.likely
    assert other.score > same.score
    old = suspicion.of_domain(DomainItem(Domain(name="other.example", created_at=BEFORE), US), background())
    assert old == NOTHING


# ── who counts as one of ours ────────────────────────────────────────────────────────────────────────────


def person(number: int, email: str | None, at: datetime | None = None, **more: Any) -> UserItem:
    """Return a user whose password was last set at this moment."""
    return UserItem(User(id=f"u{number}", email=email, password_updated_at=at, **more), US)


def owner(email: str) -> UserItem:
    return person(0, email, BEFORE, is_master=True, name="Olive Owner")


def among(*users: UserItem, domains: Iterable[Domain] = (), **more: Any) -> Background:
    """Return the background of these users and domains."""
    inventory = Inventory(users={item.id: item for item in users})
    inventory.domains = {made.name: DomainItem(made, US) for made in domains}
    return Background.of(inventory, SINCE, **more)


@pytest.mark.parametrize(
    ("boss", "evil"),
    [
        ("boss@acme.co.uk", "evil@attacker.co.uk"),
        ("boss@acme.com.br", "evil@attacker.com.br"),
        ("boss@acme.ltd.uk", "evil@attacker.ltd.uk"),
        ("boss@acme.co.nz", "evil@mail.attacker.co.nz"),
        ("boss@acme.gv.at", "evil@attacker.gv.at"),
        ("boss@acme.uk.com", "evil@attacker.uk.com"),
        ("boss@acme.github.io", "evil@attacker.github.io"),
        ("boss@acme.example", "evil@acme.co.uk"),
        ("boss@gmail.com", "evil@gmail.com"),
        ("boss@yahoo.co.uk", "evil@yahoo.co.uk"),
        ("boss@uol.com.br", "evil@uol.com.br"),
        ("boss@me.com", "evil@icloud.com"),
        ("boss@acme.onmicrosoft.com", "evil@attacker.onmicrosoft.com"),
    ],
)
@pytest.mark.parametrize("at", [None, BEFORE, INSIDE])
def test_a_neighbour_under_one_suffix_or_provider_is_a_stranger(
    boss: str, evil: str, at: datetime | None
) -> None:
    stranger = person(1, evil, at)
    found = among(owner(boss), stranger)
    assert suspicion.of_user(stranger, found).likely
    planted = KeyItem(Key(id="k", created_at=BEFORE, requestor=evil), US)
    assert suspicion.of_key(planted, found).likely, "who is no user of ours asks for no key of ours"
    own = KeyItem(Key(id="k2", created_at=BEFORE, requestor=boss), US)
    assert suspicion.of_key(own, found) == NOTHING, "the owner asked for it, whatever the provider"


@pytest.mark.parametrize("boss", ["boss@acme.co.uk", "boss@mg.acme.co.uk"])
def test_a_colleague_is_one_of_ours_wherever_the_suffix_ends(boss: str) -> None:
    colleague = person(1, "carla@mail.acme.co.uk")
    found = among(owner(boss), colleague)
    assert suspicion.of_user(colleague, found) == NOTHING


@pytest.mark.parametrize(
    ("dates", "ours"),
    [
        ((INSIDE, INSIDE), False),
        ((None, None), False),
        ((None, INSIDE), False),
        ((SINCE, SINCE), False),
        ((BEFORE, None), True),
        ((INSIDE, BEFORE), True),
        ((BEFORE,), False),
    ],
)
def test_users_vouch_for_each_other_only_if_one_is_older_than_the_abuse(
    dates: tuple[datetime | None, ...], ours: bool
) -> None:
    group = [person(n, f"p{n}@partner.example", at, name=f"P{n}") for n, at in enumerate(dates, start=1)]
    found = among(owner("boss@acme.example"), *group)
    for item in group:
        assert suspicion.of_user(item, found).likely is not ours
        for asker in (item.user.email, item.id, item.user.name):
            key = KeyItem(Key(id="k", created_at=BEFORE, requestor=asker), US)
            assert suspicion.of_key(key, found).likely is not ours


def test_a_second_factor_from_before_the_abuse_shows_the_age_as_well() -> None:
    one = person(1, "a@partner.example", INSIDE, tfa_created_at=BEFORE)
    other = person(2, "b@partner.example", INSIDE)
    assert not suspicion.of_user(other, among(owner("x@acme.example"), one, other)).likely


def test_what_was_kept_before_the_first_cut_still_vouches_after_every_password_is_new() -> None:
    one, other = person(1, "a@partner.example", INSIDE), person(2, "b@partner.example", INSIDE)
    users = (owner("x@acme.example"), one, other)
    assert suspicion.of_user(one, among(*users)).likely
    assert not suspicion.of_user(one, among(*users, dated={"u2": BEFORE})).likely
    assert suspicion.of_user(one, among(*users, dated={"u2": INSIDE})).likely


def test_who_was_judged_the_intruders_vouches_for_nobody() -> None:
    one, other = person(1, "a@partner.example", BEFORE), person(2, "b@partner.example", INSIDE)
    users = (owner("x@acme.example"), one, other)
    assert not suspicion.of_user(other, among(*users)).likely
    assert suspicion.of_user(other, among(*users, judged={"u1": "intruder"})).likely


def test_whom_the_operator_knows_may_have_asked_for_a_key_and_whom_not_may_not() -> None:
    freelancer = person(1, "fred@gmail.com", BEFORE, name="Fred")
    users = (owner("x@acme.example"), freelancer)
    key = KeyItem(Key(id="k", created_at=BEFORE, requestor="Fred@Gmail.com "), US)
    assert suspicion.of_key(key, among(*users)).likely
    assert suspicion.of_key(key, among(*users, judged={"u1": "ours"})) == NOTHING
    mine = KeyItem(Key(id="k", created_at=BEFORE, requestor="x@acme.example"), US)
    assert suspicion.of_key(mine, among(*users, judged={"u0": "intruder"})).likely


def test_a_name_that_a_suspect_bears_too_is_nobodys() -> None:
    twin = person(1, "evil@attacker.example", INSIDE, name="olive owner")
    named = KeyItem(Key(id="k", created_at=BEFORE, user_name="Olive Owner"), US)
    assert suspicion.of_key(named, among(owner("x@acme.example"))) == NOTHING
    assert suspicion.of_key(named, among(owner("x@acme.example"), twin)).likely


@pytest.mark.parametrize(("made", "ours"), [(BEFORE, True), (INSIDE, False), (SINCE, False), (None, False)])
def test_a_sending_domain_makes_its_people_ours_only_if_it_is_older_than_the_abuse(
    made: datetime | None, ours: bool
) -> None:
    domains = [Domain(name="mg.partner.co.uk", created_at=made)]
    item = person(1, "p@partner.co.uk", INSIDE)
    assert suspicion.of_user(item, among(owner("x@acme.example"), item, domains=domains)).likely is not ours


def test_a_sandbox_or_a_mail_provider_among_the_domains_makes_nobody_ours() -> None:
    domains = [
        Domain(name="sandbox1.mailgun.org", created_at=BEFORE, type="sandbox"),
        Domain(name="gmail.com", created_at=BEFORE),
    ]
    for email in ("x@sandbox2.mailgun.org", "x@mailgun.org", "x@gmail.com"):
        item = person(1, email, INSIDE)
        assert suspicion.of_user(item, among(owner("x@acme.example"), item, domains=domains)).likely


@pytest.mark.parametrize(("at", "likely"), [(None, True), (INSIDE, True), (BEFORE, False)])
def test_without_an_address_only_age_speaks_for_a_user(at: datetime | None, likely: bool) -> None:
    for email in (None, "", "nobody", "x@"):
        item = person(1, email, at)
        assert suspicion.of_user(item, among(owner("x@acme.example"), item)).likely is likely


SUFFIXES = st.sampled_from(["com", "co.uk", "com.br", "example", "co.jp", "net.au", "gmail.com", "web.de"])


@given(
    st.lists(st.tuples(st.sampled_from(["evil", "attacker", "acmes"]), SUFFIXES), min_size=1, max_size=4),
    SUFFIXES,
)
def test_whatever_suffixes_strangers_share_with_the_owner_or_each_other_they_are_strangers(
    strange: list[tuple[str, str]], suffix: str
) -> None:
    def at(label: str, end: str) -> str:
        return end if end in ("gmail.com", "web.de") else f"{label}.{end}"

    users = [person(n, f"x{n}@{at(*one)}", INSIDE) for n, one in enumerate(strange, start=1)]
    found = among(owner(f"boss@{at('acme', suffix)}"), *users)
    assert all(suspicion.of_user(item, found).likely for item in users)


@given(
    st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    st.one_of(st.none(), st.text(max_size=40)),
    st.one_of(st.none(), st.text(max_size=40)),
)
def test_whatever_is_written_there_every_suspicion_says_why(
    created: datetime | None, asker: str | None, kind: str | None
) -> None:
    known = background()
    found = [
        suspicion.of_key(KeyItem(Key(id="k", created_at=created, requestor=asker, kind=kind), US), known),
        suspicion.of_user(UserItem(User(id="u", email=asker, password_updated_at=created), US), known),
    ]
    for each in found:
        assert 0 <= each.score <= 3
        assert bool(each.score) == bool(each.why)


def test_the_window_begins_a_day_before_the_abuse_or_some_days_ago() -> None:
    assert suspicion.window_start(INSIDE, INSIDE) == INSIDE - timedelta(days=1)
    assert suspicion.window_start(INSIDE, None) == INSIDE - suspicion.RECENT
    # What was made just before the incident was opened does not grow old while it goes on.
    later = INSIDE + timedelta(days=60)
    assert suspicion.window_start(later, None, INSIDE) == INSIDE - suspicion.RECENT
    assert suspicion.window_start(later, INSIDE, later) == INSIDE - timedelta(days=1)
    assert suspicion.window_start(INSIDE, None, later) == INSIDE - suspicion.RECENT


# ── in which words ───────────────────────────────────────────────────────────────────────────────────────


def told(found: suspicion.Suspicion) -> tuple[int, tuple[str, ...]]:
    """Return score and reasons: what else a suspicion says has tests of its own."""
    return found.score, found.why


def test_every_reason_is_a_sentence_that_can_be_read_out() -> None:
    known = background()
    key = KeyItem(Key(id="k", created_at=INSIDE, requestor=" eve@evil.example ", kind="web"), US)
    found = suspicion.of_key(key, known)
    assert (found.score, found.why) == (
        3,
        (
            "made 20 Nov 05:00Z, inside the abuse window",
            "asked for by eve@evil.example, who is not among the users you would know",
            "a control-panel session key; it bypasses the IP allowlist",
        ),
    )
    web = KeyItem(Key(id="k", created_at=BEFORE, kind="web"), US)
    assert suspicion.of_key(web, known).score == 1
    assert not suspicion.of_key(web, known).likely
    login = LoginItem(SmtpCredential(login="relay", created_at=INSIDE), "mg.acme.example", US)
    assert told(suspicion.of_login(login, known)) == (2, ("made 20 Nov 05:00Z, inside the abuse window",))
    domain = DomainItem(Domain(name="evil.example", created_at=INSIDE), US)
    assert told(suspicion.of_domain(domain, known)) == (
        3,
        (
            "added 20 Nov 05:00Z, inside the abuse window",
            "shares its registered name with no other domain of yours",
        ),
    )
    assert (
        suspicion.of_domain(DomainItem(Domain(name="x.acme.example", created_at=INSIDE), US), known).score
        == 2
    )


def test_the_first_moment_of_the_window_is_inside_it() -> None:
    known = background()
    assert suspicion.of_key(KeyItem(Key(id="k", created_at=SINCE), US), known).likely
    assert suspicion.of_login(LoginItem(SmtpCredential(login="r", created_at=SINCE), "d", US), known).likely
    assert suspicion.of_domain(DomainItem(Domain(name="d.example", created_at=SINCE), US), known).likely
    one = person(5, "p@acme.example", SINCE)
    assert told(suspicion.of_user(one, known)) == (
        1,
        ("password set 20 Nov 00:00Z, inside the abuse window",),
    )


def test_a_login_of_ours_and_a_sandbox_are_nothing_to_suspect() -> None:
    login = LoginItem(SmtpCredential(login="relay", created_at=INSIDE), "mg.acme.example", US)
    assert suspicion.of_login(login, background(login.login)) == NOTHING
    sandbox = DomainItem(Domain(name="sandbox1.mailgun.org", created_at=INSIDE, type="sandbox"), US)
    assert suspicion.of_domain(sandbox, background()) == NOTHING


@pytest.mark.parametrize(
    ("email", "at", "score", "why"),
    [
        ("x@gmail.com", None, 2, ("the address is at gmail.com, where anybody can have one",)),
        (
            "x@evil.example",
            None,
            2,
            ("no user from before the abuse has an address at evil.example",),
        ),
        (None, None, 2, ("has no address that would show where they belong",)),
        (
            "x@evil.example",
            INSIDE,
            3,
            (
                "no user from before the abuse has an address at evil.example",
                "password set 20 Nov 05:00Z, inside the abuse window",
            ),
        ),
        ("x@acme.example", None, 0, ()),
        ("x@acme.example", BEFORE, 0, ()),
    ],
)
def test_what_is_said_of_a_user(
    email: str | None, at: datetime | None, score: int, why: tuple[str, ...]
) -> None:
    assert told(suspicion.of_user(person(1, email, at), background())) == (score, why)


@pytest.mark.parametrize(
    ("asked", "score"),
    [(None, 1), (INSIDE + timedelta(hours=1), 1), (INSIDE, 0), (INSIDE - timedelta(hours=1), 0)],
)
def test_a_password_set_because_we_asked_for_it_is_no_sign(asked: datetime | None, score: int) -> None:
    one = person(1, "c@acme.example", INSIDE)
    assert suspicion.of_user(one, among(owner("x@acme.example"), one, asked=asked)).score == score


def test_the_owner_is_nothing_to_suspect_even_with_a_new_password_elsewhere() -> None:
    item = person(0, "x@elsewhere.example", INSIDE, is_master=True)
    assert suspicion.of_user(item, background()) == NOTHING


def test_a_user_known_by_date_is_older_and_by_the_earliest_of_its_dates() -> None:
    item = person(1, "x@p.example", INSIDE, tfa_created_at=BEFORE)
    assert suspicion.exists_since(item) == BEFORE
    assert suspicion.exists_since(person(1, "x@p.example")) is None
    assert among(item).older == frozenset({"u1"})
    assert among(person(1, "x@p.example", SINCE)).older == frozenset()


# ── what may be deleted for good ─────────────────────────────────────────────────────────────────────────


def guessed() -> Background:
    """Return the account of ``background`` where no abuse was seen to begin: the window is a guess."""
    people = (owner("ada@acme.example"), person(1, "ben@acme.example", BEFORE))
    return among(*people, domains=[Domain(name="mg.acme.example")], window=False)


@pytest.mark.parametrize(
    ("at", "who", "known", "guess"),
    [
        # Made in the window that is known: that alone is enough. In one that is guessed it is not.
        (INSIDE, {"requestor": "ada@acme.example"}, True, False),
        (INSIDE, {}, True, False),
        # Two signs that know nothing of each other: its date, and an address that is nobody's of ours.
        (INSIDE, {"requestor": "eve@evil.example"}, True, True),
        (INSIDE, {"user_name": "eve@evil.example"}, True, True),
        (INSIDE, {"requestor": "an-id-of-nobody"}, True, True),
        # A free-text name is nobody's address, a panel key no proof.
        (INSIDE, {"user_name": "Eve"}, True, False),
        (INSIDE, {"kind": "web"}, True, False),
        # From before, or without a date, it may be a former colleague's with production on it.
        (BEFORE, {"requestor": "eve@evil.example"}, False, False),
        (None, {"requestor": "eve@evil.example"}, False, False),
        (None, {"requestor": "eve@evil.example", "kind": "web"}, False, False),
    ],
)
def test_a_key_may_be_deleted_for_good_by_the_known_window_or_by_two_signs_only(
    at: datetime | None, who: dict[str, Any], known: bool, guess: bool
) -> None:
    key = KeyItem(Key(id="k", created_at=at, **who), US)
    assert suspicion.of_key(key, background()).disposable is known
    assert suspicion.of_key(key, guessed()).disposable is guess
    assert not suspicion.of_key(key, background("k")).disposable


@pytest.mark.parametrize(
    ("at", "who", "score"),
    [
        (INSIDE, {}, 2),
        (BEFORE, {"requestor": "eve@evil.example"}, 2),
        (BEFORE, {"kind": "web"}, 1),
        (INSIDE, {"kind": "web"}, 3),
        (INSIDE, {"requestor": "eve@evil.example"}, 3),
        (INSIDE, {"requestor": "eve@evil.example", "kind": "web"}, 3),
    ],
)
def test_one_strong_sign_is_likely_two_are_more_and_more_there_is_not(
    at: datetime, who: dict[str, Any], score: int
) -> None:
    assert suspicion.of_key(KeyItem(Key(id="k", created_at=at, **who), US), background()).score == score


def test_a_login_may_be_deleted_for_good_by_the_known_window_only() -> None:
    login = LoginItem(SmtpCredential(login="relay", created_at=INSIDE), "mg.acme.example", US)
    assert suspicion.of_login(login, background()).disposable
    found = suspicion.of_login(login, guessed())
    assert found.likely and not found.disposable
    assert found.why == ("made 20 Nov 05:00Z, in the last days; when the abuse began is not known",)


def test_neither_users_nor_domains_are_disposable_by_signs() -> None:
    stranger = person(1, "x@evil.example", INSIDE)
    assert suspicion.of_user(stranger, background()).likely
    assert not suspicion.of_user(stranger, background()).disposable
    domain = DomainItem(Domain(name="evil.example", created_at=INSIDE), US)
    assert not suspicion.of_domain(domain, background()).disposable


@pytest.mark.parametrize(
    ("gap", "read"),
    [
        (None, True),
        (Gap("users", US, "the server refused"), False),
        (Gap("users", None, "the server refused"), False),
        # A subaccount's users are not who may ask for the account's keys; what is only noted was read.
        (Gap("users", Place(Region.US, "sub1"), "the server refused"), True),
        (Gap("users", US, "its roles are not told", note=True), True),
        (Gap("keys", US, "the server refused"), True),
    ],
)
def test_nobody_is_a_stranger_by_a_list_that_was_not_read(gap: Gap | None, read: bool) -> None:
    inventory = Inventory(users={"u0": owner("ada@acme.example")})
    if gap is not None:
        inventory.gaps[gap.slice] = gap
    found = Background.of(inventory, SINCE)
    assert found.people_read is read
    key = KeyItem(Key(id="k", created_at=BEFORE, requestor="eve@evil.example"), US)
    assert suspicion.of_key(key, found).likely is read
    assert not Background.of(Inventory(), SINCE).people_read, "an account has at least one user"
