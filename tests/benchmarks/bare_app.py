"""The yardstick of start-up: the least a Textual program with a table, a header and a footer does."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header

LAST_ROW = "bare row 30"  # stands on a screen of 40 lines, so the frame is whole


class BareApp(App[None]):
    """Header, footer and 50 rows."""

    BINDINGS = [("q", "quit", "Leave the yardstick")]  # noqa: RUF012 - as small as a program gets

    def compose(self) -> ComposeResult:
        """Show the three."""
        yield Header()
        yield DataTable[str]()
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one(DataTable)
        table.add_columns("name", "state", "note")
        for index in range(50):
            table.add_row(f"bare row {index}", "active", f"note {index}")


if __name__ == "__main__":
    BareApp().run()
