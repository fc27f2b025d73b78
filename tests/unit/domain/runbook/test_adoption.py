"""Hand-over: who is down, what is known of each, what is copied, and what is asked first."""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import know
from workbench.domain.model.credential_use import EverSeen
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.inventory import Gap, Inventory
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.replay import apply, fold
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation, EffectRecord, State
from workbench.domain.runbook import adoption, recovery
from workbench.domain.runbook.recorded import HandOverListed
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
MADE = "2026-11-21T14:10:00Z"
PLACE = Place(Region.US)
OLD, NEW = "aaaaaaaa-11111111", "bbbbbbbb-22222222"


class Row:
    """A journal row."""

    def __init__(self, seq: int, at: str, kind: str, body: dict[str, Any]) -> None:
        self.seq, self.at, self.kind, self.body = seq, at, kind, body


def key_made(state: State, entry: str = "API key prod-web", **params: Any) -> EffectRecord:
    effect = an_effect(EffectKind.KEY_CREATE, OLD, PLACE, name="prod-web", replaces=OLD, **params)
    record = EffectRecord(
        effect, EffectState.VERIFIED, entry=entry, result=EffectResult(key_id=NEW), done_at=MADE
    )
    state.effects[effect.id] = record
    return record


def login_reset(state: State, login: str = "app@mg.acme.example", **params: Any) -> EffectRecord:
    effect = an_effect(EffectKind.LOGIN_RESET, login, PLACE, **params)
    record = EffectRecord(effect, EffectState.VERIFIED, entry=f"SMTP {login}", done_at=MADE)
    state.effects[effect.id] = record
    return record


def use(at: str, *names: str, last: str = "", addresses: tuple[str, ...] = ()) -> Row:
    entry = {"last_used": last or at, "addresses": list(addresses), "strange": []}
    body = {"name": "credential_use", "sampled": True, "by_credential": dict.fromkeys(names, entry)}
    return Row(1, at, "fact", body)


def situation(*rows: Row) -> Situation:
    return Situation(Inventory(), fold(rows), NOW)


def only(found: Situation) -> adoption.Replacement:
    made = adoption.replacements(found)
    assert len(made) == 1
    return made[0]


def test_a_sender_is_down_until_the_new_key_is_seen() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    assert only(found).down
    assert adoption.senders_down(found) == 1
    apply(found.state, use("2026-11-21T15:00:00Z", f"key:{NEW}", addresses=("192.0.2.7",)))
    assert (only(found).in_use, only(found).down, only(found).seen_from) == (True, False, ("192.0.2.7",))
    # The next reading tells of its own hour only: what was seen stays seen.
    apply(found.state, use("2026-11-21T15:50:00Z"))
    assert only(found).in_use


def test_what_nobody_used_before_keeps_nobody_waiting() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "key:another"))
    key_made(found.state)
    assert only(found).used_before is False
    assert not only(found).down
    know(found.state, "assessment", {})
    step = recovery.adoption(found)
    assert step.verdict is Verdict.DONE
    assert "nobody is waiting" in step.evidence[-1]


def test_without_any_reading_nothing_is_said_to_be_unused() -> None:
    found = situation()
    key_made(found.state)
    assert only(found).used_before is None
    assert only(found).down


def test_a_login_is_in_use_only_after_its_reset() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "smtp:app@mg.acme.example"))
    login_reset(found.state)
    assert only(found).down
    apply(found.state, use("2026-11-21T15:00:00Z", "smtp:app@mg.acme.example"))
    assert only(found).in_use


def test_our_own_key_and_strangers_are_nobodys_to_hand_over() -> None:
    found = situation()
    key_made(found.state, own=True)
    login_reset(found.state, stranger=True)
    assert adoption.replacements(found) == []
    assert recovery.adoption(found).idle


def test_owner_and_places_come_from_the_operator_and_from_the_search() -> None:
    found = situation()
    record = key_made(found.state)
    note = {"effect": record.effect.id, "owner": "Team Web", "places": ["/etc/shop.env"]}
    apply(found.state, Row(2, MADE, "adoption.noted", note))
    update = [{"key_id": OLD, "logins": [], "place": "/srv/www/.env:3"}]
    leaks = {"name": "leaks", "update_places": update, "exposures": [], "open": 0}
    apply(found.state, Row(3, MADE, "fact", leaks))
    assert only(found).owner == "Team Web"
    assert only(found).places == ("/etc/shop.env", "/srv/www/.env:3")


