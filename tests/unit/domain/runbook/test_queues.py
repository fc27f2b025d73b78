"""Whose queue may hold mail of the intruder's: purged is what nobody could fill since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, US, Story, situation, use
from workbench.core.clock import iso
from workbench.domain.detection.sender_changes import LATE
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook.queues import ONE_RUN, queues_left

K, S = EffectKind, EffectState
SECOND = timedelta(seconds=1)


def put(where: Situation, one: Effect, at: datetime, how_far: EffectState = S.VERIFIED, **more: Any) -> None:
    """Have an effect carried out at this moment."""
    where.state.effects[one.id] = EffectRecord(one, how_far, attempts=1, done_at=iso(at), **more)


def abused(*names: str) -> Situation:
    """Return an account of which the log says that a stranger sent for these domains."""
    state = Story().assessed(*names).state()
    return situation(logins=[f"app@{name}" for name in names], state=state)


def purge(name: str = "a.example") -> Effect:
    return an_effect(K.QUEUE_PURGE, name, US)


def test_an_abused_domain_is_left_until_its_own_purge_is_proven() -> None:
    where = abused("a.example", "b.example")
    assert queues_left(where) == ["a.example", "b.example"]
    put(where, purge(), NOW, S.DONE)
    assert queues_left(where) == ["a.example", "b.example"]
    put(where, purge(), NOW)
    assert queues_left(where) == ["b.example"]
    where.state.effects[purge().id].done_at = ""
    assert queues_left(where) == ["a.example", "b.example"], "nobody knows when that was"


def test_whoever_sent_after_the_purge_may_have_filled_it_again() -> None:
    where = abused("a.example")
    put(where, purge(), NOW)
    where.state.last_abuse_at = iso(NOW + LATE)
    assert queues_left(where) == [], "what was under way is logged a little later"
    where.state.last_abuse_at = iso(NOW + LATE + SECOND)
    assert queues_left(where) == ["a.example"]


def test_a_purge_belongs_to_the_cut_it_was_confirmed_with_which_may_end_later() -> None:
    where = abused("a.example")
    put(where, purge(), NOW)
    put(where, an_effect(K.KEY_DELETE, "k", US), NOW + ONE_RUN)
    where.state.last_abuse_at = iso(NOW + ONE_RUN + LATE)
    assert queues_left(where) == []
    where.state.last_abuse_at = iso(NOW + ONE_RUN + LATE + SECOND)
    assert queues_left(where) == ["a.example"]
    where.state.effects[an_effect(K.KEY_DELETE, "k", US).id].done_at = iso(NOW + ONE_RUN + SECOND)
    where.state.last_abuse_at = iso(NOW + ONE_RUN)
    assert queues_left(where) == ["a.example"], "a later cut was another run's"


@pytest.mark.parametrize(
    ("kind", "credential"),
    [(K.KEY_DELETE, "key:k"), (K.LOGIN_RESET, "smtp:k"), (K.LOGIN_DELETE, "smtp:k")],
)
def test_a_credential_that_strangers_had_may_have_filled_it_until_it_was_cut(
    kind: EffectKind, credential: str
) -> None:
    where = situation(
        logins=["app@a.example"],
        state=Story().assessed("a.example").use(**{credential: use("both")}).state(),
    )
    put(where, purge(), NOW)
    cut = an_effect(kind, "k", US)
    put(where, cut, NOW + LATE)
    assert queues_left(where) == []
    put(where, cut, NOW + LATE + SECOND, S.DONE)
    assert queues_left(where) == ["a.example"]
    put(where, cut, NOW + LATE + SECOND, S.PLANNED)
    assert queues_left(where) == [], "what was not carried out cut nothing"
    # By the account's clock, where it is known: its log is written by it.
    put(where, cut, NOW + LATE + SECOND, account_at=iso(NOW))
    assert queues_left(where) == []


def test_each_credential_counts_by_its_first_cut() -> None:
    state = Story().assessed("a.example").use(**{"smtp:k": use("both")}).state()
    where = situation(logins=["app@a.example"], state=state)
    put(where, purge(), NOW)
    put(where, an_effect(K.LOGIN_RESET, "k", US), NOW)
    put(where, an_effect(K.LOGIN_DELETE, "k", US), NOW + LATE + SECOND)
    assert queues_left(where) == [], "the stranger had nothing any more"
