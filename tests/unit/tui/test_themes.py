"""What a terminal can show decides how it is drawn on: its own sixteen colours, and bytes only where it draws bytes."""

from __future__ import annotations

import pytest

from workbench.tui.themes import DARK, ascii_only, theme_name


@pytest.mark.parametrize(
    ("term", "colorterm", "ours"),
    [
        ("xterm-256color", "", True),
        ("tmux-256color", "", True),
        ("xterm", "truecolor", True),
        ("xterm-direct", "", True),
        ("xterm-kitty", "", True),
        ("", "", True),
        ("xterm", "", False),
        ("screen", "", False),
        ("xterm-16color", "", False),
        ("linux", "", False),
        ("vt100", "", False),
        ("vt220", "", False),
    ],
)
def test_a_terminal_of_sixteen_colours_gets_its_own(term: str, colorterm: str, ours: bool) -> None:
    assert (theme_name({"TERM": term, "COLORTERM": colorterm}) == DARK.name) is ours
    assert theme_name({"TERM": term, "WORKBENCH_THEME": "light"}) == "workbench-light"


@pytest.mark.parametrize(
    ("term", "encoding", "bare"),
    [
        ("xterm-256color", "utf-8", False),
        ("xterm-256color", "ANSI_X3.4-1968", True),
        ("vt100", "utf-8", True),
        ("vt220", "UTF8", True),
        ("linux", "utf-8", True),
        ("screen", "utf-8", False),
    ],
)
def test_only_bytes_where_nothing_else_is_drawn(term: str, encoding: str, bare: bool) -> None:
    assert ascii_only({"TERM": term}, encoding) is bare
    assert ascii_only({"TERM": term, "WORKBENCH_ASCII": "1"}, encoding)
