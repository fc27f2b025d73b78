"""What every dialog shares: a box in the middle, Esc backs out, paste only into inputs, no markup."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Static

from workbench.tui.style_paths import style_files
from workbench.tui.terminal.display import CalmScreen

Answer = TypeVar("Answer")


class Dialog(CalmScreen, ModalScreen[Answer | None]):
    """A modal screen. Esc dismisses it without an answer; Tab and the arrows move between its parts."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [*style_files("dialogs")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="dialog.back", show=False),
        Binding("left,up", "app.focus_previous", "Previous", id="dialog.previous", show=False),
        Binding("right,down", "app.focus_next", "Next", id="dialog.next", show=False),
    ]

    def on_mount(self) -> None:
        """Nothing blinks: over a slow line each blink is a repaint, and it draws the eye for nothing."""
        for field in self.query(Input):
            field.cursor_blink = False

    def action_back(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    def on_paste(self, event: events.Paste) -> None:
        """A paste that no input took is refused: its letters must never act as keys."""
        refuse_paste(self, event)


def refuse_paste(screen: Screen[Any], event: events.Paste) -> None:
    """Say that a paste was ignored."""
    event.stop()
    screen.notify("Paste ignored: nothing here takes text.", markup=False)


class SecretInput(Input):
    """An input whose text is never drawn and never copied."""

    def __init__(self, placeholder: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, password=True, id=id)

    def action_copy(self) -> None:
        """Refuse: the clipboard of a terminal is no place for a secret."""
        self.app.bell()

    def action_cut(self) -> None:
        """Refuse, as copying is refused."""
        self.app.bell()


def title(text: str) -> Static:
    """Return a dialog's title line."""
    return Static(Content(text), classes="dialog-title", markup=False)


def words(text: str, classes: str = "", id: str | None = None) -> Static:  # noqa: A002
    """Return plain words; nothing in them is markup."""
    return Static(Content(text), classes=f"dialog-words {classes}".strip(), id=id, markup=False)


def button(text: str, id: str, *, danger: bool = False) -> Button:  # noqa: A002
    """Return a flat one-line button whose label is plain text."""
    return Button(Content(text), id=id, classes="-danger" if danger else "", compact=True)
