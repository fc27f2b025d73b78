"""A list to decide on: rows that can be selected, and a few verbs for the selected ones or the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical

from workbench.core.redact import visible
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.list_folds import Folds, ListLine, is_head
from workbench.tui.screens.texts import TextScroll, plain
from workbench.tui.widgets.table import Cell, Column, KeyedTable, TableRow
from workbench.tui.widgets.table.telling import TellingTable

__all__ = ["Chosen", "ListLine", "ListScreen", "Verb"]

TALLEST = 14  # rows shown at once; the list scrolls
ROOM_FOR_WORDS = 15  # lines for frame, heading, words and keys
BORDERS = 2  # lines of the dialog's frame
LEAST_WORDS, MOST_WORDS = 44, 100  # cells for what a row is about
LEAST_EVIDENCE = 5  # lines of the highlighted row's evidence, with the line above it


class Verb(NamedTuple):
    """What a key does: ``key`` as Textual names it (``enter`` is the table's own), an id, words for the key line.

    ``judges`` verbs record somebody's word: they never sit on Enter, and for several rows the number is typed.
    """

    key: str
    id: str
    words: str
    judges: bool = False


class Chosen(NamedTuple):
    """The verb that was pressed, and the rows it is about (selected ones, else the one under the cursor).

    ``cursor`` is the row under the cursor whatever is selected: what looks at or judges one row is about that one.
    """

    verb: str
    keys: tuple[str, ...]
    cursor: str
    selected: bool = False


class ListScreen(Dialog[Chosen]):
    """Shows rows and waits for a verb; Esc leaves without one. ``marked`` rows are selected from the start.

    ``whole`` are the same rows with people's addresses in full: ``s``, pressed twice, shows them in this dialog alone,
    because nobody can be judged by two letters of a name. One of the ``verbs`` is Enter's, so that no list is a
    circle; first it goes through the rows ``to_read``, their whole evidence below the list as each is reached.
    """

    def __init__(
        self,
        heading: str,
        text: str,
        lines: Sequence[ListLine],
        verbs: Sequence[Verb],
        *,
        marked: Sequence[str] = (),
        whole: Sequence[ListLine] = (),
        to_read: Sequence[str] = (),
    ) -> None:
        super().__init__(id="list-screen")
        self._whole = whole if whole and list(whole) != list(lines) else ()
        self._asked = False
        self.heading = heading
        self._text = text
        self._lines = lines
        self._verbs = {verb.key: verb for verb in verbs}
        self._marked = tuple(marked)
        self._to_read = tuple(to_read)
        first = (Column("lead", "looks", width=max(len(line.lead) for line in lines)),) if _led(lines) else ()
        # What a row is about stands whole where the width allows; why gets the rest, and stands whole below the list.
        rest = (
            Column("words", "what", width=_need(line.words for line in lines), min_width=LEAST_WORDS),
            Column("more", "why", flex=1, min_width=16, priority=2),
        )
        self.table = TellingTable((*first, *rest), id="list-table")
        self._folds = Folds(lines, marked)
        self._by_key: dict[str, ListLine] = {}
        self._detail = words("", id="list-detail")
        self._box = Vertical(classes="dialog-box -wide")
        self._evidence = TextScroll(classes="dialog-scroll", id="list-detail-box")

    def compose(self) -> ComposeResult:
        """Heading, words, rows, keys."""
        with self._box:
            yield title(plain(self.heading, 1))
            yield words(plain(self._text, 12))
            yield self.table
            with self._evidence:
                yield self._detail
            named = [f"{'Enter' if v.key == 'enter' else v.key} {v.words}" for v in self._verbs.values()]
            select = "space selects, a all" if len(self._lines) > 1 else ""
            people = "s names in full" if self._whole else ""
            parts = (*named, select, people, "Esc leaves")
            yield words(" · ".join(part for part in parts if part), classes="dialog-keys")

    def on_mount(self) -> None:
        """Rows, selection, focus."""
        self._fill()
        self._share_room()
        self.table.set_marks(self._marked)
        self.table.focus()
        self._tell(self.table.cursor_key)

    def on_resize(self) -> None:
        """Share the room anew, once it is known how many lines the words and the keys take at this width."""
        self.call_after_refresh(self._share_room)

    def _share_room(self) -> None:
        """On a small terminal list and evidence give way to the words above them and the keys below.

        Before the first layout nothing is known of the words; they are taken for as long as they usually are.
        """
        height = self.app.size.height
        rows = min(len(self._by_key), TALLEST, max(3, height - ROOM_FOR_WORDS))
        others = [one for one in self._box.children if one not in (self.table, self._evidence)]
        taken = sum(one.outer_size.height + one.styles.margin.height for one in others)
        if taken:
            left = height - BORDERS - taken
            rows = min(rows, max(2, left - LEAST_EVIDENCE - 1))
            self._evidence.styles.max_height = max(2, left - rows - 1)
        self.table.styles.height = rows + 1

    def _fill(self) -> None:
        led, shown = _led(self._lines), self._folds.shown(self._lines)
        self._by_key = {line.key: line for line in shown}
        self.table.set_rows(
            TableRow(
                line.key,
                (
                    *((Cell(line.lead, line.tone),) if led else ()),
                    Cell(visible(line.words, 200), line.tone),
                    Cell("" if is_head(line.key) else visible(_joined(line), 300), "dim"),
                ),
                markable=not is_head(line.key),
            )
            for line in shown
        )

    def _lift(self) -> None:
        """Show people in full in this dialog, once somebody said twice that nobody else looks."""
        if not self._asked:
            self._asked = True
            self.say("Names in full, here only: is nobody else looking? s once more.")
            return
        self._lines, self._whole = self._whole, ()
        self._fill()
        self._tell(self.table.cursor_key)

    @on(KeyedTable.Highlighted)
    def _highlighted(self, event: KeyedTable.Highlighted) -> None:
        self._tell(event.key)

    def _tell(self, key: str | None) -> None:
        """Show the whole of the highlighted row: whoever decides on it reads all that speaks for and against it."""
        line = self._by_key.get(key or "")
        if line is not None:
            parts = (line.words, line.lead and f"Looks: {line.lead}", *line.more)
            self._detail.update(plain("\n".join(part for part in parts if part), 40))

    @on(KeyedTable.Opened)
    def _opened(self) -> None:
        here = self.table.cursor_key or ""
        if is_head(here):
            self._folds.turn(here)
            self._fill()
            self._share_room()
            self._tell(here)
        elif here in self._to_read[:-1]:
            self.table.move_cursor(self._to_read[self._to_read.index(here) + 1])
        else:
            self._answer(self._verbs["enter"])

    def on_key(self, event: events.Key) -> None:
        """Take the verbs' keys; the table has the others."""
        verb = self._verbs.get(event.character or event.key)
        if verb is not None and verb.key != "enter":
            event.stop()
            self._answer(verb)
        elif event.character == "s" and self._whole:
            event.stop()
            self._lift()

    def _answer(self, verb: Verb) -> None:
        keys = tuple(key for key in self.table.chosen_keys if not is_head(key))
        cursor = self.table.cursor_key or ""
        if not keys:
            self.say("This row stands for several: Enter unfolds them, then choose among them.")
            return
        if is_head(cursor):
            cursor = keys[0]
        self.dismiss(Chosen(verb.id, keys, cursor, selected=bool(self.table.marked_count)))


def _joined(line: ListLine) -> str:
    return "; ".join(line.more)


def _need(texts: Iterable[str]) -> int:
    """Return how wide a column would like to be: what its longest text needs, within reason."""
    return max(LEAST_WORDS, min(MOST_WORDS, max(map(len, texts), default=0)))


def _led(lines: Sequence[ListLine]) -> bool:
    """Return whether the rows carry a deciding word."""
    return any(line.lead for line in lines)
