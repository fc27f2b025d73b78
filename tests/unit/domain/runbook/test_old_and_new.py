"""Old and new are two facts: what is proven of the new credential never stands for the old one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.old_and_new import Known, Old
from workbench.mailgun.endpoints import Region

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
US = Place(Region.US)


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
