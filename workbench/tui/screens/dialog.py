"""What every dialog shares: a box in the middle, Esc backs out, paste only into inputs, no markup.

What is said while it is open stands in the lower edge of its box, where it covers nothing.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, ClassVar, TypeVar

from rich.cells import cell_len, set_cell_size
from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Static

from workbench.core.redact import visible
from workbench.tui.keymap import pressed_name
from workbench.tui.style_paths import style_files
from workbench.tui.terminal.display import CalmScreen
from workbench.tui.widgets.table.telling import TellingTable

Answer = TypeVar("Answer")
EDGE = 6  # cells of a box's lower edge that no word gets: its corners and the space beside it
READING = frozenset({"j", "k", "b", "g", "G", "space"} | {"up", "down", "pageup", "pagedown", "home", "end"})


class Dialog(CalmScreen, ModalScreen[Answer | None]):
    """A modal screen. Esc dismisses it without an answer; Tab and the arrows move between its parts."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [*style_files("dialogs")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="dialog.back", show=False),
        Binding("left,up", "app.focus_previous", "Previous", id="dialog.previous", show=False),
        Binding("right,down", "app.focus_next", "Next", id="dialog.next", show=False),
    ]

    # A low terminal has no line to give away around a box of text.
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - the toolkit declares it
        (0, "-low"),
        (30, "-high"),
    ]
    notes = 0
    _early = ""  # what was said before there was anything to say it in
    _in_edge = ""

    def on_mount(self) -> None:
        """Nothing blinks: over a slow line each blink is a repaint, and it draws the eye for nothing."""
        for field in self.query(Input):
            field.cursor_blink = False
        if self._early:
            self.call_after_refresh(self.say, self._early)

    def action_back(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)

    # What came of a key

    def say(self, text: str) -> bool:
        """Say something in the lower edge until a key does something; return whether it stands there whole.

        What stands there already is said once more with a word beside it: the second press is answered too.
        """
        self.notes += 1
        said = visible(text, 400)
        for box in self.query(".dialog-box").results(Vertical):
            room = (box.outer_size.width or self.app.size.width) - EDGE
            shown = shortened(said, room)
            again = f"{shown} (still)"
            same = self._in_edge == shown and cell_len(again) <= room
            self._in_edge = again if same else shown
            box.border_subtitle = Content(self._in_edge)
            return shown == said
        self._early = said
        return False

    def heard(self) -> None:
        """Take away what was said of an earlier key."""
        for box in self.query(".dialog-box").results(Vertical):
            if self._in_edge:
                self._in_edge = ""
                box.border_subtitle = ""

    def unheard(self, key: events.Key) -> None:
        """Say that a key changed nothing, and why where that is known."""
        self.say(self.why_nothing(key))

    def why_nothing(self, key: events.Key) -> str:
        """Return why a key changed nothing, in a few words."""
        field = self.focused
        name = pressed_name(key)
        if isinstance(field, Input) and key.is_printable:
            return "a number is typed here: digits only" if field.type == "integer" else "no more fits here"
        if isinstance(field, VerticalScroll) and key.key in READING:
            return "there is no more that way"
        if key.key in self.active_bindings:
            return f"{name} changes nothing now"
        return f"{name} means nothing here; Esc leaves"

    @on(TellingTable.Nothing)
    def _nothing(self, event: TellingTable.Nothing) -> None:
        self.say(event.why)

    def on_paste(self, event: events.Paste) -> None:
        """A paste that no input took is refused: its letters must never act as keys."""
        refuse_paste(self, event)


def refuse_paste(screen: Screen[Any], event: events.Paste) -> None:
    """Say that a paste was ignored."""
    event.stop()
    words = "Paste ignored: nothing here takes text."
    if isinstance(screen, Dialog):
        screen.say(words)
    else:
        screen.notify(words, markup=False)


def shortened(text: str, room: int) -> str:
    """Return what of a text fits so many cells: its first sentences if one does, else its beginning."""
    if cell_len(text) <= room:
        return text
    kept = ""
    for end in (at for at, sign in enumerate(text) if sign in ".;"):
        if cell_len(text[: end + 1]) > room:
            break
        kept = text[: end + 1].rstrip(";")
    return kept or f"{set_cell_size(text, max(0, room - 1)).rstrip()}…"


class SecretInput(Input):
    """An input whose text is never drawn and never copied."""

    def __init__(self, placeholder: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, password=True, id=id)

    def action_copy(self) -> None:
        """Refuse: the clipboard of a terminal is no place for a secret."""
        self._refuse()

    def action_cut(self) -> None:
        """Refuse, as copying is refused."""
        self._refuse()

    def _refuse(self) -> None:
        self.app.bell()
        if isinstance(self.screen, Dialog):
            self.screen.say("what is typed here is never copied")


def title(text: str) -> Static:
    """Return a dialog's title line."""
    return Static(Content(text), classes="dialog-title", markup=False)


def words(text: str, classes: str = "", id: str | None = None) -> Static:  # noqa: A002
    """Return plain words; nothing in them is markup."""
    return Static(Content(text), classes=f"dialog-words {classes}".strip(), id=id, markup=False)


def button(text: str, id: str, *, danger: bool = False) -> Button:  # noqa: A002
    """Return a flat one-line button whose label is plain text."""
    return Button(Content(text), id=id, classes="-danger" if danger else "", compact=True)
