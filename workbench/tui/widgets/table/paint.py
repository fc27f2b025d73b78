"""One line of a table as a strip: gutter, cells, and nothing of the outside text's own making."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from workbench.core.rows import Row, style_of, text_of
from workbench.tui.widgets.cells import crop, fit, width_of
from workbench.tui.widgets.table.columns import PlacedColumn

GUTTER = 3  # cells left of the first column: cursor, mark, a blank


class Glyphs(NamedTuple):
    """The symbols a table draws itself; each takes one cell."""

    cursor: str
    cursor_away: str  # the cursor's row while the table is not focused
    mark: str
    up: str
    down: str


GLYPHS = Glyphs("❯", "›", "●", "▲", "▼")
ASCII_GLYPHS = Glyphs(">", "-", "*", "^", "v")


class PaintedLine(NamedTuple):
    """A row as it stands on the screen."""

    row: Row
    cursor: bool
    marked: bool


class LinePainter:
    """Turns lines into strips of exactly ``width`` cells. ``style`` gives the style of a part by its name."""

    def __init__(
        self, placed: Sequence[PlacedColumn], width: int, style: Callable[[str], Style], ascii_only: bool
    ) -> None:
        self.placed = tuple(placed)
        self.width = width
        self.ascii_only = ascii_only
        self._style = style
        self._glyphs = ASCII_GLYPHS if ascii_only else GLYPHS
        ends = [*(placed.x for placed in self.placed[1:]), width]
        # Each column with the blank cells that follow it.
        self._spans = [
            (placed, end - placed.x - placed.width) for placed, end in zip(self.placed, ends, strict=False)
        ]

    def header(self, sort_column: str | None, descending: bool) -> Strip:
        """Return the titles, with an arrow at the column the rows are sorted by."""
        style = self._style("header")
        parts = [" " * GUTTER]
        for placed, gap in self._spans:
            title = placed.column.title
            if placed.column.id == sort_column:
                arrow = self._glyphs.down if descending else self._glyphs.up
                title = f"{crop(title, placed.width - 1, self.ascii_only)}{arrow}"
                parts.append(self._pad(title, placed))
            else:
                parts.append(fit(title, placed.width, placed.column.align, self.ascii_only))
            parts.append(" " * gap)
        return Strip([Segment("".join(parts), style)]).adjust_cell_length(self.width, style)

    def line(self, line: PaintedLine, focused: bool) -> Strip:
        """Return one row; the cursor shows as a glyph and a style, the mark as a glyph and a style."""
        row, cursor, marked = line
        base = self._style("cursor" if cursor else "base")
        mark = base if cursor or not marked else self._style("marked")
        pointer = " " if not cursor else self._glyphs.cursor if focused else self._glyphs.cursor_away
        segments = [Segment(pointer, base), Segment((self._glyphs.mark if marked else " ") + " ", mark)]
        cells = row.cells  # once: a row may make them only now
        for placed, gap in self._spans:
            cell = cells[placed.cell]
            name = style_of(cell, row)
            style = base if cursor else self._style(name) if name else mark
            text = fit(text_of(cell), placed.width, placed.column.align, self.ascii_only)
            segments.append(Segment(text + " " * gap, style))
        if not self.placed:
            return Strip.blank(self.width, base)
        # Neighbours of one style become one segment: each costs some 40 bytes of colours on the wire.
        return Strip(Segment.simplify(segments), self.width)

    def blank(self, text: str = "") -> Strip:
        """Return a line without a row, with ``text`` (already harmless) in it."""
        style = self._style("empty" if text else "base")
        return Strip([Segment(text, style)]).adjust_cell_length(self.width, style)

    def changed(self, before: Sequence[PaintedLine], now: Sequence[PaintedLine], *, top: int) -> list[Region]:
        """Return what of two snapshots differs, as regions of the widget; the first line is painted at ``top``."""
        regions = []
        for y, (old, new) in enumerate(zip_longest(before, now), start=top):
            if old is None or new is None:
                regions.append(Region(0, y, self.width, 1))
            elif span := self.changed_span(old, new):
                regions.append(Region(span[0], y, span[1], 1))
        return regions

    def changed_span(self, old: PaintedLine, new: PaintedLine) -> tuple[int, int] | None:
        """Return the first cell and the number of cells in which two lines differ, or None if they do not."""
        if old == new and old.row is new.row:
            return None
        same_frame = old.cursor == new.cursor and old.marked == new.marked
        if not same_frame or old.row.key != new.row.key or old.row.style != new.row.style:
            return 0, self.width
        before, now = old.row.cells, new.row.cells
        changed = [cell for cell in self.placed if before[cell.cell] != now[cell.cell]]
        if not changed:
            return None
        start, last = changed[0].x, changed[-1]
        return start, last.x + last.width - start

    def _pad(self, text: str, placed: PlacedColumn) -> str:
        space = " " * (placed.width - width_of(text))
        return space + text if placed.column.align == "right" else text + space
