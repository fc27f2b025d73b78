"""Users: what each has to do by how they sign in, what counts as done, links that die, two operators' words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as struct_replace

from tests.support.effects import an_effect
from workbench.core.redact import visible
from workbench.domain.detection import changes
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import DomainItem, Inventory, UserItem
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, Decision, EffectRecord, State
from workbench.domain.runbook import user_actions, users
from workbench.domain.runbook.user_actions import HowKnown, UserProgress
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, SignIn, User

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
CUT = "2026-11-21T14:10:00Z"
PLACE = Place(Region.US)


def user(number: int, method: str | None = "classic", **fields: Any) -> UserItem:
    given: dict[str, Any] = {
        "email": f"person{number}@acme.example",
        "name": f"Person {number}",
        "role": "basic",
        "password_updated_at": NOW - timedelta(days=90),
        "tfa_active": False,
        "auth": SignIn(method=method) if method is not None else None,
        **fields,
    }
    return UserItem(User(id=f"u{number}", **given), PLACE)


def situation(*items: UserItem, cut: str = CUT) -> Situation:
    inventory = Inventory()
    inventory.users = {item.id: item for item in items}
    # Whoever has an address at the sending domain belongs here, as far as the account shows.
    inventory.domains["mg.acme.example"] = DomainItem(
        Domain(name="mg.acme.example", created_at=NOW - timedelta(days=900)), PLACE
    )
    inventory.read_at["users"] = NOW
    state = State(incident="x", first_cut_at=cut, last_cut_at=cut)
    return Situation(inventory, state, NOW)


def attest(found: Situation, step: str, subject: str, who: str = "ann") -> None:
    found.state.attestations.append(Attestation(step, who, "2026-11-21T14:30:00Z", "saw it", subject))


@pytest.mark.parametrize(
    ("method", "has", "has_not"),
    [
        ("classic", "Forgot password", "Sinch ID"),
        (None, "Forgot password", "Sinch ID"),
        ("sinch", "Sinch ID portal", "Forgot password"),
        ("saml", "through saml", "Forgot password"),
        ("heroku", "through heroku", "Profile, Account, Authentication"),
    ],
)
def test_the_message_follows_the_sign_in_and_invents_no_address(
    method: str | None, has: str, has_not: str
) -> None:
    for text in (
        user_actions.message_for(user(1, method)),
        user_actions.message_to_all([user(1, method), user(2, method)]),
    ):
        assert has in text
        assert has_not not in text
        assert "http" not in text and "@" not in text
        assert "four or more random words" in text


def test_a_sinch_user_is_never_sent_to_the_classic_article() -> None:
    text = user_actions.message_for(user(1, "sinch"))
    assert "Do NOT follow Mailgun's own two-factor article" in text
    assert "Profile, Account" not in text


def test_one_message_for_many_keeps_the_ways_apart() -> None:
    text = user_actions.message_to_all(
        [user(1), user(2, "sinch"), user(3, "saml"), user(4, "okta"), user(5, "x\x1b[2J")]
    )
    assert text.index("own login page with a password:") < text.index("If you sign in with Sinch ID:")
    assert "If you sign in another way" in text
    assert "\x1b" not in text
    assert "Person" not in text


def test_a_password_counts_from_the_cut_on_and_not_before() -> None:
    old, new = user(1, password_updated_at=NOW - timedelta(hours=2)), user(2, password_updated_at=NOW)
    found = users.passwords(situation(old, new))
    assert (found.verdict, found.progress) == (Verdict.IN_PROGRESS, (1, 2))
    assert found.action == "people.message"
    before = users.passwords(situation(old, new, cut=""))
    assert (before.verdict, before.idle) == (Verdict.OPEN, True)


def test_what_is_cut_later_for_its_hand_over_sends_nobody_back() -> None:
    item = user(1, password_updated_at=datetime(2026, 11, 21, 14, 30, tzinfo=UTC), tfa_active=True)
    found = situation(item)
    late = datetime(2026, 11, 21, 14, 50, tzinfo=UTC).isoformat()
    for kind, target, done, params in (
        (EffectKind.KEY_DELETE, "k1", CUT, {}),
        (EffectKind.KEY_CREATE, "k2", CUT, {"replaces": "k2", "cut": "first"}),
        (EffectKind.KEY_DELETE, "k2", late, {}),
        (EffectKind.LOGIN_DELETE, "a@b", late, {}),
    ):
        effect = an_effect(kind, target, PLACE, **params)
        found.state.effects[effect.id] = EffectRecord(effect, EffectState.VERIFIED, done_at=done)
    found.state.last_cut_at = late
    assert users.passwords(found).verdict is Verdict.DONE


def test_a_password_set_because_we_asked_is_no_sign_of_a_stranger() -> None:
    owner = user(0, is_master=True)
    asked = user(1, password_updated_at=NOW)
    before = user(2, password_updated_at=NOW - timedelta(hours=3))
    found = situation(owner, asked, before)
    assert not found.of_user(asked).why
    assert "inside the abuse window" in found.of_user(before).why[0]


def test_who_was_told_waits_and_a_dead_link_is_sent_again() -> None:
    item = user(1)
    found = situation(item)
    name, due, _, kind = user_actions.timer_for(found, item)
    assert (name, due, kind) == ("link:u1", NOW + timedelta(minutes=20), "link")
    found.state.timers[name] = RecordedTimer(id=name, at=NOW.isoformat(), due=due.isoformat())
    assert users.passwords(found).idle
    assert user_actions.to_tell(found) == []
    assert "link dies in 20 min" in user_actions.short_note(user_actions.pending(found)[0])
    found.now = NOW + timedelta(minutes=20)
    assert not users.passwords(found).idle
    assert user_actions.link_left(found, "u1") == timedelta(0)
    assert "send" in user_actions.short_note(user_actions.pending(found)[0])
    assert [one.item.id for one in user_actions.to_tell(found)] == ["u1"]


def test_a_user_of_another_portal_has_no_link_that_dies() -> None:
    item = user(1, "sinch")
    found = situation(item)
    name, due, text, kind = user_actions.timer_for(found, item)
    assert (name, kind) == ("told:u1", "told")
    found.state.timers[name] = RecordedTimer(id=name, at=NOW.isoformat(), due=due.isoformat(), text=text)
    assert user_actions.link_left(found, "u1") is None
    assert "told 15:00Z" in user_actions.short_note(user_actions.pending(found)[0])


def test_two_operators_attesting_the_same_are_both_kept() -> None:
    found = situation(user(1))
    attest(found, "4", "u1", "ann")
    attest(found, "4", "u1", "bob")
    attest(found, "5", "u1", "ann")
    evidence = users.passwords(found)
    assert evidence.verdict is Verdict.DONE
    assert "ann" in evidence.evidence[0] and "bob" in evidence.evidence[0]
    assert user_actions.pending(found) == []
    assert sum("attested by" in line for line in user_actions.about(found, found.inventory.users["u1"])) == 3


def test_a_user_without_address_and_name_is_told_in_person() -> None:
    owner = user(0, is_master=True, tfa_active=True, password_updated_at=NOW)
    item = user(1, email=None, name=None)
    found = situation(owner, item)
    one = user_actions.pending(found)[0]
    assert one.item is item
    assert "no address, tell them in person" in user_actions.short_note(one)
    assert user_actions.message_for(item).count("Hello,") == 1
    assert any(line.startswith("u1: ") for line in users.two_factor(found).evidence)


def test_a_lost_second_factor_has_a_way_back_for_everybody() -> None:
    assert "Support" in user_actions.lost_second_factor(user(1, is_master=True))
    assert "invite them again" in user_actions.lost_second_factor(user(1))
    assert "Sinch ID portal" in user_actions.lost_second_factor(user(1, "sinch"))
    assert "where that account lives" in user_actions.lost_second_factor(user(1, "saml"))


def test_a_sign_in_that_moves_is_said() -> None:
    item = UserItem(
        User(
            id="u1",
            email="a@acme.example",
            auth=SignIn(method="sinch", prior_method="classic"),
            migration_status="pending",
        ),
        PLACE,
    )
    assert "being moved from classic to sinch" in user_actions.message_for(item)


def test_strangers_are_named_then_waited_for_then_absent() -> None:
    owner, rogue = user(0, is_master=True), user(9, email="x@evil.example", password_updated_at=NOW)
    found = situation(owner, rogue, cut="")
    step = users.strangers(found)
    assert (step.verdict, step.action, step.idle) == (Verdict.OPEN, "people.strangers", False)
    found.state.decisions["user:u9"] = Decision("user:u9", "intruder", "", "ann", CUT)
    assert users.strangers(found).idle
    assert [one.item.id for one in user_actions.people(found)] == ["u0"], (
        "a stranger is not asked for a new password"
    )
    found.state.baseline = AccountBaseline(users=("u0", "u9"))
    del found.inventory.users["u9"]
    done = users.strangers(found)
    assert done.verdict is Verdict.DONE
    assert done.evidence[0] == "stranger u9: absent from the user list"
    # Who is gone is told by the name they were judged by, not by an id that nobody can look up any more.
    found.state.decisions["user:u9"].title = "user x@evil.example"
    assert users.strangers(found).evidence[0] == "stranger x…@evil.example: absent from the user list"


def test_hundreds_of_users_cost_little_and_the_pending_come_first() -> None:
    items = [user(n, tfa_active=n % 2 == 0, password_updated_at=NOW) for n in range(600)]
    found = situation(*items)
    everybody = user_actions.people(found)
    assert len(everybody) == 600
    assert all(one.pending for one in everybody[:300]) and not any(one.pending for one in everybody[300:])
    step = users.two_factor(found)
    assert step.progress == (300, 600)
    assert "not active" in step.evidence[0]


def test_hundreds_of_users_look_up_once_what_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[State] = []

    def counted(state: State) -> str:
        asked.append(state)
        return CUT

    monkeypatch.setattr(State, "people_cut_at", property(counted))
    found = situation(*(user(n) for n in range(400)))
    assert len(user_actions.people(found)) == 400
    assert len(asked) <= 3


@pytest.mark.parametrize(
    ("boss", "strange"),
    [
        ("boss@acme.co.uk", ("evil@attacker.co.uk",)),
        ("boss@acme.com.br", ("evil@attacker.com.br", "evil2@attacker.com.br")),
        ("boss@acme.example", ("a@attacker.test", "b@attacker.test")),
        ("boss@gmail.com", ("evil@gmail.com",)),
    ],
)
@pytest.mark.parametrize("at", [None, NOW - timedelta(hours=3)])
def test_no_stranger_hides_behind_a_suffix_a_provider_or_another_stranger(
    boss: str, strange: tuple[str, ...], at: datetime | None
) -> None:
    owner = user(0, is_master=True, email=boss)
    rogues = [user(n, email=email, password_updated_at=at) for n, email in enumerate(strange, start=1)]
    found = situation(owner, *rogues)
    step = users.strangers(found)
    assert step.verdict is Verdict.OPEN
    assert step.progress == (0, len(rogues))
    assert [one.item.id for one in user_actions.people(found)] == ["u0"]


def test_a_new_password_makes_no_colleague_a_stranger_again() -> None:
    owner = user(0, is_master=True)
    pair = [user(n, email=f"p{n}@partner.example") for n in (1, 2)]
    found = situation(owner, *pair)
    found.state.baseline = changes.baseline(found.inventory)
    assert users.strangers(found).verdict is Verdict.DONE
    renewed = [user(n, email=f"p{n}@partner.example", password_updated_at=NOW) for n in (1, 2)]
    later = Situation(found.inventory, found.state, NOW)
    later.inventory.users.update({item.id: item for item in renewed})
    assert users.strangers(later).verdict is Verdict.DONE
    assert len(user_actions.people(later)) == 3


# ── whole texts ──────────────────────────────────────────────────────────────────────────────────────────

HEAD = "Subject: Your Mailgun password and second factor, please today\n\nHello{},\n\n{}"
OPENING = (
    "our Mailgun account was misused by a stranger. To shut the stranger out is our part; yours is a new password and "
    "two-factor authentication. Please do it today:"
)
STRONG = (
    "Choose a password that you use nowhere else: four or more random words, or 16 and more random characters from a "
    "password manager. Nothing with the company's name, a year, or a pattern on the keyboard."
)
CLASSIC = (
    "On Mailgun's login page choose 'Forgot password' and enter your address.",
    "Open the mail at once: its link dies after 20 minutes. If it is too late, ask for a new one; only the newest "
    "works.",
    STRONG,
    "Log in, open Profile, Account, Authentication, and activate two-factor authentication.",
    "Keep the paper key it shows (64 characters) where you find it without this computer: it is the way back in.",
)
SINCH = (
    "You sign in with Sinch ID: change the password in the Sinch ID portal, not on Mailgun's login page.",
    STRONG,
    "Switch two-factor authentication on in the Sinch ID portal as well.",
    "Do NOT follow Mailgun's own two-factor article: with Sinch ID it locks you out.",
)
UNKNOWN = (
    "How you sign in could not be read. On Mailgun's own login page with a password: 'Forgot password' there. With "
    "Sinch ID or a company login: change the password where that account lives.",
    STRONG,
    "Switch two-factor authentication on where that password lives; with Sinch ID not by Mailgun's article.",
)
SAML = (
    "You sign in through saml: change the password where that account lives, not at Mailgun.",
    STRONG,
    "Switch two-factor authentication on there as well.",
)
CLOSING = (
    "\n\nIf you clicked a strange link lately, typed the password on an odd page, use it elsewhere, or worked on an "
    "open Wi-Fi without VPN: tell us now, nobody will be blamed. It is how we find out what happened.\n\nDo not answer "
    "this mail with a password or a code. Nobody of us will ask for one."
)
WAYS = {"classic": CLASSIC, "sinch": SINCH, "saml": SAML}


def numbered(lines: tuple[str, ...]) -> str:
    return "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))


def unreadable(number: int) -> UserItem:
    """Return a user of whom the account's answer on how they sign in could not be read."""
    item = user(number)
    return UserItem(struct_replace(item.user, unreadable=("auth",)), PLACE)


