"""What a table tells its owner, by keys. Each message carries the table as ``control``, for ``@on(..., selector)``."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget


class TableMessage(Message, bubble=True):
    """Something about one table."""

    def __init__(self, table: Widget) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> Widget:
        """Return the table that sent the message."""
        return self.table


class Highlighted(TableMessage, namespace="keyed_table"):
    """The cursor is on another row; ``key`` is None where no row is visible."""

    def __init__(self, table: Widget, key: str | None) -> None:
        super().__init__(table)
        self.key = key

    def can_replace(self, message: Message) -> bool:
        """Merge a flood: only the newest place of the cursor counts."""
        return isinstance(message, Highlighted) and message.table is self.table


class RowOpened(TableMessage, namespace="keyed_table"):
    """Enter was pressed on the row with this key."""

    def __init__(self, table: Widget, key: str) -> None:
        super().__init__(table)
        self.key = key


class MarksChanged(TableMessage, namespace="keyed_table"):
    """The set of marked rows changed; ``count`` of them now, hidden ones included."""

    def __init__(self, table: Widget, count: int) -> None:
        super().__init__(table)
        self.count = count


class FilterChanged(TableMessage, namespace="keyed_table"):
    """Another filter is in force."""

    def __init__(self, table: Widget, text: str) -> None:
        super().__init__(table)
        self.text = text


class SortChanged(TableMessage, namespace="keyed_table"):
    """Rows are in another order; ``column_id`` is None for the order of arrival."""

    def __init__(self, table: Widget, column_id: str | None, descending: bool) -> None:
        super().__init__(table)
        self.column_id = column_id
        self.descending = descending
