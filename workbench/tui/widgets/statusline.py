"""One line of facts, left and right; where it is narrow the least important words go first.

A fact may have shorter forms. Room is made step by step: whatever stands with the largest number is replaced
by its next shorter form, or left out whole when it has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.tui.widgets.cells import clean, crop, width_of

GAP = 2  # cells between two facts

# The styles a fact may have, as theme variables; each only adds to what the words say.
STATUS_STYLES = {
    "": "",
    "strong": "bold",
    "ok": "$text-success",
    "warn": "$text-warning",
    "bad": "bold $text-error",
    "dim": "$text-muted",
    "accent": "$text-primary",
    "busy": "italic $text-primary",
}


class Fact(NamedTuple):
    """One fact of a status line. Priority 1 stays longest, the largest number goes first.

    ``shorter`` are (text, priority) forms that replace it in turn where it is narrow; the priority of each is
    that of its own words.
    """

    text: str
    style: str = ""
    priority: int = 1
    side: Literal["left", "right"] = "left"
    shorter: tuple[tuple[str, int], ...] = ()


def arrange(facts: Sequence[Fact], width: int) -> list[tuple[str, str]]:
    """Return (text, style) pieces that fill exactly ``width`` cells; the last fact that stays is cropped."""
    if width <= 0:
        return []
    kept = [fact._replace(text=clean(fact.text, 200)) for fact in facts if fact.text]
    while len(kept) > 1 and _length(kept) > width:
        worst = max(range(len(kept)), key=lambda i: (kept[i].priority, i))
        fact = kept[worst]
        if fact.shorter:
            (text, priority), *rest = fact.shorter
            kept[worst] = fact._replace(text=clean(text, 200), priority=priority, shorter=tuple(rest))
        else:
            del kept[worst]
    if len(kept) == 1:
        kept = [kept[0]._replace(text=crop(kept[0].text, width))]
    left = [fact for fact in kept if fact.side == "left"]
    right = [fact for fact in kept if fact.side == "right"]
    spare = width - _side(left) - _side(right)
    return [*_joined(left), (" " * spare, ""), *_joined(right)]


def _joined(facts: Sequence[Fact]) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for fact in facts:
        if pieces:
            pieces.append((" " * GAP, ""))
        pieces.append((fact.text, fact.style))
    return pieces


def _side(facts: Sequence[Fact]) -> int:
    return sum(width_of(fact.text) for fact in facts) + GAP * max(0, len(facts) - 1)


def _length(facts: Sequence[Fact]) -> int:
    return sum(width_of(fact.text) for fact in facts) + GAP * (len(facts) - 1)


class StatusLine(Widget):
    """Shows facts; an unknown style name is refused when it is set."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        width: 1fr;
        background: $panel;
        color: $foreground;
    }
    """

    facts: reactive[tuple[Fact, ...]] = reactive(())

    def validate_facts(self, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Refuse a style that does not exist."""
        for fact in facts:
            if fact.style not in STATUS_STYLES:
                raise ValueError(f"no such style of a status line: {fact.style!r}")
        return tuple(facts)

    def render(self) -> RenderResult:
        """Return the line."""
        pieces = arrange(self.facts, self.size.width)
        return Content.assemble(*((text, STATUS_STYLES[style]) for text, style in pieces))