def test_the_place_of_the_leak_is_asked_about_first_and_once() -> None:
    found = situation()
    assert "not searched yet" in adoption.source_question(found)
    word = Attestation("10", "ann", MADE, "the form is fixed", adoption.SOURCE)
    found.state.attestations.append(word)
    assert adoption.source_question(found) == ""
    key_made(found.state)
    assert recovery.adoption(found).verdict is not Verdict.ATTESTED, "a word on the leak closes no step"


def test_the_step_is_done_only_when_the_old_places_are_clean_too() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    apply(found.state, use("2026-11-21T15:00:00Z", f"key:{NEW}"))
    step = recovery.adoption(found)
    assert step.verdict is Verdict.IN_PROGRESS and step.idle, "nobody has searched where the old one lay"
    found.state.attestations.append(Attestation("10", "ann", MADE, "searched by hand", adoption.SOURCE))
    assert recovery.adoption(found).verdict is Verdict.DONE


def test_what_is_kept_until_its_hand_over_keeps_nobody_down() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state, cut="first")
    one = only(found)
    assert one.waits and one.old_works and not one.down
    assert "the old one still works" in one.line()
    step = recovery.adoption(found)
    assert step.verdict is Verdict.IN_PROGRESS and step.progress == (1, 1)


def test_a_replacement_that_was_replaced_again_is_nobodys_any_more() -> None:
    found = situation()
    key_made(found.state)
    gone = an_effect(EffectKind.KEY_DELETE, NEW, PLACE)
    found.state.effects[gone.id] = EffectRecord(gone, EffectState.VERIFIED, done_at=MADE)
    assert adoption.replacements(found) == []


def test_a_list_that_was_taken_waits_for_the_developers() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    assert not recovery.adoption(found).idle
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    step = recovery.adoption(found)
    assert (step.idle, step.verdict) == (True, Verdict.OPEN)


def test_what_stood_on_a_list_is_not_handed_over_anew_after_the_next_cut() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    listed = adoption.with_listed(found.state, adoption.replacements(found))
    apply(found.state, Row(2, MADE, "fact", listed.body()))
    found.state.last_cut_at = "2026-11-21T16:00:00Z"
    assert recovery.adoption(found).idle, "ending the old ones makes nothing new to hand over"
    # Another one that waits stood on no list.
    apply(found.state, use("2026-11-21T14:05:00Z", "smtp:app@mg.acme.example"))
    login_reset(found.state)
    assert not recovery.adoption(found).idle


def test_a_list_whose_sending_was_taken_back_counts_for_nobody() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"key:{OLD}"))
    key_made(found.state)
    waiting = adoption.replacements(found)
    assert adoption.with_listed(found.state, waiting).effects == (waiting[0].id,)
    listed = HandOverListed(effects=("key.create-of-before",))
    apply(found.state, Row(2, MADE, "fact", listed.body()))
    assert not adoption.told(found, waiting), "nobody says that it was sent"
    assert adoption.with_listed(found.state, waiting).effects == (waiting[0].id,)
    found.state.attestations.append(Attestation("10", "ann", MADE, "copied", adoption.TOLD))
    assert adoption.with_listed(found.state, waiting).effects == ("key.create-of-before", waiting[0].id)


def test_what_is_copied_fetches_the_secret_and_is_safe_in_a_shell() -> None:
    found = situation()
    hostile = "API key x'; touch /tmp/pwned; '\n$(id)`id`"
    key_made(found.state, entry=hostile)
    one = only(found)
    words = shlex.split(adoption.get_command(one))
    assert words[:3] == ["workbench", "secrets", "get"]
    assert len(words) == 4
    assert "\n" not in adoption.env_snippet(one)
    shown = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'workbench() {{ printf \'%s|\' "$@"; }}; {adoption.env_snippet(one)}; echo "$MAILGUN_API_KEY"',
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith("secrets|get|API key x'; touch /tmp/pwned;")
    text = adoption.hand_over_text(one) + adoption.hand_over_list([one])
    assert "not noted yet" in text
    assert NEW not in text


# ── each replacement in words ────────────────────────────────────────────────────────────────────────────


