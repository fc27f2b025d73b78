"""Cut now or replace first, and what a replacement may do: chosen on the plan screen, and the plan follows."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.pilot.conftest import SIZES, Running, app_of, on_top, screen_text, settle, until
from tests.pilot.fake_session import FakeSession
from workbench.domain.model.credential_use import CredentialUses
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import Effect, EffectKind
from workbench.tui.screens.plan import PlanScreen

ABUSED, PRODUCTION = 1, 2  # which of the account's keys


def key_id(session: FakeSession, number: int) -> str:
    return list(session.inventory.keys)[number]


def with_use(session: FakeSession) -> None:
    """Let the log say who sends: one key for the intruder, one for production from one domain."""
    session.fill()
    domain = next(iter(session.inventory.domains))
    body = {
        "as_of": "2026-11-21T14:00:00Z",
        "by_credential": {
            f"key:{key_id(session, ABUSED)}": {
                "last_hour": 1204,
                "last_used": "2026-11-21T13:59:58Z",
                "addresses": ["203.0.113.66"],
                "strange": ["203.0.113.66"],
                "looks": "intruder",
                "domains": [domain],
            },
            f"key:{key_id(session, PRODUCTION)}": {
                "last_hour": 40,
                "last_used": "2026-11-21T13:58:00Z",
                "addresses": ["192.0.2.10"],
                "strange": [],
                "looks": "production",
                "domains": [domain],
            },
        },
    }
    session.state.learn(CredentialUses.from_body(body, "2026-11-21T14:00:00Z"))


def plan_on(pilot: Pilot[int]) -> PlanScreen:
    assert on_top(pilot, PlanScreen), screen_text(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


def effects_of(pilot: Pilot[int], key: str) -> list[Effect]:
    return [e for e in plan_on(pilot)._plan if e.params.credential == f"key:{key}"]


async def planned(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_the_plan_says_way_and_use_of_each_credential(running: Running, size: tuple[int, int]) -> None:
    session = FakeSession()
    with_use(session)
    async with running(session, size) as pilot:
        await planned(pilot, "2", "a", "r")
        text = screen_text(pilot)
        assert size[0] < 120 or ("1,204 intruder" in text and "40 production" in text)
        # Worst first: the row under the cursor is the abused key's, and its use is told in full.
        assert "1,204 messages in the last hour" in text and "203.0.113.66" in text
        assert "cut now: it is dead at once" in text
        assert "w the other way" in text


async def test_the_highlighted_one_goes_the_other_way_and_back(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    abused = key_id(session, ABUSED)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "r")
        assert [e.kind for e in effects_of(pilot, abused)] == [EffectKind.KEY_CREATE, EffectKind.KEY_DELETE]
        whole = plan_on(pilot).count
        await planned(pilot, "w")
        assert [e.kind for e in effects_of(pilot, abused)] == [EffectKind.KEY_CREATE]
        assert plan_on(pilot).count == whole - 1
        assert f"type {whole - 1} and Enter" in screen_text(pilot)
        assert "replace first: nothing breaks" in screen_text(pilot)
        await planned(pilot, "w")
        assert len(effects_of(pilot, abused)) == 2
        assert not any(asked[0] == "run" for asked in session.asked)


async def test_all_go_now_then_first_but_never_our_own(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    own, production = key_id(session, 0), key_id(session, PRODUCTION)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "r")
        assert len(effects_of(pilot, production)) == 1, "production is proposed to be replaced first"
        await planned(pilot, "W")
        assert len(effects_of(pilot, production)) == 2
        await planned(pilot, "W")
        for number in (ABUSED, PRODUCTION):
            kinds = [e.kind for e in effects_of(pilot, key_id(session, number))]
            assert kinds == [EffectKind.KEY_CREATE]
        assert {e.kind for e in effects_of(pilot, own)} == {EffectKind.KEY_CREATE, EffectKind.KEY_DELETE}


async def test_what_can_only_be_cut_says_so(running: Running) -> None:
    session = FakeSession(logins=2)
    with_use(session)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "R")
        await planned(pilot, "w")
        assert "postmaster can only be cut" in screen_text(pilot)
        assert plan_on(pilot).count == 2


async def test_rights_least_or_as_before(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    production = key_id(session, PRODUCTION)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "r")
        await planned(pilot, "ctrl+e", "G")
        screen = plan_on(pilot)
        screen._table.move_cursor(effects_of(pilot, production)[0].id)
        await settle(pilot)
        assert effects_of(pilot, production)[0].given(KeyCreateParams).kind == "domain"
        assert "seen only sending" in screen_text(pilot)
        await planned(pilot, "e")
        assert effects_of(pilot, production)[0].given(KeyCreateParams).kind == "user"
        assert effects_of(pilot, production)[0].given(KeyCreateParams).role == "admin"
        await planned(pilot, "e")
        assert effects_of(pilot, production)[0].given(KeyCreateParams).kind == "domain"


async def test_what_was_left_out_stays_out_and_a_typed_number_is_gone(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    own = key_id(session, 0)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "r")
        screen = plan_on(pilot)
        for effect in effects_of(pilot, own):
            screen._table.model.toggle(effect.id)
        screen._table.set_marks(screen._table.marked_keys)
        await planned(pilot, "3")
        assert screen.query_one("#plan-count", Input).value == "3"
        await planned(pilot, "tab", "tab")
        screen._table.focus()
        await planned(pilot, "w")
        assert screen.query_one("#plan-count", Input).value == ""
        assert not {e.id for e in effects_of(pilot, own)} & screen._chosen
        assert screen.count == len(screen._plan) - 2


async def test_the_confirmed_plan_is_the_one_shown(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    async with running(session) as pilot:
        await planned(
            pilot,
            "2",
            "r",
        )
        await planned(pilot, "W", "W")
        shown = plan_on(pilot)._plan
        await planned(pilot, *str(len(shown)), "enter")
        ran = next(asked for asked in session.asked if asked[0] == "run")
        assert set(ran[2]) == {e.id for e in shown}


async def test_a_way_without_a_plan_leaves_the_plan_as_it_is(running: Running) -> None:
    from workbench.core.errors import UsageError

    session = FakeSession()
    with_use(session)
    async with running(session) as pilot:
        await planned(pilot, "2", "a", "r")
        shown = plan_on(pilot)._plan
        session.fail["plan"] = UsageError("Nothing is left of it.", "", "")
        await planned(pilot, "w")
        assert plan_on(pilot)._plan is shown and "Not this way: Nothing is left of it." in screen_text(pilot)


async def test_toasts_never_lie_over_the_confirmation(running: Running) -> None:
    from workbench.execution.progress import ProgressNotice

    session = FakeSession()
    with_use(session)
    async with running(session) as pilot:
        app = app_of(pilot)
        app.tell("An old toast.")
        await settle(pilot)
        assert "An old toast." in screen_text(pilot)
        await planned(pilot, "2", "a", "r")
        assert "An old toast." not in screen_text(pilot)
        for n in range(5):
            session.tell(ProgressNotice(f"newly listed: 192.0.2.{n}", True))
        await settle(pilot)
        await pilot.pause(0.5)
        assert "newly listed" not in screen_text(pilot)
        await planned(pilot, "escape")
        await pilot.pause(0.5)
        # Nobody can have read the old one in the moment before the plan opened: it counts once more.
        assert "6 pieces of news; first: newly listed: 192.0.2.0" in " ".join(screen_text(pilot).split())
        assert "192.0.2.4" not in screen_text(pilot)


async def test_nothing_lies_below_a_dialog_and_what_began_is_not_told_again(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    async with running(session) as pilot:
        app = app_of(pilot)
        app.tell("Hand-over seen.")
        app.tell("Preserving evidence…")
        await planned(pilot, "question_mark")
        await pilot.pause(0.6)
        assert not app.screen_stack[0].query("ToastHolder")
        await planned(pilot, "escape")
        await pilot.pause(0.5)
        text = screen_text(pilot)
        assert "Hand-over seen." in text and "Preserving evidence" not in text


async def test_news_about_news_is_never_told(running: Running) -> None:
    session = FakeSession()
    with_use(session)
    async with running(session) as pilot:
        app = app_of(pilot)
        for round_ in range(3):
            await planned(pilot, "2", "a", "r")
            for n in range(3):
                app.tell(f"This is {round_}.{n}.")
            await planned(pilot, "escape")
            await pilot.pause(0.5)
        # What could not be read in between is counted with what came since: nine, and that a plan was left.
        told = [one.message for one in app._notifications]
        assert [one for one in told if "10 pieces of news; first: This is 0.0." in one], told
        assert not [one for one in told if one.count("pieces of news") > 1], told


async def test_news_waits_until_a_dialog_is_closed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.execution.progress import ProgressNotice
    from workbench.tui import notifications

    monkeypatch.setattr(notifications, "TOGETHER", 0.01)
    monkeypatch.setattr(notifications, "LOOK_AGAIN", 0.05)
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        session.tell(ProgressNotice("newly listed: 192.0.2.7", True))
        await settle(pilot)
        assert "192.0.2.7" not in screen_text(pilot), "it would cover the keys of the dialog"
        await pilot.press("escape")
        await until(pilot, "newly listed: 192.0.2.7")


@pytest.mark.parametrize("size", SIZES[:2])
async def test_few_toasts_stand_on_a_small_terminal_and_none_twice(
    running: Running, size: tuple[int, int]
) -> None:
    session = FakeSession()
    async with running(session, size) as pilot:
        app = app_of(pilot)
        for text in ("the first", "the first", "the second", "the third"):
            app.tell(f"This is {text}.")
        await settle(pilot)
        shown = screen_text(pilot)
        assert shown.count("This is the first.") == (0 if size[1] < 30 else 1)
        assert "This is the third." in shown


async def test_on_a_group_the_keys_of_one_say_how_to_reach_one(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.tui.screens.plan_groups.FOLD_FROM", 2)
    session = FakeSession()
    with_use(session)
    async with running(session, (120, 40)) as pilot:
        await planned(pilot, "C")
        for key, words in (("w", "W switches all of the plan"), ("e", "e is about one key")):
            await planned(pilot, key)
            assert f"A group: Enter unfolds it, then move to one; {words}." in screen_text(pilot)
