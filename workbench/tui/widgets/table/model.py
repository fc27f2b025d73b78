"""The table without a screen: rows by key, their order, the filter, the cursor and the marks.

Every visible row has a *rank*: what it sorts by, then its place of arrival, which alone is the rank where nothing is
sorted. The visible ranks are kept in one sorted list, so a changed row is found and moved by bisection and 20,000 rows
cost little more than 200. Descending order is the same list read from its end, with the places of arrival negated so
that equals keep their order.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from workbench.core.rows import STYLES, Cell, Row, SortValue, text_of
from workbench.tui.widgets.table.columns import Column

# All of a table's ranks are of one kind: numbers while it stands as it arrived, else the triples.
Rank = int | tuple[int, SortValue, int]

# Above this many moved rows in one call one sort of everything is cheaper than moving each.
BULK = 256
NUMBER, TEXT, MISSING_LAST, MISSING_FIRST = 0, 1, 2, -1


class TableModel:
    """Rows in order, with a cursor that stays on its key and marks kept by key."""

    def __init__(self, columns: Sequence[Column]) -> None:
        if len({column.id for column in columns}) != len(columns):
            raise ValueError("two columns share an id")
        self.columns = tuple(columns)
        self.cursor: str | None = None
        self.sort_column: str | None = None
        self.descending = False
        self.filter_text = ""
        self._terms: tuple[str, ...] = ()
        self._rows: dict[str, Row] = {}
        self._rank: dict[str, Rank] = {}
        self._haystack: dict[str, str] = {}
        self._arrival = 0
        self._sort_index: int | None = None
        # Visible rows, ascending by rank, as two lists side by side.
        self._ranks: list[Rank] = []
        self._keys: list[str] = []
        self._marks: set[str] = set()
        self.mark_version = 0  # grows whenever the set of marks changes

    # What stands

    @property
    def total(self) -> int:
        """How many rows there are, filtered out or not."""
        return len(self._rows)

    def __len__(self) -> int:
        """Return how many rows pass the filter."""
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        """Tell whether a row of that key exists, visible or not."""
        return key in self._rows

    def row(self, key: str) -> Row | None:
        """Return the row of a key, visible or not, or None."""
        return self._rows.get(key)

    def row_at(self, index: int) -> Row:
        """Return the visible row at a place counted from the top; IndexError outside."""
        return self._rows[self.key_at(index)]

    def key_at(self, index: int) -> str:
        """Return the key of the visible row at a place counted from the top; IndexError outside."""
        if not 0 <= index < len(self._keys):
            raise IndexError(index)
        return self._keys[len(self._keys) - 1 - index if self.descending else index]

    def index_of(self, key: str | None) -> int | None:
        """Return the place of a key counted from the top, or None where it is not visible."""
        if key is None or (rank := self._rank.get(key)) is None:
            return None
        place = bisect_left(self._ranks, rank)
        if place == len(self._keys) or self._keys[place] != key:
            return None
        return len(self._keys) - 1 - place if self.descending else place

    def keys(self) -> list[str]:
        """Return the visible keys from the top down."""
        return self._keys[::-1] if self.descending else self._keys[:]

    # Rows come and go

    def set_rows(self, rows: Iterable[Row]) -> bool:
        """Make these the rows, in this order of arrival; return whether anything changed.

        Rows equal to what stands keep their identity. ValueError for a key given twice or a row whose
        cells do not match the columns.
        """
        fresh: dict[str, Row] = {}
        for row in rows:
            if row.key in fresh:
                raise ValueError(f"two rows have the key {row.key!r}")
            old = self._rows.get(row.key)
            if old is not row:
                self._check(row)
            fresh[row.key] = old if old is not None and (old is row or old == row) else row
        if fresh == self._rows and list(fresh) == list(self._rows):
            return False
        before, place = self.keys(), self.index_of(self.cursor)
        self._haystack = {
            key: text for key, text in self._haystack.items() if fresh.get(key) is self._rows[key]
        }
        self._rows = fresh
        self._keep_marks({key for key in self._marks if key in fresh and fresh[key].markable})
        self._arrival = len(fresh)
        self._rank_all()
        if self.index_of(self.cursor) is None:
            self._settle_near(before, place)
        return True

    def update_rows(self, rows: Iterable[Row]) -> bool:
        """Replace rows by key and append new ones at the end; return whether anything changed."""
        changed: dict[str, Row] = {}
        for row in rows:
            self._check(row)
            changed[row.key] = row
        changed = {key: row for key, row in changed.items() if self._rows.get(key) != row}
        if not changed:
            return False
        cursor_rank = self._rank.get(self.cursor) if self.cursor is not None else None
        moves: list[tuple[str, Rank]] = []
        for key, row in changed.items():
            old_rank = self._rank.get(key)
            if old_rank is None:
                rank = self._rank_of(row, self._arrival)
                self._arrival += 1
            else:
                rank = self._rank_of(row, _arrival(old_rank))
            self._rows[key] = row
            self._haystack.pop(key, None)
            if rank != old_rank or self._terms:
                moves.append((key, rank))
            if not row.markable and key in self._marks:
                self._keep_marks(self._marks - {key})
        self._move(moves)
        self._settle(cursor_rank)
        return True

    def remove(self, keys: Iterable[str]) -> bool:
        """Remove rows; unknown keys are ignored. Return whether anything changed."""
        gone = [key for key in dict.fromkeys(keys) if key in self._rows]
        if not gone:
            return False
        cursor_rank = self._rank.get(self.cursor) if self.cursor is not None else None
        if len(gone) > BULK:
            dropped = set(gone)
            kept = [(r, k) for r, k in zip(self._ranks, self._keys, strict=True) if k not in dropped]
            self._ranks, self._keys = [r for r, _ in kept], [k for _, k in kept]
        else:
            for key in gone:
                self._take_out(key)
        for key in gone:
            del self._rows[key], self._rank[key]
            self._haystack.pop(key, None)
        self._keep_marks(self._marks.difference(gone))
        self._settle(cursor_rank)
        return True

    # Order and filter

    def set_sort(self, column_id: str | None, descending: bool = False) -> None:
        """Sort by a column (None: by arrival). The cursor keeps its key. KeyError for an unknown column."""
        places = {column.id: index for index, column in enumerate(self.columns)}
        self._sort_index = None if column_id is None else places[column_id]
        order = sorted(self._rows, key=lambda key: _arrival(self._rank[key]))
        self.sort_column, self.descending = column_id, descending
        self._rank_all(order)

    def set_filter(self, text: str) -> bool:
        """Show only rows that hold every word of ``text``, case ignored; return whether the words changed."""
        terms = tuple(text.casefold().split())
        self.filter_text = text
        if terms == self._terms:
            return False
        cursor_rank = self._rank.get(self.cursor) if self.cursor is not None else None
        self._terms = terms
        self._rebuild()
        self._settle(cursor_rank)
        return True

    # The cursor

    def move_to(self, index: int) -> None:
        """Put the cursor on the visible row at ``index``, or on the nearest end."""
        if self._keys:
            self.cursor = self.key_at(max(0, min(index, len(self._keys) - 1)))

    # Marks

    @property
    def mark_count(self) -> int:
        """How many rows are marked, filtered out or not."""
        return len(self._marks)

    def is_marked(self, key: str) -> bool:
        """Tell whether a row is marked."""
        return key in self._marks

    def marked(self) -> list[str]:
        """Return the marked keys from the top down, those hidden by the filter included."""
        return sorted(self._marks, key=lambda key: self._rank[key], reverse=self.descending)

    def hidden_mark_count(self) -> int:
        """Return how many marked rows the filter hides."""
        return sum(self.index_of(key) is None for key in self._marks) if self._terms else 0

    def set_marks(self, keys: Iterable[str]) -> bool:
        """Make these the marks, leaving out unknown and unmarkable rows; return whether they changed."""
        return self._keep_marks({key for key in keys if key in self._rows and self._rows[key].markable})

    def toggle(self, key: str) -> bool:
        """Mark a row or take its mark away; return False where it cannot be marked."""
        row = self._rows.get(key)
        return row is not None and row.markable and self._keep_marks(self._marks ^ {key})

    def toggle_visible(self) -> bool:
        """Mark every visible row, or none of them where all are marked; return whether marks changed."""
        able = {key for key in self._keys if self._rows[key].markable}
        return self.set_marks(self._marks - able if able <= self._marks else self._marks | able)

    # Inside

    def _keep_marks(self, marks: set[str]) -> bool:
        changed = marks != self._marks
        self._marks = marks
        self.mark_version += changed
        return changed

    def _check(self, row: Row) -> None:
        cells = row.cells  # once: a row may make them only now
        if len(cells) != len(self.columns):
            raise ValueError(f"row {row.key!r} has {len(cells)} cells for {len(self.columns)} columns")
        for cell in cells:
            if not isinstance(cell, str) and cell.style and cell.style not in STYLES:
                raise ValueError(f"row {row.key!r} has a cell of unknown style {cell.style!r}")
        if row.style and row.style not in STYLES:
            raise ValueError(f"row {row.key!r} has the unknown style {row.style!r}")

    def _rank_of(self, row: Row, arrival: int) -> Rank:
        if self._sort_index is None:
            return arrival
        place = -arrival if self.descending else arrival
        kind, value = self._sort_value(self.columns[self._sort_index], row.cells[self._sort_index])
        return (kind, value, place)

    def _sort_value(self, column: Column, cell: Cell | str) -> tuple[int, SortValue]:
        if column.sort_key is not None:
            value = column.sort_key(cell if isinstance(cell, Cell) else Cell(cell))
        else:
            value = cell.sort if isinstance(cell, Cell) and cell.sort is not None else text_of(cell)
        if isinstance(value, str) and value:
            return TEXT, value.casefold()
        if isinstance(value, (int, float)) and not math.isnan(value):
            return NUMBER, value
        # What is missing stands last in both directions; 0 because nothing may be compared with None.
        return (MISSING_FIRST if self.descending else MISSING_LAST), 0

    def _rank_all(self, order: Iterable[str] | None = None) -> None:
        keys = self._rows if order is None else order
        self._rank = {key: self._rank_of(self._rows[key], place) for place, key in enumerate(keys)}
        self._rebuild()

    def _rebuild(self) -> None:
        shown = sorted((rank, key) for key, rank in self._rank.items() if self._matches(key))
        self._ranks = [rank for rank, _ in shown]
        self._keys = [key for _, key in shown]

    def _matches(self, key: str) -> bool:
        if not self._terms:
            return True
        text = self._haystack.get(key)
        if text is None:
            row = self._rows[key]
            text = "\n".join((*map(text_of, row.cells), row.search)).casefold()
            self._haystack[key] = text
        return all(term in text for term in self._terms)

    def _move(self, moves: list[tuple[str, Rank]]) -> None:
        if len(moves) > BULK:
            self._rank.update(moves)
            self._rebuild()
            return
        for key, rank in moves:
            old = self._rank.get(key)
            if old == rank and self._matches(key) == (self.index_of(key) is not None):
                continue
            if old is not None:
                self._take_out(key)
            self._rank[key] = rank
            if self._matches(key):
                place = bisect_left(self._ranks, rank)
                self._ranks.insert(place, rank)
                self._keys.insert(place, key)

    def _take_out(self, key: str) -> None:
        place = bisect_left(self._ranks, self._rank[key])
        if place < len(self._keys) and self._keys[place] == key:
            del self._ranks[place], self._keys[place]

    def _settle(self, rank: Rank | None) -> None:
        """Leave the cursor on its key, else put it on the next visible row below the rank it had."""
        if self.index_of(self.cursor) is not None:
            return
        if not self._keys:
            self.cursor = None
        elif rank is None:
            self.cursor = self.key_at(0)
        else:
            place = bisect_left(self._ranks, rank)
            self.move_to(len(self._keys) - place if self.descending else place)

    def _settle_near(self, before: list[str], place: int | None) -> None:
        """Put the cursor on the first row that is still there, downwards from its old place, then upwards."""
        for key in (*before[place:], *reversed(before[:place])) if place is not None else ():
            if self.index_of(key) is not None:
                self.cursor = key
                return
        self.cursor = self.key_at(0) if self._keys else None


def _arrival(rank: Rank) -> int:
    """Return the place of arrival of whoever has that rank."""
    return rank if isinstance(rank, int) else abs(rank[2])
