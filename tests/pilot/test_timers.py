"""Deadlines are counted down, asked about once, and proofs are made when they are due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.pilot.conftest import SIZES, Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import START, US, FakeSession
from tests.support.effects import an_effect
from tests.support.patience import HANGS
from workbench.core.clock import iso
from workbench.core.errors import Unreachable
from workbench.domain.model.effect_result import EffectResult
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.recorded_rows import RecordedTimer
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook.recorded import OutsideHands
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.prompts import PickScreen


def hand_over(session: FakeSession, minutes: int = 24) -> str:
    """Let a key wait for its hand-over; return its id."""
    session.fill()
    old = list(session.inventory.keys)[1]
    plan = session.plan("keys.replace", [old], ways={f"key:{old}": "first"})
    assert [effect.kind for effect in plan] == [EffectKind.KEY_CREATE]
    record = EffectRecord(plan.effects[0])
    record.state, record.done_at = EffectState.VERIFIED, iso(START)
    record.result = EffectResult(key_id="new-key-id")
    session.state.effects[record.effect.id] = record
    timer(session, f"hand-over:key:{old}", "hand-over", f"key:{old}", timedelta(minutes=minutes))
    session.asked.clear()
    return old


def timer(session: FakeSession, name: str, kind: str, subject: str, left: timedelta) -> None:
    due = iso(session.clock.now() + left)
    session.state.timers[name] = RecordedTimer(
        id=name, kind=kind, subject=subject, due=due, text="x", at=iso(START)
    )


async def look(pilot: Pilot[int]) -> None:
    """Have the app look at once instead of in 15 seconds."""
    app_of(pilot).controllers.monitor.look()
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES[1:])
async def test_the_time_left_stands_in_the_top_line_and_the_guide(
    running: Running, size: tuple[int, int]
) -> None:
    session = FakeSession()
    hand_over(session)
    async with running(session, size) as pilot:
        await look(pilot)
        top = screen_text(pilot).splitlines()[0]
        assert "hand-over of prod-1: 24 min left" in top
        assert "Running: hand-over of prod-1" in screen_text(pilot)
        session.clock.advance(60)
        await look(pilot)
        assert "hand-over of prod-1: 23 min left" in screen_text(pilot).splitlines()[0]


async def test_a_quiet_minute_repaints_nothing(running: Running) -> None:
    session = FakeSession()
    hand_over(session)
    async with running(session) as pilot:
        await look(pilot)
        app = app_of(pilot)
        told: list[object] = []
        app.main.runbook.take = lambda slices, records: told.append(slices)  # type: ignore[method-assign]
        app.main.refresh_status = lambda: told.append("status")  # type: ignore[method-assign]
        session.clock.advance(10)
        app.controllers.monitor.look()
        assert told == []
        session.clock.advance(60)
        app.controllers.monitor.look()
        assert told == ["status", {"runbook"}]


async def test_when_the_time_is_up_it_asks_once_and_opens_on_the_safe_choice(running: Running) -> None:
    session = FakeSession()
    old = hand_over(session)
    async with running(session) as pilot:
        await look(pilot)
        assert not on_top(pilot, PickScreen)
        session.clock.advance(25 * 60)
        await look(pilot)
        assert on_top(pilot, PickScreen)
        text = screen_text(pilot)
        assert "Time is up: hand-over of prod-1" in text and "not seen in use yet" in text
        await pilot.press("enter")
        await settle(pilot)
        assert not on_top(pilot, PickScreen) and session.asked.count(("watch",)) == len(session.asked)
        await look(pilot)
        assert not on_top(pilot, PickScreen), "asked twice about the same deadline"
        await pilot.press("F")
        await settle(pilot)
        assert on_top(pilot, PlanScreen)
        assert ("plan", "handover.finish", (), {}) in session.asked
        assert [e.target for e in session.plan("handover.finish")] == [old]


async def test_what_was_answered_is_not_asked_again_after_a_restart(running: Running) -> None:
    session = FakeSession()
    old = hand_over(session, minutes=-1)
    async with running(session) as pilot:
        await look(pilot)
        assert on_top(pilot, PickScreen)
        await pilot.press("escape")
        await settle(pilot)
    async with running(session) as pilot:
        await look(pilot)
        assert on_top(pilot, PickScreen), "left without an answer: asked again"
        await pilot.press("enter")
        await settle(pilot)
    async with running(session) as pilot:
        await look(pilot)
        assert not on_top(pilot, PickScreen)
        timer(session, f"hand-over:key:{old}", "hand-over", f"key:{old}", timedelta(seconds=-1))
        await look(pilot)
        assert on_top(pilot, PickScreen), "another deadline is another question"


@pytest.mark.parametrize("pane", ["1", "3"])
async def test_senders_that_are_down_are_counted_without_the_runbook_on_the_screen(
    running: Running, pane: str
) -> None:
    session = FakeSession()
    async with running(session, (80, 24)) as pilot:
        hand_over(session)
        record = EffectRecord(an_effect(EffectKind.LOGIN_RESET, next(iter(session.inventory.logins)), US))
        record.state, record.done_at = EffectState.VERIFIED, iso(START)
        session.state.effects[record.effect.id] = record
        await pilot.press(pane)
        await look(pilot)
        assert "1 down: H" in (top := screen_text(pilot).splitlines()[0]), top
        assert "hand-over: 24 min left" in top and "intruder 1,240/h" in top


async def test_more_time_moves_the_deadline_and_it_is_asked_again(running: Running) -> None:
    session = FakeSession()
    old = hand_over(session, minutes=-1)
    async with running(session) as pilot:
        await look(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        await look(pilot)
        assert "hand-over of prod-1: 30 min left" in screen_text(pilot)
        assert session.state.timers[f"hand-over:key:{old}"].kind == "hand-over"
        session.clock.advance(31 * 60)
        await look(pilot)
        assert on_top(pilot, PickScreen)


async def test_ending_the_old_one_shows_its_plan_first(running: Running) -> None:
    session = FakeSession()
    old = hand_over(session, minutes=-1)
    async with running(session) as pilot:
        await look(pilot)
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert on_top(pilot, PlanScreen)
        assert ("plan", "handover.finish", (old,), {}) in session.asked
        assert not any(asked[0] == "run" for asked in session.asked)


async def test_a_question_never_covers_a_dialog(running: Running) -> None:
    session = FakeSession()
    hand_over(session, minutes=-1)
    async with running(session) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        shown = pilot.app.screen
        await look(pilot)
        assert pilot.app.screen is shown
        await pilot.press("escape")
        await settle(pilot)
        await look(pilot)
        assert on_top(pilot, PickScreen)


async def test_links_count_down_for_users_who_are_not_done(running: Running) -> None:
    session = FakeSession()
    session.fill()
    session.state.first_cut_at = session.state.last_cut_at = iso(START)
    timer(session, "link:user-1", "link", "user-1", timedelta(minutes=12))
    async with running(session) as pilot:
        await look(pilot)
        top = screen_text(pilot).splitlines()[0]
        assert "password link of" in top and "12 min left" in top
        assert "user1.longname@acme.example" not in screen_text(pilot)


async def test_a_proof_that_is_due_is_made_once(running: Running) -> None:
    session = FakeSession()
    session.fill()
    session.state.first_cut_at = session.state.last_cut_at = iso(START)
    timer(session, "proof:1 h", "proof", "", timedelta(hours=1))
    async with running(session) as pilot:
        app = app_of(pilot)
        await look(pilot)
        assert ("prove",) not in session.asked
        session.clock.advance(3601)
        await look(pilot)
        await app.work.rest("proof", HANGS)
        await settle(pilot)
        assert session.asked.count(("prove",)) == 1
        assert "Asked the account: 3 of 3 proven again." in screen_text(pilot)
        await look(pilot)
        assert session.asked.count(("prove",)) == 1


async def test_passwords_are_proven_again_by_themselves_once_the_last_way_to_set_others_is_shut(
    running: Running,
) -> None:
    session = FakeSession()
    session.fill()
    session.state.first_cut_at = session.state.last_cut_at = iso(START)
    login = next(iter(session.inventory.logins))
    reset = EffectRecord(an_effect(EffectKind.LOGIN_RESET, login, US, domain=login.partition("@")[2]))
    reset.state, reset.done_at, reset.proven_at = EffectState.VERIFIED, iso(START), iso(START)
    session.state.effects[reset.effect.id] = reset
    async with running(session) as pilot:
        app = app_of(pilot)
        await look(pilot)
        assert ("prove overtaken",) not in session.asked
        session.state.learn(OutsideHands(until=iso(START + timedelta(minutes=3))))
        session.state.hands_ended_row = 1
        session.clock.advance(240)
        session.fail["prove overtaken"] = Unreachable("Mailgun does not answer.", "", "")
        for _ in range(2):  # It fails, and is not tried again at the very next look.
            await look(pilot)
            await app.work.rest("proof", HANGS)
        assert session.asked.count(("prove overtaken",)) == 1
        session.fail.clear()
        session.clock.advance(301)
        await look(pilot)
        await app.work.rest("proof", HANGS)
        await settle(pilot)
        assert session.asked.count(("prove overtaken",)) == 2
        assert "The last way to set passwords is shut." in screen_text(pilot)


async def test_a_proof_that_fails_is_tried_again_later_not_at_every_look(running: Running) -> None:
    session = FakeSession()
    session.fill()
    session.fail["prove"] = Unreachable("Mailgun does not answer.", "", "")
    timer(session, "proof:1 h", "proof", "", timedelta(hours=-1))
    async with running(session) as pilot:
        app = app_of(pilot)
        for _ in range(3):
            await look(pilot)
            await app.work.rest("proof", HANGS)
        assert session.asked.count(("prove",)) == 1
        session.clock.advance(301)
        await look(pilot)
        assert session.asked.count(("prove",)) == 2


async def test_proving_again_by_name_says_when_nothing_was_cut(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        app.controllers.dispatcher.do("contain.prove")
        await settle(pilot)
        assert "nothing was cut yet" in screen_text(pilot)
        effect = an_effect(EffectKind.KEY_DELETE, "gone", session.inventory.places[0])
        session.state.effects[effect.id] = EffectRecord(effect)
        session.state.last_cut_at = iso(START)
        app.controllers.dispatcher.do("contain.prove")
        await app.work.rest("proof", HANGS)
        assert ("prove",) in session.asked
