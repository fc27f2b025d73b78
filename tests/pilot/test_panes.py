"""The panes at three sizes: layout, keys, titles, filters, cursor and focus under new data."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from textual import events

from tests.pilot.conftest import SIZES, Running, app_of, screen_text, settle
from tests.pilot.fake_session import PERSON, US, FakeSession
from tests.support.effects import an_effect
from tests.support.patience import HANGS
from workbench.core.rows import text_of
from workbench.domain.model.inventory import LoginItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook.runbook import StepView
from workbench.planning.catalog import Pane
from workbench.tui.panes import credentials
from workbench.tui.panes.runbook import Guide, RunbookPane
from workbench.tui.widgets.table import KeyedTable

KEYS = {"1": Pane.RUNBOOK, "2": Pane.CREDENTIALS, "3": Pane.DOMAINS, "4": Pane.USERS, "5": Pane.BLOCKLISTS}
KEYS["6"] = Pane.ACTIVITY


@pytest.mark.parametrize("size", SIZES)
async def test_number_keys_reach_every_pane(running: Running, size: tuple[int, int]) -> None:
    async with running(FakeSession(), size) as pilot:
        app = app_of(pilot)
        for key, pane in KEYS.items():
            await pilot.press(key)
            await pilot.pause()
            widget = app.main.panes[pane]
            assert widget.display and widget.size.width > 20, pane
            assert app.focused is widget.table
            assert f"{key} {widget.TITLE}" in screen_text(pilot)


async def test_wide_shows_everything_narrow_one_pane(running: Running) -> None:
    async with running(FakeSession(), (160, 50)) as pilot:
        app = app_of(pilot)
        assert all(p.display for p in app.main.panes.values())
        assert app.main.panes[Pane.RUNBOOK].size.width <= 160 // 3 + 2
        activity, credentials = app.main.panes[Pane.ACTIVITY], app.main.panes[Pane.CREDENTIALS]
        assert activity.region.y > credentials.region.y
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert [p.PANE for p in app.main.panes.values() if p.display] == [Pane.RUNBOOK]
        assert app.focused is app.main.runbook.table
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        shown = {p.PANE for p in app.main.panes.values() if p.display}
        assert shown == {Pane.RUNBOOK, Pane.CREDENTIALS, Pane.ACTIVITY}


async def test_maximise_and_back(running: Running) -> None:
    async with running(FakeSession(), (160, 50)) as pilot:
        app = app_of(pilot)
        await pilot.press("4", "z")
        await pilot.pause()
        assert [p.PANE for p in app.main.panes.values() if p.display] == [Pane.USERS]
        await pilot.press("z")
        await pilot.pause()
        assert all(p.display for p in app.main.panes.values())
        assert app.focused is app.main.panes[Pane.USERS].table


async def test_too_small_heeds_only_quit(running: Running) -> None:
    session = FakeSession()
    async with running(session, (59, 16)) as pilot:
        app = app_of(pilot)
        assert "Too small" in screen_text(pilot)
        asked = list(session.asked)
        await pilot.press("enter", "C", "ctrl+p", "2", "question_mark", "escape", "f5")
        await settle(pilot)
        assert "Too small" in screen_text(pilot)
        assert session.asked == asked
        await pilot.resize_terminal(60, 16)
        await settle(pilot)
        assert "1 Runbook" in screen_text(pilot)
        await pilot.resize_terminal(50, 10)
        await pilot.pause()
        await pilot.press("q")
        assert app._exit


async def test_footer_never_wraps_and_keeps_help_and_quit(running: Running) -> None:
    for width in (60, 80, 160):
        async with running(FakeSession(), (width, 30)) as pilot:
            for key in KEYS:
                await pilot.press(key)
                await pilot.pause()
                last = screen_text(pilot).splitlines()[-1]
                assert "? help" in last and "q quit" in last, (width, key, last)
                assert len(app_of(pilot).main._footer.hints) <= 7


async def test_complete_panes_before_the_session_opens(running: Running) -> None:
    session = FakeSession()
    session.hold.clear()
    async with running(session, (160, 50), wait=False) as pilot:
        await pilot.pause()
        text = screen_text(pilot)
        for title in ("1 Runbook", "2 Credentials", "3 Domains", "4 Users", "5 Blocklists", "6 Activity"):
            assert title in text
        assert "Loading…" in text or "Not read yet" in text
        session.hold.set()


async def test_filter_in_the_title_and_letters_stay_text(running: Running) -> None:
    session = FakeSession(logins=12)
    async with running(session, (80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("2")
        asked = list(session.asked)
        # Faster than the box can be drawn.
        for key, letter in (("slash", "/"), ("q", "q")):
            app.post_message(events.Key(key, letter))
        await pilot.press(*"RCx")
        await pilot.pause()
        assert session.asked == asked and not app._exit
        await pilot.press(*(["backspace"] * 4), *"app3")
        await pilot.pause()
        text = screen_text(pilot)
        assert "1 of 15" in text and "/app3" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "/app3" not in screen_text(pilot)
        assert app.focused is app.main.panes[Pane.CREDENTIALS].table


async def test_cursor_focus_and_marks_survive_new_data(running: Running) -> None:
    session = FakeSession(logins=12)
    async with running(session) as pilot:
        app = app_of(pilot)
        await pilot.press("2", "j", "j", "j", "j", "space")
        table = app.main.panes[Pane.CREDENTIALS].table
        cursor, marks = table.cursor_key, table.marked_keys
        assert len(marks) == 1
        fresh = {"0new@mg0.acme.example": next(iter(session.inventory.logins.values()))}
        first = next(iter(fresh.values()))
        item = LoginItem(type(first.credential)(login="0new@mg0.acme.example"), first.domain, first.place)
        session.inventory.logins = {item.login: item, **session.inventory.logins}
        session.inventory.keys.popitem()
        session.changed("keys", "logins", "users", "runbook")
        session.log("alarm: something moved", "bad")
        await settle(pilot)
        assert app.focused is table
        assert table.cursor_key == cursor and table.marked_keys == marks
        assert item.login in table.model


async def test_credentials_are_updated_row_by_row(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession(logins=30)
    async with running(session) as pilot:
        app = app_of(pilot)
        whole: list[int] = []
        single: list[int] = []
        table = app.main.panes[Pane.CREDENTIALS].table
        real_set, real_update = KeyedTable.set_rows, KeyedTable.update_rows

        def set_rows(self: KeyedTable, rows: list[object]) -> None:
            whole.extend([len(rows)] if self is table else [])
            real_set(self, rows)  # type: ignore[arg-type]

        def update_rows(self: KeyedTable, rows: list[object]) -> None:
            single.extend([len(rows)] if self is table else [])
            real_update(self, rows)  # type: ignore[arg-type]

        session.hold.clear()
        app.controllers.plans.run(session.plan("logins.reset"))
        await pilot.pause(0.2)
        monkeypatch.setattr(KeyedTable, "set_rows", set_rows)
        monkeypatch.setattr(KeyedTable, "update_rows", update_rows)
        record = next(iter(session.state.effects.values()))
        from workbench.execution.progress import EffectMoved, Phase

        session.tell(EffectMoved(record, Phase.PROVING))
        await pilot.pause(0.3)
        assert set(single) == {1} and whole == []
        row = table.model.row(record.effect.target)
        assert row is not None and "proving" in row.cells[0][0]
        session.hold.set()
        await settle(pilot)


async def test_share_safe_shortens_people_everywhere(running: Running) -> None:
    session = FakeSession()
    async with running(session, (160, 50)) as pilot:
        session.log(f"panel user {PERSON} signed in; login postmaster@mg0.acme.example reset")
        await settle(pilot)
        text = screen_text(pilot)
        assert PERSON not in text and "ma…@acme.example" in text
        assert "postmaster@mg0.acme.example reset" in text
        await pilot.press("s")
        await pilot.pause()
        assert "Turn share-safe off?" in screen_text(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert PERSON not in screen_text(pilot), "the first answer keeps it on"
        await pilot.press("s", "down", "enter")
        await settle(pilot)
        assert PERSON in screen_text(pilot) and "SHARE-SAFE OFF" in screen_text(pilot)
        await pilot.press("s")
        await settle(pilot)
        assert PERSON not in screen_text(pilot)


async def test_stale_is_said_in_words(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        assert "● live" in screen_text(pilot)
        session.clock.advance(500)
        app_of(pilot).main.refresh_status()
        await pilot.pause()
        assert "as of 14:02:07, stale" in screen_text(pilot)


async def test_guide_follows_next_until_moved(running: Running) -> None:
    session = FakeSession()
    async with running(session, (160, 50)) as pilot:
        assert "Next: 0 Preserve evidence" in screen_text(pilot)
        await pilot.press("j", "j", "j")
        await pilot.pause()
        text = screen_text(pilot)
        assert "Step: 2 Reset SMTP" in text and "Could go wrong" in text and "plan first" in text
        assert "[Esc] back to what is next" in text
        await pilot.press("escape")
        await pilot.pause()
        assert "Next: 0 Preserve evidence" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert ("preserve",) in session.asked


async def test_news_that_arrives_between_a_press_and_its_message_moves_no_cursor(running: Running) -> None:
    async with running(FakeSession(), (160, 50)) as pilot:
        pane = app_of(pilot).main.panes[Pane.RUNBOOK]
        assert isinstance(pane, RunbookPane)
        pane.table.move_cursor("2")
        # The table has moved, the pane does not know yet, and the account was read again.
        pane.after_rows()
        assert pane.table.cursor_key == "2"
        await pilot.pause()
        assert pane.table.cursor_key == "2"
        assert "Step: 2 Reset SMTP" in screen_text(pilot)


async def test_enter_on_a_step_shows_its_plan_first(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("j", "j", "j", "enter")
        await settle(pilot)
        assert pilot.app.screen.has_class("plan-screen")
        assert not any(asked[0] == "run" for asked in session.asked)


async def test_row_details_and_help(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        for key in "23456":
            await pilot.press(key, "enter")
            await settle(pilot)
            await pilot.press("escape")
            await pilot.press("question_mark")
            await pilot.pause()
            text = screen_text(pilot)
            assert f"Help: {app_of(pilot).main.panes[KEYS[key]].TITLE}" in text
            await pilot.press("escape")
            await pilot.pause()
        await pilot.press("4", "enter")
        await settle(pilot)
        assert "password updated at: 2026-10-12" in screen_text(pilot)
        assert PERSON not in screen_text(pilot)


async def test_letters_typed_at_once_after_the_slash_are_text_too(running: Running) -> None:
    session = FakeSession(logins=12)
    async with running(session, (80, 24)) as pilot:
        app = app_of(pilot)
        await pilot.press("2")
        await pilot.pause()
        asked, safe = list(session.asked), app.store.look.share_safe
        # As a terminal hands them over when somebody types fast: all before any of them is worked on.
        for key in ("slash", "s", "r", "C", "q", "escape", "2"):
            app.post_message(events.Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await settle(pilot)
        assert session.asked == asked
        assert app.store.look.share_safe is safe
        assert not app._exit
        assert app.focused is app.main.panes[Pane.CREDENTIALS].table


async def test_the_guide_begins_at_its_beginning_once_something_else_is_next(running: Running) -> None:
    session = FakeSession()
    async with running(session, (80, 24)) as pilot:
        guide = pilot.app.screen.query_one(Guide)
        await pilot.press("right_square_bracket", "right_square_bracket")
        await pilot.pause()
        assert guide.scroll_y > 0
        await pilot.press("down")
        await settle(pilot)
        assert guide.scroll_y == 0 and "▶ Step: 1 " in screen_text(pilot)


async def test_what_the_columns_have_no_room_for_stands_below_the_list(running: Running) -> None:
    async with running(FakeSession(), (120, 40)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        text = " ".join(screen_text(pilot).replace("┃", " ").split())
        assert "password open: m show…" in text, "cut off in its column"
        assert "note: password open: m shows the message · name: User 0" in text
        # It follows the cursor, and the list keeps its place.
        await pilot.press("down")
        await settle(pilot)
        assert "note: password and 2FA open" in " ".join(screen_text(pilot).replace("┃", " ").split())
        # Nothing is written twice: a column that has room is not named.
        assert "2FA: off" not in screen_text(pilot)


async def test_a_list_too_short_for_it_does_without_what_stands_below(running: Running) -> None:
    async with running(FakeSession(), (80, 16)) as pilot:
        await pilot.press("4")
        await settle(pilot)
        assert "note: " not in screen_text(pilot)


async def test_news_that_come_while_the_steps_are_judged_are_shown_too(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    async with running(session, (120, 40)) as pilot:
        await settle(pilot)
        pane, asked = app_of(pilot).main.runbook, 0

        async def in_turns() -> list[StepView]:
            nonlocal asked
            asked += 1
            views = session.steps()
            if asked == 1:
                pane.take({"runbook"}, {})
            return views

        monkeypatch.setattr(session, "steps_in_turns", in_turns)
        pane.take({"runbook"}, {})
        await settle(pilot)
        assert asked == 2 and pane.fresh


async def test_a_reading_that_ends_judges_nothing_in_its_own_turn(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ten thousand logins that was a sixth of a second a minute in which no key was answered."""
    session, judged = FakeSession(logins=30), list[str]()
    async with running(session, (160, 50)) as pilot:
        await settle(pilot)
        app = app_of(pilot)

        def noted(name: str) -> None:
            asked = getattr(session, name)

            def ask() -> Any:
                judged.append(name)
                return asked()

            monkeypatch.setattr(session, name, ask)

        noted("steps")
        noted("findings")
        app.account.reading(False)
        assert judged == []
        await settle(pilot)
        assert {"steps", "findings"} <= set(judged)
        assert all(pane.fresh for pane in app.main.panes.values() if pane.display)