def made(**more: Any) -> adoption.Replacement:
    given: dict[str, Any] = {
        "id": "e1",
        "name": "key prod-web …2222",
        "entry": "API key prod-web",
        "used_before": True,
        "in_use": False,
        "seen_from": (),
    }
    return adoption.Replacement(**{**given, **more})


@pytest.mark.parametrize(
    ("given", "waits", "down", "line"),
    [
        ({}, True, True, "not handed over yet, not seen in use"),
        ({"used_before": None}, True, True, "not handed over yet, not seen in use"),
        (
            {"used_before": False},
            False,
            False,
            "no mail with the old one in the logs read; nobody is waiting that they show",
        ),
        ({"in_use": True}, False, False, "in use"),
        ({"in_use": True, "seen_from": ("a", "b", "c", "d")}, False, False, "in use from a, b, c"),
        ({"unneeded": "ann\x1b"}, False, False, "nobody needs it any more, says ann\\x1b"),
        (
            {"unneeded": "n" * 99},
            False,
            False,
            f"nobody needs it any more, says {'n' * 60}…(+39)",
        ),
        ({"old_works": True}, True, False, "not handed over yet, not seen in use, the old one still works"),
        (
            {"handed_over": "14:20", "owner": "Team Web"},
            True,
            True,
            "handed over 14:20, not seen in use, owner Team Web",
        ),
    ],
)
def test_a_replacement_says_how_far_it_is(given: dict[str, Any], waits: bool, down: bool, line: str) -> None:
    one = made(**given)
    assert (one.waits, one.down) == (waits, down)
    assert one.line() == f"key prod-web …2222: {line}"


# ── which replacements there are ─────────────────────────────────────────────────────────────────────────

LOGIN, SECOND = "app@mg.acme.example", "app-2@mg.acme.example"
LATER, LATEST = "2026-11-21T14:20:00Z", "2026-11-21T14:30:00Z"


def put(found: Situation, kind: EffectKind, target: str, at: str = MADE, **more: Any) -> EffectRecord:
    """Have an effect carried out; ``key_id`` is what a mint made, the rest are its parameters."""
    state, key_id = more.pop("state", EffectState.VERIFIED), more.pop("key_id", "")
    effect = an_effect(kind, target, PLACE, **more)
    record = EffectRecord(
        effect, state, entry=f"entry {target}", result=EffectResult(key_id=key_id), done_at=at
    )
    found.state.effects[effect.id] = record
    return record


def standing(found: Situation) -> list[str]:
    return sorted(one.id for one in adoption.replacements(found))


@pytest.mark.parametrize("state", list(EffectState))
def test_what_was_made_stands_once_the_server_agreed(state: EffectState) -> None:
    for kind, target, more in (
        (EffectKind.KEY_CREATE, OLD, {"replaces": OLD, "key_id": NEW}),
        (EffectKind.LOGIN_RESET, LOGIN, {}),
        (EffectKind.LOGIN_CREATE, SECOND, {"replaces": LOGIN}),
    ):
        found = situation()
        record = put(found, kind, target, state=state, **more)
        reached = state in (EffectState.DONE, EffectState.VERIFIED)
        assert standing(found) == ([record.effect.id] if reached else []), (kind, state)


def test_a_key_made_anew_stands_in_place_of_the_first_each_for_its_domain() -> None:
    found = situation()
    first = {"replaces": OLD, "key_id": "k1", "domain_name": "a.example"}
    put(found, EffectKind.KEY_CREATE, OLD, LATER, **first)
    again = put(found, EffectKind.KEY_CREATE, OLD, LATEST, **{**first, "key_id": "k2", "instance": "2"})
    other = put(
        found,
        EffectKind.KEY_CREATE,
        OLD,
        **{**first, "domain_name": "b.example", "instance": "b", "key_id": "k3"},
    )
    put(
        found,
        EffectKind.KEY_CREATE,
        OLD,
        "2026-11-21T15:00:00Z",
        state=EffectState.FAILED,
        **{**first, "instance": "3"},
    )
    assert standing(found) == sorted([again.effect.id, other.effect.id])
    deleted = put(found, EffectKind.KEY_DELETE, "k2", state=EffectState.DONE)
    assert again.effect.id in standing(found), "not proven gone"
    deleted.state = EffectState.VERIFIED
    assert standing(found) == [other.effect.id]


