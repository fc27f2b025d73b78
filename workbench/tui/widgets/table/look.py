"""How a table looks: its parts as classes of a style sheet, styled with the theme's variables."""

from __future__ import annotations

from rich.style import Style
from textual.dom import DOMNode
from textual.widget import Widget

from workbench.core.rows import STYLES

# Name of a part -> the class a style sheet addresses it by.
TABLE_PARTS = {part: f"keyed-table--{part}" for part in ("header", "cursor", "marked", "empty", *STYLES)}

# Without colour the cursor is a glyph and reverse video; the focused table underlines its header.
TABLE_CSS = """
KeyedTable {
    background: $surface;
    color: $foreground;
    height: 1fr;
    overflow-x: hidden;
    scrollbar-size-vertical: 1;
    & > .keyed-table--header { text-style: bold; background: $panel; color: $foreground; }
    & > .keyed-table--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    & > .keyed-table--marked { color: $text-primary; text-style: bold; }
    & > .keyed-table--empty { color: $text-muted; }
    & > .keyed-table--ok { color: $text-success; }
    & > .keyed-table--warn { color: $text-warning; }
    & > .keyed-table--bad { color: $text-error; text-style: bold; }
    & > .keyed-table--dim { color: $text-muted; }
    & > .keyed-table--accent { color: $text-primary; }
    & > .keyed-table--busy { color: $text-primary; text-style: italic; }
    &:focus > .keyed-table--header { text-style: bold underline; }
    &:focus > .keyed-table--cursor {
        background: $block-cursor-background;
        color: $block-cursor-foreground;
        text-style: bold;
    }
    &:nocolor:focus > .keyed-table--cursor { text-style: bold reverse; }
    &:ansi:focus > .keyed-table--cursor { text-style: bold reverse; }
}
"""


def part_style(table: Widget, part: str) -> Style:
    """Return how a part of a table looks in the theme, and with or without the focus, of now.

    As component classes the toolkit would style every part of every table at each restyling, though few are
    drawn before the next one.
    """
    node = DOMNode(classes=TABLE_PARTS[part])
    node._attach(table)
    table.app.stylesheet.apply(node)
    return node.rich_style