async def test_ten_thousand_credentials_get_their_rows_in_turns(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "ROWS_A_TURN", 10)
    session, turns = FakeSession(logins=50), 0
    async with running(session, (160, 50)) as pilot:
        await settle(pilot)
        pane = app_of(pilot).main.panes[Pane.CREDENTIALS]
        shown = pane.table.model.total
        pane.take({"logins"}, {})
        made = asyncio.ensure_future(pane.prepare(session))  # type: ignore[arg-type]
        while not made.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 5
        await settle(pilot)
        assert pane.fresh and pane.table.model.total == shown
        # Where only some rows move, all the others stay as they are: nothing is made ready.
        await asyncio.wait_for(pane.prepare(session), HANGS)  # type: ignore[arg-type]
        assert pane._ready is None  # type: ignore[attr-defined]


async def test_what_moves_while_all_rows_are_made_ready_moves_its_own_row_only(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a cut something moves in every turn: all rows would be made anew without end."""
    session = FakeSession(logins=50)
    async with running(session, (160, 50)) as pilot:
        await settle(pilot)
        pane = app_of(pilot).main.panes[Pane.CREDENTIALS]
        login = next(iter(session.inventory.logins))
        effect = an_effect(EffectKind.LOGIN_RESET, login, US, domain=login.partition("@")[2])
        record = session.state.effects[effect.id] = EffectRecord(effect)
        made, prepare, view_rows = list[str](), pane.prepare, pane.view_rows

        async def ready(held: Any) -> None:
            await prepare(held)
            if pane.stale and not made:
                record.state = EffectState.VERIFIED
                pane.take(set(), {effect.id: record})

        def whole(held: Any) -> Any:
            made.append("whole")
            return view_rows(held)

        monkeypatch.setattr(pane, "prepare", ready)
        monkeypatch.setattr(pane, "view_rows", whole)
        pane.take({"logins"}, {})
        await settle(pilot)
        assert made == ["whole"] and pane.fresh
        row = pane.table.model.row(login)
        assert row is not None and text_of(row.cells[0]) != "open"
