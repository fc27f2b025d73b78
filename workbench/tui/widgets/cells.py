"""Outside text fitted into terminal cells: the one place where width is measured.

A terminal counts in cells, not characters: a CJK letter takes two, a combining accent none. Text written by
an intruder may use either to push a column aside, so nothing reaches a line of the screen without ``fit``.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from rich.cells import cell_len, get_character_cell_size

from workbench.core.redact import visible

Align = Literal["left", "right", "center"]

ELLIPSIS = "…"
ASCII_ELLIPSIS = "~"
# Letters with two stacked accents exist (Vietnamese); taller stacks only serve to smear other lines.
MAX_STACKED = 2
# Flags, skin tones, variation selectors, keycaps: terminals do not agree on the width of what these join.
_WIDTH_UNSURE = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\ufe00-\ufe0f\u20e3\U000e0100-\U000e01ef]"
)
# A terminal that reorders text would pull the next column's digits into a run of these, and the marks that
# prevent it break terminals that do not reorder. An escape is ugly and reads the same everywhere.
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def width_of(text: str) -> int:
    """Return how many terminal cells ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def clean(text: object, limit: int = 400) -> str:
    """Return outside text as one harmless line of known width.

    On top of ``visible``, stacked or leading accents, right-to-left letters and whatever terminals disagree
    about become escapes.
    """
    plain = visible(text, limit)
    if plain.isascii():
        return plain
    out: list[str] = []
    stacked = MAX_STACKED
    for char in plain:
        if _WIDTH_UNSURE.match(char) or unicodedata.bidirectional(char) in _RIGHT_TO_LEFT:
            out.append(_escape(char))
            stacked = 0
        elif get_character_cell_size(char) == 0:
            stacked += 1
            out.append(char if stacked <= MAX_STACKED else _escape(char))
        else:
            stacked = 0
            out.append(char)
    return "".join(out)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


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
    if align == "right":
        return " " * padding + shown
    if align == "center":
        left = padding // 2
        return " " * left + shown + " " * (padding - left)
    return shown + " " * padding
