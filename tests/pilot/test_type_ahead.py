"""Keys pressed faster than the screen changes: none is lost, and Enter acts on what was drawn when it was pressed."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, on_top, screen_text, until
from tests.pilot.fake_session import FakeSession
from workbench.tui.screens.texts import TextScreen
from workbench.tui.terminal.type_ahead import TOO_LATE


def at_once(pilot: Pilot[int], *keys: str) -> None:
    """Press keys as a fast hand or a slow line does: all are read before the first is answered."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def asked(pilot: Pilot[int], count: int, done: list[str]) -> list[str]:
    """Wait until so many actions were asked for; return them."""
    for _ in range(100):
        if len(done) >= count:
            break
        await pilot.pause(0.02)
    await pilot.pause(0.05)
    return done


async def test_what_is_typed_while_the_palette_opens_goes_to_the_palette(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        done: list[str] = []
        app_of(pilot).controllers.dispatcher.do = done.append  # type: ignore[method-assign,assignment]
        # Letters that are keys of the runbook, and of the app.
        at_once(pilot, "ctrl+p", *"quit")
        await until(pilot, "quit")
        assert done == []
        at_once(pilot, "escape")
        await pilot.pause(0.1)
        # A command chosen in one go, and a key after it: it is for the screen that comes back.
        at_once(pilot, "ctrl+p", *"utc or", "enter", "F")
        assert await asked(pilot, 2, done) == ["local.toggle", "handover.finish"]


async def test_enter_acts_on_what_was_drawn_when_it_was_pressed(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        done: list[str] = []
        app = app_of(pilot)
        app.controllers.dispatcher.do = done.append  # type: ignore[method-assign,assignment]
        pressed = events.Key("enter", "\r")
        answers: list[object] = []
        app.push_screen(TextScreen("News", "It came by itself.", enter_copies=True), answers.append)
        await until(pilot, "It came by itself.")
        # It was pressed while the runbook was shown, and is read now.
        app.post_message(pressed)
        await until(pilot, TOO_LATE[:30])
        assert on_top(pilot, TextScreen) and answers == [] and done == []
        await pilot.press("escape")
        assert not on_top(pilot, TextScreen)
        # And a second Enter for a dialog that the first one closed is none for the runbook.
        app.push_screen(TextScreen("More", "Once more."), answers.append)
        await until(pilot, "Once more.")
        twice = (events.Key("enter", "\r"), events.Key("enter", "\r"))
        for event in twice:
            app.post_message(event)
        await pilot.pause(0.2)
        assert done == [] and "Once more." not in screen_text(pilot)
        await pilot.press("enter")
        assert len(done) == 1
