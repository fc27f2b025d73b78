"""The keys of a table. The ids let a keymap move them."""

from __future__ import annotations

from textual.binding import Binding, BindingType

TABLE_BINDINGS: list[BindingType] = [
    Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
    Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
    Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
    Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
    Binding("ctrl+u", "page(-0.5)", "Half page up", show=False, id="table.half_up"),
    Binding("ctrl+d", "page(0.5)", "Half page down", show=False, id="table.half_down"),
    Binding("home,g", "top", "First row", show=False, id="table.top"),
    Binding("end,G", "bottom", "Last row", show=False, id="table.bottom"),
    Binding("enter", "open", "Open", show=False, id="table.open", tooltip="Open the row under the cursor"),
    Binding("space", "mark", "Select", id="table.mark", tooltip="Mark the row and step down"),
    Binding(
        "a", "mark_all", "All", show=False, id="table.mark_all", tooltip="Mark all visible rows, or none"
    ),
    Binding("v", "range", "Range", show=False, id="table.range", tooltip="Start or end marking a range"),
    Binding("escape", "leave_range", "Drop the range", show=False, id="table.leave_range"),
    # Priority: the box must have the focus before the next key of a fast typist is handed to anybody.
    Binding(
        "slash",
        "filter",
        "Filter",
        id="table.filter",
        tooltip="Show only rows that hold some words",
        priority=True,
    ),
    Binding("o", "next_sort", "Sort", show=False, id="table.sort", tooltip="Sort by the next column"),
    Binding("O", "reverse_sort", "Reverse", show=False, id="table.reverse", tooltip="Reverse the order"),
]