@pytest.mark.parametrize("method", [*WAYS, "SINCH", "unknown"])
def test_the_message_to_one_user_is_whole(method: str) -> None:
    item = unreadable(1) if method == "unknown" else user(1, method)
    ways = UNKNOWN if method == "unknown" else WAYS[method.lower()]
    head = HEAD.format(" Person 1", OPENING)
    assert user_actions.message_for(item) == f"{head}\n\n{numbered(ways)}{CLOSING}"
    all_of_them = HEAD.format("", OPENING)
    assert user_actions.message_to_all([item, item]) == f"{all_of_them}\n\n{numbered(ways)}{CLOSING}"


def test_the_message_to_all_is_whole() -> None:
    items = [user(1, "saml"), user(2, "sinch"), user(3), user(4, "zeta"), user(5, "yota" + "y" * 50)]
    assert user_actions.message_to_all(items) == "\n\n".join(
        [
            HEAD.format("", OPENING),
            f"If you sign in on Mailgun's own login page with a password:\n{numbered(CLASSIC)}",
            f"If you sign in with Sinch ID:\n{numbered(SINCH)}",
            f"If you sign in through saml:\n{numbered(SAML)}",
            f"If you sign in another way (yota{'y' * 36}…(+14), zeta): change the password and switch two-factor on "
            f"there.{CLOSING}",
        ]
    )
    two = user_actions.message_to_all([unreadable(1), user(2, "saml")])
    assert two == "\n\n".join(
        [
            HEAD.format("", OPENING),
            f"If you sign in through saml:\n{numbered(SAML)}",
            f"If you do not know which of these is yours:\n{numbered(UNKNOWN)}{CLOSING}",
        ]
    )