def test_a_password_is_replaced_by_the_next_and_by_the_login_made_beside_it() -> None:
    found = situation()
    put(found, EffectKind.LOGIN_RESET, LOGIN)
    again = put(found, EffectKind.LOGIN_RESET, LOGIN, LATEST, instance="2")
    assert standing(found) == [again.effect.id]
    beside = put(found, EffectKind.LOGIN_CREATE, SECOND, LATER, replaces=LOGIN)
    assert standing(found) == [beside.effect.id], "its sender moved, and this only ended the old one"
    beside.done_at = "2026-11-21T14:40:00Z"
    assert standing(found) == sorted([again.effect.id, beside.effect.id]), "made after it: nobody moved yet"
    beside.done_at = again.done_at
    assert standing(found) == [beside.effect.id]
    beside.state = EffectState.FAILED
    assert standing(found) == [again.effect.id]


def test_who_is_down_comes_first_then_who_waits_then_by_name() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "smtp:b@x", f"key:{OLD}", "smtp:d@x"))
    for login in ("d@x", "b@x", "a@x", "c@x"):
        put(found, EffectKind.LOGIN_RESET, login)
    put(found, EffectKind.KEY_CREATE, OLD, replaces=OLD, key_id=NEW, name="prod", cut="first")
    apply(found.state, use("2026-11-21T15:00:00Z", "smtp:c@x"))
    assert [one.name for one in adoption.replacements(found)] == [
        "SMTP b@x",
        "SMTP d@x",
        "key prod …2222",
        "SMTP a@x",
        "SMTP c@x",
    ]


def test_a_replacement_holds_all_that_is_known_of_it() -> None:
    found = situation(use("2026-11-21T14:00:00Z", f"smtp:{LOGIN}"))
    record = put(found, EffectKind.LOGIN_CREATE, SECOND, replaces=LOGIN, cut="first")
    note = {"effect": record.effect.id, "owner": "Team", "places": ["/etc/a"], "unneeded": "ann"}
    apply(found.state, Row(2, MADE, "adoption.noted", note))
    update = [
        {"key_id": "", "logins": [LOGIN], "place": "/srv/.env:3"},
        {"key_id": LOGIN, "logins": [], "place": "/not/this"},
    ]
    leaks = {"name": "leaks", "update_places": update, "exposures": [], "open": 0}
    apply(found.state, Row(3, MADE, "fact", leaks))
    found.state.handed_over["entry " + SECOND] = LATER
    assert only(found) == adoption.Replacement(
        id=record.effect.id,
        name=f"SMTP {SECOND}",
        entry=f"entry {SECOND}",
        used_before=True,
        in_use=False,
        seen_from=(),
        owner="Team",
        places=("/etc/a", "/srv/.env:3"),
        handed_over=LATER,
        old_works=True,
        unneeded="ann",
    )


# ── in use, used before ──────────────────────────────────────────────────────────────────────────────────


def test_a_program_that_goes_on_by_the_old_address_is_in_use_once_the_old_password_is_dead() -> None:
    """The log names no login, only the address that sends; with a dead password only the new login can."""
    found = situation()
    put(found, EffectKind.LOGIN_CREATE, SECOND, replaces=LOGIN)
    apply(found.state, use("2026-11-21T14:35:00Z", f"smtp:{LOGIN}", addresses=("192.0.2.9",)))
    assert not only(found).in_use
    end = put(found, EffectKind.LOGIN_RESET, LOGIN, LATEST, state=EffectState.DONE)
    put(found, EffectKind.LOGIN_DELETE, "another@x", LATER)
    assert not only(found).in_use, "not proven dead"
    end.state = EffectState.VERIFIED
    assert (only(found).in_use, only(found).seen_from) == (True, ("192.0.2.9",))
    end.done_at = "2026-11-21T14:35:00Z"
    assert not only(found).in_use, "it may be the old one's last"
    put(found, EffectKind.LOGIN_DELETE, LOGIN, LATER)
    assert not only(found).in_use, "the last end counts"


