"""Who sent what, to judge: a row a credential and sender, the reasons of the highlighted one below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.core.redact import visible
from workbench.core.rows import reworded
from workbench.domain.forensics.recorded import RecordedSender
from workbench.domain.forensics.senders import credential_name, reasons_of
from workbench.presentation.senders import rows
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.lists import Chosen
from workbench.tui.screens.texts import TextScroll, plain
from workbench.tui.widgets.table import Column, KeyedTable
from workbench.tui.widgets.table.telling import TellingTable

MOST_NAME = 40  # cells for a login, a key or a sender's address
ROOM_FOR_WORDS = 7  # lines for frame, heading, words and keys
LEAST_EVIDENCE = 7  # lines for the reasons of the highlighted row, with the line above them


def _columns(found: Sequence[RecordedSender]) -> tuple[Column, ...]:
    """Return the columns: whose mail it is hangs on the two names, which stand whole where the width allows."""

    def name(texts: Iterable[str]) -> int:
        return max(10, min(MOST_NAME, max(map(len, texts), default=0)))

    return (
        Column("whose", "whose", width=11),
        Column("credential", "with", width=name(map(credential_name, found)), min_width=10),
        Column("sender", "as", width=name(visible(one.sender, 80) for one in found), min_width=14),
        Column("sent", "sent", width=8, min_width=6, align="right"),
        Column("failed", "refused", width=7, align="right", priority=2),
        Column("complained", "complained", width=10, min_width=6, align="right", priority=4),
        Column("from", "from", flex=1, min_width=15, priority=3),
    )


KEYS = "i intruder's · y yours · Enter reads on · l addresses for abuse reports · w whom it reached · Esc"


class SendersScreen(Dialog[Chosen]):
    """Shows senders as the documents name them; those nobody judged yet are selected. ``safe`` hides people."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "judge('intruder')", "The intruder's", id="senders.intruder", show=False),
        Binding("y", "judge('ours')", "Ours", id="senders.ours", show=False),
        Binding("l", "judge('addresses')", "Addresses", id="senders.addresses", show=False),
        Binding("w", "judge('recipients')", "Recipients", id="senders.recipients", show=False),
        Binding("q", "back", "Close", id="senders.close", show=False),
    ]

    def __init__(
        self, found: Sequence[RecordedSender], safe: Callable[[str], str], *, ascii_mode: bool = False
    ) -> None:
        super().__init__(id="senders-screen")
        self._found = {one.key: one for one in found}
        self._asked = [name for name, one in self._found.items() if one.looks != "production"]
        self._asked = [name for name in self._asked if not self._found[name].decision]
        self._safe = safe
        self._table = TellingTable(_columns(found), ascii_mode=ascii_mode, id="senders-table")
        self._detail = words("")

    def compose(self) -> ComposeResult:
        """What is asked, the rows, why the highlighted one looks as it does, the keys."""
        text = (
            f"{len(self._asked)} of {len(self._found)} wait for your judgement; they are selected. What you call the "
            "intruder's counts as such in the order of the cut, the figures of the damage and every report."
        )
        with Vertical(classes="dialog-box -whole"):
            yield title("Who sent what")
            yield words(plain(text))
            yield self._table
            with TextScroll(id="senders-detail"):
                yield self._detail
            yield words(KEYS, classes="dialog-keys")

    def on_mount(self) -> None:
        """Rows, selection, focus."""
        self._table.set_rows(reworded(row, self._safe) for row in rows(self._found.values()))
        self._table.set_marks(self._asked)
        self._table.focus()
        self._share_room()
        self._write()

    def on_resize(self) -> None:
        """Share the room anew."""
        self._share_room()

    def _share_room(self) -> None:
        """The rows take what they need, the reasons of the highlighted one the rest."""
        height = self.app.size.height
        self._table.styles.height = min(
            len(self._found) + 1, max(4, height - ROOM_FOR_WORDS - LEAST_EVIDENCE)
        )

    @on(KeyedTable.Highlighted)
    def _write(self) -> None:
        one = self._found.get(self._table.cursor_key or "")
        self._detail.update(plain(self._safe("\n".join(reasons_of(one)))) if one is not None else "")

    @on(KeyedTable.Opened)
    def _opened(self) -> None:
        # Enter judges nobody, least of all everybody who is selected: it reads the next one, then leaves.
        here, names = self._table.cursor_key, list(self._found)
        if here in names[:-1]:
            self._table.move_cursor(names[names.index(here) + 1])
        else:
            self.dismiss(None)

    def action_judge(self, verb: str) -> None:
        """Leave with what was asked for: of the selected rows, else of the one under the cursor."""
        keys, cursor = tuple(self._table.chosen_keys), self._table.cursor_key or ""
        self.dismiss(Chosen(verb, keys, cursor, selected=bool(self._table.marked_count)))