def test_names_and_ways_of_the_account_are_cut_and_harmless() -> None:
    long = user(1, "m\x1b" + "m" * 60, name="n" * 80)
    text = user_actions.message_for(long)
    assert f"Hello {'n' * 60}…(+20)," in text and "\x1b" not in text
    assert f"through {visible('m' + chr(27) + 'm' * 60, 40)}:" in text
    heading = user_actions.message_to_all([user(1), long])
    assert f"If you sign in through {visible('m' + chr(27) + 'm' * 60, 40)}:" in heading


MOVING = (
    "Your sign-in is being moved{} to sinch (state: {}): if one page does not take you, use the other, and "
    "tell us which."
)


@pytest.mark.parametrize(
    ("status", "prior", "said"),
    [
        ("pending", "classic", MOVING.format(" from classic", "pending")),
        ("Pending", None, MOVING.format("", "pending")),
        ("p" * 50, "c" * 50, MOVING.format(f" from {'c' * 40}…(+10)", f"{'p' * 40}…(+10)")),
        (None, "classic", ""),
        ("", "classic", ""),
        ("Done", "classic", ""),
        ("NONE", "classic", ""),
        ("completed", "classic", ""),
    ],
)
def test_a_sign_in_that_moves_is_told_by_its_state(status: str | None, prior: str | None, said: str) -> None:
    item = user(1, auth=SignIn(method="sinch", prior_method=prior), migration_status=status)
    text = user_actions.message_for(item)
    assert text.endswith(f"locks you out.\n\n{said}{CLOSING}" if said else f"locks you out.{CLOSING}")
    assert (said in user_actions.about(situation(item), item)) is bool(said)