def test_a_login_that_was_deleted_sends_no_more_either() -> None:
    found = situation()
    put(found, EffectKind.KEY_CREATE, "own", replaces="own", key_id="own-new", own=True)
    put(found, EffectKind.LOGIN_CREATE, SECOND, replaces=LOGIN)
    apply(found.state, use("2026-11-21T14:35:00Z", f"smtp:{LOGIN}"))
    assert not only(found).in_use
    put(found, EffectKind.LOGIN_DELETE, LOGIN, LATEST)
    assert only(found).in_use


def test_a_second_login_that_is_seen_itself_is_in_use() -> None:
    found = situation()
    put(found, EffectKind.LOGIN_CREATE, SECOND, replaces=LOGIN)
    apply(found.state, use("2026-11-21T14:35:00Z", f"smtp:{SECOND}", addresses=("192.0.2.9",)))
    assert (only(found).in_use, only(found).seen_from) == (True, ("192.0.2.9",))


def test_a_login_without_a_moment_was_not_seen_after_it() -> None:
    found = situation(use("2026-11-21T15:00:00Z", f"smtp:{LOGIN}"))
    record = put(found, EffectKind.LOGIN_RESET, LOGIN)
    assert only(found).in_use
    for at in ("", "2026-11-21T15:00:00Z"):
        record.done_at = at
        assert not only(found).in_use, at


@pytest.mark.parametrize(
    ("first", "known", "sampled", "before"),
    [
        (MADE, "2026-11-21T15:00:00Z", True, True),
        ("2026-11-21T14:00:00Z", "2026-11-21T15:00:00Z", True, True),
        # First seen after its reset: that was the new password.
        (LATER, "2026-11-21T15:00:00Z", True, None),
        (LATER, "2026-11-21T15:00:00Z", None, None),
        (LATER, "2026-11-21T15:00:00Z", False, False),
        ("", MADE, True, False),
        ("", "", False, None),
    ],
)
def test_whether_the_old_one_was_used_is_told_by_a_reading_before_it_or_a_whole_one(
    first: str, known: str, sampled: bool | None, before: bool | None
) -> None:
    found = situation()
    record = put(found, EffectKind.LOGIN_RESET, LOGIN)
    know(found.state, "credential_use", {"sampled": sampled})
    if first:
        found.state.seen_use[f"smtp:{LOGIN}"] = EverSeen(first=first)
    found.state.use_known_at = known
    assert only(found).used_before is before
    record.done_at = ""
    assert only(found).used_before is (True if first else False if sampled is False and known else None)


def test_a_key_that_was_ever_used_was_used_before_for_its_successor_has_another_name() -> None:
    found = situation()
    put(found, EffectKind.KEY_CREATE, OLD, replaces=OLD, key_id=NEW)
    found.state.seen_use[f"key:{OLD}"] = EverSeen(first=LATEST)
    assert only(found).used_before is True
    planned = situation()
    put(planned, EffectKind.LOGIN_RESET, LOGIN, use={"last_hour": 5})
    assert only(planned).used_before is True, "the plan showed its use"


def test_the_addresses_of_new_credentials_are_those_they_were_seen_from() -> None:
    found = situation()
    put(found, EffectKind.KEY_CREATE, OLD, replaces=OLD, key_id=NEW)
    put(found, EffectKind.KEY_CREATE, "own", replaces="own", key_id="own-new", own=True)
    put(found, EffectKind.LOGIN_RESET, LOGIN)
    put(found, EffectKind.LOGIN_RESET, "x@y", stranger=True)
    put(found, EffectKind.LOGIN_RESET, "old@y", LATEST)
    for at, name, address in (
        ("2026-11-21T14:15:00Z", f"key:{NEW}", "a" * 70),
        ("2026-11-21T14:15:00Z", "key:own-new", "192.0.2.2"),
        ("2026-11-21T14:15:00Z", f"smtp:{LOGIN}", "192.0.2.3"),
        ("2026-11-21T14:15:00Z", "smtp:x@y", "192.0.2.4"),
        ("2026-11-21T14:15:00Z", "smtp:old@y", "192.0.2.5"),
    ):
        apply(found.state, use(at, name, addresses=(address,)))
    assert list(adoption.addresses_in_use(found)) == [f"{'a' * 60}…(+10)", "192.0.2.3"]


# ── how many are down ────────────────────────────────────────────────────────────────────────────────────


def attest(found: Situation, step: str, subject: str = "", at: str = LATER) -> Situation:
    found.state.attestations.append(Attestation(step, "ann", at, "so it is", subject))
    return found


