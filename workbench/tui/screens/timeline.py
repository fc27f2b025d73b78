"""The timeline on the screen: every day, a day's hours, an hour's moments; by kind, or only what is suspicious."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from workbench.presentation.cells import Look
from workbench.presentation.timeline import Hidden, Zoom, chosen, next_kind, rows
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import plain
from workbench.tui.widgets.table import Column, KeyedTable
from workbench.tui.widgets.table.telling import TellingTable

if TYPE_CHECKING:
    from workbench.domain.forensics.moment import Moment, MomentKind

COLUMNS = (
    Column("when", "when (UTC)", width=19, min_width=16),
    Column("kind", "n or kind", width=11, min_width=9),
    Column("text", "what happened", flex=1, min_width=24),
)
# Seconds between two looks at the journal while a containment runs behind this screen.
EVERY = 1.0
# Following the journal takes at most one part in so many of the time.
SHARE = 30
KEYS = "Enter closer · u out · n kind · ! suspicious · e each moment · Esc"


class TimelineScreen(Dialog[None]):
    """Shows moments. ``source`` returns them all, or None where nothing is new since it was asked last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u,backspace,left", "out", "Back out", id="timeline.out", show=False),
        Binding("n", "kind", "Next kind", id="timeline.kind", show=False),
        Binding("exclamation_mark", "odd", "Suspicious only", id="timeline.odd", show=False),
        Binding("e", "flat", "Each moment", id="timeline.flat", show=False),
        Binding("q", "back", "Close", id="timeline.close", show=False),
    ]

    def __init__(self, source: Callable[[], list[Moment] | None], look: Look, hidden: Hidden) -> None:
        super().__init__(id="timeline-screen")
        self._source = source
        self._look = look
        self._hidden = hidden
        self._moments: Sequence[Moment] = ()
        self._zoom = Zoom()
        self._due = float("-inf")
        self._kind: MomentKind | None = None
        self._only_odd = False
        self._status = words("", id="timeline-status")
        self._table = TellingTable(
            COLUMNS, empty_text="Nothing of this kind here.", ascii_mode=look.ascii, id="timeline-table"
        )
        self._detail = words("", id="timeline-detail")

    def compose(self) -> ComposeResult:
        """Where we are, the rows, the whole text of the one under the cursor, the keys."""
        with Vertical(classes="dialog-box -whole"):
            yield title("Timeline")
            yield self._status
            yield self._table
            yield self._detail
            yield words(KEYS, classes="dialog-keys")

    def on_mount(self) -> None:
        """Fill, then follow the journal."""
        self._look_again()
        self._table.focus()
        self.call_after_refresh(self._to_the_point)
        self.set_interval(EVERY, self._look_again)

    def _to_the_point(self) -> None:
        """Begin where something suspicious happened last: that is what brought somebody here."""
        days = [row.key for row in rows(chosen(self._moments, Zoom(), (), True), Zoom(), self._look)]
        if self._moments and not (days and self._table.move_cursor(days[-1])):
            self._table.action_bottom()

    def _look_again(self) -> None:
        began = monotonic()
        if began < self._due:
            return
        fresh = self._source()
        if fresh is not None:
            self._moments = fresh
            self._fill(self._table.cursor_key)
        # Ten thousand moments take a tenth of a second: keys must not wait for that every second.
        self._due = monotonic() + SHARE * (monotonic() - began)

    def _fill(self, cursor: str | None = None) -> None:
        kinds = (self._kind,) if self._kind is not None else ()
        there = chosen(self._moments, self._zoom, kinds, self._only_odd)
        self._table.set_rows(rows(there, self._zoom, self._look, self._hidden))
        if cursor is not None:
            self._table.move_cursor(cursor)
        odd = sum(m.suspicious for m in there)
        kind = self._kind.value if self._kind is not None else "every kind"
        only = ", only what is suspicious" if self._only_odd else ""
        self._status.update(
            plain(f"{self._zoom.words()} · {kind}{only} · {len(there)} moments, {odd} suspicious")
        )
        self._write()

    @on(KeyedTable.Highlighted)
    def _write(self) -> None:
        row = self._table.cursor_row
        cell = row.cells[-1] if row is not None else ""
        self._detail.update(plain(cell if isinstance(cell, str) else cell.text, 4))

    @on(KeyedTable.Opened)
    def _closer(self, event: KeyedTable.Opened) -> None:
        closer = self._zoom.into(event.key)
        if closer != self._zoom:
            self._zoom = closer
            self._fill()
        else:
            self.say("a single moment: it stands whole below the list")

    def action_out(self) -> None:
        """One step further away, with the cursor on where we come from."""
        before = self._zoom
        if before == Zoom():
            self.app.bell()
            self.say("this is all of it: no step further away")
            return
        self._zoom = before.out()
        self._fill(before.key)

    def action_kind(self) -> None:
        """Show the next kind alone; after the last all of them."""
        self._kind = next_kind(self._moments, self._kind)
        self._fill()

    def action_odd(self) -> None:
        """Show only what is suspicious, or everything again."""
        self._only_odd = not self._only_odd
        self._fill()

    def action_flat(self) -> None:
        """Show each moment of the stretch, or its days and hours again."""
        self._zoom = self._zoom.flattened()
        self._fill()
