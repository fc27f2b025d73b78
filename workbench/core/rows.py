"""What a table shows: rows known by a key, made of cells; no widget is known here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

SortValue: TypeAlias = str | int | float | None

# Style class names a cell or a row may carry; each has a component class ``keyed-table--<name>``.
STYLES = ("ok", "warn", "bad", "dim", "accent", "busy")


class Cell(NamedTuple):
    """One cell: outside text, the name of a style (one of ``STYLES`` or empty), and what it sorts by.

    Without ``sort`` the cell sorts by its text, case ignored; give numbers and times (as a number) for what
    is a number or a time. A style only adds to what the text says in words and symbols.
    """

    text: str
    style: str = ""
    sort: SortValue = None


class Row(Protocol):
    """What a table takes for a row: a ``TableRow``, or what makes its cells only when they are looked at."""

    @property
    def key(self) -> str:
        """Return what the row is known by: stable, unique."""

    @property
    def cells(self) -> tuple[Cell | str, ...]:
        """Return one cell a column."""

    @property
    def style(self) -> str:
        """Return the style of the cells that have none of their own."""

    @property
    def markable(self) -> bool:
        """Return whether the row may be marked."""

    @property
    def search(self) -> str:
        """Return what the filter finds beyond the cells' own text."""


class TableRow(NamedTuple):
    """One row: its key (stable, unique), one cell a column, and whether it may be marked.

    ``style`` applies to cells that have none of their own; ``search`` is text the filter finds beyond the
    cells' own.
    """

    key: str
    cells: tuple[Cell | str, ...]
    style: str = ""
    markable: bool = True
    search: str = ""


def reworded(row: TableRow, words: Callable[[str], str]) -> TableRow:
    """Return a row with each cell's text as ``words`` gives it back; what it sorts and is found by stays."""
    cells = (
        words(cell) if isinstance(cell, str) else cell._replace(text=words(cell.text)) for cell in row.cells
    )
    return row._replace(cells=tuple(cells))


def text_of(cell: Cell | str) -> str:
    """Return a cell's raw text."""
    return cell if isinstance(cell, str) else cell.text


def style_of(cell: Cell | str, row: Row) -> str:
    """Return the name of the style a cell is drawn in: its own, else its row's."""
    return row.style if isinstance(cell, str) else cell.style or row.style
