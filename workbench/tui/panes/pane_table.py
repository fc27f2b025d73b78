"""A pane's table: a key that can change nothing here says why in the pane's title, instead of staying silent."""

from __future__ import annotations

from textual.message import Message

from workbench.tui.widgets.table import KeyedTable

RANGE = "a range: move, v keeps it"


class PaneTable(KeyedTable):
    """Tells ``Nothing`` with the reason whenever one of its keys found nothing to do."""

    class Nothing(Message, bubble=True):
        """A key changed nothing; ``why`` in three or four words, for a title."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

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
