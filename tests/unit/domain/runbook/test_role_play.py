"""What the drill plays for others: each press says something new, and nothing is waited for that a press can play."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story, key, situation
from workbench.core.clock import iso
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.state import Decision, EffectRecord, State
from workbench.domain.runbook import role_play
from workbench.domain.runbook.blocklists import REMOVE
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.runbook.recorded import DrillParts
from workbench.domain.runbook.role_play import (
    ALLOW,
    CLEAN,
    DEPLOY,
    HOUR,
    LISTS,
    PEOPLE,
    SUPPORT,
    WATCH,
    admitted,
    hours_left,
    played,
    with_part,
)
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


# ── each part, and when it is offered ────────────────────────────────────────────────────────────────────

LATER = iso(NOW + timedelta(hours=1))


def shown_of(view: StepView, state: State) -> StepView:
    """Return the one step as the drill shows it, beside one that somebody still works at: so no days pass."""
    shown, _ = played([view, step(Order.HARDEN, idle=False)], state)
    return shown


def test_what_was_played_is_kept_by_name_and_read_back() -> None:
    kept = knowing(PEOPLE, DEPLOY, HOUR).known(DrillParts)
    assert kept.body() == {"name": "drill_parts", PEOPLE: AT, DEPLOY: AT, HOUR: AT, f"hours since {AT}": "1"}
    again = DrillParts.from_body({**kept.body(), "at": AT, "odd": 7}, LATER)
    assert (again.played, again.at) == ({**kept.played, "odd": "7"}, LATER)
    assert with_part(knowing(DEPLOY), HOUR, LATER).played == {
        DEPLOY: AT,
        HOUR: LATER,
        f"hours since {AT}": "1",
    }
    assert with_part(knowing(), HOUR, LATER).played == {HOUR: LATER}, "hours are counted from a deployment"


def test_a_part_stands_in_the_step_as_its_next_action_and_says_what_it_plays() -> None:
    shown = shown_of(step(Order.REPORT), knowing())
    assert (shown.next_action, shown.idle, shown.breaks) == (SUPPORT, False, "nothing: it is the drill")
    assert shown.happens == "The drill plays Mailgun Support: the account is re-enabled."
    waiting, done = step(Order.HARDEN), replace(step(Order.REPORT), verdict=Verdict.DONE)
    busy, over = step(Order.REPORT, idle=False), replace(step(Order.REPORT, idle=False), verdict=Verdict.DONE)
    for view in (waiting, done, busy, over):
        assert shown_of(view, knowing()) == view


def test_secrets_are_taken_out_once_where_the_guide_has_them_judged() -> None:
    leak = replace(step(Order.LEAK, idle=False), next_action="leaks.judge")
    assert shown_of(leak, knowing()).next_action == CLEAN
    for view, state in (
        (leak, knowing(CLEAN)),
        (replace(leak, next_action="leaks.search"), knowing()),
        (replace(leak, verdict=Verdict.DONE), knowing()),
        (replace(step(Order.LEFTOVERS, idle=False), next_action="leaks.judge"), knowing()),
    ):
        assert shown_of(view, state) == view


def test_people_are_played_once_for_each_thing_that_gives_them_something_to_do() -> None:
    users, strangers = step(Order.PASSWORDS), step(Order.STRANGERS)
    nothing = State(contained_at=AT, entries=["e"])
    assert shown_of(users, nothing) == users, "a new password from before the cut is no use"
    assert shown_of(strangers, nothing).next_action == PEOPLE
    cut = replace_cut(AT)
    assert shown_of(users, cut).next_action == PEOPLE
    cut.learn(with_part(cut, PEOPLE, AT))
    assert shown_of(users, cut) == users, "whoever is left is none of the drill's people"
    cut.decisions["user:u1"] = Decision("user:u1", "intruder", "", "ann", LATER)
    cut.decisions["key:k1"] = Decision("key:k1", "intruder", "", "ann", iso(NOW + timedelta(hours=9)))
    assert shown_of(users, cut).next_action == PEOPLE
    cut.learn(with_part(cut, PEOPLE, LATER))
    assert shown_of(users, cut) == users
    for kind, tells in (("link", True), ("told", True), ("proof", False)):
        later = iso(NOW + timedelta(hours=2))
        cut.timers = {"t": RecordedTimer(id="t", kind=kind, at=later)}
        assert (shown_of(users, cut).next_action == PEOPLE) is tells, kind


def replace_cut(at: str) -> State:
    """Return the state of an incident that cut access at a moment."""
    return State(contained_at=AT, entries=["e"], first_cut_at=at, last_cut_at=at)


def test_nothing_is_deployed_where_nothing_was_made() -> None:
    adoption = step(Order.ADOPTION)
    assert shown_of(adoption, State(contained_at=AT)) == adoption
    assert shown_of(adoption, knowing()).next_action == DEPLOY


def test_a_host_that_is_shut_out_is_let_in_by_whoever_has_the_panel_open() -> None:
    lead = Lead(GuideKind.LOCKED, "0", "pane.users", "x", "y")
    shown = admitted(lead)
    assert (shown.action, shown.kind) == (ALLOW, GuideKind.LOCKED)
    assert shown.happens == (
        "The drill plays whoever has the control panel open: this host is put on the IP allowlist."
    )
    other = replace(lead, kind=next(kind for kind in GuideKind if kind is not GuideKind.LOCKED))
    assert admitted(other) == other


@pytest.mark.parametrize(
    ("hours", "down", "left"), [(None, 1, False), (0, 1, True), (23, 1, True), (24, 1, False), (0, 0, False)]
)
def test_hours_are_left_only_while_a_sender_with_a_new_credential_was_not_seen(
    monkeypatch: pytest.MonkeyPatch, hours: int | None, down: int, left: bool
) -> None:
    there = situation(state=knowing() if hours is None else knowing(DEPLOY, *[HOUR] * hours))
    monkeypatch.setattr(role_play, "senders_down", lambda asked: down if asked is there else None)
    assert hours_left(there) is left
