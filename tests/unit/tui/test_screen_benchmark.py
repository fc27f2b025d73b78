"""The benchmark of the whole screen reads the cursor off the screen, whatever few bytes a table wrote for it."""

from __future__ import annotations

from tests.benchmarks.bench_screen import login_under_cursor
from tests.benchmarks.ptyharness import Screen
from tests.benchmarks.table_app import CURSOR_COLOUR

ON = "\x1b[48;2;{};{};{}m".format(*(int(CURSOR_COLOUR[i : i + 2], 16) for i in (1, 3, 5)))
OFF = "\x1b[0m"
FRAME = (
    "\x1b[2;1H│   1 Keys   0/3 ││    state      kind   id / login        │"
    f"\x1b[3;1H│   2 Logins 0/9 ││ {ON}❯  dead       key    prod-web  …e647  {OFF}│"
    "\x1b[4;1H│   3 Queues 0/1 ││    untested   smtp   app@mg.acme.test  │"
)
# The next row down: both rows get their mark and ground again, and the name above, which stands there, is left alone.
DOWN = f"\x1b[3;20H    dead       key    prod-web\x1b[9C\x1b[4;20H{ON} ❯  untested   smtp   app@mg.acme.test {OFF}"


def screen(*parts: str) -> Screen:
    """Return the screen that those frames make."""
    made = Screen(60, 6)
    for part in parts:
        made.feed(part.encode())
    return made


def test_the_login_under_the_cursor_is_read_off_the_screen() -> None:
    assert login_under_cursor(screen(FRAME).screen) == "prod-web  …e647"
    assert login_under_cursor(screen(FRAME.replace(ON, OFF)).screen) == ""
    assert login_under_cursor(screen("no table yet").screen) == ""


def test_a_row_of_which_only_the_state_is_written_again_keeps_its_login() -> None:
    state = f"\x1b[3;23H{ON}gone{OFF}"
    assert login_under_cursor(screen(FRAME, state).screen) == "prod-web  …e647"


def test_a_cursor_that_moved_is_on_another_login() -> None:
    assert login_under_cursor(screen(FRAME, DOWN).screen) == "app@mg.acme.test"
