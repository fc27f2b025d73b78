"""Cut now or replace first: what is proposed and why, what is kept, and when a hand-over shows in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, key, know, situation, use
from workbench.core.clock import iso
from workbench.domain.model.credential_use import RecordedUse
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook import handover
from workbench.domain.runbook.handover import Kept

LOGIN, SECOND, MASTER = "news@mg.acme.example", "news-2@mg.acme.example", "postmaster@mg.acme.example"
WAITS = "the replacement is not seen in use yet"
STAYS = "the replacement is in use, and so is the old one still"
TAKEN = "the replacement is in use, the old one no longer"


def uses(state: State, by_credential: dict[str, Any] | None = None, **more: Any) -> State:
    """Have the state know who sent in the last hour."""
    body = {"by_credential": by_credential or {}, "as_of": iso(NOW), **more}
    return know(state, "credential_use", body)


def made(
    target: str,
    state: EffectState = EffectState.VERIFIED,
    *,
    kind: EffectKind = EffectKind.KEY_CREATE,
    replaces: str | None = None,
    key_id: str = "new-id",
    params: dict[str, Any] | None = None,
    **more: Any,
) -> EffectRecord:
    """Return a replacement made to be handed over first."""
    given = {"cut": "first", "replaces": target if replaces is None else replaces, **(params or {})}
    effect = an_effect(kind, target, US, **given)
    more.setdefault("done_at", iso(NOW - timedelta(minutes=20)))
    more.setdefault("entry", f"entry of {target}")
    result = EffectResult(key_id=key_id) if kind is EffectKind.KEY_CREATE else EffectResult()
    return EffectRecord(effect, state, result=result, **more)


def second(state: EffectState = EffectState.VERIFIED, **more: Any) -> EffectRecord:
    """Return the second login beside the one that it replaces."""
    return made(SECOND, state, kind=EffectKind.LOGIN_CREATE, replaces=LOGIN, **more)


def ended(
    target: str, state: EffectState = EffectState.DONE, kind: EffectKind = EffectKind.KEY_DELETE
) -> EffectRecord:
    return EffectRecord(an_effect(kind, target, US), state)


def there(
    *records: EffectRecord, keys: tuple[str, ...] = ("a",), logins: tuple[str, ...] = (LOGIN,)
) -> Situation:
    """Return an account with old keys and logins, of which these effects are recorded."""
    state = State()
    state.effects.update({one.effect.id: one for one in records})
    return situation([key(name) for name in keys], logins, state=state)


# ── how it is used, in words ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "no message seen in the last hour"),
        (RecordedUse(), "0 messages in the last hour; looks like neither for sure"),
        (
            RecordedUse(
                last_hour=1234,
                last_used="2026-11-21T13:59:07.5Z",
                addresses=("192.0.2.1", "192.0.2.2", "192.0.2.3"),
                strange=("192.0.2.2",),
                looks="production",
            ),
            "1,234 messages in the last hour from 192.0.2.1, 192.0.2.2 (new), 192.0.2.3, last 13:59:07Z; looks like "
            "production",
        ),
        (
            RecordedUse(last_hour=5, addresses=("a", "b", "c", "d"), looks="intruder"),
            "5 messages in the last hour from a, b, c and 1 more; looks like the intruder",
        ),
        (
            RecordedUse(last_hour=5, addresses=("a", "b", "c", "d"), more_addresses=2, looks="both"),
            "5 messages in the last hour from a, b, c and 3 more; looks like both production and the intruder",
        ),
        (
            RecordedUse(last_hour=5, addresses=("a",), more_addresses=2, looks="both"),
            "5 messages in the last hour from a; looks like both production and the intruder",
        ),
    ],
)
def test_a_use_is_told_by_how_much_from_where_when_and_whose(given: RecordedUse | None, words: str) -> None:
    assert handover.use_words(given) == words


@pytest.mark.parametrize(
    ("looks", "abuse"),
    [("intruder", True), ("both", True), ("production", False), ("", False), (None, False)],
)
def test_abuse_is_what_the_intruder_sends_alone_or_beside_production(looks: str | None, abuse: bool) -> None:
    assert handover.sends_abuse(None if looks is None else RecordedUse(looks=looks)) is abuse


# ── what is proposed ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_known_to_be_harmless_is_replaced_first() -> None:
    seen = there(keys=("a", "b"), logins=(LOGIN, MASTER, SECOND))
    uses(
        seen.state,
        {"key:a-id": use("production"), f"smtp:{SECOND}": use("both"), "key:b-id": use("intruder")},
    )
    assert handover.proposal(seen) == {
        f"key:{OWN}": "own",
        "key:a-id": "first",
        "key:b-id": "now",
        f"smtp:{LOGIN}": "first",
        f"smtp:{MASTER}": "now",
        f"smtp:{SECOND}": "now",
    }


def test_a_session_in_the_panel_cannot_be_replaced_first() -> None:
    seen = there()
    seen.inventory.keys["w-id"] = key("w", kind="web", role="")
    uses(seen.state)
    assert handover.proposal(seen)["key:w-id"] == "now"


def test_what_nobody_read_is_cut_now() -> None:
    assert set(handover.proposal(there()).values()) == {"own", "now"}


def test_a_replacement_that_could_not_be_made_beside_the_old_one_is_made_in_its_place() -> None:
    failed = made("a-id", EffectState.FAILED), second(EffectState.FAILED)
    seen = there(*failed, keys=("a", "b"), logins=(LOGIN, SECOND))
    uses(seen.state)
    found = handover.proposal(seen)
    assert (found["key:a-id"], found["key:b-id"]) == ("now", "first")
    assert (found[f"smtp:{LOGIN}"], found[f"smtp:{SECOND}"]) == ("now", "first")
    for record in failed:
        record.state = EffectState.VERIFIED
    # What was made is looked up once for each situation.
    assert handover.proposal(replace(seen))["key:a-id"] == "first"


@pytest.mark.parametrize(
    ("states", "cut", "way"),
    [
        ([EffectState.VERIFIED], "now", "now"),
        ([EffectState.DONE], "now", "now"),
        ([EffectState.PLANNED], "now", "first"),
        ([EffectState.VERIFIED, EffectState.FAILED], "now", "first"),
        ([EffectState.VERIFIED], "first", "first"),
        ([], "now", "first"),
    ],
)
def test_a_key_whose_replacement_was_made_in_its_place_lacks_its_end_only(
    states: list[EffectState], cut: str, way: str
) -> None:
    mints = [made("a-id", state, params={"cut": cut, "instance": str(n)}) for n, state in enumerate(states)]
    other = made("other-id", params={"cut": "now"})
    seen = there(*mints, other)
    uses(seen.state)
    assert handover.proposal(seen)["key:a-id"] == way


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_replaced_and_not_cut_is_kept_with_all_that_is_known_of_it() -> None:
    later = made(
        "a-id",
        EffectState.DONE,
        key_id="newer",
        params={"instance": "2"},
        entry="",
        done_at=iso(NOW - timedelta(minutes=5)),
    )
    seen = there(made("a-id"), later, second())
    due = NOW + timedelta(minutes=10)
    seen.state.timers["hand-over:key:a-id"] = RecordedTimer(id="hand-over:key:a-id", due=iso(due))
    assert handover.kept(seen) == [
        Kept(
            credential="key:a-id",
            target="a-id",
            place=US,
            replacements=("key:new-id", "key:newer"),
            entries=("entry of a-id",),
            proven=False,
            since=iso(NOW - timedelta(minutes=20)),
            due=due,
            adopted=False,
            why=WAITS,
        ),
        Kept(
            credential=f"smtp:{LOGIN}",
            target=LOGIN,
            place=US,
            replacements=(f"smtp:{SECOND}",),
            entries=(f"entry of {SECOND}",),
            proven=True,
            since=iso(NOW - timedelta(minutes=20)),
            due=None,
            adopted=False,
            why=f"{WAITS}; the log tells logins only by sender address, so it may be",
        ),
    ]
    assert [one.is_key for one in handover.kept(seen)] == [True, False]


def test_what_is_on_its_way_is_kept_too_and_what_has_no_id_yet_is_not_named() -> None:
    (one,) = handover.kept(there(made("a-id", EffectState.PLANNED, done_at="", entry="")))
    assert (one.replacements, one.entries, one.proven, one.since) == ((), (), False, "")
    (one,) = handover.kept(there(made("a-id", key_id="")))
    assert (one.replacements, one.proven) == ((), True)


def test_what_was_never_in_the_intruders_hands_is_calm() -> None:
    assert [one.calm for one in handover.kept(there(made("a-id", params={"harden": True})))] == [True]


@pytest.mark.parametrize(
    ("state", "open_", "stands"),
    [
        (EffectState.FAILED, False, False),
        (EffectState.FAILED, True, True),
        (EffectState.SKIPPED, False, False),
        (EffectState.SKIPPED, True, False),
        (EffectState.PLANNED, False, True),
    ],
)
def test_a_replacement_that_failed_for_good_keeps_nothing(
    state: EffectState, open_: bool, stands: bool
) -> None:
    seen = there(made("a-id", state, open=open_))
    assert bool(handover.kept(seen)) is stands
    assert handover.is_kept(seen, "key:a-id") is stands


@pytest.mark.parametrize("params", [{"cut": "now"}, {"replaces": ""}])
def test_what_is_cut_at_once_or_replaces_nothing_keeps_nothing(params: dict[str, Any]) -> None:
    seen = there(made("a-id", params=params))
    assert handover.kept(seen) == [] and not handover.is_kept(seen, "key:a-id")


@pytest.mark.parametrize(
    ("state", "still"),
    [
        (EffectState.PLANNED, False),
        (EffectState.DONE, False),
        (EffectState.VERIFIED, False),
        (EffectState.FAILED, True),
        (EffectState.SKIPPED, True),
    ],
)
@pytest.mark.parametrize("kind", [EffectKind.KEY_DELETE, EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE])
def test_what_is_cut_or_on_its_way_to_be_is_kept_no_longer(
    kind: EffectKind, state: EffectState, still: bool
) -> None:
    key_ = kind is EffectKind.KEY_DELETE
    name, target = ("key:a-id", "a-id") if key_ else (f"smtp:{LOGIN}", LOGIN)
    seen = there(made("a-id") if key_ else second(), ended(target, state, kind), ended("other", kind=kind))
    assert bool(handover.kept(seen)) is still
    assert handover.is_kept(seen, name) is still
    assert not handover.is_kept(seen, "key:other-id")


def test_the_end_of_a_login_is_no_end_of_a_key_by_that_name() -> None:
    seen = there(made("a-id"), ended("a-id", kind=EffectKind.LOGIN_DELETE))
    assert handover.kept(seen) and handover.is_kept(seen, "key:a-id")


def test_what_is_gone_from_the_account_is_kept_no_longer_once_it_was_read() -> None:
    seen = there(made("a-id"), second(), keys=(), logins=())
    assert handover.kept(seen) == []
    for name, left in (("keys", ["key:a-id"]), ("logins", [f"smtp:{LOGIN}"])):
        unread = there(made("a-id"), second(), keys=(), logins=())
        del unread.inventory.read_at[name]
        assert [one.credential for one in handover.kept(unread)] == left
    found = handover.kept(there(made("a-id"), second(), keys=("a",), logins=(LOGIN,)))
    assert [one.credential for one in found] == ["key:a-id", f"smtp:{LOGIN}"]


# ── whether the hand-over shows ──────────────────────────────────────────────────────────────────────────


def adopted(by_credential: dict[str, Any], *mints: EffectRecord, **fact: Any) -> tuple[bool, str]:
    """Return what a reading of the log says of a key's hand-over."""
    seen = there(*(mints or (made("a-id"),)))
    uses(seen.state, by_credential, **fact)
    (one,) = handover.kept(seen)
    return one.adopted, one.why


