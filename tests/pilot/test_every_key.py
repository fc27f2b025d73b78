"""No key stays silent: pressed in any pane, each one changes what can be read on the screen."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import FakeSession
from tests.support.patience import HANGS
from workbench.planning.catalog import ACTIONS, Pane
from workbench.tui.widgets.table.keys import TABLE_BINDINGS

# What ends the program, and what its toolkit opens: both have tests of their own.
ELSEWHERE = frozenset({"q", "ctrl+p"})
LOOK = 0.02  # seconds between two looks
GUIDE_KEYS = ("right_square_bracket", "left_square_bracket")


def keys_of(pane: Pane) -> list[str]:
    """Return the keys of a pane: the catalogue's, its table's, the guide's; what works everywhere, in two panes."""
    everywhere = pane in (Pane.RUNBOOK, Pane.ACTIVITY)
    named = [a.key for a in ACTIONS.values() if pane in a.panes or (a.everywhere and everywhere)]
    of_table = [b.key.partition(",")[0] for b in TABLE_BINDINGS if isinstance(b, Binding)]
    guide = GUIDE_KEYS if pane is Pane.RUNBOOK else ()
    return [key for key in dict.fromkeys((*named, *of_table, *guide)) if key and key not in ELSEWHERE]


async def at_rest(pilot: Pilot[int], pane: Pane) -> str:
    """Close what a key opened, take away what it said, stand in the pane; return what can be read there."""
    app = app_of(pilot)
    while len(app.screen_stack) > 1:
        app.pop_screen()
    if app.main.maximised:
        app.main.toggle_maximised()
    app.main.go(pane)
    app.main.panes[pane].table.set_marks(())
    app.clear_notifications()
    app.toasts._until.clear()
    await pilot.pause()
    app.main.note("")
    await pilot.pause()
    return screen_text(pilot)


async def changed(pilot: Pilot[int], before: str) -> bool:
    """Return whether something else can be read; a key's work may need a moment, silence lasts."""
    for _ in range(int(HANGS / LOOK)):
        if screen_text(pilot) != before:
            return True
        await pilot.pause(LOOK)
    return False


@pytest.mark.parametrize(("pane", "size"), [*((pane, (120, 40)) for pane in Pane), (Pane.RUNBOOK, (80, 24))])
async def test_every_key_in_every_pane_changes_what_can_be_read(
    running: Running, pane: Pane, size: tuple[int, int]
) -> None:
    silent = []
    async with running(FakeSession(), size) as pilot:
        app_of(pilot).main.go(pane)
        await settle(pilot)
        for key in keys_of(pane):
            before = await at_rest(pilot, pane)
            await pilot.press(key)
            if not await changed(pilot, before):
                silent.append(key)
    assert not silent


async def test_a_key_that_has_nothing_to_do_says_so_in_the_panes_title(running: Running) -> None:
    async with running(FakeSession(), (120, 40)) as pilot:
        for keys, words in (
            (("6", "space"), "6 Activity  (no row to select here)"),
            (("6",), "6 Activity  (you are here)"),
            (("escape",), "6 Activity  (nothing to leave; q quits)"),
            (("2", "up"), "2 Credentials  (the first row)"),
            (("G", "down"), "2 Credentials  (the last row)"),
            (("v",), "(a range: move, v keeps it)"),
            (("up",), "(a range: move, v keeps it)  "),
            (("v",), "(the range is kept)"),
            (("1", "o"), "1 Runbook  (in its own order)"),
            (("ctrl+l",), "1 Runbook  (drawn anew)"),
        ):
            await pilot.press(*keys)
            await settle(pilot)
            assert words in screen_text(pilot), (keys, screen_text(pilot))
        # It stands until something changes, and goes with whoever leaves the pane.
        await pilot.press("down")
        await settle(pilot)
        assert "1 Runbook  (" not in screen_text(pilot)
