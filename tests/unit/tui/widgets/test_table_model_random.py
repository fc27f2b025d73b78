"""Random life of a table against a model too simple to be wrong."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workbench.tui.widgets.table import Cell, Column, TableModel, TableRow

KEYS = [f"k{i}" for i in range(12)]
WORDS = ["", "red", "blue", "red blue"]
values = st.one_of(st.none(), st.integers(0, 4))
rows = st.builds(
    lambda key, word, value, markable: TableRow(
        key, (word, Cell("" if value is None else str(value), sort=value)), markable=markable
    ),
    st.sampled_from(KEYS),
    st.sampled_from(WORDS),
    values,
    st.booleans(),
)


class TableLife(RuleBasedStateMachine):
    """Every step runs on the table and on plain lists that are sorted anew each time."""

    def __init__(self) -> None:
        super().__init__()
        self.table = TableModel([Column("word", "word", width=5), Column("value", "value", width=5)])
        self.rows: dict[str, TableRow] = {}  # in order of arrival
        self.filter: list[str] = []
        self.sort: tuple[str | None, bool] = (None, False)
        self.marks: set[str] = set()
        self.cursor: str | None = None

    def order(self, hidden: bool = False) -> list[str]:
        column, descending = self.sort
        words = [] if hidden else self.filter
        shown = [k for k, r in self.rows.items() if all(w in str(r.cells[0]).split() for w in words)]
        if column is None:
            return shown[::-1] if descending else shown
        place = 0 if column == "word" else 1

        def text(key: str) -> str:
            cell = self.rows[key].cells[place]
            return cell.text if isinstance(cell, Cell) else cell

        return sorted((k for k in shown if text(k)), key=text, reverse=descending) + [
            k for k in shown if not text(k)
        ]

    def settle(self, before: list[str]) -> None:
        """Where the cursor's row is gone: the next of the old order that is still there, else the one before."""
        after = set(self.order())
        if self.cursor in after:
            return
        if self.cursor not in before:
            self.cursor = next(iter(self.order()), None)
            return
        place = before.index(self.cursor)
        self.cursor = next((k for k in before[place:] + before[:place][::-1] if k in after), None)
        if self.cursor is None:
            self.cursor = next(iter(self.order()), None)

    @rule(fresh=st.lists(rows, max_size=12, unique_by=lambda row: row.key))
    def set_rows(self, fresh: list[TableRow]) -> None:
        before = self.order()
        self.table.set_rows(fresh)
        self.rows = {row.key: row for row in fresh}
        self.marks = {key for key in self.marks if key in self.rows and self.rows[key].markable}
        self.settle(before)

    @rule(row=rows)
    def update_row(self, row: TableRow) -> None:
        before = self.order(hidden=True)
        self.table.update_rows([row])
        self.rows[row.key] = row
        if not row.markable:
            self.marks.discard(row.key)
        self.settle(before)

    @rule(gone=st.lists(st.sampled_from(KEYS), max_size=6))
    def remove(self, gone: list[str]) -> None:
        before = self.order(hidden=True)
        self.table.remove(gone)
        self.rows = {key: row for key, row in self.rows.items() if key not in gone}
        self.marks -= set(gone)
        self.settle(before)

    @rule(column=st.sampled_from([None, "word", "value"]), descending=st.booleans())
    def set_sort(self, column: str | None, descending: bool) -> None:
        self.table.set_sort(column, descending)
        self.sort = (column, descending)

    @rule(words=st.lists(st.sampled_from(["red", "blue"]), max_size=2, unique=True))
    def set_filter(self, words: list[str]) -> None:
        before = self.order(hidden=True)
        self.table.set_filter(" ".join(words))
        self.filter = words
        self.settle(before)

    @rule(index=st.integers(-2, 14))
    def move(self, index: int) -> None:
        self.table.move_to(index)
        if order := self.order():
            self.cursor = order[max(0, min(index, len(order) - 1))]

    @rule(key=st.sampled_from(KEYS))
    def toggle(self, key: str) -> None:
        self.table.toggle(key)
        if key in self.rows and self.rows[key].markable:
            self.marks ^= {key}

    @rule()
    def toggle_visible(self) -> None:
        self.table.toggle_visible()
        able = {key for key in self.order() if self.rows[key].markable}
        self.marks = self.marks - able if able <= self.marks else self.marks | able

    @invariant()
    def same_as_the_plain_lists(self) -> None:
        order = self.order()
        assert self.table.keys() == order
        assert [self.table.index_of(key) for key in order] == list(range(len(order)))
        assert [self.table.key_at(index) for index in range(len(order))] == order
        assert self.table.total == len(self.rows)
        assert self.table.cursor == self.cursor
        assert set(self.table.marked()) == self.marks
        assert [key for key in self.table.marked() if key in order] == [
            key for key in order if key in self.marks
        ]


TestTableLife = TableLife.TestCase
TestTableLife.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, derandomize=True, database=None
)
