"""The one table every pane uses: rows by key, painted line by line, steady while 20,000 of them change."""

from workbench.widgets.table.columns import Column, fit_columns
from workbench.widgets.table.model import TableModel
from workbench.widgets.table.rows import STYLES, Cell, Row, SortValue
from workbench.widgets.table.view import KeyedTable

__all__ = ["STYLES", "Cell", "Column", "KeyedTable", "Row", "SortValue", "TableModel", "fit_columns"]
