"""The tour is offered once, by words that stand in nobody's way; it can be left from any page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pilot.conftest import SIZES, Running, app_of, screen_text, settle
from tests.pilot.fake_session import FakeSession
from workbench.cli import screen
from workbench.tui.screens.tour import PAGES, TourScreen


@pytest.mark.parametrize("size", SIZES)
async def test_the_tour_is_offered_and_turns_its_pages(running: Running, size: tuple[int, int]) -> None:
    async with running(FakeSession(), size, tour=True) as pilot:
        assert "two-minute tour" in screen_text(pilot)
        assert app_of(pilot).screen is app_of(pilot).main, "nothing stands before the panes"
        await pilot.press("f1")
        await pilot.pause()
        for heading, _ in PAGES:
            assert heading in screen_text(pilot)
            await pilot.press("enter")
            await pilot.pause()
        assert app_of(pilot).screen is app_of(pilot).main
        await pilot.press("f1", "enter", "escape")
        await settle(pilot)
        assert not isinstance(app_of(pilot).screen, TourScreen)


async def test_nothing_is_offered_unasked(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        assert "tour" not in screen_text(pilot)


def test_it_is_offered_at_the_first_start_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_TOUR", "0")
    assert not screen._first_time() and not list(tmp_path.iterdir())
    monkeypatch.delenv("WORKBENCH_TOUR")
    assert screen._first_time()
    assert not screen._first_time()
