"""The program ``bench_table`` measures: one table, either ours or Textual's DataTable, under a steady load.

``p`` starts and stops the changes and writes the log: each change (monotonic time, row, value) and the lines
our table means to show. Both tables get the same rows, changes and cursor colour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow

TITLES = ("id", "name", "state", "value", "note")
WIDTHS = (12, 30, 10, 10, 30)
# Anything that stands nowhere else on the screen; the measurement looks for it under the cursor.
CURSOR_COLOUR = "#123456"


def texts(index: int, value: str = "v000000") -> tuple[str, ...]:
    """Return the cells of a row."""
    return (f"row-{index:05d}", f"login-{index}@mg.example.org", "active", value, f"note number {index}")


class TableApp(App[None]):
    """One table over the whole screen."""

    ENABLE_COMMAND_PALETTE = False
    CSS = f"""
    DataTable {{ height: 1fr; }}
    DataTable > .datatable--cursor, DataTable:focus > .datatable--cursor {{ background: {CURSOR_COLOUR}; }}
    KeyedTable > .keyed-table--cursor, KeyedTable:focus > .keyed-table--cursor {{
        background: {CURSOR_COLOUR};
    }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("p", "load"), Binding("q", "quit")]

    def __init__(self, kind: str, rows: int, rate: float, log: Path) -> None:
        super().__init__()
        self.kind, self.row_count, self.rate, self.log_path = kind, rows, rate, log
        self.changes: list[tuple[float, int, str]] = []
        self.load: asyncio.Task[None] | None = None
        self.keyed = KeyedTable([Column(t, t, width=w) for t, w in zip(TITLES, WIDTHS, strict=True)])
        self.stock: DataTable[str] = DataTable(cursor_type="row")

    def compose(self) -> ComposeResult:
        """Show the table under test."""
        yield self.keyed if self.kind == "keyed" else self.stock

    def on_mount(self) -> None:
        """Fill it."""
        if self.kind == "keyed":
            self.keyed.set_rows(self.make_row(i, "v000000") for i in range(self.row_count))
            self.keyed.focus()
            return
        for title, width in zip(TITLES, WIDTHS, strict=True):
            self.stock.add_column(title, key=title, width=width)
        for index in range(self.row_count):
            self.stock.add_row(*texts(index), key=str(index))
        self.stock.focus()

    def make_row(self, index: int, value: str) -> TableRow:
        """Return a row of our table with that value."""
        ident, name, state, _, note = texts(index)
        return TableRow(str(index), (ident, name, Cell(state, "ok"), value, Cell(note, "dim")))

    async def action_load(self) -> None:
        """Start the changes, or stop them and write the log."""
        if self.load is None:
            self.changes.clear()
            self.load = asyncio.create_task(self.change_rows())
            return
        self.load.cancel()
        self.load = None
        await asyncio.sleep(0.5)
        lines = [self.keyed.render_line(y).text for y in range(self.keyed.size.height)]
        self.log_path.write_text(json.dumps({"changes": self.changes, "lines": lines}))

    async def change_rows(self) -> None:
        """Change one random row on the screen after another, at the rate asked for."""
        table = self.keyed if self.kind == "keyed" else self.stock
        chance, due, count = random.Random(7), time.monotonic(), 0
        while True:
            while due <= time.monotonic():
                due += 1 / self.rate
                count += 1
                top, height = table.scroll_offset.y, table.size.height - 2
                index, value = top + chance.randrange(height), f"v{count:06d}"
                self.changes.append((time.monotonic(), index, value))
                if self.kind == "keyed":
                    self.keyed.update_rows([self.make_row(index, value)])
                else:
                    self.stock.update_cell(str(index), "value", value)
            await asyncio.sleep(max(0.0, due - time.monotonic()))


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("keyed", "stock"))
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=200.0, help="changes a second")
    parser.add_argument("--log", type=Path, required=True)
    options = parser.parse_args()
    TableApp(options.kind, options.rows, options.rate, options.log).run()


if __name__ == "__main__":
    main()
