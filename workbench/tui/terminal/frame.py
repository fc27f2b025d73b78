"""What a terminal shows, cell by cell, and the fewest bytes that turn one picture into another.

The toolkit sends whatever it painted, changed or not, with colours set and reset around every piece of text. Here
two pictures are compared instead: nothing is sent for what stands already, colours are set once for a run of cells
and only the part that differs, and a picture that was never sent costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

# A gap of unchanged cells up to this is written again: moving over it costs as many bytes.
_JOINED = 4
# Blanks from which erasing and stepping on is cheaper than writing them.
_ERASED = 12


class Pen(NamedTuple):
    """How a cell is drawn, as SGR parameters: attributes, colour, background; empty means the terminal's own."""

    attributes: str = ""
    color: str = ""
    background: str = ""

    @property
    def on_blank(self) -> Pen:
        """Return what of it shows on a blank: the background, and all of it where a line or a swap is drawn."""
        return self if _marks_blanks(self.attributes) else Pen("", "", self.background)


PLAIN = Pen()


@lru_cache(maxsize=256)
def _marks_blanks(attributes: str) -> bool:
    return not _UNSEEN.issuperset(attributes.split(";"))


# Attributes that a blank does not show: none, bold, dim, italic, blinking, concealed.
_UNSEEN = frozenset({"", "1", "2", "3", "5", "6", "8"})


class FrameLine:
    """One line: a character for each cell (``""`` behind a wide one) and the pen it is drawn with."""

    __slots__ = ("cells", "pens")

    def __init__(self, width: int) -> None:
        self.cells: list[str] = [" "] * width
        self.pens: list[Pen] = [PLAIN] * width

    def same(self, other: FrameLine) -> bool:
        """Return whether both show the same."""
        return self.cells == other.cells and self.pens == other.pens

    def copy_from(self, other: FrameLine) -> None:
        """Show what another line shows."""
        self.cells = other.cells.copy()
        self.pens = other.pens.copy()


