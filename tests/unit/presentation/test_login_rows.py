"""A login's row: the cells of an eager row, made only when asked for, and equal where it was made from the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from workbench.core.rows import Cell, Row, TableRow
from workbench.domain.model.inventory import LoginItem
from workbench.domain.model.plan import Place
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import SmtpCredential
from workbench.presentation.cells import Look
from workbench.presentation.login_rows import LoginRow, login_row
from workbench.tui.widgets.table import Column, TableModel

MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


LOOK = Look()


def a_row(
    login: str = "app@mg.example.com", word: str = "open", note: str = "", look: Look = LOOK
) -> LoginRow:
    """Return a row of a login in the US."""
    item = LoginItem(SmtpCredential(login=login, created_at=MADE), "mg.example.com", Place(Region.US))
    return login_row(item, word, note, look)


def test_the_cells_say_what_is_known() -> None:
    cells = a_row(note="535 from smtp", word="old dead").cells
    assert cells == (
        Cell("✓ old dead", "ok", 8),
        Cell("smtp"),
        "app@mg.example.com",
        Cell("—"),
        Cell("US"),
        Cell("2026-03-04", "", MADE.timestamp()),
        Cell("535 from smtp", "dim"),
    )


def test_a_system_mailbox_is_told() -> None:
    assert a_row("postmaster@mg.example.com").cells[3] == Cell("system")


def test_rows_are_equal_where_they_were_made_from_the_same() -> None:
    assert a_row() == a_row() and a_row() != a_row(word="ours") and a_row() != a_row(look=Look(ascii=True))
    other: Row = TableRow(a_row().key, a_row().cells)
    assert a_row() != other, "what takes its place is another row"


class CountedRow(LoginRow):
    """A row that notes when its cells are made."""

    made: ClassVar[list[str]] = []

    @property
    def cells(self) -> tuple[Cell | str, ...]:
        """Return the cells."""
        self.made.append(self.key)
        return super().cells


def test_a_table_looks_at_a_row_once() -> None:
    """What stands is not looked through again: of ten thousand rows the screen shows forty."""
    model = TableModel([Column(str(n), str(n), width=5) for n in range(7)])
    names = [f"app{n}@mg.example.com" for n in range(100)]
    rows = [CountedRow(row.key, row.item, row.frame) for row in map(a_row, names)]
    model.set_rows(rows)
    model.set_rows([*rows, a_row("one.more@mg.example.com")])
    assert CountedRow.made == names
    assert model.row_at(0).cells[2] == names[0]
