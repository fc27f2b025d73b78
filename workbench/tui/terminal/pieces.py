"""Painted lines without the toolkit's caches: what is shown is remembered by the driver, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.segment import Segment
from textual.cache import FIFOCache
from textual.strip import Strip


class _KeepsNothing(FIFOCache[Any, Any]):
    """A cache that is always empty; one for all lines."""

    def __init__(self) -> None:
        super().__init__(0)

    def set(self, key: Any, value: Any) -> None:
        """Forget it."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget it."""


_NOTHING = _KeepsNothing()


def _light(self: Strip, segments: Iterable[Segment], cell_length: int | None = None) -> None:
    self._segments = list(segments)
    self._cell_length = cell_length
    # What filters make of a line is asked for at each painting; the rest, on this screen, hardly ever twice.
    self._filter_cache = FIFOCache(4)
    self._divide_cache = self._crop_cache = self._style_cache = _NOTHING
    self._line_length_cache = self._crop_extend_cache = self._offsets_cache = _NOTHING
    self._render_cache = None
    self._link_ids = None
    self._cell_count = None


def keep_little() -> None:
    """Have painted lines made without six of their seven caches.

    The toolkit gives them to each line and to each piece that one is cut into, and keeps the pieces with the line: 2.8
    MB on a screen that was used a little, and, in a cut, half of what the looks for garbage look through.
    """
    Strip.__init__ = _light  # type: ignore[method-assign]
