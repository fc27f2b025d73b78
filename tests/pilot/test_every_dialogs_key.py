"""No key stays silent in a dialog: pressed in any of them, each one changes what can be read on the screen."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from tests.pilot.conftest import Running, app_of, screen_text, until
from tests.pilot.fake_session import FakeSession
from tests.support.dialogs import EXAMPLES
from tests.support.patience import HANGS
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.prompts import PickScreen
from workbench.tui.screens.texts import A_PART, TextScreen, TextScroll
from workbench.tui.screens.too_small import TooSmallScreen

LOOK = 0.02  # seconds between two looks
# What no dialog knows, what only some know, and what moves about.
STRANGE = ("Z", "hash", "0", "f7", "ctrl+g")
COMMON = ("c", "q", "y", "space", "slash", "o", "enter", "backspace")
MOVES = ("up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "j", "G")
DIALOGS = sorted((kind for kind in EXAMPLES if kind is not TooSmallScreen), key=lambda kind: kind.__name__)


Picture = list[list[tuple[str, object]]]


def picture(pilot: Pilot[int]) -> Picture:
    """Return what is drawn, with its colours: where the focus is, or a cursor, is told by them."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return [[(segment.text, segment.style) for segment in strip] for strip in strips]


async def opened(pilot: Pilot[int], kind: type[ModalScreen[Any]]) -> Picture:
    """Open a fresh dialog of a kind over the panes; return what is drawn once it stands."""
    app = app_of(pilot)
    while len(app.screen_stack) > 1:
        await app.pop_screen()
    await app.push_screen(EXAMPLES[kind](app))
    await pilot.pause()
    await pilot.pause()
    return picture(pilot)


async def answered(pilot: Pilot[int], before: Picture) -> bool:
    """Return whether something else is drawn; a key's work may need a moment, silence lasts."""
    for _ in range(int(HANGS / LOOK)):
        if picture(pilot) != before:
            return True
        await pilot.pause(LOOK)
    return False


@pytest.mark.parametrize("kind", DIALOGS, ids=lambda kind: kind.__name__)
async def test_every_key_in_every_dialog_changes_what_can_be_read(
    running: Running, kind: type[ModalScreen[Any]]
) -> None:
    silent = []
    async with running(FakeSession(), (80, 24)) as pilot:
        for key in (*STRANGE, *COMMON, *MOVES):
            still = isinstance(pilot.app.screen, kind) and len(pilot.app.screen_stack) == 2
            before = picture(pilot) if still else await opened(pilot, kind)
            await pilot.press(key)
            if not await answered(pilot, before):
                silent.append(key)
    assert not silent


async def test_a_key_pressed_again_for_nothing_is_answered_again_and_what_was_said_goes_with_one_that_does_something(
    running: Running,
) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        await opened(pilot, PickScreen)
        for key, words in (
            ("Z", "Z means nothing here; Esc leaves"),
            ("Z", "Z means nothing here; Esc leaves (still)"),
            ("Z", "Z means nothing here; Esc leaves ━"),
            ("up", "the first row"),
            ("slash", "no filter here: the list is short"),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert words in screen_text(pilot), screen_text(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert "no filter here" not in screen_text(pilot)


async def test_letters_in_a_count_are_answered_where_they_are_typed(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        await opened(pilot, PlanScreen)
        await pilot.press("4", "x")
        await pilot.pause()
        assert "a number is typed here: digits only" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_is_said_covers_nothing_of_a_dialog_and_is_said_after_it_where_it_was_too_long(
    running: Running, size: tuple[int, int]
) -> None:
    long = "A first sentence. " + "And a long rest of it that no edge has room for, " * 4
    async with running(FakeSession(), size) as pilot:
        app = app_of(pilot)
        app.tell("said just before")
        await pilot.pause()
        app.push(EXAMPLES[TextScreen](app))
        await pilot.pause()
        before = screen_text(pilot).splitlines()
        app.tell(long)
        await pilot.pause()
        lines = screen_text(pilot).splitlines()
        changed = [line for line, was in zip(lines, before, strict=True) if line != was]
        assert len(changed) == 1 and "━ A first sentence. ━" in changed[0]
        assert "said just before" not in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, "And a long rest")
        await until(pilot, "said just before")


async def test_what_is_said_at_the_moment_a_dialog_opens_waits_for_its_end(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        app = app_of(pilot)
        app.tell("68 settings were looked at.")
        app.push(EXAMPLES[TextScreen](app))
        await pilot.pause()
        await pilot.pause()
        assert "68 settings" not in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, "68 settings")


async def test_a_letter_nobody_knows_is_answered_by_the_panes_too(running: Running) -> None:
    async with running(FakeSession(), (80, 24)) as pilot:
        await pilot.press("Z")
        await pilot.pause()
        assert "Z means nothing here; ? lists the keys" in screen_text(pilot)
        await pilot.press("L")
        await pilot.pause()
        assert "(L is a key of Domains)" in screen_text(pilot)


async def test_a_long_text_is_wrapped_a_part_at_a_turn_and_stands_whole(running: Running) -> None:
    # Empty lines at the end of a part, and at the end of all, are lines too.
    lines = ["" if number % 10 == 9 else f"line {number}" for number in range(5 * A_PART + 10)]
    async with running(FakeSession(), (80, 24)) as pilot:
        await app_of(pilot).push_screen(TextScreen("A report", "\n".join(lines)))
        scroll = pilot.app.screen.query_one(TextScroll)
        for _ in range(40):
            await pilot.pause()
        parts = [str(part.render()).split("\n") for part in scroll.query(Static)]
        assert [line for part in parts for line in part] == lines
        assert max(map(len, parts)) <= A_PART and len(parts) == 6
        assert scroll.virtual_size.height == len(lines)
        await pilot.press("G")
        await pilot.pause()
        assert f"line {len(lines) - 2}" in screen_text(pilot)
        assert "no more that way" not in screen_text(pilot)
