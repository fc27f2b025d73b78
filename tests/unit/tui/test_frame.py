"""Two pictures and the bytes between them, held against a terminal emulator that shares none of our assumptions."""

from __future__ import annotations

import random
from unicodedata import normalize

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from workbench.tui.terminal.frame import Frame, Painter, cells_of

WIDTH, HEIGHT = 24, 6
STYLES = [
    Style(),
    Style(bold=True),
    Style(color="#ff0000"),
    Style(color="#ff0000", bold=True),
    Style(bgcolor="#00ff00"),
    Style(color="#0000ff", bgcolor="#00ff00", underline=True),
    Style(reverse=True),
    Style(color="red", dim=True, strike=True),
    Style(color="default", bgcolor="default"),
]
TEXTS = ["a", "Bc", "   ", "            ", "é", "世", "世界x", "─", "e\u0301z", "x  y", "▶ ", ""]

Piece = tuple[int, int, int, int]  # line, column, text, style


def drawn(frame: Frame, pieces: list[Piece], system: ColorSystem | None = ColorSystem.TRUECOLOR) -> Frame:
    """Draw pieces one over the other, never cutting a wide character in two."""
    for y, x, text, style in pieces:
        cells = cells_of(TEXTS[text])
        line = frame.lines[y]
        if x + len(cells) > frame.width or (
            cells and (line.cells[x] == "" or _behind(line.cells, x + len(cells)))
        ):
            continue
        frame.put(y, x, [Segment(TEXTS[text], STYLES[style])], system)
    return frame


def _behind(cells: list[str], x: int) -> bool:
    return x < len(cells) and cells[x] == ""


def emulated(texts: list[str]) -> pyte.Screen:
    """Return the screen of an emulator that was sent texts."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    # As the driver leaves it: the edge does not wrap.
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")
    for text in texts:
        stream.feed(text)
    return screen


def looks(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    """Return what can be seen of each cell: a blank shows no colour and no weight of its own."""
    seen = []
    for y in range(HEIGHT):
        row: list[tuple[object, ...]] = []
        for x in range(WIDTH):
            cell = screen.buffer[y][x]
            marks = (cell.underscore, cell.strikethrough, cell.reverse)
            if cell.data == " " and not any(marks):
                row.append((" ", cell.bg))
            elif cell.data == "":
                row.append(("",))
            else:
                row.append((cell.data, cell.fg, cell.bg, cell.bold, *marks))
        seen.append(row)
    return seen


pieces = st.lists(
    st.tuples(
        st.integers(0, HEIGHT - 1),
        st.integers(0, WIDTH - 1),
        st.integers(0, len(TEXTS) - 1),
        st.integers(0, len(STYLES) - 1),
    ),
    max_size=14,
)


@given(pieces, pieces, st.booleans())
def test_what_is_sent_turns_one_picture_into_the_other(
    before: list[Piece], after: list[Piece], erases: bool
) -> None:
    painter = Painter(erases=erases)
    first = drawn(Frame(WIDTH, HEIGHT), before)
    second = drawn(drawn(Frame(WIDTH, HEIGHT), before), after)
    stepwise = emulated([painter.paint(first, None), painter.paint(second, first)])
    at_once = emulated([painter.paint(second, None)])
    assert looks(stepwise) == looks(at_once)
    assert painter.paint(second, second) == ""


@given(pieces, st.booleans())
def test_a_picture_sent_whole_shows_every_cell(after: list[Piece], erases: bool) -> None:
    frame = drawn(Frame(WIDTH, HEIGHT), after)
    junk = "\x1b[H" + "#" * WIDTH + "\r\n" + "\x1b[44m" + "~" * WIDTH
    screen = emulated([junk, "\x1b[0m", Painter(erases=erases).paint(frame, None)])
    for y, line in enumerate(frame.lines):
        for x, cell in enumerate(line.cells):
            assert screen.buffer[y][x].data == normalize("NFC", cell), (y, x)


def test_nothing_that_differs_costs_nothing() -> None:
    frame = drawn(Frame(WIDTH, HEIGHT), [(0, 0, 7, 3), (3, 4, 6, 5)])
    assert Painter(erases=True).paint(frame, frame) == ""


def test_one_cell_costs_a_move_a_pen_and_itself() -> None:
    rng = random.Random(3)
    many = [
        (rng.randrange(HEIGHT), rng.randrange(WIDTH), rng.randrange(4), rng.randrange(4)) for _ in range(60)
    ]
    before = drawn(Frame(WIDTH, HEIGHT), many)
    after = drawn(drawn(Frame(WIDTH, HEIGHT), many), [(2, 3, 0, 2)])
    assert len(Painter(erases=True).paint(after, before)) <= 40


@pytest.mark.parametrize(
    ("system", "codes"), [(ColorSystem.TRUECOLOR, "38;2;"), (ColorSystem.EIGHT_BIT, "38;5;"), (None, "")]
)
def test_as_many_colours_as_the_terminal_has(system: ColorSystem | None, codes: str) -> None:
    frame = drawn(Frame(WIDTH, HEIGHT), [(0, 0, 1, 2)], system)
    sent = Painter(erases=True).paint(frame, None)
    assert codes in sent and ("38;" in sent) is bool(codes)


def test_colours_are_set_once_for_a_run() -> None:
    frame = Frame(WIDTH, HEIGHT)
    red = Style(color="#ff0000")
    for x, word in ((0, "one"), (3, " "), (4, "two"), (7, "   "), (10, "three")):
        frame.put(1, x, [Segment(word, Style() if word.isspace() else red)], ColorSystem.TRUECOLOR)
    assert Painter(erases=True).paint(frame, Frame(WIDTH, HEIGHT)).count("38;2;255;0;0") == 1
