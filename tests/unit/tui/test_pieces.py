"""Lines that were cut are cut right, and keep nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from workbench.tui.terminal import pieces


@pytest.fixture
def plain() -> Iterator[None]:
    """Have the toolkit as it was afterwards: other tests may look at it."""
    before = Strip.divide
    yield
    Strip.divide = before  # type: ignore[method-assign]


@pytest.mark.parametrize("cuts", [[6], [2, 6], [1, 2, 3, 6], [6, 9], []])
def test_a_line_is_cut_as_the_toolkit_cuts_it_and_keeps_no_piece(plain: None, cuts: list[int]) -> None:
    def line() -> Strip:
        return Strip([Segment("ab"), Segment("cdef", Style(bold=True))], 6)

    wanted = list(line().divide(cuts))
    pieces.keep_none()
    cut = line()
    for _ in range(2):
        assert list(cut.divide(cuts)) == wanted
        assert len(cut._divide_cache) == 0