def last(minutes: float, **more: Any) -> dict[str, Any]:
    return use("production", last_used=iso(NOW - timedelta(minutes=minutes)), **more)


NEW = {"key:new-id": last(1)}
QUIET = handover.QUIET.total_seconds() / 60


@pytest.mark.parametrize(
    ("by_credential", "found"),
    [
        ({}, (False, WAITS)),
        ({"key:new-id": last(1, last_hour=0)}, (False, WAITS)),
        ({"key:new-id": last(1, last_hour=1)}, (True, TAKEN)),
        ({**NEW, "key:a-id": last(0)}, (False, STAYS)),
        ({**NEW, "key:a-id": last(QUIET - 0.1)}, (False, STAYS)),
        ({**NEW, "key:a-id": last(QUIET)}, (True, TAKEN)),
        ({**NEW, "key:a-id": last(30)}, (True, TAKEN)),
        ({**NEW, "key:other": last(0)}, (True, TAKEN)),
    ],
)
def test_a_hand_over_shows_once_the_new_one_sends_and_the_old_one_was_quiet(
    by_credential: dict[str, Any], found: tuple[bool, str]
) -> None:
    assert adopted(by_credential) == found


def test_of_several_replacements_each_must_be_in_use() -> None:
    both = made("a-id"), made("a-id", key_id="newer", params={"instance": "2"})
    assert adopted(NEW, *both) == (False, "1 of 2 replacements are in use")
    assert adopted({**NEW, "key:newer": last(2)}, *both) == (True, TAKEN)