def test_what_is_moved_without_a_way_of_its_own_is_the_classic_one() -> None:
    item = user(1, None, migration_status="pending")
    assert "being moved to classic (state: pending)" in user_actions.message_for(item)


LOST = {
    "sinch": "Lost second factor: it is recovered in the Sinch ID portal, not at Mailgun.",
    "saml": "Lost second factor: it is recovered where that account lives.",
    "owner": "Lost second factor: the owner uses the paper key on the recovery page; without the paper key only "
    "Mailgun Support can help. The owner cannot be deleted.",
    "classic": "Lost second factor: the paper key on the recovery page; without it, delete the user in the control "
    "panel (Security, Users) and invite them again.",
}


@pytest.mark.parametrize("who", list(LOST))
def test_the_way_back_is_told_whole(who: str) -> None:
    item = user(1, is_master=True) if who == "owner" else user(1, who)
    assert user_actions.lost_second_factor(item) == LOST[who]


def test_all_that_the_account_says_of_a_user() -> None:
    item = user(1, is_master=True, is_disabled=True, tfa_active=True)
    found = situation(item)
    attest(found, "4", "u1", "a" * 50)
    attest(found, "5", "u1", "bob")
    attest(found, "5", "u2", "cy")
    assert user_actions.about(found, item) == [
        "role: basic (owner of the account), disabled, main account",
        "two-factor: active",
        "password: set 2026-08-23 15:00Z, 90 days ago",
        "signs in by: classic",
        LOST["owner"],
        f"password attested by {'a' * 40}…(+10), 2026-11-21T14:30:00Z: saw it",
        "two-factor attested by bob, 2026-11-21T14:30:00Z: saw it",
    ]
    away = Place(Region.US, "sub1")
    for age, words in (
        (timedelta(hours=5), "5 h"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(minutes=-5), "0 h"),
    ):
        changed = NOW - age
        item = UserItem(user(1, "s" * 50, role=None, password_updated_at=changed).user, away)
        lines = user_actions.about(situation(item), item)
        assert lines[:4] == [
            "role: not named, sub1",
            "two-factor: not active",
            f"password: set {changed:%Y-%m-%d %H:%M}Z, {words} ago",
            f"signs in by: {'s' * 40}…(+10)",
        ]
    item = user(1, role="r" * 50, password_updated_at=None)
    lines = user_actions.about(situation(item), item)
    assert lines[0] == f"role: {'r' * 40}…(+10), main account"
    assert lines[2] == "password: the account shows no date"


