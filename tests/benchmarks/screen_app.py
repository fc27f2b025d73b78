"""The program ``bench_screen`` measures: the real app, its credentials drawn by our table or by DataTable.

``python -m tests.benchmarks.screen_app keyed|stock`` with the environment of a drill.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from tests.benchmarks.table_app import CURSOR_COLOUR
from workbench.cli.parser import build_parser
from workbench.cli.screen import _Entrance, _settled
from workbench.core.allocator import keep_thresholds, look_seldom
from workbench.tui.app import WorkbenchApp
from workbench.tui.panes.credentials import CredentialsPane
from workbench.tui.widgets.table import TableRow

# The measurement looks for this colour under the cursor; nothing else on the screen has it.
CSS = f"""
#credentials DataTable {{ height: 1fr; }}
#credentials DataTable > .datatable--cursor {{ background: {CURSOR_COLOUR}; color: white; }}
#credentials KeyedTable > .keyed-table--cursor {{ background: {CURSOR_COLOUR}; color: white; }}
#credentials KeyedTable:focus > .keyed-table--cursor {{ background: {CURSOR_COLOUR}; color: white; }}
"""


class StockTable(DataTable[str]):
    """Textual's own table behind the part of our table's interface that a pane uses."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "app.focus_next", "Next", show=False)]

    def __init__(self, pane: CredentialsPane) -> None:
        super().__init__(cursor_type="row", id="credentials-table")
        self.titles = [(c.id, c.title, c.width or max(c.min_width, 20)) for c in pane.COLUMNS]
        self.model = SimpleNamespace(total=0)
        self.empty_text = ""
        self.filter_text = ""
        self.ascii_mode = False
        self.marked_keys: list[str] = []
        self.marked_count = self.hidden_marked_count = 0

    def on_mount(self) -> None:
        """Make the columns: Textual needs an app for that."""
        for name, title, width in self.titles:
            self.add_column(title, key=name, width=width)

    def unseen(self) -> str:
        """Return nothing: this table cuts what does not fit, and does not say what."""
        return ""

    @property
    def count_text(self) -> str:
        """Return how many rows there are."""
        return str(self.row_count)

    @property
    def cursor_key(self) -> str | None:
        """Return the key of the row under the cursor."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    @property
    def chosen_keys(self) -> list[str]:
        """Return the row under the cursor."""
        return [key for key in (self.cursor_key,) if key is not None]

    def set_rows(self, rows: Iterable[TableRow]) -> None:
        """Take all rows over; rows that are there already are updated cell by cell."""
        self.update_rows(rows)

    def update_rows(self, rows: Iterable[TableRow]) -> None:
        """Change rows by key; new ones are added at the end."""
        for row in rows:
            texts = [cell if isinstance(cell, str) else cell.text for cell in row.cells]
            if row.key not in self.rows:
                self.add_row(*texts, key=row.key)
                continue
            for (name, _, _), text in zip(self.titles, texts, strict=True):
                if self.get_cell(row.key, name) != text:
                    self.update_cell(row.key, name, text)
        self.model.total = self.row_count


def main() -> None:
    """Run the app."""
    kind = sys.argv[1]
    keep_thresholds()
    look_seldom()
    if kind == "stock":
        made: Any = StockTable
        CredentialsPane.make_table = lambda pane: made(pane)  # type: ignore[method-assign,assignment]
    WorkbenchApp.CSS = CSS
    entrance = _Entrance(build_parser().parse_args([]))
    WorkbenchApp(_settled(entrance.open_session), door=entrance.door).run(mouse=False)


if __name__ == "__main__":
    main()
