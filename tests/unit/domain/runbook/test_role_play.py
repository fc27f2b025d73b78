"""What the drill plays for others: each press says something new, and nothing is waited for that a press can play."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.blocklists import REMOVE
from workbench.domain.runbook.role_play import DEPLOY, HOUR, LISTS, WATCH, played, with_part
from workbench.domain.runbook.runbook import Order, StepView
from workbench.domain.runbook.verdict import Verdict
from workbench.mailgun.endpoints import Region
from workbench.planning.keys import plan_replace

AT = iso(NOW)


def step(id_: str, *, idle: bool = True) -> StepView:
    """Return a step that waits for others."""
    said = (
        "a step",
        "",
        Verdict.IN_PROGRESS,
        (),
        None,
        "blocklists.check",
        "",
        "",
        "",
        "",
        "",
        idle,
        "others",
    )
    return StepView(id_, *said)


def knowing(*parts: str, at: str = AT) -> State:
    """Return the state of a drill in which these parts were played, in their order."""
    state = State(contained_at=AT, entries=["e"])
    for part in parts:
        state.learn(with_part(state, part, at))
    return state


def test_each_wait_of_hours_says_how_many_are_left() -> None:
    told = []
    for hours in range(25):
        state = knowing(DEPLOY, *[HOUR] * hours)
        (shown,) = played([step(Order.ADOPTION)], state)
        told.append((shown.next_action, shown.happens))
    assert [action for action, _ in told] == [*[HOUR] * 24, "blocklists.check"]
    assert "At most 24 hours;" in told[0][1] and "At most 1 hour;" in told[23][1]
    assert len({words for _, words in told}) == 25


def test_the_days_of_the_watch_pass_once_for_each_time_that_access_was_cut() -> None:
    (shown,) = played([step(Order.BLOCKLISTS)], knowing())
    assert shown.next_action == WATCH
    state = knowing(WATCH, at=iso(NOW + timedelta(days=8)))
    (shown,) = played([step(Order.BLOCKLISTS)], state)
    assert shown.idle and shown.next_action != WATCH
    # Somebody came back, and was shut out again: the watch begins anew.
    state.contained_at = iso(NOW + timedelta(days=8, minutes=5))
    (shown,) = played([step(Order.BLOCKLISTS)], state)
    assert shown.next_action == WATCH


def test_lists_are_written_to_in_the_days_of_the_watch_not_by_a_press_of_their_own() -> None:
    lists, other = (
        replace(step(Order.BLOCKLISTS, idle=False), next_action=REMOVE),
        step(Order.HARDEN, idle=False),
    )
    shown, _ = played([lists, other], knowing())
    assert shown.next_action == LISTS and shown.idle, (
        "it can be done by hand, and the guide goes on with the rest"
    )
    assert shown.waits.startswith("the other steps"), "not for whoever reads it"
    (shown,) = played([lists], knowing())
    assert shown.next_action == WATCH and not shown.idle
    # The days are over, and a list has it again: that is written to.
    (shown,) = played([lists], knowing(WATCH, at=iso(NOW + timedelta(days=8))))
    assert shown.next_action == LISTS and not shown.idle


def test_what_hardening_made_is_deployed_too_though_it_cut_nothing() -> None:
    planned = plan_replace(situation([key("prod")]), ["prod-id"])
    (mint,) = [one for one in planned.effects if one.kind is EffectKind.KEY_CREATE]
    story = Story().verified([mint])
    state = story.state()
    state.contained_at = AT
    state.learn(with_part(state, DEPLOY, iso(NOW - timedelta(hours=1))))
    (shown,) = played([step(Order.ADOPTION)], state)
    assert shown.next_action == DEPLOY
    state.learn(with_part(state, DEPLOY, iso(NOW + timedelta(minutes=1))))
    (shown,) = played([step(Order.ADOPTION)], state)
    assert shown.next_action == HOUR


def test_what_only_ended_an_old_password_is_deployed_by_nobody() -> None:
    old, new = "app@mg.acme.example", "app-2@mg.acme.example"
    second = an_effect(EffectKind.LOGIN_CREATE, new, Place(Region.US), cut="first", replaces=old)
    later = iso(NOW + timedelta(hours=2))
    ends = an_effect(EffectKind.LOGIN_RESET, old, second.place)
    state = State(contained_at=later, last_cut_at=later, entries=["e"])
    state.effects[second.id] = EffectRecord(second, EffectState.VERIFIED, entry="SMTP app-2", done_at=AT)
    state.effects[ends.id] = EffectRecord(ends, EffectState.VERIFIED, entry="SMTP app", done_at=later)
    state.learn(with_part(state, DEPLOY, iso(NOW + timedelta(hours=1))))
    (shown,) = played([step(Order.ADOPTION)], state)
    assert shown.next_action == HOUR, "the programs have the second login since the first time"
