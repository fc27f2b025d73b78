"""Every way in that the account shows to be open: named as it is, none forgotten, none that a person looked after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OLD, US, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.inventory import DomainItem, Gap, UserItem
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, Decision, EffectRecord, State
from workbench.domain.runbook import ways_open
from workbench.domain.runbook.ways_open import WayIn, gaps, ways
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Route, Subaccount, User

K, S = EffectKind, EffectState
LOGIN = "app@mg.acme.example"
QUIET = Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 0.0, NOW)


def shut(*records: EffectRecord, **more: Any) -> Situation:
    """Return an account that was cut and shows no way in but what is put into it; its log was read whole."""
    state = Story().assessed().state()
    state.first_cut_at = iso(NOW)
    state.effects.update({one.effect.id: one for one in records})
    made = situation(state=state, **more)
    made.inventory.keys = {n: item for n, item in made.inventory.keys.items() if n != made.own_key_id}
    made.volume = QUIET
    return made


def done(one: Effect, how_far: EffectState = S.VERIFIED, **more: Any) -> EffectRecord:
    given = {"attempts": 1, "done_at": iso(NOW), **more}
    return EffectRecord(one, how_far, **given)


def delete(target: str = "gone-id", how_far: EffectState = S.VERIFIED, **more: Any) -> EffectRecord:
    params = more.pop("params", {})
    return done(an_effect(K.KEY_DELETE, target, US, **params), how_far, **more)


def reset(login: str, how_far: EffectState = S.VERIFIED, **more: Any) -> EffectRecord:
    return done(an_effect(K.LOGIN_RESET, login, US, domain="mg.acme.example"), how_far, **more)


def vouched(where: Situation, step: str) -> Situation:
    where.state.attestations.append(
        Attestation(step=step, who="ann", at=iso(NOW), text="seen to", subject="")
    )
    return where


def had(where: Situation, *, keys: tuple[str, ...] = (), logins: tuple[str, ...] = ()) -> Situation:
    """Return the account, of which these stood in the first reading."""
    where.state.baseline = AccountBaseline(keys=keys, logins=logins)
    return where


def one_key(name: str = "a", **more: Any) -> WayIn:
    return WayIn(
        "key",
        f"{name}-id",
        f"API key “{name}” …{(name + '-id')[-4:]}",
        f"API key “{name}” …{(name + '-id')[-4:]}",
        **more,
    )


def test_an_account_that_is_shut_has_none() -> None:
    assert ways(shut()) == [] and gaps(shut()) == []


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_is_left_is_named_and_says_whether_it_can_make_more() -> None:
    where = had(shut(keys=[key("a"), key("b", role="developer")]), keys=("other-id",))
    assert ways(where) == [one_key("a", administers=True), one_key("b")]
    where.state.decisions["key:a-id"] = Decision("key:a-id", "ours", "", "ann", iso(NOW))
    assert ways(where) == [one_key("b")]


@pytest.mark.parametrize(("count", "cut", "each"), [(3, True, True), (4, True, False), (1, False, False)])
def test_keys_of_before_are_counted_while_nothing_is_cut_and_where_they_are_many(
    count: int, cut: bool, each: bool
) -> None:
    names = "abcd"[:count]
    where = had(
        shut(keys=[*(key(n, role="developer") for n in names), key("new")]),
        keys=tuple(f"{n}-id" for n in names),
    )
    where.state.first_cut_at = iso(NOW) if cut else ""
    words = f"{count} API key{'s' if count > 1 else ''} from before"
    of_before = [one_key(n) for n in names] if each else [WayIn("key", "*", words, words)]
    assert sorted(map(repr, ways(where))) == sorted(map(repr, [*of_before, one_key("new", administers=True)]))
    where.inventory.keys["a-id"] = key("a")
    (counted,) = [way for way in ways(where) if way.target == ("a-id" if each else "*")]
    assert counted.administers


ALIVE = [
    "ALIVE: the old key still answers 200",
    "deleted at 14:00:00Z",
    "absent from the key list at 14:00:05Z",
]


@pytest.mark.parametrize(
    "record",
    [
        delete("gone-bbbb", S.DONE, evidence=ALIVE),
        delete("gone-bbbb", S.FAILED, open=True, failure={"what": f"The server said yes, but: {ALIVE[0]}."}),
        delete("gone-bbbb", S.DONE, evidence=["found deleted"], failure={"what": f"But: {ALIVE[0]}."}),
    ],
)
@pytest.mark.parametrize(("role", "administers"), [("admin", True), ("sending", False), (None, True)])
def test_a_key_that_was_deleted_and_still_answers_is_a_way_whatever_the_list_shows(
    record: EffectRecord, role: str | None, administers: bool
) -> None:
    effect = an_effect(K.KEY_DELETE, "gone-bbbb", US, role=role)
    where = shut(
        EffectRecord(effect, record.state, record.open, evidence=record.evidence, failure=record.failure)
    )
    words = "API key …bbbb, which still answers although it was deleted"
    assert ways(where) == [WayIn("key", "gone-bbbb", words, words, administers=administers)]


def test_a_delete_without_an_answer_is_a_way_that_nobody_can_tell() -> None:
    words = "API key …bbbb, whose end is not known"
    where = shut(delete("gone-bbbb", S.PLANNED, open=True, params={"role": "sending"}))
    assert ways(where) == [WayIn("key", "gone-bbbb", words, words, known=False)]


@pytest.mark.parametrize(
    "record",
    [
        delete("gone-bbbb", S.VERIFIED, evidence=["deleted", "absent from the key list"]),
        # It answered once, was looked at again and is dead: both lines stay.
        delete("gone-bbbb", S.VERIFIED, evidence=[*ALIVE, "again refused"], failure={"what": ALIVE[0]}),
        delete("gone-bbbb", S.DONE, evidence=["deleted", "left for later: Mailgun asks for fewer calls"]),
    ],
)
def test_a_key_that_is_gone_by_its_proof_is_no_way(record: EffectRecord) -> None:
    assert ways(shut(record)) == []


# ── logins ───────────────────────────────────────────────────────────────────────────────────────────────


def logins_of(count: int) -> list[str]:
    return [f"{n}@mg.acme.example" for n in "abcdef"[:count]]


def test_logins_with_the_password_from_before_are_named_while_they_are_few() -> None:
    where = shut(logins=logins_of(3))
    assert ways(where) == [
        WayIn("login", name, f"SMTP login {name}", f"login {name}") for name in logins_of(3)
    ]
    for many, cut in ((4, True), (1, False)):
        where = shut(logins=logins_of(many))
        where.state.first_cut_at = iso(NOW) if cut else ""
        s = "s" if many > 1 else ""
        assert ways(where) == [
            WayIn("login", "*", f"{many} SMTP login{s} with the password from before", f"{many} login{s}")
        ]


def test_a_new_password_that_was_not_proven_is_a_way_that_nobody_can_tell_until_somebody_vouches() -> None:
    names = logins_of(3)
    where = shut(reset(names[0], S.DONE), reset(names[1], S.DONE), reset(names[2]), logins=names)
    said = WayIn(
        "login",
        "?",
        "2 SMTP logins whose new password could not be proven",
        "2 logins not proven",
        known=False,
    )
    assert ways(where) == [said]
    assert ways(vouched(where, "2")) == []


def test_a_password_proven_before_the_last_way_to_set_another_was_shut_is_to_be_proven_again() -> None:
    early, late = (iso(NOW + timedelta(minutes=n)) for n in (-9, 9))
    where = shut(
        reset(LOGIN, proven_at=early, proven_row=1),
        reset("late@mg.acme.example", proven_at=late, proven_row=4),
        reset("gone@mg.acme.example", proven_at=early, proven_row=2),
        delete(params={"role": "admin"}, done_row=3),
        logins=[LOGIN, "late@mg.acme.example"],
    )
    words = "1 SMTP login last proven before the last way to set passwords was shut"
    assert ways(where) == [WayIn("login", "again", words, "1 login to prove again", known=False)]
    assert ways(vouched(where, "2")) == []


# ── leaked again, rung for, kept ─────────────────────────────────────────────────────────────────────────


def test_what_this_incident_made_and_somebody_else_uses_is_said_as_that() -> None:
    mint = an_effect(K.KEY_CREATE, "old-id", US, replaces="old-id", cut="now")
    where = shut(
        done(mint, result=EffectResult(key_id="a-id")), reset(LOGIN), keys=[key("a")], logins=[LOGIN]
    )
    assert ways(where) == []
    where.in_other_hands = frozenset({"a-id", LOGIN})
    name = "the new API key “a” …a-id, which somebody else uses already"
    assert ways(where) == [
        WayIn("key", "a-id", name, name, administers=True),
        WayIn(
            "login",
            LOGIN,
            f"SMTP login {LOGIN}, used by somebody else since its new password was set",
            f"login {LOGIN}",
        ),
    ]


def test_a_way_that_rang_is_one_that_was_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Rang:
        target = "a-id"

    monkeypatch.setattr(ways_open, "open_alarms", lambda _: [Rang()])
    found = ways(shut(keys=[key("a"), key("b")]))
    assert [(way.target, way.used) for way in found] == [("a-id", True), ("b-id", False)]


def first(kind: EffectKind, target: str, replaces: str, **params: Any) -> EffectRecord:
    return done(an_effect(kind, target, US, replaces=replaces, cut="first", **params))


@pytest.mark.parametrize(
    ("due", "left"),
    [
        (None, "the time begins when the plan ends"),
        (timedelta(minutes=12), "12 min left"),
        # As the top line and the guide count it: never a minute less in one place.
        (timedelta(minutes=29, seconds=59), "30 min left"),
        (timedelta(0), "time up since 21 Nov 14:00Z"),
        (timedelta(hours=-1), "time up since 21 Nov 13:00Z"),
    ],
)
def test_what_is_kept_for_its_hand_over_is_a_way_with_the_time_it_has(
    due: timedelta | None, left: str
) -> None:
    second = "app-2@mg.acme.example"
    where = shut(
        first(K.KEY_CREATE, "a-id", "a-id"),
        first(K.KEY_CREATE, "b-id", "b-id"),
        first(K.LOGIN_CREATE, second, LOGIN),
        keys=[key("a"), key("b", role="developer")],
        logins=[LOGIN, second],
    )
    if due is not None:
        for name in ("key:a-id", "key:b-id", f"smtp:{LOGIN}"):
            timer = RecordedTimer(id=f"hand-over:{name}", due=iso(NOW + due))
            where.state.timers[timer.id] = timer
    until = None if due is None else NOW + due
    assert ways(where) == [
        WayIn(
            "kept",
            target,
            f"old {name}, kept for its hand-over ({left})",
            f"old {name} kept, {left}",
            administers=target == "a-id",
            what=what,
            until=left,
            due=until,
        )
        for target, name, what in (
            ("a-id", "key …a-id", "key"),
            ("b-id", "key …b-id", "key"),
            (LOGIN, f"login {LOGIN}", "login"),
        )
    ]


def test_what_step_11_replaces_was_never_in_the_intruders_hands_and_is_no_way() -> None:
    where = shut(first(K.KEY_CREATE, "a-id", "a-id", harden=True), keys=[key("a")])
    assert ways(where) == []


# ── people, subaccounts, routes ──────────────────────────────────────────────────────────────────────────


def people(where: Situation, *users: User) -> Situation:
    owner = User(id="u0", email="ada@acme.example", name="Ada", role="admin", is_master=True)
    where.inventory.users = {u.id: UserItem(u, US) for u in (owner, *users)}
    return where


STRANGER: dict[str, Any] = {"email": "x@evil.example", "name": "X", "role": "admin"}


def test_a_stranger_in_the_panel_is_a_way_unless_disabled() -> None:
    where = people(shut(), User(id="u1", is_disabled=True, **STRANGER), User(id="u2", **STRANGER))
    words = "panel user x…@evil.example"
    assert ways(where) == [WayIn("user", "u2", words, words, administers=True)]
    for called, name in (("Mallory", "Mallory"), (None, "u2")):
        where = people(shut(), User(id="u2", role="admin", name=called))
        where.state.decisions["user:u2"] = Decision("user:u2", "intruder", "", "ann", iso(NOW))
        assert [way.words for way in ways(where)] == [f"panel user {name}"]


def copied(where: Situation, *, tfa: bool = False) -> Situation:
    """Return the account with a user whose password was set after the cut while a route copied the mail."""
    where.inventory.domains["mg.acme.example"] = DomainItem(
        Domain(name="mg.acme.example", created_at=OLD), US
    )
    ann = User(
        id="u1",
        email="ann@mg.acme.example",
        name="Ann",
        tfa_active=tfa,
        password_updated_at=NOW + timedelta(minutes=5),
    )
    people(where, ann)
    route = Route(
        id="r1",
        expression="match_recipient('ann@mg.acme.example')",
        actions=('forward("https://drop.test/in")',),
        description="desk",
        created_at=NOW,
    )
    where.inventory.routes = {"r1": route}
    return where


def test_a_password_whose_mail_was_copied_shuts_nobody_out_but_for_a_second_factor() -> None:
    route = WayIn(
        "route",
        "r1",
        "route “desk”, which copies users' password mail to drop.test",
        "route “desk”",
        administers=True,
    )
    password = WayIn(
        "password",
        "u1",
        "panel user an…@mg.acme.example, whose password mail was copied by route “desk”",
        "password of an…@mg.acme.example",
        administers=True,
    )
    assert ways(copied(shut())) == [password, route]
    assert ways(copied(shut(), tfa=True)) == [route]


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ({"description": "desk"}, "desk"),
        ({"description": ""}, "match_recipient('ann@mg.acme.example')"),
    ],
)
def test_a_route_that_nobody_could_read_whole_is_a_way_that_nobody_can_tell(
    named: dict[str, Any], name: str
) -> None:
    where = copied(shut(), tfa=True)
    where.inventory.routes["r1"] = Route(
        id="r1", expression="match_recipient('ann@mg.acme.example')", actions=(), **named
    )
    words = f"route “{name}”, which may take users' password mail away: not all of it could be read"
    assert ways(where) == [WayIn("route", "r1", words, f"route “{name}”", known=False, administers=True)]


def test_a_route_without_a_name_is_called_by_what_it_has() -> None:
    where = copied(shut(), tfa=True)
    for expression, name in (("catch_all()", "catch_all()"), ("", "r1")):
        for actions in (('forward("https://drop.test/in")',), ()):
            where.inventory.routes["r1"] = Route(id="r1", expression=expression, actions=actions)
            assert [way.short for way in ways(where)] == [f"route “{name}”"]


def test_a_subaccount_made_in_the_abuse_is_a_way() -> None:
    sub = Subaccount(id="s1", name="bulk", status="open", created_at=NOW)
    bare = Subaccount(id="s2", name="", status="open", created_at=NOW)
    assert ways(shut(subaccounts=[sub, bare])) == [
        WayIn("subaccount", "s1", "subaccount bulk", "subaccount bulk"),
        WayIn("subaccount", "s2", "subaccount s2", "subaccount s2"),
    ]


# ── queues and what goes out ─────────────────────────────────────────────────────────────────────────────


def queue(words: str, short: str) -> WayIn:
    return WayIn("queue", "?", words, short, known=False)


UNREAD = queue("queued mail (the sending figures are not read)", "queued mail?")
UNNAMED = queue(
    "queued mail (the figures name no abused domain, and the log is not read whole: workbench assess)",
    "queued mail?",
)


def no_log(volume: Volume | None, **more: Any) -> Situation:
    """Return an account whose log nobody read whole."""
    where = situation(state=State(), **more)
    where.state.first_cut_at = iso(NOW)
    where.inventory.keys = {}
    where.volume = volume
    return where


def test_queues_are_not_empty_because_nobody_looked() -> None:
    assert ways(no_log(None)) == [UNREAD]
    assert ways(no_log(QUIET)) == [UNNAMED]
    for where in (no_log(None), no_log(QUIET)):
        assert ways(vouched(where, "3")) == []


def test_a_region_without_figures_may_hold_queued_mail() -> None:
    volume = Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 0.0, NOW, unread=(Region.US, Region.EU))
    where = no_log(volume)
    for name, region in (("a.example", Region.US), ("b.example", Region.EU)):
        where.inventory.domains[name] = DomainItem(Domain(name=name, created_at=OLD), Place(region))
    assert ways(where) == [
        queue("queued mail in US, EU (the sending figures there could not be read)", "queued mail in US, EU?")
    ]
    where = shut()
    where.volume = volume
    where.inventory.domains["a.example"] = DomainItem(Domain(name="a.example", created_at=OLD), US)
    assert ways(where) == [], "the log, read whole, names whoever was sent for"


def abused() -> Situation:
    state = Story().assessed("a.example").state()
    state.first_cut_at = iso(NOW)
    where = situation(state=state, domains=[Domain(name="a.example", created_at=OLD)])
    where.inventory.keys = {}
    where.volume = QUIET
    return where


def test_an_abused_domain_is_a_way_until_its_queue_is_purged() -> None:
    where = abused()
    left = WayIn(
        "queue", "a.example", "mail queued or scheduled for a.example, not purged", "queued mail of a.example"
    )
    assert ways(where) == [left]
    purge = done(an_effect(K.QUEUE_PURGE, "a.example", US))
    where.state.effects[purge.effect.id] = purge
    assert ways(where) == []
    assert ways(vouched(abused(), "3")) == []


def test_far_more_than_usual_since_the_cut_is_a_way_whoever_sends_it() -> None:
    where = shut(delete(done_at=iso(NOW - timedelta(hours=3))))
    where.state.last_cut_at = iso(NOW - timedelta(hours=3))
    since = NOW - timedelta(hours=2)
    where.volume = Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, 1234.4, NOW, measured_from=since)
    assert ways(where) == [
        WayIn(
            "sending",
            "*",
            "1,234 an hour above the usual go out, measured since the cut (as of 21 Nov 14:00Z)",
            "1,234/h above usual",
            used=True,
        )
    ]


# ── where nobody could read ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("keys", "1"),
        ("users", "1b"),
        ("domains", "2"),
        ("logins of a.example", "2"),
        ("subaccounts", "3"),
    ],
)
def test_what_could_not_be_read_may_hide_a_way_until_somebody_looked(name: str, step: str) -> None:
    where = shut()
    gap = Gap(name, US, "403")
    where.inventory.gaps[name] = gap
    assert gaps(where) == [gap]
    for other in {"1", "1b", "2", "3", "6"} - {step}:
        vouched(where, other)
    assert gaps(where) == [gap]
    assert gaps(vouched(where, step)) == []


def test_routes_may_hide_a_way_only_where_one_could_take_password_mail() -> None:
    gap = Gap("routes", US, "403")
    where = shut()
    where.inventory.gaps["routes"] = gap
    assert gaps(where) == []
    where = copied(where)
    assert gaps(where) == [gap]
    assert gaps(vouched(where, "6")) == []
