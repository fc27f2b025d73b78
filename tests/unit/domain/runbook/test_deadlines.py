"""Deadlines: which run, which are to be set, and that one that cannot be read is asked about rather than forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.situations import NOW, US
from tests.unit.domain.runbook.test_containment import PROD, after_the_cut, delete, mint, minted
from workbench.core.clock import iso
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import deadlines
from workbench.domain.runbook.deadlines import Timer
from workbench.mailgun.models import User

S = EffectState
HAND_OVER = f"hand-over:key:{PROD.id}"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def kept(**params: Any) -> Situation:
    """Return an account in which a key was replaced first and its old one is kept."""
    return after_the_cut((mint(cut="first", **params), S.VERIFIED, minted()), left=True)


def with_timers(where: Situation, *timers: RecordedTimer) -> Situation:
    """Return the account with these timers running."""
    where.state.timers = {timer.id: timer for timer in timers}
    return where


def hand_over(due: str, **more: str) -> RecordedTimer:
    """Return the deadline of the kept key."""
    return RecordedTimer(
        id=HAND_OVER, kind="hand-over", subject=f"key:{PROD.id}", due=due, text="hand it over", **more
    )


def test_a_deadline_says_how_long_it_still_runs_and_what_is_offered_then() -> None:
    due = NOW + 5 * MINUTE
    (timer,) = deadlines.running(with_timers(kept(), hand_over(iso(due))))
    assert timer == Timer(
        HAND_OVER, "hand-over", f"key:{PROD.id}", "hand it over", due, 5 * MINUTE, "handover.finish"
    )
    assert not timer.over
    (late,) = deadlines.running(with_timers(kept(), hand_over(iso(NOW))))
    assert late.over and late.left == timedelta(0), "at its moment it is up"
    (odd,) = deadlines.running(with_timers(kept(), hand_over("soon")))
    assert odd.over and odd.due == NOW, "what cannot be read is asked about now"


def test_a_deadline_whose_matter_is_over_runs_no_more() -> None:
    gone = after_the_cut((mint(cut="first"), S.VERIFIED, minted()), (delete(), S.VERIFIED, {}))
    assert deadlines.running(with_timers(gone, hand_over(iso(NOW)))) == []
    assert deadlines.running(with_timers(kept(), hand_over(iso(NOW), ended=iso(NOW)))) == []


def test_proofs_run_whatever_is_kept_and_offer_nothing_the_next_one_first() -> None:
    proofs = [RecordedTimer(id=f"proof:{n} h", kind="proof", due=iso(NOW + n * HOUR)) for n in (48, 1)]
    running = deadlines.running(with_timers(after_the_cut(), *proofs))
    assert [(timer.id, timer.action, timer.left) for timer in running] == [
        ("proof:1 h", "", HOUR),
        ("proof:48 h", "", 48 * HOUR),
    ]


@pytest.mark.parametrize("kind", ["link", "told"])
def test_a_users_deadline_runs_while_they_have_something_to_do(kind: str) -> None:
    where = with_timers(after_the_cut(), RecordedTimer(id=f"{kind}:u1", kind=kind, due=iso(NOW + MINUTE)))
    assert deadlines.running(where) == [], "nobody of this id is left"
    where.inventory.users = {"u1": UserItem(User(id="u1", email="a@acme.example", is_master=True), US)}
    (timer,) = deadlines.running(where)
    assert (timer.id, timer.action) == (f"{kind}:u1", "people.message")


def test_what_is_kept_gets_its_deadline_once_its_replacement_is_proven() -> None:
    (timer,) = deadlines.wanted(kept())
    assert timer == RecordedTimer(
        id=HAND_OVER,
        kind="hand-over",
        subject=f"key:{PROD.id}",
        due=iso(NOW + 30 * MINUTE),
        text=f"hand over the replacement of {PROD.id}, then end the old one",
    )
    assert deadlines.wanted(kept(), 10 * MINUTE)[0].due == iso(NOW + 10 * MINUTE)
    # One that step 11 replaces by one that may do less was not stolen: it has a week.
    assert deadlines.wanted(kept(harden=True))[0].due == iso(NOW + timedelta(days=7))
    assert deadlines.wanted(with_timers(kept(), hand_over(iso(NOW)))) == [], "it is set once"
    unproven = after_the_cut((mint(cut="first"), S.DONE, minted()), left=True)
    assert deadlines.wanted(unproven) == []


def cut_at(moment: str, how_far: EffectState = S.VERIFIED) -> Situation:
    """Return an account that was cut last at this moment."""
    where = after_the_cut((delete(), how_far, {}))
    where.state.last_cut_at = moment
    return where


def test_what_is_dead_is_proven_dead_again_an_hour_and_two_days_after_the_last_cut() -> None:
    where = cut_at(iso(NOW))
    words = "prove again, {} after the last cut, that what is dead stayed dead"
    assert deadlines.wanted(where) == [
        RecordedTimer(id="proof:1 h", kind="proof", due=iso(NOW + HOUR), text=words.format("1 h")),
        RecordedTimer(id="proof:48 h", kind="proof", due=iso(NOW + 48 * HOUR), text=words.format("48 h")),
    ]
    assert deadlines.wanted(cut_at("")) == [] == deadlines.wanted(cut_at(iso(NOW), S.DONE))
    with_timers(where, *deadlines.wanted(where))
    assert deadlines.wanted(where) == []
    where.state.last_cut_at = iso(NOW + MINUTE)
    assert [timer.due for timer in deadlines.wanted(where)] == [
        iso(NOW + HOUR + MINUTE),
        iso(NOW + 48 * HOUR + MINUTE),
    ], "a later cut moves both"
    where.state.last_cut_at = iso(NOW - MINUTE)
    assert deadlines.wanted(where) == [], "and an earlier one none"


def test_proofs_that_are_due_are_ended_and_nothing_else() -> None:
    over = RecordedTimer(id="proof:1 h", kind="proof", due=iso(NOW))
    odd = RecordedTimer(id="proof:odd", kind="proof", due="never")
    later = RecordedTimer(id="proof:48 h", kind="proof", due=iso(NOW + MINUTE))
    past = RecordedTimer(id="proof:past", kind="proof", due=iso(NOW), ended=iso(NOW))
    where = with_timers(kept(), over, odd, later, past, hand_over(iso(NOW)))
    found = deadlines.ended(where)
    assert [(timer.id, timer.ended) for timer in found] == [("proof:1 h", iso(NOW)), ("proof:odd", iso(NOW))]
