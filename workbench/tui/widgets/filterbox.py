"""The line a filter is typed into. While it has the focus, letters are text and never actions."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from workbench.tui.widgets.table.view import KeyedTable

MAX_LENGTH = 200  # characters


class FilterBox(Input):
    """An input that narrows one table as it is typed into.

    ``open`` shows and focuses it. Enter (or Down) goes back to the table and leaves the filter in force and
    in sight; Esc clears the filter, hides the box and goes back to the table.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Priority, so that the focus is back before the next key of a fast typist is handed to anybody.
        Binding("escape", "clear_filter", "Clear filter", id="filter.clear", priority=True),
        Binding("enter,down", "keep_filter", "Keep filter", id="filter.keep", priority=True),
    ]
    DEFAULT_CSS = """
    FilterBox {
        background: $panel;
        &:focus { text-style: underline; }
    }
    """

    class Closed(Message):
        """The box gave the focus back; ``text`` is the filter left in force, empty after Esc."""

        def __init__(self, box: FilterBox, text: str) -> None:
            super().__init__()
            self.box = box
            self.text = text

        @property
        def control(self) -> FilterBox:
            """Return the box that was closed."""
            return self.box

    def __init__(self, table: KeyedTable, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(
            placeholder="/ words every row must hold",
            compact=True,
            max_length=MAX_LENGTH,
            select_on_focus=False,
            id=id,
            classes=classes,
        )
        self.display = False
        self.table = table
        table.open_filter = self.open

    def open(self) -> None:
        """Show the box with the filter in force and put the focus into it, before any further key is read."""
        self.value = self.table.filter_text
        self.display = True
        self.screen.set_focus(self)
        self.cursor_position = len(self.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow the table; owners hear of it by the table's own message."""
        event.stop()
        self.table.filter_text = event.value

    def action_clear_filter(self) -> None:
        """Clear the filter, hide the box and go back to the table."""
        self.value = ""
        self.table.filter_text = ""
        self._close()

    def action_keep_filter(self) -> None:
        """Go back to the table; the box stays in sight while it narrows anything."""
        self._close()

    def _close(self) -> None:
        self.display = bool(self.value.strip())
        self.screen.set_focus(self.table)
        self.post_message(self.Closed(self, self.value))

    async def _on_key(self, event: events.Key) -> None:
        """Keep printable keys from everything above the box, the app's own actions included."""
        await super()._on_key(event)
        if event.is_printable:
            event.stop()
