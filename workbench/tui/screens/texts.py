"""Screens that show text: something to copy or read, and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.core.redact import visible
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.workers import Trouble

MAX_LINES = 4000
A_PART = 80  # lines that are wrapped in one turn of the loop


def plain(text: str, lines: int = MAX_LINES) -> str:
    """Return text line by line made harmless; what is cut off is said."""
    split = text.split("\n")
    shown = [visible(line, 2000) for line in split[:lines]]
    if len(split) > lines:
        shown.append(f"… and {len(split) - lines} more lines")
    return "\n".join(shown)


class TextScroll(VerticalScroll):
    """Scrolling text with the keys of a pager."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False),
        Binding("k,up", "scroll_up", "Up", show=False),
        Binding("space,pagedown", "page_down", "Page down", show=False),
        Binding("b,pageup", "page_up", "Page up", show=False),
        Binding("g,home", "scroll_home", "Top", show=False),
        Binding("G,end", "scroll_end", "Bottom", show=False),
    ]

    def action_scroll_home(self) -> None:
        """Go to the top at once: what a key did is seen when it is asked whether it did anything."""
        self.scroll_home(animate=False, immediate=True)

    def action_scroll_end(self) -> None:
        """Go to the end at once."""
        self.scroll_end(animate=False, immediate=True)


class TextScreen(Dialog[bool]):
    """Shows one text. ``c`` copies it; dismisses with whether it was copied.

    With ``enter_copies`` the text is there to be taken: Enter copies it and closes. With ``to_send`` a letter of its
    own says that it was sent; ``sent`` tells whether it was pressed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="text.copy", show=False),
        Binding("enter", "enter", "Close", id="text.enter", show=False),
        Binding("y", "sent", "It was sent", id="text.sent", show=False),
        Binding("q", "back", "Close", id="text.close", show=False),
    ]

    def __init__(
        self,
        heading: str,
        text: str,
        *,
        hint: str = "",
        copyable: bool = True,
        enter_copies: bool = False,
        to_send: bool = False,
    ) -> None:
        super().__init__()
        self._to_send = to_send
        self.sent = False
        self._enter_copies = enter_copies and copyable
        self._heading = heading
        self._lines = plain(text).split("\n")
        self._hint = hint
        self._copyable = copyable
        self._copied = False

    def compose(self) -> ComposeResult:
        """Title, text, what the keys do."""
        with Vertical(classes="dialog-box -tall"):
            yield title(visible(self._heading, 120))
            with TextScroll(classes="dialog-scroll"):
                yield words("\n".join(self._lines[:A_PART]))
            yield words(self._hint) if self._hint else words("", classes="-hidden")
            keys = "c copies · Esc closes" if self._copyable else "Esc closes"
            if self._to_send:
                # First: a note in the corner may lie over the end of this line.
                keys = f"y it was sent · {keys}"
            yield words(
                f"Enter copies and closes · {keys}" if self._enter_copies else keys, classes="dialog-keys"
            )

    def on_mount(self) -> None:
        """The text can be scrolled at once."""
        self.query_one(TextScroll).focus()
        self.call_after_refresh(self._add_part, A_PART)

    def _add_part(self, done: int) -> None:
        """Add the next part of a long text: wrapping all of a report takes a quarter of a second."""
        if done < len(self._lines) and self.is_attached:
            self.query_one(TextScroll).mount(words("\n".join(self._lines[done : done + A_PART])))
            self.call_after_refresh(self._add_part, done + A_PART)

    def action_copy(self) -> None:
        """Offer the text to the terminal's clipboard."""
        if self._copyable:
            self.app.copy_to_clipboard("\n".join(self._lines))
            self._copied = True

    def action_enter(self) -> None:
        """Close; where the text is there to be taken, copy it first."""
        if self._enter_copies:
            self.action_copy()
        self.action_back()

    def action_sent(self) -> None:
        """Say that it was sent, and close; it is copied as well, for whoever says so before they paste it."""
        if self._to_send:
            self.action_copy()
            self.sent = True
            self.action_back()

    def action_back(self) -> None:
        """Close; say whether the text was copied."""
        self.dismiss(self._copied)


class ErrorScreen(Dialog[None]):
    """Shows what went wrong, in words. More errors that arrive meanwhile are added below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="error.copy", show=False),
        Binding("q,enter", "back", "Close", id="error.close", show=False),
    ]

    def __init__(self, trouble: Trouble, on_close: Callable[[], None] | None = None) -> None:
        super().__init__(classes="error-screen")
        self._troubles = [trouble]
        self._on_close = on_close
        self._body = Static(markup=False, classes="dialog-words")

    def compose(self) -> ComposeResult:
        """Title, the errors, the keys."""
        with Vertical(classes="dialog-box -error"):
            yield title("This did not work")
            with TextScroll(classes="dialog-scroll"):
                yield self._body
            yield words("c copies this text (no secret is in it) · Esc closes", classes="dialog-keys")

    def on_mount(self) -> None:
        """Show the first error."""
        self._write()
        self.query_one(TextScroll).focus()

    def add(self, trouble: Trouble) -> None:
        """Show another error below those already there, unless it is the same one."""
        if trouble not in self._troubles:
            self._troubles.append(trouble)
            self._write()

    def _write(self) -> None:
        pieces: list[tuple[str, str]] = []
        for trouble in self._troubles:
            if pieces:
                pieces.append(("\n", ""))
            pieces.append((f"{visible(trouble.what, 1000)}\n", "bold $text-error"))
            for label, text in (
                ("What it means", trouble.means),
                ("What to do", trouble.todo),
                ("While", trouble.doing),
            ):
                if text:
                    pieces += [(f"{label}: ", "bold"), (f"{visible(text, 1000)}\n", "")]
        self._body.update(Content.assemble(*pieces))

    def action_copy(self) -> None:
        """Offer the words to the terminal's clipboard."""
        self.app.copy_to_clipboard("\n\n".join(plain(t.text()) for t in self._troubles))

    def action_back(self) -> None:
        """Close."""
        self.dismiss(None)
