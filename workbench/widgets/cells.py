"""Outside text fitted into terminal cells: the one place where width is measured.

A terminal counts in cells, not characters: a CJK letter takes two, a combining accent none. Text written by
an intruder may use either to push a column aside, so nothing reaches a line of the screen without ``fit``.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

from workbench.redact import visible

Align = Literal["left", "right", "center"]

ELLIPSIS = "…"
ASCII_ELLIPSIS = "~"
# Letters with two stacked accents exist (Vietnamese); taller stacks only serve to smear other lines.
MAX_STACKED = 2
# Ends a right-to-left run, so that a terminal which reorders text cannot pull the next column into it.
LEFT_TO_RIGHT_MARK = "\u200e"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def width_of(text: str) -> int:
    """Return how many terminal cells ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def clean(text: object, limit: int = 400) -> str:
    """Return outside text as one harmless line; stacked or leading accents become escapes as well."""
    plain = visible(text, limit)
    if plain.isascii():
        return plain
    out: list[str] = []
    stacked = MAX_STACKED
    for char in plain:
        if char != LEFT_TO_RIGHT_MARK and get_character_cell_size(char) == 0:
            stacked += 1
            out.append(char if stacked <= MAX_STACKED else f"\\u{ord(char):04x}")
        else:
            stacked = 0
            out.append(char)
    return "".join(out)


def crop(text: str, width: int, ascii_only: bool = False) -> str:
    """Return ``text`` cut to at most ``width`` cells, the last one an ellipsis where something was cut."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    mark = ASCII_ELLIPSIS if ascii_only else ELLIPSIS
    if text.isascii():
        return text[: width - 1] + mark
    used = 0
    for index, char in enumerate(text):
        size = get_character_cell_size(char)
        if used + size > width - 1:
            return text[:index] + mark
        used += size
    return text


def fit(text: object, width: int, align: Align = "left", ascii_only: bool = False) -> str:
    """Return outside text made harmless, cut or padded to exactly ``width`` cells.

    With ``ascii_only`` every other character becomes ``?``, for terminals that cannot draw them.
    """
    if width <= 0:
        return ""
    # One more than the width is enough to know that something must be cut, whatever the text's length.
    raw = str(text)
    plain = clean(raw, 4 * width + 8)
    if ascii_only and not plain.isascii():
        plain = plain.encode("ascii", "replace").decode("ascii")
    shown = crop(plain, width, ascii_only)
    padding = width - width_of(shown)
    if not shown.isascii() and any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in shown):
        shown += LEFT_TO_RIGHT_MARK
    if align == "right":
        return " " * padding + shown
    if align == "center":
        left = padding // 2
        return " " * left + shown + " " * (padding - left)
    return shown + " " * padding
