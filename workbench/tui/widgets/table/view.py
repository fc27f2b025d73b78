"""The table on the screen.

The screen shows a *window*: a snapshot of the visible rows. Painting means taking a new snapshot, comparing
it with the old one and refreshing only the cells that differ, so a change outside the window writes nothing.
Data takes a new snapshot at most ``PAINTS_A_SECOND`` times a second; a key press takes one at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TypeAlias

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from workbench.core.redact import visible
from workbench.core.rows import Row
from workbench.tui.once import once
from workbench.tui.widgets.empty import centred
from workbench.tui.widgets.table import messages
from workbench.tui.widgets.table.columns import Column, fit_columns
from workbench.tui.widgets.table.keys import TABLE_BINDINGS
from workbench.tui.widgets.table.look import TABLE_CSS, part_style
from workbench.tui.widgets.table.mark_range import MarkRange
from workbench.tui.widgets.table.model import TableModel
from workbench.tui.widgets.table.paint import GUTTER, LinePainter, PaintedLine

PAINTS_A_SECOND = 15
HEADER = 1  # lines


class KeyedTable(ScrollView, can_focus=True):
    """A table whose rows are known by key: the cursor, the marks and the scroll position survive new data."""

    ALLOW_SELECT = False  # text selection would add a style to every segment of every line
    BINDINGS = TABLE_BINDINGS
    DEFAULT_CSS = TABLE_CSS

    filter_text: reactive[str] = reactive("", repaint=False)
    empty_text: reactive[str] = reactive("")
    ascii_mode: reactive[bool] = reactive(False)

    Highlighted: TypeAlias = messages.Highlighted
    Opened: TypeAlias = messages.RowOpened
    MarksChanged: TypeAlias = messages.MarksChanged
    FilterChanged: TypeAlias = messages.FilterChanged
    SortChanged: TypeAlias = messages.SortChanged

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        empty_text: str = "Nothing here.",
        ascii_mode: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own parameter name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        # What the filter key does; set by the box that belongs to this table, or by who makes one when asked.
        self.open_filter: Callable[[], object] | None = None
        self.model = TableModel(columns)
        self.set_reactive(KeyedTable.empty_text, empty_text)
        self.set_reactive(KeyedTable.ascii_mode, ascii_mode)
        self._part_styles: dict[str, Style] = {}
        self._painter = LinePainter((), 0, self._style_of, ascii_mode)
        self._window: list[PaintedLine] = []
        self._empty_lines: list[str] = []
        self._window_size = Size(0, 0)
        self._paint_timer: object | None = None
        self._painted_at = float("-inf")
        self._cursor_in_view = False
        self._told_cursor: str | None = None
        self._told_marks = 0
        self._range = MarkRange(self.model)

    # What owners use

    @property
    def cursor_key(self) -> str | None:
        """The key under the cursor, or None where no row is visible."""
        return self.model.cursor

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor, or None."""
        return None if self.model.cursor is None else self.model.row(self.model.cursor)

    @property
    def marked_keys(self) -> list[str]:
        """The marked keys from the top down, those hidden by the filter included."""
        return self.model.marked()

    @property
    def marked_count(self) -> int:
        """How many rows are marked, hidden ones included."""
        return self.model.mark_count

    @property
    def hidden_marked_count(self) -> int:
        """How many of the marked rows the filter hides."""
        return self.model.hidden_mark_count()

    @property
    def chosen_keys(self) -> list[str]:
        """The marked keys, or the one under the cursor where nothing is marked."""
        return self.model.marked() or ([] if self.model.cursor is None else [self.model.cursor])

    @property
    def count_text(self) -> str:
        """``12 of 340`` under a filter, else ``340``."""
        total = self.model.total
        return f"{len(self.model)} of {total}" if self.filter_text.strip() else str(total)

    @property
    def range_open(self) -> bool:
        """Whether a range is being marked: moving the cursor extends it."""
        return self._range.is_open

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Make these the rows, diffed against what stands; ValueError for a key given twice."""
        if self.model.set_rows(rows):
            self._data_changed()

    def update_rows(self, rows: Iterable[Row]) -> None:
        """Replace rows by key, append new ones; ValueError for a wrong number of cells."""
        if self.model.update_rows(rows):
            self._data_changed()

    def remove_rows(self, keys: Iterable[str]) -> None:
        """Remove rows by key; unknown keys are ignored. (``remove`` takes the widget itself away.)"""
        if self.model.remove(keys):
            self._data_changed()

    def move_cursor(self, key: str) -> bool:
        """Put the cursor on a visible row and scroll to it; return False where it is not visible."""
        index = self.model.index_of(key)
        if index is not None:
            self._go(index)
        return index is not None

    def set_marks(self, keys: Iterable[str]) -> None:
        """Make these the marks; unknown and unmarkable rows are left out."""
        self._range.close()
        self.model.set_marks(keys)
        self._show_now()

    def sort_by(self, column_id: str | None, descending: bool = False) -> None:
        """Sort by a column, or by arrival (None); KeyError for an unknown column."""
        self.model.set_sort(column_id, descending)
        self.refresh(Region(0, 0, self._area.width, HEADER))
        self._show_now(follow=True)
        self.post_message(self.SortChanged(self, column_id, descending))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let Escape through to the owner unless a range is open."""
        return self.range_open if action == "leave_range" else super().check_action(action, parameters)

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        index = self.model.index_of(self.model.cursor)
        self._go(0 if index is None else index + step)

    def action_page(self, pages: float) -> None:
        """Move the cursor by pages."""
        self.action_move(int(pages * max(2, self._page_height - 1)))

    def action_top(self) -> None:
        """Move the cursor to the first row."""
        self._go(0)

    def action_bottom(self) -> None:
        """Move the cursor to the last row."""
        self._go(len(self.model) - 1)

    def action_open(self) -> None:
        """Tell the owner that the row under the cursor was opened."""
        if self.model.cursor is not None:
            self.post_message(self.Opened(self, self.model.cursor))

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and step down; ring where it cannot be."""
        self._range.close()
        if self.model.cursor is None or not self.model.toggle(self.model.cursor):
            self.app.bell()
            return
        self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every visible row, or none of them where all are marked."""
        self._range.close()
        self.model.toggle_visible()
        self._show_now()

    def action_range(self) -> None:
        """Start marking a range at the cursor, or keep the one that is open."""
        self._range.toggle()
        self._show_now()

    def action_leave_range(self) -> None:
        """Drop the open range: marks are as they were before it."""
        self._range.drop()
        self._show_now()

    def action_filter(self) -> None:
        """Open the filter box at once, before any further key is read; ring where there is none."""
        if self.open_filter is not None:
            self.open_filter()
        else:
            self.app.bell()

    def action_next_sort(self) -> None:
        """Sort by the next column on the screen; after the last one by arrival."""
        ids = [None, *(cell.column.id for cell in self._painter.placed if cell.column.sortable)]
        current = self.model.sort_column
        place = ids.index(current) if current in ids else 0
        self.sort_by(ids[(place + 1) % len(ids)])

    def action_reverse_sort(self) -> None:
        """Reverse the order."""
        self.sort_by(self.model.sort_column, not self.model.descending)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; twice opens; a title sorts. Nothing needs this."""
        if event.y < HEADER:
            hit = [cell.column for cell in self._painter.placed if cell.x <= event.x < cell.x + cell.width]
            if hit and hit[0].sortable:
                same = hit[0].id == self.model.sort_column
                self.sort_by(hit[0].id, same and not self.model.descending)
            return
        index = self.scroll_offset.y + event.y - HEADER
        if index < len(self.model):
            self._go(index)
            if event.chain == 2:
                self.action_open()

    # Painting

    @property
    def _area(self) -> Size:
        """The room there is: what ``size`` holds less the scrollbar."""
        return self.scrollable_content_region.size

    @property
    def _page_height(self) -> int:
        return max(0, self._area.height - HEADER)

    def watch_filter_text(self, text: str) -> None:
        """Apply the filter at once: it was typed."""
        if self.model.set_filter(text):
            self._range.close()
            self._show_now(follow=True)
            self.post_message(self.FilterChanged(self, text))

    def watch_empty_text(self) -> None:
        """Show the new reason."""
        self._window_size = Size(0, 0)

    def watch_ascii_mode(self) -> None:
        """Draw everything with the other symbols."""
        self._window_size = Size(0, 0)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Show the other rows; the header line stays as it is."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._take_window()

    def notify_style_update(self) -> None:
        """Forget the styles of the parts: theme, focus or style sheet changed."""
        self._part_styles.clear()
        super().notify_style_update()

    def on_mount(self) -> None:
        """Show what was set before there was a screen."""
        self._show_now()

    def on_resize(self) -> None:
        """Keep a cursor that was in view in view."""
        self._show_now()

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` of the widget from the window."""
        if self._window_size != self._area:
            self._refit()
        if y < HEADER:
            return self._painter.header(self.model.sort_column, self.model.descending)
        if y - HEADER < len(self._window):
            return self._painter.line(self._window[y - HEADER], self.has_focus)
        if not self._window and y - HEADER < len(self._empty_lines):
            return self._painter.blank(self._empty_lines[y - HEADER])
        return self._painter.blank()

    def _style_of(self, part: str) -> Style:
        style = self._part_styles.get(part)
        if style is None:
            style = self.rich_style if part == "base" else part_style(self, part)
            self._part_styles[part] = style
        return style

    def _data_changed(self) -> None:
        """Paint soon: at once after a quiet moment, else with whatever else arrives in this 1/15 s."""
        self._tell()
        if self._paint_timer is not None or not self.is_mounted:
            return
        if (wait := self._painted_at + 1 / PAINTS_A_SECOND - monotonic()) <= 0:
            self._show_now()
        else:
            self._paint_timer = once(self, wait, self._paint_due)

    def _paint_due(self) -> None:
        self._paint_timer = None
        self._show_now()

    def _show_now(self, follow: bool = False) -> None:
        """Bring the screen up to the model. The scroll position stays unless the cursor would leave the view.

        A cursor that was out of view (scrolled away by mouse) stays out, except with ``follow``.
        """
        self._tell()
        if not self.is_mounted:
            return
        self._painted_at = monotonic()
        # No width: columns fit the pane, and a width that follows the scrollbar would cost a repaint.
        extent = Size(0, len(self.model) + HEADER)
        if extent != self.virtual_size:
            self.virtual_size = extent
        index = self.model.index_of(self.model.cursor)
        if index is not None and (follow or self._cursor_in_view):
            self._scroll_to_row(index)
        self._take_window()

    def _scroll_to_row(self, index: int) -> None:
        top, height = self.scroll_offset.y, self._page_height
        if height and not top <= index < top + height:
            self.scroll_to(y=index if index < top else index - height + 1, animate=False, force=True)

    def _take_window(self) -> None:
        """Take a new snapshot and refresh what differs from the one on the screen."""
        if self._window_size != self._area:
            self._refit()
            self.refresh()
            self._cursor_in_view = any(line.cursor for line in self._window)
            return
        old, self._window = self._window, self._snapshot()
        self._cursor_in_view = any(line.cursor for line in self._window)
        if not self._window:
            before, self._empty_lines = self._empty_lines, self._empty_reason()
            if old or before != self._empty_lines:
                self.refresh()
            return
        if not old:
            self.refresh()
        elif regions := self._painter.changed(old, self._window, top=HEADER):
            self.refresh(*regions)

    def _snapshot(self) -> list[PaintedLine]:
        model, top = self.model, self.scroll_offset.y
        places = range(top, min(top + self._page_height, len(model)))
        rows = [model.row_at(place) for place in places]
        return [PaintedLine(row, row.key == model.cursor, model.is_marked(row.key)) for row in rows]

    def _refit(self) -> None:
        """Lay the columns out for the size there is, and take a snapshot of that size."""
        self._window_size = self._area
        placed = fit_columns(self.model.columns, self._area.width - GUTTER, GUTTER)
        self._painter = LinePainter(placed, self._area.width, self._style_of, self.ascii_mode)
        self._window = self._snapshot()
        self._empty_lines = [] if self._window else self._empty_reason()

    def _empty_reason(self) -> list[str]:
        reason, words = self.empty_text, visible(self.filter_text, 40)
        if self.model.total and words.strip():
            reason = f"No row holds “{words}” ({self.count_text}). Esc in the filter clears it."
        return centred(reason, self._area.width, self._page_height)

    # Inside

    def _go(self, index: int) -> None:
        self.model.move_to(index)
        self._range.extend()
        self._show_now(follow=True)

    def _tell(self) -> None:
        """Tell the owner once about whatever changed since it was told last."""
        if self.model.cursor != self._told_cursor:
            self._told_cursor = self.model.cursor
            self.post_message(self.Highlighted(self, self.model.cursor))
        if self.model.mark_version != self._told_marks:
            self._told_marks = self.model.mark_version
            self.post_message(self.MarksChanged(self, self.model.mark_count))
