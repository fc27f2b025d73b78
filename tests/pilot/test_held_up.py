"""A process that is held up at any moment, as on a busy host: what was to be done soon is done, however late."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest

from tests.pilot.conftest import Running, app_of, settle, until
from tests.pilot.fake_session import FakeSession
from tests.pilot.test_type_ahead import asked, at_once


@pytest.fixture(autouse=True)
def held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass between any two readings of the clock by Textual's timers, or none."""
    chance, passed = random.Random(7), 0.0

    def now() -> float:
        nonlocal passed
        passed += chance.choice((0.0, 1.0))
        return passed

    monkeypatch.setattr("textual.timer._time", SimpleNamespace(get_time=now))


async def test_every_piece_of_news_comes_to_the_screen(running: Running) -> None:
    session = FakeSession()
    async with running(session, (160, 50)) as pilot:
        for number in range(12):
            session.log(f"news {number:03d} of the account")
            await until(pilot, f"news {number:03d}")
            # A quiet moment: the next one begins anew, with everything that waits for a while.
            await settle(pilot)
        assert app_of(pilot).main.runbook.fresh


async def test_keys_that_were_held_for_a_moment_are_handed_on(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        done: list[str] = []
        app_of(pilot).controllers.dispatcher.do = done.append  # type: ignore[method-assign,assignment]
        for number in range(1, 5):
            at_once(pilot, "ctrl+p", *"utc or", "enter", "F")
            assert len(await asked(pilot, 2 * number, done)) == 2 * number


async def test_notices_that_wait_for_each_other_are_said(running: Running) -> None:
    session = FakeSession()
    async with running(session, (160, 50)) as pilot:
        toasts = app_of(pilot).toasts
        for number in range(6):
            toasts._wait([(f"Notice {number} is here.", "information")])
            await until(pilot, f"Notice {number} is here.")


async def test_every_size_of_the_terminal_is_followed(running: Running) -> None:
    async with running(FakeSession(), (160, 50)) as pilot:
        panes = app_of(pilot).main.panes.values()
        for width, height, shown in ((80, 24, 1), (120, 40, 3), (160, 50, 6)) * 4:
            await pilot.resize_terminal(width, height)
            for _ in range(100):
                if sum(pane.display for pane in panes) == shown:
                    break
                await pilot.pause(0.02)
            assert sum(pane.display for pane in panes) == shown, (width, height)
