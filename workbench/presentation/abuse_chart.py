"""The hourly chart of the abuse window: columns of blocks with their scale, what is usual, and what is abnormal. Pure.

Lines of (text, tone) pieces, so that a screen colours them and a test reads them. What a colour tells a sign
tells too: abnormal hours carry a mark below their column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from workbench.domain.forensics.abuse_window import HourSeen

Piece = tuple[str, str]
_EIGHTHS = " ▁▂▃▄▅▆▇█"
# Twice the resolution is all that plain letters give.
_ASCII = (" ", ".", ".", ".", ":", ":", ":", "|", "#")
# So many hours are wanted in sight: two days show what is usual beside what is not.
WANTED = 48
WIDEST = 3  # cells an hour
EVERY = 6  # hours between two labels


@dataclass(frozen=True, slots=True)
class AbuseChart:
    """A drawn chart: ``lines`` from the top, ``first`` and ``last`` the hours in it (places in the series)."""

    lines: tuple[tuple[Piece, ...], ...]
    first: int
    last: int

    def text(self) -> str:
        """Return the chart without its tones."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.lines)


def room(width: int, count: int, axis: int) -> tuple[int, int]:
    """Return (hours that fit, cells an hour) for a chart of ``width`` cells with an axis of ``axis`` cells."""
    free = max(1, width - axis)
    cell = max(1, min(WIDEST, free // WANTED))
    return max(1, min(count, free // cell)), cell


def chart(
    hours: Sequence[HourSeen], width: int, height: int, *, back: int = 0, ascii_only: bool = False
) -> AbuseChart:
    """Return the latest hours as columns, ``back`` hours before the end, in ``width`` × ``height`` cells.

    ``height`` holds the columns and three lines below: the marks of abnormal hours, clock times, days. The dots
    are what is usual at each hour. The scale runs from nothing to the highest hour in sight.
    """
    if not hours or height < 4:
        return AbuseChart((), 0, 0)
    axis = max(len(f"{max(h.accepted for h in hours):,}"), len(f"{max(h.usual for h in hours):,.0f}")) + 2
    fit, cell = room(width, len(hours), axis)
    last = max(fit, len(hours) - max(0, back))
    first = last - fit
    seen = hours[first:last]
    rows = height - 3
    top = max(1.0, *(float(h.accepted) for h in seen), *(h.usual for h in seen))
    lines = [_line(seen, row, rows, top, axis, cell, ascii_only) for row in range(rows - 1, -1, -1)]
    lines.append(_marks(seen, axis, cell, ascii_only))
    lines.extend(_labels(seen, axis, cell))
    return AbuseChart(tuple(lines), first, last)


def _line(
    seen: Sequence[HourSeen], row: int, rows: int, top: float, axis: int, cell: int, ascii_only: bool
) -> tuple[Piece, ...]:
    """Return one line of columns, ``row`` counted from the bottom."""
    label = {rows - 1: top, rows // 2: top * (rows // 2 + 1) / rows, 0: top / rows}.get(row)
    number = f"{label:,.0f}" if label is not None and (row != 0 or rows > 3) else ""
    rule = "|" if ascii_only else ("┤" if number else "│")
    pieces: list[Piece] = [(f"{number:>{axis - 1}}{rule}", "dim")]
    for hour in seen:
        level = hour.accepted / top * rows - row
        if level > 0:
            place = 8 if level >= 1 else max(1, math.ceil(level * 8))
            glyph = _ASCII[place] if ascii_only else _EIGHTHS[place]
            tone = "bad" if hour.excess else "accent"
        else:
            usual = hour.usual / top * rows
            here = row < usual <= row + 1
            glyph, tone = (("-" if ascii_only else "·") if here else " "), "dim"
        pieces.append((glyph * cell, tone))
    return _joined(pieces)


def _marks(seen: Sequence[HourSeen], axis: int, cell: int, ascii_only: bool) -> tuple[Piece, ...]:
    corner = ("+" if ascii_only else "└").rjust(axis)
    calm = ("-" if ascii_only else "─") * cell
    odd = ("^" if ascii_only else "▲") * cell
    return _joined([(corner, "dim"), *((odd, "bad") if h.excess else (calm, "dim") for h in seen)])


def _labels(seen: Sequence[HourSeen], axis: int, cell: int) -> list[tuple[Piece, ...]]:
    """Return the line of clock times and the line of days."""
    size = len(seen) * cell
    times, days = [" "] * size, [" "] * size
    for place, hour in enumerate(seen):
        at = place * cell
        if hour.start.hour % EVERY == 0:
            _write(times, at, f"{hour.start:%H:%M}" if EVERY * cell > 5 else f"{hour.start:%H}")
        if hour.start.hour == 0 or place == 0:
            _write(days, at, f"{hour.start:%d %b}")
    return [((" " * axis + "".join(line), "dim"),) for line in (times, days)]


def _write(line: list[str], at: int, text: str) -> None:
    """Write a label where it fits whole and leaves a gap to the one before."""
    end = at + len(text)
    if end <= len(line) and all(char == " " for char in line[max(0, at - 1) : end]):
        line[at:end] = text


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with neighbours of one tone put together."""
    return tuple(
        ("".join(text for text, _ in run), tone) for tone, run in groupby(pieces, key=lambda piece: piece[1])
    )
