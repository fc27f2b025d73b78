"""Lines without caches are the toolkit's lines in everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from workbench.tui.terminal import pieces

STYLE = Style(italic=True)
DONE: dict[str, Callable[[Strip], object]] = {
    "whole": lambda line: list(line.divide([6])),
    "in two": lambda line: list(line.divide([2, 6])),
    "in four": lambda line: list(line.divide([1, 2, 3, 6])),
    "beyond its end": lambda line: list(line.divide([6, 9])),
    "nowhere": lambda line: list(line.divide([])),
    "cropped": lambda line: line.crop(1, 4),
    "cropped and longer": lambda line: line.crop_extend(2, 9, STYLE),
    "longer": lambda line: line.adjust_cell_length(9, STYLE),
    "styled": lambda line: line.apply_style(STYLE),
    "with offsets": lambda line: line.apply_offsets(2, 3),
    "simpler": lambda line: line.simplify(),
    "length": lambda line: (line.cell_length, line.text, line.cell_count),
}


@pytest.fixture
def lightly() -> Iterator[None]:
    """Have the toolkit as it was afterwards: other tests may look at it."""
    before = Strip.__init__
    yield
    Strip.__init__ = before  # type: ignore[method-assign]


def line() -> Strip:
    """Return a line of two styles."""
    return Strip([Segment("ab"), Segment("cdef", Style(bold=True))], 6)


@pytest.mark.parametrize("name", DONE)
def test_what_is_done_with_a_line_comes_out_as_the_toolkit_does_it(lightly: None, name: str) -> None:
    do = DONE[name]
    wanted = do(line())
    pieces.keep_little()
    cut = line()
    assert [do(cut), do(cut)] == [wanted, wanted]


def test_a_line_has_all_that_the_toolkit_gives_it(lightly: None) -> None:
    given = {name: type(getattr(line(), name)) for name in Strip.__slots__}
    pieces.keep_little()
    for name, kind in given.items():
        assert isinstance(getattr(line(), name), kind), name


def test_nothing_is_kept_of_what_a_line_was_cut_into(lightly: None) -> None:
    pieces.keep_little()
    cut = line()
    first = cut.divide([2, 6])[0]
    assert cut.divide([2, 6])[0] is not first and not cut._divide_cache
