"""Columns, and how they share the width there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workbench.core.rows import Cell, SortValue
from workbench.tui.widgets.cells import Align

GAP = 2  # cells between two columns
NARROW_GAP = 1  # the same in a pane under NARROW cells
NARROW = 60


@dataclass(frozen=True)
class Column:
    """One column. Widths are in terminal cells.

    ``width`` is the wish; ``min_width`` (0: the same as ``width``) is what it may shrink to. A column with
    ``flex`` shares what is left over in that proportion, on top of ``min_width`` (else ``width``, else 8).
    ``priority`` 1 stays longest: on a narrow pane the largest number is dropped first, the rightmost of
    equals. ``sort_key`` turns a cell into what it sorts by, where the cell's own sort value will not do.
    """

    id: str
    title: str
    width: int = 0
    flex: int = 0
    min_width: int = 0
    align: Align = "left"
    sort_key: Callable[[Cell], SortValue] | None = None
    priority: int = 1
    sortable: bool = True

    def __post_init__(self) -> None:
        """Refuse a column that could never be drawn."""
        if self.width <= 0 and self.flex <= 0:
            raise ValueError(f"column {self.id!r} needs a width or a flex share")

    @property
    def least(self) -> int:
        """The fewest cells the column is drawn in."""
        return self.min_width or self.width or 8


class PlacedColumn(NamedTuple):
    """A column on the screen: its index in the row, where it starts and how many cells it has."""

    cell: int
    column: Column
    x: int
    width: int


def fit_columns(columns: Sequence[Column], available: int, start: int = 0) -> tuple[PlacedColumn, ...]:
    """Return the columns that fit into ``available`` cells, placed from ``start`` on, left to right.

    The least important ones are dropped until the rest fit at their least width; then fixed columns grow to
    their wish, the important ones first, and flexible ones share the rest. One column always stays.
    """
    if not columns or available <= 0:
        return ()
    gap = GAP if available >= NARROW else NARROW_GAP
    kept = list(range(len(columns)))

    def least_total() -> int:
        return sum(columns[i].least for i in kept) + gap * (len(kept) - 1)

    while len(kept) > 1 and least_total() > available:
        kept.remove(max(kept, key=lambda i: (columns[i].priority, i)))
    if len(kept) == 1 and columns[kept[0]].least >= available:
        return (PlacedColumn(kept[0], columns[kept[0]], start, available),)
    widths = _share(columns, kept, available - least_total())
    placed: list[PlacedColumn] = []
    x = start
    for i in kept:
        placed.append(PlacedColumn(i, columns[i], x, widths[i]))
        x += widths[i] + gap
    return tuple(placed)


def _share(columns: Sequence[Column], kept: Sequence[int], spare: int) -> dict[int, int]:
    widths = {i: columns[i].least for i in kept}
    for i in sorted(kept, key=lambda i: (columns[i].priority, i)):
        grow = min(spare, max(0, columns[i].width - widths[i]))
        widths[i] += grow
        spare -= grow
    flexible = [i for i in kept if columns[i].flex]
    shares = sum(columns[i].flex for i in flexible)
    for i in flexible:
        extra = spare * columns[i].flex // shares
        widths[i] += extra
        spare -= extra
        shares -= columns[i].flex
    return widths