class Frame:
    """A picture of the whole terminal."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.lines = [FrameLine(width) for _ in range(height)]

    def put(
        self,
        y: int,
        x: int,
        segments: Iterable[Segment],
        system: ColorSystem | None,
        left: int = 0,
        right: int | None = None,
    ) -> None:
        """Draw segments from cell ``x`` of line ``y`` on, within the cells from ``left`` to before ``right``."""
        if not 0 <= y < self.height:
            return
        line = self.lines[y]
        end = self.width if right is None else min(right, self.width)
        for text, style, control in segments:
            if control:
                continue
            drawn = cells_of(text)
            size = len(drawn)
            first, last = max(left - x, 0), min(end - x, size)
            if first < last:
                line.cells[x + first : x + last] = drawn[first:last]
                pen = pen_of(style, system) if style is not None else PLAIN
                if text.isspace():
                    pen = pen.on_blank
                line.pens[x + first : x + last] = [pen] * (last - first)
            x += size
            if x >= end:
                return


@lru_cache(maxsize=4096)
def _wide_cells(text: str) -> tuple[str, ...]:
    cells: list[str] = []
    for character in text:
        width = get_character_cell_size(character)
        if width == 0 and cells:
            # Combining characters belong to the cell before; that is one back where it is wide.
            at = len(cells) - (2 if cells[-1] == "" and len(cells) > 1 else 1)
            cells[at] += character
        elif width:
            cells.append(character)
            cells += [""] * (width - 1)
    return tuple(cells)


def cells_of(text: str) -> Sequence[str]:
    """Return the characters of a text cell by cell; a cell behind a wide character is empty."""
    return text if text.isascii() else _wide_cells(text)


_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("blink2", "6"),
    ("reverse", "7"),
    ("conceal", "8"),
    ("strike", "9"),
    ("underline2", "21"),
    ("frame", "51"),
    ("encircle", "52"),
    ("overline", "53"),
)


@lru_cache(maxsize=4096)
def pen_of(style: Style, system: ColorSystem | None) -> Pen:
    """Return the pen of a style on a terminal of so many colours; None draws without any."""
    if system is None:
        return PLAIN
    attributes = ";".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    color = background = ""
    if style.color is not None:
        color = ";".join(style.color.downgrade(system).get_ansi_codes())
    if style.bgcolor is not None:
        background = ";".join(style.bgcolor.downgrade(system).get_ansi_codes(foreground=False))
    return Pen(attributes, "" if color == "39" else color, "" if background == "49" else background)


class Painter:
    """Writes what turns one frame into another; knows where the cursor stands and which pen is set."""

    def __init__(self, *, erases: bool) -> None:
        # Whether the terminal erases in the colour that is set (terminfo's bce).
        self._erases = erases

    def paint(self, wanted: Frame, shown: Frame | None) -> str:
        """Return what makes a terminal that shows ``shown`` (None: nobody knows) show ``wanted``.

        Begins and ends with the terminal's own colours set. Empty where nothing differs.
        """
        out: list[str] = [] if shown is not None else ["\x1b[0m"]
        pen, row, column = PLAIN, -1, -1
        for y, line in enumerate(wanted.lines):
            before = shown.lines[y] if shown is not None else None
            if before is not None and line.same(before):
                continue
            for start, end in _runs(line, before):
                out.append(_move(row, column, y, start))
                row, column = y, start
                for first, last, drawn in _pieces(line, start, end, pen):
                    out.append(_set(pen, drawn))
                    pen = drawn
                    text, column = self._text(line, first, last, pen, wanted.width)
                    out.append(text)
                if column >= wanted.width:
                    # At the edge terminals differ on where the cursor stands.
                    column = -1
        if pen != PLAIN:
            out.append("\x1b[0m")
        return "".join(out) if len(out) > (shown is None) else ""

    def _text(self, line: FrameLine, first: int, last: int, pen: Pen, width: int) -> tuple[str, int]:
        """Return the characters of cells drawn with one pen, and the column the cursor stands in afterwards."""
        cells = line.cells[first:last]
        text = "".join(cells)
        bare = text.rstrip(" ")
        blanks = len(text) - len(bare)
        plain = not _marks_blanks(pen.attributes) and (self._erases or not pen.background)
        if plain and blanks > 3 and last == width:
            return f"{bare}\x1b[K", last - blanks
        if plain and blanks > _ERASED:
            return f"{bare}\x1b[{blanks}X\x1b[{blanks}C", last
        return text, last


def _runs(line: FrameLine, before: FrameLine | None) -> Iterator[tuple[int, int]]:
    """Yield the stretches of cells that differ, near ones joined."""
    width = len(line.cells)
    if before is None:
        yield 0, width
        return
    cells, pens, old_cells, old_pens = line.cells, line.pens, before.cells, before.pens
    start = end = -1
    for x in range(width):
        if cells[x] == old_cells[x] and pens[x] == old_pens[x]:
            continue
        # What is written over half of a wide character takes its other half along.
        first = x - 1 if cells[x] == "" and x else x
        if start < 0:
            start = first
        elif first > end and (first - end > _JOINED or any(pen != pens[end - 1] for pen in pens[end:first])):
            yield start, end
            start = first
        end = x + 1
        while end < width and cells[end] == "":
            end += 1
    if start >= 0:
        yield start, end


def _pieces(line: FrameLine, start: int, end: int, now: Pen) -> Iterator[tuple[int, int, Pen]]:
    """Yield the parts of a stretch that one pen can draw, with it; ``now`` is set already.

    A blank shows no colour of its own: it is drawn with whatever pen is at hand that has its background.
    """
    first = start
    for x in range(start, end):
        pen = line.pens[x]
        # A wide character is drawn with the pen of its first half.
        if pen == now or line.cells[x] == "":
            continue
        if line.cells[x] == " " and pen.on_blank == now.on_blank:
            continue
        if x > first:
            yield first, x, now
        first, now = x, pen
    yield first, end, now


def _move(row: int, column: int, y: int, x: int) -> str:
    if row == y and column >= 0:
        return "" if column == x else f"\x1b[{x - column}C" if x > column else f"\x1b[{y + 1};{x + 1}H"
    if row >= 0 and y == row + 1 and x == 0:
        return "\r\n"
    return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"


def _set(now: Pen, wanted: Pen) -> str:
    """Return what changes one pen into another, the shorter of setting what differs and beginning anew."""
    if now == wanted:
        return ""
    anew = ";".join(("0", *(part for part in wanted if part)))
    if now.attributes != wanted.attributes and now.attributes:
        return f"\x1b[{anew if anew != '0' else ''}m"
    parts = []
    if wanted.attributes != now.attributes:
        parts.append(wanted.attributes)
    if wanted.color != now.color:
        parts.append(wanted.color or "39")
    if wanted.background != now.background:
        parts.append(wanted.background or "49")
    some = ";".join(parts)
    return f"\x1b[{some if len(some) <= len(anew) else anew}m"
