"""Marking a range of rows: from where it was begun to the cursor, on top of what was marked before."""

from __future__ import annotations

from workbench.tui.widgets.table.model import TableModel


class MarkRange:
    """The range of one table, open or not. Only ``drop`` takes its marks away again."""

    def __init__(self, model: TableModel) -> None:
        self._model = model
        self._start: str | None = None
        self._before: list[str] = []

    @property
    def is_open(self) -> bool:
        """Return whether moving the cursor extends the range."""
        return self._start is not None

    def toggle(self) -> None:
        """Begin at the cursor, or end the range and keep its marks."""
        if self.is_open:
            self.close()
        elif self._model.cursor is not None:
            self._start, self._before = self._model.cursor, self._model.marked()
            self.extend()

    def extend(self) -> None:
        """Mark up to the cursor where the range is open; where an end of it is no longer visible it closes."""
        if self._start is None:
            return
        start, end = self._model.index_of(self._start), self._model.index_of(self._model.cursor)
        if start is None or end is None:
            self.close()
            return
        between = (self._model.key_at(i) for i in range(min(start, end), max(start, end) + 1))
        self._model.set_marks((*self._before, *between))

    def close(self) -> None:
        """End the range; its marks stay."""
        self._start = None

    def drop(self) -> None:
        """End the range; the marks are as they were before it."""
        self._start = None
        self._model.set_marks(self._before)