# ── how far each is ──────────────────────────────────────────────────────────────────────────────────────


def progress(**more: Any) -> UserProgress:
    given: dict[str, Any] = {
        "item": user(1),
        "password": HowKnown.OPEN,
        "two_factor": HowKnown.OPEN,
        "told_at": "",
        "link_left": None,
    }
    return UserProgress(**{**given, **more})


TOLD_AT = "2026-11-21T14:20:33Z"


@pytest.mark.parametrize(
    ("given", "pending", "waiting", "note"),
    [
        ({}, True, False, "password and 2FA open: m shows the message"),
        ({"two_factor": HowKnown.SHOWN}, True, False, "password open: m shows the message"),
        ({"password": HowKnown.ATTESTED}, True, False, "2FA open: m shows the message"),
        ({"told_at": TOLD_AT}, True, True, "password and 2FA open, told 14:20Z"),
        (
            {"told_at": TOLD_AT, "link_left": timedelta(0)},
            True,
            False,
            "password and 2FA open, link dead: m sends again",
        ),
        (
            {"told_at": TOLD_AT, "link_left": timedelta(seconds=1)},
            True,
            True,
            "password and 2FA open, link dies in 1 min",
        ),
        (
            {"told_at": TOLD_AT, "link_left": timedelta(seconds=61)},
            True,
            True,
            "password and 2FA open, link dies in 2 min",
        ),
        ({"password": HowKnown.SHOWN, "two_factor": HowKnown.SHOWN}, False, False, ""),
        ({"password": HowKnown.SHOWN, "two_factor": HowKnown.ATTESTED}, False, False, "attested"),
        ({"password": HowKnown.ATTESTED, "two_factor": HowKnown.SHOWN}, False, False, "attested"),
    ],
)
def test_a_person_is_told_by_what_is_open_and_who_it_waits_for(
    given: dict[str, Any], pending: bool, waiting: bool, note: str
) -> None:
    one = progress(**given)
    assert (one.pending, one.waiting, user_actions.short_note(one)) == (pending, waiting, note)
    bare = replace(one, item=user(1, email=None))
    where = "no address, tell them in person; " if pending and not one.told_at else ""
    assert user_actions.short_note(bare) == where + note


