"""Without colour, without Unicode, with high contrast: state is told by words and signs, and nothing moves."""

from __future__ import annotations

import pytest
from textual.color import Color

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import FakeSession
from workbench.tui.themes import ascii_only, theme_name

pytestmark = pytest.mark.painted


async def test_no_color_draws_no_hue(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(FakeSession(), (160, 50)) as pilot:
        app = app_of(pilot)
        assert app.no_color
        strips = app.screen._compositor.render_strips(app.size)
        for strip in strips:
            for segment in strip.apply_filter(app._filters[-1], Color(0, 0, 0)):
                style = segment.style
                for color in (style.color, style.bgcolor) if style is not None else ():
                    if color is not None and color.triplet is not None:
                        red, green, blue = color.triplet
                        assert max(red, green, blue) - min(red, green, blue) <= 2, segment
        assert "NOT CONTAINED" in screen_text(pilot) and "▶ 0 Preserve" in screen_text(pilot)


async def test_ascii_mode_draws_ascii_only(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_ASCII", "1")
    session = FakeSession(logins=30)
    async with running(session, (160, 50)) as pilot:
        for keys in (["2"], ["question_mark"], ["escape", "d"], ["escape", "R"]):
            await pilot.press(*keys)
            await settle(pilot)
            text = screen_text(pilot)
            assert {char for char in text if not char.isascii()} == set(), keys
            assert {len(line) for line in text.splitlines()} == {160}


async def test_high_contrast_and_sixteen_colours(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, theme in (
        ("contrast", "workbench-contrast"),
        ("light", "workbench-light"),
        ("ansi", "ansi-dark"),
    ):
        monkeypatch.setenv("WORKBENCH_THEME", name)
        async with running(FakeSession()) as pilot:
            assert pilot.app.theme == theme
            assert "1 Runbook" in screen_text(pilot)
            await pilot.press("2", "a", "R")
            await settle(pilot)
            assert "cannot be undone" in screen_text(pilot)


def test_what_the_terminal_promises_decides() -> None:
    assert ascii_only({"TERM": "linux"}, "utf-8") and ascii_only({"TERM": "xterm"}, "ANSI_X3.4-1968")
    assert ascii_only({"WORKBENCH_ASCII": "1"}, "utf-8")
    assert not ascii_only({"TERM": "xterm"}, "UTF-8") and not ascii_only({"WORKBENCH_ASCII": "0"}, "ascii")
    assert theme_name({"TERM": "linux"}) == "ansi-dark" and theme_name({}) == "workbench"
    assert theme_name({"WORKBENCH_THEME": "Contrast", "TERM": "linux"}) == "workbench-contrast"


async def test_nothing_is_painted_while_nothing_happens(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(FakeSession()) as pilot:
        app = app_of(pilot)
        await settle(pilot)
        drawn: list[object] = []
        monkeypatch.setattr(app, "_display", lambda screen, what: drawn.append(what))
        app.main.refresh_status()
        app.main.refresh_status()
        await pilot.pause(0.7)
        assert [what for what in drawn if what is not None] == []
        assert app.animation_level == "none"


async def test_no_cursor_blinks(running: Running) -> None:
    from textual.widgets import Input

    async with running(FakeSession()) as pilot:
        for keys in (["2", "slash"], ["escape", "R"], ["escape", "t"], ["escape", "ctrl+p"]):
            await pilot.press(*keys)
            await settle(pilot)
            fields = list(pilot.app.screen.query(Input))
            assert all(not field.cursor_blink for field in fields), keys
            await pilot.press(*(["escape"] if keys[-1] == "slash" else []))
