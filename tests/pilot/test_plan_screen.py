"""The plan screen: opens on Cancel, confirms by number only, never lets half of a pair through."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.pilot.conftest import SIZES, Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import US, FakeSession
from tests.support.effects import an_effect
from tests.support.patience import HANGS
from tests.support.situations import situation
from workbench.domain.model.plan import EffectKind, Plan
from workbench.planning.choices import Choices
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.plan_rows import without_orphans


def runs(session: FakeSession) -> list[tuple[object, ...]]:
    """Return the runs the session was asked for."""
    return [asked for asked in session.asked if asked[0] == "run"]


@pytest.mark.parametrize("size", SIZES)
async def test_says_account_counts_and_what_cannot_be_undone(running: Running, size: tuple[int, int]) -> None:
    session = FakeSession(logins=11)
    async with running(session, size) as pilot:
        await pilot.press("2", "a", "R")
        await settle(pilot)
        text = screen_text(pilot)
        assert "acme (US+EU)" in text
        assert "11 changes: 11 SMTP passwords reset. 11 cannot be undone." in text
        assert "type 11 and Enter" in text
        assert "what breaks" in text and "never" in text
        assert pilot.app.focused is pilot.app.screen.query_one("#cancel")


@pytest.mark.parametrize("keys", [("enter",), ("escape",), ("R",), ("R", "enter"), ("y",), ("space",)])
async def test_bare_keys_never_confirm(running: Running, keys: tuple[str, ...]) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("2", "a", "R")
        await settle(pilot)
        assert on_top(pilot, PlanScreen)
        await pilot.press(*keys)
        await settle(pilot)
        assert runs(session) == []


async def test_typing_the_number_confirms(running: Running) -> None:
    session = FakeSession(logins=12)
    async with running(session, (80, 24)) as pilot:
        await pilot.press("2", "a", "R")
        await settle(pilot)
        await pilot.press("1", "1", "enter")
        await settle(pilot)
        assert runs(session) == [] and on_top(pilot, PlanScreen)
        field = pilot.app.screen.query_one("#plan-count", Input)
        assert field.value == "" and "11 is not 12, nothing done. Type 12:" in screen_text(pilot)
        assert pilot.app.screen.region.contains_region(field.region) and field.region.width == 12, (
            "it is in sight"
        )
        await pilot.press("1", "2", "enter")
        await settle(pilot)
        assert len(runs(session)) == 1 and len(runs(session)[0][2]) == 12  # type: ignore[arg-type]
        assert not on_top(pilot, PlanScreen)
        assert "12 verified of 12" in screen_text(pilot)


async def test_digits_typed_from_cancel_are_all_kept(running: Running) -> None:
    session = FakeSession(logins=12)
    async with running(session) as pilot:
        await pilot.press("2", "a", "R")
        await settle(pilot)
        for key in ("1", "2"):
            await pilot.press(key)
            await settle(pilot)
        assert pilot.app.screen.query_one("#plan-count", Input).value == "12"
        await pilot.press("enter")
        await settle(pilot)
        assert len(runs(session)) == 1


async def test_one_effect_needs_its_number_too(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("2", "j", "j", "j", "space", "R")
        await settle(pilot)
        assert "1 change:" in screen_text(pilot)
        await pilot.press("1", "enter")
        await settle(pilot)
        assert len(runs(session)[0][2]) == 1  # type: ignore[arg-type]


async def test_effects_can_be_left_out(running: Running) -> None:
    session = FakeSession(logins=5)
    async with running(session, (80, 24)) as pilot:
        await pilot.press("2", "a", "R")
        await settle(pilot)
        await pilot.press("ctrl+e", "space", "space")
        await settle(pilot)
        assert "type 3 and Enter" in screen_text(pilot) and "2 left out" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert runs(session) == []
        await pilot.press("3", "enter")
        await settle(pilot)
        assert len(runs(session)[0][2]) == 3  # type: ignore[arg-type]


LONG = "mint a sending key for mg.acme.example to replace prod-web …33cb"


async def test_what_an_effect_is_about_stands_whole_at_120_columns(running: Running) -> None:
    whole = Plan("Cut all access", (an_effect(EffectKind.KEY_CREATE, "a-id", US, what=LONG),))
    async with running(FakeSession(), (120, 40)) as pilot:
        for choices in (None, Choices(situation([]), "contain.all")):
            app_of(pilot).push_screen(PlanScreen(whole, "acme", choices=choices))
            await settle(pilot)
            text = screen_text(pilot)
            rows = [line for line in text.splitlines() if LONG in line and "US" in line and "never" in line]
            assert rows and "what breaks" in text, text
            await pilot.press("escape")


def test_leaving_out_a_new_key_leaves_the_old_one_alone() -> None:
    make = an_effect(EffectKind.KEY_CREATE, "new", US, what="mint")
    cut = an_effect(EffectKind.KEY_DELETE, "old", US, after=(make.id, "met-before-in-another-plan"))
    later = an_effect(EffectKind.LIMIT_SET, "x", US, after=(cut.id,))
    plan = Plan("p", (make, cut, later))
    assert without_orphans(plan, {make.id, cut.id, later.id}) == {make.id, cut.id, later.id}
    assert without_orphans(plan, {cut.id, later.id}) == set()
    assert without_orphans(plan, {make.id}) == {make.id}


async def test_notes_longer_than_their_place_are_moved_and_say_what_they_are_about(running: Running) -> None:
    session = FakeSession()
    async with running(session, (80, 24)) as pilot:
        effects = tuple(
            an_effect(EffectKind.LOGIN_RESET, f"user{n}@mg.example", US, what=f"reset user{n}@mg.example")
            for n in range(40)
        )
        notes = tuple(f"Note {n} of the whole plan, which says what breaks." for n in range(9))
        app_of(pilot).controllers.plans.show(Plan("Reset", effects, notes=notes))
        await settle(pilot)
        assert "Note 0" in screen_text(pilot) and "Note 8" not in screen_text(pilot)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await pilot.pause()
        assert "Note 8" in screen_text(pilot)
        await pilot.press("left_square_bracket", "left_square_bracket", "ctrl+e", "space")
        await settle(pilot)
        assert "About the whole plan, with what is left out of it:" in screen_text(pilot)


async def test_what_is_to_know_gets_the_lines_that_a_short_list_leaves_free(running: Running) -> None:
    async with running(FakeSession(), (120, 40)) as pilot:
        notes = tuple(f"note {number}" for number in range(19))
        app_of(pilot).controllers.plans.show(
            Plan("Cut", (an_effect(EffectKind.LOGIN_RESET, "a@b.example", US),), notes)
        )
        await settle(pilot)
        text = screen_text(pilot)
        assert "note 0" in text and "note 18" in text and "To go ahead type 1 and Enter" in text


async def test_ten_thousand_effects_scroll(running: Running) -> None:
    session = FakeSession()
    async with running(session, (80, 24)) as pilot:
        effects = tuple(
            an_effect(EffectKind.LOGIN_RESET, f"user{n}@mg.example", US, what=f"reset user{n}@mg.example")
            for n in range(10_000)
        )
        app_of(pilot).controllers.plans.show(Plan("Reset everything", effects))
        await settle(pilot)
        assert "10,000 changes" in screen_text(pilot)
        await pilot.press("ctrl+e", "G")
        await pilot.pause()
        assert "user9999@mg.example" in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert runs(session) == []


async def test_a_selection_of_the_wrong_kind_never_means_everything(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("2", "space", "R")
        await settle(pilot)
        assert not on_top(pilot, PlanScreen)
        assert "nothing selected is an SMTP login" in screen_text(pilot)
        assert not any(asked[0] == "plan" for asked in session.asked)


async def test_paste_is_refused_outside_inputs(running: Running) -> None:
    from textual import events

    session = FakeSession()
    async with running(session) as pilot:
        pilot.app.screen.post_message(events.Paste("C\nq\n2R6\n"))
        await settle(pilot)
        assert "Paste ignored" in screen_text(pilot) and not app_of(pilot)._exit
        await pilot.press("2", "a", "R")
        await settle(pilot)
        pilot.app.screen.post_message(events.Paste("6\n"))
        await settle(pilot)
        assert runs(session) == []


async def test_stop_and_quit_while_a_plan_runs(running: Running) -> None:
    session = FakeSession(logins=5)
    async with running(session) as pilot:
        app = app_of(pilot)
        session.hold.clear()
        app.controllers.plans.run(session.plan("logins.reset"))
        await pilot.pause(0.2)
        text = screen_text(pilot)
        assert "WORKING 0/5" in text and "Esc stops" in text and "Esc stop" in text.splitlines()[-1]
        await pilot.press("q")
        await pilot.pause()
        assert "Quit while a plan is running?" in screen_text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert not app._exit and not session.stopped
        await pilot.press("q", "down", "enter")
        await app.work.rest("run", HANGS)
        await pilot.pause(0.2)
        exited: bool = app._exit
        assert exited
        assert len(runs(session)) == 1


async def test_escape_stops_and_says_what_is_done(running: Running) -> None:
    session = FakeSession(logins=5)
    async with running(session) as pilot:
        session.hold.clear()
        app_of(pilot).controllers.plans.run(session.plan("logins.reset"))
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause(0.3)
        assert "0 of 5 are done" in screen_text(pilot)


@pytest.mark.parametrize("size", [*SIZES, (60, 16), (70, 20)])
async def test_what_is_to_know_of_an_effect_is_read_to_its_end_and_the_question_is_in_sight(
    running: Running, size: tuple[int, int]
) -> None:
    why = "; ".join(f"reason {number} that speaks against it at some length" for number in range(1, 9))
    effect = an_effect(EffectKind.LOGIN_RESET, "app", US, what="reset app", why=f"{why}. The end of it.")
    notes = tuple(f"Warning {number}, of those that a verdict may hang on." for number in range(1, 12))
    async with running(FakeSession(), size) as pilot:
        app = app_of(pilot)
        app.push(PlanScreen(Plan("Reset", (effect,), notes=notes), "acme"))
        await pilot.pause()
        seen = screen_text(pilot)
        field = pilot.app.screen.query_one("#plan-count", Input)
        assert pilot.app.screen.query_one("#plan-box").region.contains_region(field.region), seen
        for _ in range(20):
            await pilot.press("right_square_bracket")
            await pilot.pause()
            seen += screen_text(pilot)
        assert "Warning 11, of those" in seen and "The end of it." in seen
        assert "there is no more that way" in screen_text(pilot) or "it stands here whole" in screen_text(
            pilot
        )