@pytest.mark.parametrize(
    ("method", "timer"),
    [
        (
            "classic",
            (
                "link:u1",
                NOW + timedelta(minutes=20),
                "the mailed password link dies; ask whether it worked, else send the message again",
                "link",
            ),
        ),
        (
            "saml",
            (
                "told:u1",
                NOW + timedelta(hours=4),
                "ask whether the password is new and two-factor on",
                "told",
            ),
        ),
    ],
)
def test_the_timer_of_a_message_goes_by_how_somebody_signs_in(method: str, timer: tuple[Any, ...]) -> None:
    item = user(1, method)
    assert user_actions.timer_for(situation(item), item) == timer


def test_a_link_lives_for_twenty_minutes_of_its_sending() -> None:
    found = situation(user(1))
    assert user_actions.link_left(found, "u1") is None
    for at, left in (
        (NOW.isoformat(), timedelta(minutes=20)),
        ((NOW - timedelta(minutes=5)).isoformat(), timedelta(minutes=15)),
        ((NOW - timedelta(hours=5)).isoformat(), timedelta(0)),
        ("", timedelta(0)),
    ):
        found.state.timers["link:u1"] = RecordedTimer(id="link:u1", at=at)
        assert user_actions.link_left(found, "u1") == left


def test_how_far_everybody_is() -> None:
    cut = datetime(2026, 11, 21, 14, 10, tzinfo=UTC)
    new, old = user(1, password_updated_at=cut), user(2, password_updated_at=cut - timedelta(seconds=1))
    none, off = user(3, password_updated_at=None, tfa_active=True), user(4, is_disabled=True)
    found = situation(new, old, none, off)
    attest(found, "5", "u1")
    attest(found, "4", "u3")
    attest(found, "4", "")
    for step in ("5b", "9"):
        attest(found, step, "u2")
    found.state.timers["told:u2"] = RecordedTimer(id="told:u2", at=TOLD_AT)
    assert user_actions.people(found) == [
        progress(item=old, told_at=TOLD_AT),
        progress(item=new, password=HowKnown.SHOWN, two_factor=HowKnown.ATTESTED),
        progress(item=none, password=HowKnown.ATTESTED, two_factor=HowKnown.SHOWN),
    ]
    assert [one.item for one in user_actions.pending(found)] == [old]
    assert user_actions.to_tell(found) == []
    found.state.timers["link:u2"] = RecordedTimer(id="link:u2", at=NOW.isoformat())
    (one,) = user_actions.pending(found)
    assert (one.told_at, one.link_left) == (NOW.isoformat(), timedelta(minutes=20)), (
        "the mailed link is the newer way"
    )
    uncut = situation(new, cut="")
    assert user_actions.people(uncut) == [progress(item=new)]
