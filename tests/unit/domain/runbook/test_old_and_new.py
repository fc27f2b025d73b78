"""Old and new are two facts: what is proven of the new credential never stands for the old one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import key, situation
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.old_and_new import Known, Old, counted, of_key
from workbench.mailgun.endpoints import Region

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
US = Place(Region.US)


UNPROVEN = "new one untested (cannot be proven from here)"


def record(kind: EffectKind, target: str, state: EffectState, **more: Any) -> EffectRecord:
    params = more.pop("params", {})
    return EffectRecord(an_effect(kind, target, US, **params), state, **more)


def known(
    *records: EffectRecord, there: tuple[str, ...] = (), timers: dict[str, RecordedTimer] | None = None
) -> Known:
    state = State("i")
    state.effects.update({one.effect.id: one for one in records})
    state.timers.update(timers or {})
    return Known(state, there, NOW)


def mint(state: EffectState = EffectState.VERIFIED, status: int = 200) -> EffectRecord:
    said = [f"new key answered {status} at 14:00:00Z"]
    return record(EffectKind.KEY_CREATE, "old", state, params={"replaces": "old"}, evidence=said)


def test_an_old_key_kept_for_its_hand_over_works_and_says_how_long() -> None:
    due = (NOW + timedelta(minutes=29)).isoformat()
    timers = {"hand-over:key:old": RecordedTimer(id="hand-over:key:old", due=due)}
    found = known(mint(), there=("old",), timers=timers).of("old")
    assert found is not None
    assert (found.old, found.words) == (
        Old.WORKS,
        "old one still works, 29 min; new one works (answered 200)",
    )


@pytest.mark.parametrize(
    ("state", "evidence", "old", "words"),
    [
        (EffectState.VERIFIED, ["absent", "old key answers 401, ours 200"], Old.DEAD, "401, ours accepted"),
        (EffectState.VERIFIED, ["absent from the key list"], Old.DEAD, "absent from the key list"),
        (EffectState.DONE, ["deleted"], Old.UNTESTED, "not proven dead"),
        (EffectState.DONE, ["ALIVE: the old key still answers 200", "deleted"], Old.WORKS, "STILL WORKS"),
        (EffectState.FAILED, [], Old.WORKS, "still works"),
        # Proven dead by a later look: what the first one said stays beside it.
        (EffectState.VERIFIED, ["ALIVE: 200", "again: old key answers 401"], Old.DEAD, "401, ours accepted"),
    ],
)
def test_a_deleted_key_is_as_dead_as_its_proof(
    state: EffectState, evidence: list[str], old: Old, words: str
) -> None:
    cut = record(EffectKind.KEY_DELETE, "old", state, evidence=evidence, failure={"what": "x"})
    found = known(mint(), cut, there=("old",)).of("old")
    assert found is not None
    assert found.old is old
    assert words in found.old_words
    assert found.words.startswith("old one"), "the deciding fact comes first"
    assert found.new == "new one works (answered 200)"


@pytest.mark.parametrize(
    ("evidence", "old", "new"),
    [
        (["new password: 235 from s", "old password: not tested (nobody supplied it)"], Old.UNTESTED, "235"),
        (["new password: 235 from s", "old password: 535 from s at t"], Old.DEAD, "235"),
        (["new password: 235 from s", "old password: 235 from s at t"], Old.WORKS, "235"),
    ],
)
def test_a_reset_login_says_what_is_known_of_the_old_password(
    evidence: list[str], old: Old, new: str
) -> None:
    found = known(record(EffectKind.LOGIN_RESET, "a@b", EffectState.VERIFIED, evidence=evidence)).of("a@b")
    assert found is not None
    assert found.old is old
    assert new in found.new


RESET, DELETE, LOGIN = EffectKind.LOGIN_RESET, EffectKind.LOGIN_DELETE, "a@b.example"
V, D, F, P, S = (
    EffectState.VERIFIED,
    EffectState.DONE,
    EffectState.FAILED,
    EffectState.PLANNED,
    EffectState.SKIPPED,
)


def timer(subject: str, minutes: float) -> dict[str, RecordedTimer]:
    name = f"hand-over:{subject}"
    return {name: RecordedTimer(id=name, due=(NOW + timedelta(minutes=minutes)).isoformat())}


def second(state: EffectState, **more: Any) -> EffectRecord:
    """Return a second login beside the old one."""
    more["params"] = {"domain": "b.example", "replaces": LOGIN, **more.get("params", {})}
    return record(EffectKind.LOGIN_CREATE, "a-2@b.example", state, **more)


@pytest.mark.parametrize(
    ("records", "minutes", "said"),
    [
        ([(RESET, V, ["old password: refused"])], 0, (Old.DEAD, "old one dead (535); new one works (235)")),
        ([(RESET, D, ["x", "old password: 535 from s"])], 0, (Old.DEAD, f"old one dead (535); {UNPROVEN}")),
        (
            [(RESET, V, ["x", "old password: accepted"])],
            0,
            (Old.WORKS, "old one STILL WORKS (235); new one works (235)"),
        ),
        (
            [(RESET, D, ["old password: 235 from s"])],
            0,
            (Old.WORKS, f"old one STILL WORKS (235); {UNPROVEN}"),
        ),
        ([(RESET, D, [])], 0, (Old.UNTESTED, f"old one untested (nobody supplied it); {UNPROVEN}")),
        ([(RESET, F, [])], None, (Old.WORKS, "old one still works")),
        ([(RESET, P, [])], 29, (Old.WORKS, "old one still works, 29 min")),
        ([(RESET, P, [])], 0, (Old.WORKS, "old one still works, time up")),
        ([(RESET, P, [])], -1, (Old.WORKS, "old one still works, time up")),
        (
            [(DELETE, V, [])],
            0,
            (Old.DEAD, "old one dead (absent from its domain's logins)"),
        ),
        ([(DELETE, D, [])], 0, (Old.UNTESTED, "old one untested (deleted)")),
        ([(DELETE, F, [])], 0, None),
        ([(DELETE, P, [])], 0, None),
    ],
)
def test_a_login_is_as_dead_as_its_old_password_was_seen_to_be(
    records: list[tuple[EffectKind, EffectState, list[str]]],
    minutes: float | None,
    said: tuple[Old, str] | None,
) -> None:
    held = [record(kind, LOGIN, state, evidence=evidence) for kind, state, evidence in records]
    timers = {} if minutes is None else timer(f"smtp:{LOGIN}", minutes)
    found = known(*held, there=(LOGIN,), timers=timers).of(LOGIN)
    assert (None if found is None else (found.old, found.words)) == said


@pytest.mark.parametrize(
    ("state", "new"),
    [
        (V, "new one works (235)"),
        (D, UNPROVEN),
        (F, "no new one"),
        (P, "no new one"),
    ],
)
def test_a_second_login_is_the_new_one_of_the_login_that_it_replaces(state: EffectState, new: str) -> None:
    older = second(F, params={"instance": "x"})
    held = known(record(RESET, LOGIN, V, evidence=["old password: 535"]), older, second(state)).of(LOGIN)
    assert held is not None and held.words == f"old one dead (535); {new}"
    waits = known(record(RESET, LOGIN, P), second(state)).of(LOGIN)
    assert waits is not None and waits.words == f"old one still works; {new}"


@pytest.mark.parametrize(
    ("states", "there", "words"),
    [
        ([], True, "old one still works"),
        ([V], True, "old one still works; new one works (answered 200)"),
        ([V, V], True, "old one still works; all 2 new ones work (answered 200)"),
        ([D], True, "old one still works; new one not proven"),
        ([P], True, "old one still works; new one not made yet"),
        ([V, P], True, "old one still works; new one not made yet"),
        ([F], True, "old one still works; no new one: it was refused"),
        ([S], True, "old one still works; no new one: it was refused"),
        ([V, F], True, "old one still works; 1 of 2 new ones refused"),
        ([V], False, "old one untested (no longer in the list); new one works (answered 200)"),
    ],
)
def test_a_key_whose_end_failed_says_what_is_there(
    states: list[EffectState], there: bool, words: str
) -> None:
    mints = [mint(state) for state in states]
    cut = record(EffectKind.KEY_DELETE, "old", F, failure={"what": "refused"})
    assert of_key(cut, mints, there=there).words == words
    assert of_key(None, mints, there=there).words == words


def test_a_new_key_that_an_outage_held_up_is_not_said_to_be_refused() -> None:
    """What failed in passing is asked about and made by the next run."""
    late = mint(F)
    late.open = True
    assert of_key(None, [late], there=True).new == "new one not made yet"
    assert of_key(None, [late, mint(F)], there=True).new == "1 of 2 new ones refused"


def test_a_new_key_whose_answer_nobody_noted_works_all_the_same() -> None:
    bare = mint()
    bare.evidence = ["found again"]
    assert of_key(None, [bare], there=True).new == "new one works (answered)"
    bare.evidence = ["minted", "new key answered 403 at 14:00:00Z"]
    assert of_key(None, [bare], there=True).new == "new one works (let in, then answered 403)"


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (["absent", "old key answers 401, ours 200"], "old one dead (401, ours accepted)"),
        (["absent"], "old one dead (absent from the key list)"),
    ],
)
def test_a_dead_key_says_by_which_proof(evidence: list[str], words: str) -> None:
    cut = record(EffectKind.KEY_DELETE, "old", V, evidence=evidence)
    assert of_key(cut, [], there=False).to_json() == {
        "old": "old dead",
        "old_words": words,
        "new_words": None,
    }
    assert of_key(cut, [mint()], there=False).to_json()["new_words"] == "new one works (answered 200)"


def test_of_several_new_keys_those_that_were_ended_are_counted() -> None:
    first, second_ = (
        mint(),
        record(EffectKind.KEY_CREATE, "x", V, params={"replaces": "old", "instance": "b"}),
    )
    first.result = EffectResult(key_id="new-1")
    second_.result = EffectResult(key_id="")
    ended = record(EffectKind.KEY_DELETE, "new-1", D)
    found = known(first, second_, ended, there=("old",)).of("old")
    assert found is not None and found.new == "1 of 2 new ones replaced or deleted since"


def test_old_credentials_are_counted_by_what_is_known_of_them() -> None:
    state = State("i")
    held = [
        record(RESET, "app@mg.acme.example", P),
        record(EffectKind.KEY_CREATE, "a-id", V, params={"replaces": "a-id"}),
        record(EffectKind.KEY_DELETE, "b-id", V),
        record(EffectKind.KEY_DELETE, "c-id", D),
        record(EffectKind.KEY_DELETE, "d-id", P),
    ]
    state.effects.update({one.effect.id: one for one in held})
    where = situation([key("a")], ["app@mg.acme.example"], state=state)
    assert counted(where) == "2 still work, 1 untested, 1 dead"
    due = timer("key:a-id", 5)
    state.timers.update(due)
    found = Known.of_situation(where).of("a-id")
    assert found is not None and found.old_words == "old one still works, 5 min"
    assert counted(situation()) == ""


def test_several_new_keys_are_proven_when_the_last_is() -> None:
    first = mint()
    second = record(
        EffectKind.KEY_CREATE, "old", EffectState.DONE, params={"replaces": "old", "instance": "b.example"}
    )
    found = known(first, second, there=("old",)).of("old")
    assert found is not None
    assert found.new == "all 2 new ones not proven"


def test_nothing_is_said_of_what_nothing_was_done_about() -> None:
    planned = record(EffectKind.KEY_DELETE, "old", EffectState.PLANNED)
    assert known(planned, there=("old",)).of("old") is None
    assert known(there=("old",)).of("old") is None


def test_a_new_key_that_was_ended_too_is_not_said_to_work() -> None:
    made = mint()
    made.result = EffectResult(key_id="new-1")
    gone = record(EffectKind.KEY_DELETE, "old", EffectState.VERIFIED, evidence=["absent"])
    ended = record(EffectKind.KEY_DELETE, "new-1", EffectState.VERIFIED, evidence=["absent"])
    for others, words in (
        ((), "new one works (answered 200)"),
        ((ended,), "new one replaced or deleted since"),
    ):
        found = known(made, gone, *others).of("old")
        assert found is not None and found.new == words