def test_senders_that_are_down_are_counted_until_somebody_vouches() -> None:
    found = situation(use("2026-11-21T14:00:00Z", "smtp:a@x", "smtp:b@x"))
    for login in ("a@x", "b@x"):
        put(found, EffectKind.LOGIN_RESET, login)
    assert (adoption.senders_down(found), adoption.down_words(found)) == (2, "2 senders still down")
    shown = adoption.replacements(found)
    assert adoption.senders_down(found, shown[:1]) == 1
    assert adoption.down_words(found, shown[:1]) == "1 sender still down"
    assert adoption.senders_down(found, []) == 0 and adoption.down_words(found, []) == "no sender is down"
    attest(found, "10")
    assert (adoption.senders_down(found), adoption.settled(found)) == (0, True)
    assert adoption.down_words(found) == "no sender is down"


def test_no_sender_is_down_as_far_as_was_looked() -> None:
    def unused() -> Situation:
        found = situation(use("2026-11-21T14:00:00Z", "key:another"))
        key_made(found.state)
        return found

    hour = "no sender is down, as far as the last hour shows"
    assert adoption.down_words(unused()) == hour and adoption.by_one_hour(unused())
    assert adoption.down_words(attest(unused(), "8")) == "no sender is down"
    whole = unused()
    know(whole.state, "assessment", {})
    assert adoption.down_words(whole) == "no sender is down" and not adoption.by_one_hour(whole)
    assert not adoption.by_one_hour(unused(), [made(), made(used_before=False, in_use=True)])
    assert not adoption.by_one_hour(unused(), [made(used_before=False, unneeded="ann")])
    assert adoption.by_one_hour(unused(), [made(used_before=False)])
    assert adoption.down_words(unused(), [made(in_use=True)]) == "no sender is down"


def test_a_log_that_could_not_be_read_tells_of_no_sender() -> None:
    unread = "who sends could not be read, so whether a sender is down cannot be told: 403"
    found = situation()
    found.inventory.gaps["who sends"] = Gap("who sends", None, "403")
    assert adoption.down_words(found) == unread
    assert adoption.down_words(attest(found, "10")) == "no sender is down"
    for more, blind in (
        ({}, "EU: 403"),
        ({"entries": 5}, ""),
        ({"by_credential": {"key:x": {"last_hour": 1}}}, ""),
    ):
        found = situation()
        know(found.state, "credential_use", {"gaps": ["EU: 403", "US: x"], **more})
        assert adoption.log_unread(found) == blind, more
    assert adoption.log_unread(situation()) == ""


def test_a_region_whose_log_could_not_be_read_is_named_beside_no_sender_is_down() -> None:
    found = situation()
    know(found.state, "credential_use", {"gaps": ["EU: 403", "US: x"], "entries": 5})
    assert adoption.down_words(found) == "no sender is down in the log that could be read (not EU: 403)"
    assert adoption.down_words(attest(found, "10")) == "no sender is down"


# ── what is asked first, and what is told ────────────────────────────────────────────────────────────────


def test_places_where_the_old_ones_lay_are_counted_while_they_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = situation()
    leaks = {"name": "leaks", "update_places": [], "exposures": [], "open": 0}
    apply(found.state, Row(3, MADE, "fact", leaks))
    assert adoption.source_question(found) == ""

    class Place:
        def __init__(self, open_: bool) -> None:
            self.open = open_

    for open_, words in (
        (1, "1 place where old credentials lay, still open (step 7)."),
        (2, "2 places where old credentials lay, still open (step 7)."),
    ):
        held = [Place(True)] * open_ + [Place(False)]
        monkeypatch.setattr("workbench.domain.leaks.leaks.leaks", lambda _, held=held: held)
        assert adoption.source_question(found) == words
    assert adoption.source_question(attest(found, "10", "told")) != ""
    assert adoption.source_question(attest(found, "9", adoption.SOURCE)) != ""
    assert adoption.source_question(attest(found, "10", adoption.SOURCE)) == ""


