"""Why a pane is empty: a few centred lines that name the reason and the key that fills it."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.tui.widgets.cells import clean, crop, width_of

MAX_TEXT = 2000


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` as harmless lines of at most ``width`` cells, broken at spaces; newlines are kept."""
    if width <= 0:
        return []
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in clean(paragraph, MAX_TEXT).split(" "):
            candidate = f"{line} {word}" if line else word
            if line and width_of(candidate) > width:
                lines.append(crop(line, width))
                candidate = word
            line = candidate
        lines.append(crop(line, width))
    return lines


def centred(text: str, width: int, height: int) -> list[str]:
    """Return at most ``height`` lines with ``text`` wrapped, centred across and a third of the way down."""
    lines = wrap(text, max(1, width - 4))[: max(0, height)]
    top = max(0, (height - len(lines)) // 3)
    return [""] * top + [" " * ((width - width_of(line)) // 2) + line for line in lines]


class EmptyState(Widget):
    """Shows one text of the owner in the middle of whatever room there is."""

    DEFAULT_CSS = """
    EmptyState {
        width: 1fr;
        height: 1fr;
        color: $text-muted;
    }
    """

    text: reactive[str] = reactive("")

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.set_reactive(EmptyState.text, text)

    def render(self) -> RenderResult:
        """Return the lines; Content, so that nothing in the text is taken for markup."""
        return Content("\n".join(centred(self.text, self.size.width, self.size.height)))