def test_a_log_that_is_not_whole_says_of_no_old_one_that_it_is_quiet() -> None:
    untold = "the replacement is in use; whether the old one still is cannot be told: a part of the log was not read"
    assert adopted(NEW, gaps=["EU: 503"]) == (False, untold)
    assert adopted({**NEW, "key:a-id": last(1)}, gaps=["EU: 503"]) == (False, STAYS)
    assert adopted({}, gaps=["EU: 503"]) == (False, WAITS)


@pytest.mark.parametrize("old", [{"last_used": ""}, {"last_used": "soon"}])
def test_an_old_one_that_sent_at_no_known_moment_is_not_quiet(old: dict[str, str]) -> None:
    untold = "the replacement is in use; whether the old one still is cannot be told: when it sent last is not known"
    assert adopted({**NEW, "key:a-id": {**last(30), **old}}) == (False, untold)
    assert adopted({**NEW, "key:a-id": last(30)}, as_of="") == (False, untold)
    assert adopted({**NEW, "key:a-id": {**last(30, last_hour=0), **old}}) == (True, TAKEN)


def test_a_sample_of_the_log_says_that_it_is_one() -> None:
    assert adopted(NEW, sampled=True) == (True, f"{TAKEN} (by a sample of the log)")


# ── what is waited for ───────────────────────────────────────────────────────────────────────────────────


def test_while_a_plan_runs_it_is_said_why_no_deadline_stands_yet() -> None:
    seen = there(made("a-id", EffectState.DONE), second())
    told = [handover.not_yet(one) for one in handover.kept(seen)]
    assert told == ["the time begins once the replacement is proven", "the time begins when the plan ends"]


def test_who_waits_says_for_what_and_until_when() -> None:
    seen = there(made("a-id"))
    assert list(handover.waiting(seen)) == [f"a-id: kept, {WAITS} (the time begins when the plan ends)"]
    (one,) = handover.kept(seen)
    name = handover.timer_id(one.credential)
    assert name == "hand-over:key:a-id"
    for minutes, words in (
        (5, "until 21 Nov 14:05Z, then you are asked"),
        (0, "its time is up since 21 Nov 14:00Z"),
        (-5, "its time is up since 21 Nov 13:55Z"),
    ):
        due = NOW + timedelta(minutes=minutes)
        seen.state.timers[name] = RecordedTimer(id=name, due=iso(due))
        assert list(handover.waiting(replace(seen))) == [f"a-id: kept, {WAITS} ({words})"]
        assert handover.awaited(replace(one, due=due), NOW) == words.partition(", ")[0]
    assert handover.awaited(one, NOW) == ""