def test_a_list_of_before_counts_as_told_only_since_the_last_cut() -> None:
    """A journal that does not say what stood on the list that was sent."""
    found = situation()
    found.state.last_cut_at = LATER
    assert not adoption.told(found, [])
    assert not adoption.told(attest(found, "10", adoption.TOLD, MADE), [])
    assert not adoption.told(attest(found, "10", adoption.SOURCE), [made()])
    assert not adoption.told(attest(found, "9", adoption.TOLD), [])
    assert adoption.told(attest(found, "10", adoption.TOLD, LATER), [made()])
    assert adoption.told(attest(found, "10", adoption.TOLD, MADE), [made()]), "the last of them counts"


def test_a_list_that_names_who_stood_on_it_tells_of_those() -> None:
    found = situation()
    first, second = made(), made(id="e2")
    assert adoption.with_listed(found.state, [first]) == HandOverListed(effects=("e1",))
    know(found.state, "hand_over_listed", {"effects": ["e1"]})
    assert not adoption.told(found, [first]), "its sending was taken back"
    assert adoption.with_listed(found.state, [second]) == HandOverListed(effects=("e2",))
    attest(found, "10", adoption.TOLD, MADE)
    found.state.last_cut_at = LATER
    assert adoption.told(found, [first]) and adoption.told(found, [])
    assert not adoption.told(found, [first, second])
    assert adoption.with_listed(found.state, [second, first]) == HandOverListed(effects=("e1", "e2"))
    attest(other := situation(), "9", adoption.TOLD)
    attest(other, "10", adoption.SOURCE)
    know(other.state, "hand_over_listed", {"effects": ["e1"]})
    assert adoption.with_listed(other.state, [second]) == HandOverListed(effects=("e2",))


def test_the_list_to_hand_over_names_owner_places_and_command() -> None:
    first = made(owner="Team Web", places=tuple(f"/etc/{n}" for n in range(7)))
    assert adoption.hand_over_list([first, made(name="SMTP a@x", entry="SMTP a@x")]) == "\n".join(
        [
            "Our Mailgun credentials were replaced: old keys are deleted, old passwords changed. Please put the new "
            "ones in place today.",
            "Each command writes the secret to a pipe; never paste a secret into chat, mail or a ticket.",
            "",
            "key prod-web …2222 (owner: Team Web)",
            *(f"  where: /etc/{n}" for n in range(6)),
            "  workbench secrets get 'API key prod-web' | …",
            "SMTP a@x",
            "  workbench secrets get 'SMTP a@x' | …",
        ]
    )


@pytest.mark.parametrize(
    ("entry", "variable"), [("API key x", "MAILGUN_API_KEY"), ("SMTP x", "MAILGUN_SMTP_PASSWORD")]
)
def test_one_replacement_is_handed_on_whole(entry: str, variable: str) -> None:
    text = adoption.hand_over_text(made(entry=entry, owner="Team", places=("/etc/a", "/etc/b")))
    get = f"workbench secrets get '{entry}'"
    assert text == "\n".join(
        [
            "key prod-web …2222",
            "",
            "Owner: Team",
            "Where it goes:",
            "- /etc/a",
            "- /etc/b",
            "",
            "To a pipe, on this host (never onto a terminal):",
            f"  {get} | the-program-that-stores-it",
            "As lines of a script that fetches it when it starts:",
            f'  {variable}="$({get})"',
            "",
            "It counts as handed over when the account's log shows it in use.",
        ]
    )
    bare = adoption.hand_over_text(made())
    assert "Owner: not noted yet\nWhere it goes:\n- not noted yet\n\nTo a pipe" in bare


def test_long_names_from_the_account_are_cut_where_they_are_shown() -> None:
    long = "n" * 300
    one = made(owner=long, places=(long,), entry=long)
    assert f"(owner: {'n' * 80}…(+220))" in adoption.hand_over_list([one])
    assert f"  where: {'n' * 160}…(+140)" in adoption.hand_over_list([one])
    assert f"Owner: {'n' * 120}…(+180)" in adoption.hand_over_text(one)
    assert f"- {'n' * 200}…(+100)" in adoption.hand_over_text(one)
    assert adoption.get_command(one) == f"workbench secrets get '{'n' * 200}…(+100)'"
    found = situation()
    put(found, EffectKind.KEY_CREATE, OLD, replaces=OLD, key_id=NEW, name=long)
    assert only(found).name == f"key {'n' * 60}…(+240) …2222"
    found = situation()
    put(found, EffectKind.LOGIN_RESET, long)
    assert only(found).name == f"SMTP {'n' * 80}…(+220)"
