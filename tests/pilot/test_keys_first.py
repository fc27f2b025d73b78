"""What a key asks for comes before everything else: by a short way, and before rows that nobody asked for."""

from __future__ import annotations

import math

import pytest
from textual import events
from textual.drivers.linux_driver import LinuxDriver

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import FakeSession
from workbench.planning.catalog import Pane
from workbench.presentation.cells import Look
from workbench.tui.app import WorkbenchApp
from workbench.tui.terminal import driver


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys that went the whole way up to the app."""
    keys: list[str] = []
    whole = WorkbenchApp.on_key

    def on_key(self: WorkbenchApp, event: events.Key) -> None:
        keys.append(event.key)
        whole(self, event)

    monkeypatch.setattr(WorkbenchApp, "on_key", on_key)
    return keys


async def test_keys_that_move_the_cursor_act_in_their_table(running: Running, seen: list[str]) -> None:
    async with running(FakeSession(logins=30), (120, 40)) as pilot:
        await pilot.press("2")
        await settle(pilot)
        table = app_of(pilot).main.panes[Pane.CREDENTIALS].table
        places = []
        seen.clear()
        for key in (
            "down",
            "j",
            "k",
            "up",
            "end",
            "home",
            "G",
            "g",
            "pagedown",
            "pageup",
            "ctrl+d",
            "ctrl+u",
        ):
            await pilot.press(key)
            places.append(table.model.index_of(table.cursor_key) or 0)
        last = len(table.model) - 1
        assert places[:8] == [1, 2, 1, 0, last, 0, last, 0]
        assert places[8] > places[10] > 0 and places[9] == places[11] == 0
        assert seen == []
        await pilot.press("space", "x")
        await settle(pilot)
        assert seen == ["space", "x"], "all others go the whole way"


async def test_a_moved_key_moves_and_the_old_one_means_nothing(running: Running, seen: list[str]) -> None:
    async with running(FakeSession(logins=30), (120, 40)) as pilot:
        app = app_of(pilot)
        app.set_keymap({"table.down": "f11"})
        await pilot.press("2")
        await settle(pilot)
        table = app.main.panes[Pane.CREDENTIALS].table
        await pilot.press("f11")
        assert table.model.index_of(table.cursor_key) == 1
        await pilot.press("down")
        await settle(pilot)
        assert table.model.index_of(table.cursor_key) == 1 and "down" in seen
        assert "means nothing here" in screen_text(pilot)


async def test_at_an_end_the_key_is_answered_in_words(running: Running) -> None:
    async with running(FakeSession(), (120, 40)) as pilot:
        await pilot.press("2", "up")
        await settle(pilot)
        assert "(the first row)" in screen_text(pilot)


async def test_rows_made_anew_and_the_band_wait_for_a_key_that_is_on_its_way(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.tui.panes.manners.AT_MOST", math.inf)
    session = FakeSession()
    async with running(session, (120, 40)) as pilot:
        app, pressed = app_of(pilot), [True]
        for manners in (app.main._manners, *(pane._manners for pane in app.main.panes.values())):
            monkeypatch.setattr(manners, "_key_under_way", lambda: bool(pressed))
        session.log("something happened")
        for _ in range(20):
            await pilot.pause(0.01)
        activity = app.main.panes[Pane.ACTIVITY]
        told = [(activity.fresh, app.main._band_due is None, "something happened" in screen_text(pilot))]
        pressed.clear()
        await settle(pilot)
        told.append((activity.fresh, app.main._band_due is None, "something happened" in screen_text(pilot)))
        assert told == [(False, False, False), (True, True, True)]


async def test_a_log_line_is_drawn_once_and_anew_for_another_look(running: Running) -> None:
    session = FakeSession()
    async with running(session, (120, 40)) as pilot:
        app = app_of(pilot)
        assert app.store.session is not None
        pane = app.main.panes[Pane.ACTIVITY]
        session.log("one")
        await settle(pilot)
        before = {row.key: row for row in pane.view_rows(app.store.session)}
        session.log("two")
        after = {row.key: row for row in pane.view_rows(app.store.session)}
        assert len(after) == len(before) + 1
        assert all(after[key] is row for key, row in before.items())
        app.store.look = Look(local=True, share_safe=False)
        anew = {row.key: row for row in pane.view_rows(app.store.session)}
        assert anew.keys() == after.keys() and not any(anew[key] is row for key, row in after.items())


def test_the_driver_notes_a_key_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[object] = []
    monkeypatch.setattr(LinuxDriver, "process_message", lambda self, message: handed.append(message))
    at = [100.0]
    monkeypatch.setattr(driver, "monotonic", lambda: at[-1])
    it = driver.TerminalDriver.__new__(driver.TerminalDriver)
    it._key_at = float("-inf")
    focus, key = events.AppFocus(), events.Key("down", None)
    told = [it.key_under_way]
    for message in (focus, key):
        it.process_message(message)
        told.append(it.key_under_way)
    at.append(at[-1] + driver.KEY_TAKES * 2)
    assert [*told, it.key_under_way] == [False, False, True, False] and handed == [focus, key]
