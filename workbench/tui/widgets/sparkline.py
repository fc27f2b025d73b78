"""A row of numbers as one line of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "._-=+*#@"
GAP = " "  # nothing is known about this stretch, which is not the same as zero


def sparkline(
    values: Sequence[float | None], width: int, *, top: float | None = None, ascii_only: bool = False
) -> str:
    """Return the newest ``values`` as bars, at most ``width`` cells, oldest first.

    More values than cells are merged, each cell showing its largest, so that a short peak is never lost. The
    scale runs from 0 to ``top`` (the largest value unless given); None and NaN leave a blank; anything above
    zero is at least the second bar, so that little never looks like nothing.
    """
    bars = ASCII_BARS if ascii_only else BARS
    cells = _merge(values, width)
    known = [value for value in cells if value is not None]
    highest = top if top is not None else max(known, default=0.0)
    return "".join(GAP if value is None else bars[_level(value, highest, len(bars))] for value in cells)


def _level(value: float, highest: float, levels: int) -> int:
    if value <= 0:
        return 0
    if value >= highest:
        return levels - 1
    return max(1, math.ceil(value / highest * (levels - 1)))


def _merge(values: Sequence[float | None], width: int) -> list[float | None]:
    count = len(values)
    if width <= 0 or not count:
        return []
    cells = min(width, count)
    merged: list[float | None] = []
    for cell in range(cells):
        part = values[cell * count // cells : (cell + 1) * count // cells]
        known = [value for value in part if value is not None and not math.isnan(value)]
        merged.append(max(known) if known else None)
    return merged


class SparkLine(Widget):
    """One line of bars over the width there is."""

    DEFAULT_CSS = """
    SparkLine {
        height: 1;
        width: 1fr;
        color: $text-primary;
    }
    """

    values: reactive[tuple[float | None, ...]] = reactive(())
    top: reactive[float | None] = reactive(None)
    ascii_mode: reactive[bool] = reactive(False)

    def render(self) -> RenderResult:
        """Return the bars."""
        return Content(sparkline(self.values, self.size.width, top=self.top, ascii_only=self.ascii_mode))
