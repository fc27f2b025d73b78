"""Small questions: pick one of a few, or type one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.widgets import Input

from workbench.tui.screens.choices import Choice, Picked
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import plain
from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow
from workbench.tui.widgets.table.telling import TellingTable

WIDEST = 44  # cells of an answer at most, the rest is what it means
FRAME = 2  # lines of the box's frame
BOX, BORDERS = 84, 11  # cells of a dialog's box at most, and what of them no text of a row gets


class PickScreen(Dialog[Picked]):
    """Asks for one of several answers; Enter takes the one under the cursor, Esc none.

    With ``reason`` a line for it stands below: Tab goes there, Enter in it takes the answer as well. A question longer
    than its place is moved with ``]`` and ``[``: answers and keys stay in sight.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+f,right_square_bracket", "read(3)", "Question down", id="pick.down", show=False),
        Binding("ctrl+b,left_square_bracket", "read(-3)", "Question up", id="pick.up", show=False),
    ]

    def __init__(self, heading: str, text: str, choices: Sequence[Choice], *, reason: str = "") -> None:
        super().__init__(classes="pick-screen")
        self._heading = heading
        self._text = text
        self._choices = choices
        self._reason = reason
        self._widest = max(len(one.words) for one in choices), max(len(one.more) for one in choices)
        answer = Column("words", "answer", width=min(self._widest[0], WIDEST))
        answer = answer if self._widest[1] else Column("words", "answer", flex=1)
        self._table = TellingTable((answer, Column("more", "", flex=2, priority=2)), id="pick-table")
        self._detail = words("", id="pick-detail")
        self._keys = words("", classes="dialog-keys")
        self._named = ""
        self._box = Vertical(classes="dialog-box")
        self._said = VerticalScroll(classes="pick-words", can_focus=False)

    def compose(self) -> ComposeResult:
        """Question, answers, reason."""
        with self._box:
            yield title(plain(self._heading, 1))
            with self._said:
                yield words(plain(self._text, 30))
            yield self._table
            yield self._detail
            if self._reason:
                yield Input(placeholder=self._reason, id="pick-reason", compact=True, max_length=300)
            keys = "Enter answers · Esc leaves it open" + (" · Tab to the reason" if self._reason else "")
            keys += "".join(f" · {c.key} {c.words.lower()}" for c in self._choices if c.key)
            self._named = keys
            yield self._keys

    def on_mount(self) -> None:
        """The first answer is under the cursor."""
        self._table.styles.height = min(len(self._choices), 12) + 1
        self._table.set_rows(
            TableRow(c.id, (Cell(c.words), Cell(c.more, "dim")), markable=False) for c in self._choices
        )
        self._table.focus()
        self._tell()

    def on_resize(self) -> None:
        """Whatever of an answer does not fit its row stands whole below the rows."""
        room = min(self.app.size.width, BOX) - BORDERS
        self._detail.set_class(sum(self._widest) <= room, "-hidden")
        self.call_after_refresh(self._share_room)

    def _share_room(self) -> None:
        """On a small terminal the question gives way: answers and keys are below it, and are read last."""
        others = [one for one in self._box.children if one is not self._said]
        taken = sum(one.outer_size.height + one.styles.margin.height for one in others)
        room = max(2, self.app.size.height - FRAME - taken)
        self._said.styles.max_height = room
        # By what was laid out, not by what the new height will make of it: nothing says when that is.
        longer = sum(one.outer_size.height for one in self._said.children) > room
        self._keys.update(f"] reads on · {self._named}" if longer else self._named)

    def action_read(self, lines: int) -> None:
        """Move the question, where it is longer than its place."""
        self._said.scroll_relative(y=lines, animate=False)

    @on(KeyedTable.Highlighted)
    def _tell(self) -> None:
        one = next((c for c in self._choices if c.id == self._table.cursor_key), self._choices[0])
        self._detail.update(plain(": ".join(part for part in (one.words, one.more) if part), 6))

    def on_key(self, event: Key) -> None:
        """Take the answer that a letter stands for; letters typed as a reason stay letters."""
        chosen = next((c for c in self._choices if c.key and c.key == event.key), None)
        if chosen is not None and not isinstance(self.focused, Input):
            event.stop()
            self.dismiss(Picked(chosen.id))

    @on(KeyedTable.Opened)
    @on(Input.Submitted)
    def _answered(self) -> None:
        if (key := self._table.cursor_key) is not None:
            reason = self.query_one("#pick-reason", Input).value if self._reason else ""
            self.dismiss(Picked(key, reason.strip()))


class AskScreen(Dialog[str]):
    """Asks for one line. ``check`` returns what is wrong with it, ``""`` when it can be taken."""

    def __init__(
        self,
        heading: str,
        text: str,
        *,
        placeholder: str = "",
        start: str = "",
        check: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(classes="ask-screen")
        self._heading = heading
        self._text = text
        self._placeholder = placeholder
        self._start = start
        self._check = check

    def compose(self) -> ComposeResult:
        """Question, line, what is wrong with it."""
        with Vertical(classes="dialog-box"):
            yield title(plain(self._heading, 1))
            yield words(plain(self._text, 30))
            yield Input(
                self._start, placeholder=self._placeholder, id="ask-line", compact=True, max_length=400
            )
            yield words("", classes="dialog-wrong", id="ask-wrong")
            yield words("Enter takes it · Esc leaves it", classes="dialog-keys")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value.strip()) if self._check is not None else ""
        if not wrong and not event.value.strip():
            wrong = "Nothing was typed."
        if wrong:
            self.query_one("#ask-wrong").update(wrong)  # type: ignore[attr-defined]
            return
        self.dismiss(event.value.strip())
