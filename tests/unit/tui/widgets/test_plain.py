"""What stands for a character where only ASCII can be drawn."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.color import Color

from workbench.tui.widgets.plain import AsciiFilter
from workbench.tui.widgets.sparkline import BARS

BLACK = Color(0, 0, 0)


def drawn(text: str) -> str:
    return "".join(segment.text for segment in AsciiFilter().apply([Segment(text)], BLACK))


@pytest.mark.parametrize("block", [range(0x2500, 0x2580), range(0x2580, 0x25A0)])
def test_nothing_that_frames_and_bars_are_made_of_becomes_a_question_mark(block: range) -> None:
    shown = drawn("".join(map(chr, block)))
    assert "?" not in shown and shown.isascii() and len(shown) == len(block)


def test_lines_keep_their_direction_and_their_weight() -> None:
    assert drawn("─━│┃┌┓▌") == "-=|#+#|"
    assert drawn(BARS)[0] != drawn(BARS)[-1]


def test_what_nothing_looks_like_keeps_its_cells() -> None:
    assert drawn("Zoë 日本") == "Zo? ????"
