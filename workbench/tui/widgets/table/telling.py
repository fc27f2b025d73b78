"""A table that answers every key: one that changes nothing says why. What its columns cut off can be asked."""

from __future__ import annotations

from rich.cells import cell_len
from textual.message import Message

from workbench.core.rows import text_of
from workbench.tui.widgets.table.view import KeyedTable

RANGE = "a range: move, v keeps it"


class TellingTable(KeyedTable):
    """Tells ``Nothing`` with the reason whenever one of its keys found nothing to do."""

    class Nothing(Message, bubble=True):
        """A key changed nothing; ``why`` in three or four words, for a title."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def unseen(self) -> str:
        """Return what the highlighted row holds and its columns cut off or leave out here, named, in one line."""
        row, room = self.cursor_row, {one.cell: one.width for one in self._painter.placed}
        if row is None or not room:
            return ""
        texts = [
            (column, text_of(row.cells[at]).strip(), room.get(at, 0))
            for at, column in enumerate(self.model.columns)
        ]
        cut = [(column, text) for column, text, width in texts if cell_len(text) > width]
        # The last column is the evidence: what decides comes first. Bars and dashes say nothing without their place.
        cut = [*cut[-1:], *cut[:-1]] if cut and cut[-1][0] is self.model.columns[-1] else cut
        return " · ".join(f"{column.title}: {text}" for column, text in cut if any(map(str.isalnum, text)))

    def _say(self, why: str) -> None:
        self.post_message(self.Nothing(why))

    def _moved_from(self, before: str | None) -> None:
        """Say at which end the cursor is where a key could not move it."""
        if self.model.cursor is None:
            self._say("no row here")
        elif self.model.cursor == before:
            first = self.model.index_of(before) == 0
            only = len(self.model) == 1
            self._say("the only row" if only else "the first row" if first else "the last row")

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        before = self.model.cursor
        super().action_move(step)
        self._moved_from(before)

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        before = self.model.cursor
        super().action_top()
        self._moved_from(before)

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        before = self.model.cursor
        super().action_bottom()
        self._moved_from(before)

    def action_open(self) -> None:
        """Tell the owner that the row under the cursor was opened."""
        if self.model.cursor is None:
            self._say("no row here")
        super().action_open()

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and step down."""
        if self.cursor_row is None or not self.cursor_row.markable:
            self.app.bell()
            self._say("no row to select here")
            return
        super().action_mark()

    def action_mark_all(self) -> None:
        """Mark every visible row, or none of them where all are marked."""
        before = self.model.mark_version
        super().action_mark_all()
        if self.model.mark_version == before:
            self._say("no row to select here")

    def action_range(self) -> None:
        """Start marking a range at the cursor, or keep the one that is open."""
        if self.cursor_row is None or not self.cursor_row.markable:
            self._say("no row to select here")
            return
        super().action_range()
        self._say(RANGE if self.range_open else "the range is kept")

    def action_filter(self) -> None:
        """Open the filter box, where this table has one."""
        if self.open_filter is None:
            self._say("no filter here: the list is short")
        super().action_filter()

    def action_next_sort(self) -> None:
        """Sort by the next column on the screen; after the last one by arrival."""
        if any(column.sortable for column in self.model.columns):
            super().action_next_sort()
        else:
            self._say("in its own order")

    def action_reverse_sort(self) -> None:
        """Reverse the order."""
        if any(column.sortable for column in self.model.columns):
            super().action_reverse_sort()
        else:
            self._say("in its own order")
