"""The one table every pane uses: rows by key, painted line by line, steady while 20,000 of them change."""

from workbench.core.rows import STYLES, Cell, Row, SortValue, TableRow
from workbench.tui.widgets.table.columns import Column, fit_columns
from workbench.tui.widgets.table.model import TableModel
from workbench.tui.widgets.table.view import KeyedTable

__all__ = [
    "STYLES",
    "Cell",
    "Column",
    "KeyedTable",
    "Row",
    "SortValue",
    "TableModel",
    "TableRow",
    "fit_columns",
]
