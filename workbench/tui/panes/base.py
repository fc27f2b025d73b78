"""What every pane shares: a numbered title with counts and filter, one table, updates that cost little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.core.redact import visible
from workbench.planning.catalog import Pane
from workbench.tui.messages import DetailRequested, PaneFocused
from workbench.tui.once import once
from workbench.tui.panes.manners import AGAIN, Manners
from workbench.tui.panes.store import Store
from workbench.tui.panes.table import PaneTable
from workbench.tui.widgets.table import Column, KeyedTable, Row
from workbench.tui.widgets.table.telling import RANGE, TellingTable

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident

NUMBERS = {pane: str(number) for number, pane in enumerate(Pane, start=1)}
# A pane spends at most one part in so many of the time on making rows anew, and never more than 15 a second.
SHARE = 6
SPACING = 1 / 15
PREVIEW_FROM, PREVIEW_WHOLE = 14, 20  # lines of a pane


class WorkPane(Vertical):
    """A bordered pane around one keyed table. Subclasses say which columns, which rows, and why it is empty.

    Data marks the pane as dirty; rows are made anew soon, at most 15 times a second, less often the longer
    it takes, and not at all while the pane is not on the screen.
    """

    PANE: ClassVar[Pane]
    TITLE: ClassVar[str]
    SLICES: ClassVar[frozenset[str]]
    HELP: ClassVar[str] = ""
    COLUMNS: ClassVar[Sequence[Column]] = ()

    def __init__(self, store: Store) -> None:
        super().__init__(id=self.PANE.value, classes="pane")
        self.store = store
        self.table = self.make_table()
        self.table.open_filter = self._open_first_filter
        self._dirty = True
        self._touched: dict[str, EffectRecord] = {}
        self._timer: TimerHandle | None = None
        self._due = float("-inf")
        self._told = 0  # how often there was news about all rows
        self._manners = Manners(store.key_under_way)
        self._note = ""
        self._preview = Static("", markup=False, classes="pane-preview")
        self._previewed = ""

    # What subclasses say

    def view_rows(self, session: Incident) -> Sequence[Row]:
        """Return every row; called only when there is a session."""
        raise NotImplementedError

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> Sequence[Row] | None:
        """Return the rows that moved effects change, or None to have all rows made anew."""
        return None

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.why_empty(self.PANE.value, "None.")

    def make_table(self) -> PaneTable:
        """Return the pane's table."""
        return PaneTable(
            self.COLUMNS, empty_text="Loading…", ascii_mode=self.store.look.ascii, id=f"{self.PANE}-table"
        )

    # Life

    def compose(self) -> ComposeResult:
        """The table, and what it has no room for; the filter box comes when it is asked for."""
        yield self.table
        yield self._preview

    def on_mount(self) -> None:
        """Show the empty state with a title."""
        self.retitle()
        self._make_rows()

    def on_show(self) -> None:
        """Catch up with whatever moved while the pane was not on the screen."""
        if self._dirty or self._touched:
            self._make_rows()

    def on_resize(self, event: events.Resize) -> None:
        """Show what the columns cut off only where the list keeps enough room beside it."""
        height = event.size.height
        self._preview.display = height >= PREVIEW_FROM
        self._preview.styles.height = 3 if height >= PREVIEW_WHOLE else 2
        self.call_after_refresh(self.write_preview)

    def write_preview(self) -> None:
        """Write what the highlighted row holds beyond its columns; unchanged words repaint nothing."""
        shown = self._preview.is_attached and self._preview.display
        words = visible(self.table.unseen(), 600) if shown else ""
        if words != self._previewed:
            self._previewed = words
            self._preview.update(Content(words), layout=False)

    def take(self, slices: set[str], records: Mapping[str, EffectRecord]) -> None:
        """Take the news in; rows follow soon."""
        if slices & self.SLICES:
            self._dirty = True
            self._told += 1
        elif records:
            self._touched.update(records)
        else:
            return
        self._schedule()

    @property
    def fresh(self) -> bool:
        """Return whether everything that was told is shown."""
        return not self._dirty and not self._touched

    @property
    def stale(self) -> bool:
        """Return whether every row is to be made anew, not only those that moved effects change."""
        return self._dirty

    def renew(self) -> None:
        """Make every row anew at once: the look changed, or a session arrived."""
        self._dirty = True
        self._told += 1
        if self.is_mounted:
            self._make_rows()

    def _schedule(self) -> None:
        if self._timer is None and self.display:
            self._timer = once(self, max(0.0, self._due - monotonic()), self._make_soon)

    async def prepare(self, session: Incident) -> None:
        """For subclasses whose rows take long: make ready in short turns what ``view_rows`` needs."""

    def let_go(self) -> None:
        """Forget what was made ready: it was taken, or is of no use any more."""

    async def _make_soon(self) -> None:
        if self._dirty and self._manners.after_you():
            self._timer = once(self, AGAIN, self._make_soon)
            return
        session, told, began = self.store.session, self._told, monotonic()
        # What moves while rows are made ready some of them have seen and others not: those that moved come again, and
        # all only where the news was about all. In a cut something moves in every turn.
        touched, self._touched = self._touched, {}
        if session is not None:
            await self.prepare(session)
        late, self._touched = self._touched, touched
        self._make_rows(began)
        self.let_go()
        if late or told != self._told:
            self._touched = late
            self._dirty = self._dirty or told != self._told
            self._schedule()

    def _make_rows(self, began: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.store.session is None:
            self.say_why_empty()
            return
        began = monotonic() if began is None else began
        rows = None if self._dirty else self.moved_rows(self._touched)
        if rows is None:
            self.table.set_rows(self.view_rows(self.store.session))
        else:
            self.table.update_rows(rows)
        self._dirty = False
        self._touched = {}
        self.say_why_empty()
        self.after_rows()
        self.retitle()
        self.write_preview()
        ended = monotonic()
        self._due = ended + max(SPACING, (ended - began) * SHARE)

    def say_why_empty(self) -> None:
        """Write what stands where there is no row."""
        self.table.empty_text = self.why_empty()

    def after_rows(self) -> None:
        """For subclasses with more than a table: rows were made anew."""

    # Title

    def title_parts(self) -> list[str]:
        """Return what the title says after the pane's name."""
        parts = []
        if self.table.model.total:
            parts.append(self.table.count_text)
        if text := self.table.filter_text.strip():
            parts.append(f"/{visible(text, 30)}")
        if self.table.marked_count:
            hidden = self.table.hidden_marked_count
            parts.append(f"{self.table.marked_count} selected" + (f" ({hidden} hidden)" if hidden else ""))
        return parts

    def retitle(self) -> None:
        """Write the title; only when its text changed, since a title repaints the whole border."""
        note = [f"({self._note})"] if self._note else []
        text = "  ".join([f"{NUMBERS[self.PANE]} {self.TITLE}", *note, *self.title_parts()])
        if getattr(self, "_title_text", None) != text:
            self._title_text = text
            self.border_title = Content(text)

    @on(KeyedTable.MarksChanged)
    @on(KeyedTable.FilterChanged)
    @on(KeyedTable.SortChanged)
    @on(KeyedTable.Highlighted)
    def _counts_changed(self) -> None:
        # Inside a range every move counts.
        self.note(RANGE if self.table.range_open else "")
        self.write_preview()

    @on(TellingTable.Nothing)
    def _nothing(self, event: TellingTable.Nothing) -> None:
        self.note(event.why)

    def note(self, words: str) -> None:
        """Say beside the pane's name why a key changed nothing; it stands until something changes."""
        self._note = words
        self.retitle()

    # Keys

    def _open_first_filter(self) -> None:
        """Put the filter box in place: few of the panes ever need theirs."""
        from workbench.tui.widgets.filterbox import FilterBox

        box = FilterBox(self.table, id=f"{self.PANE}-filter")
        box.cursor_blink = False
        self.mount(box, before=self.table)
        box.open()

    @on(KeyedTable.Opened)
    def _opened(self, event: KeyedTable.Opened) -> None:
        self.open_row(event.key)

    def open_row(self, key: str) -> None:
        """Enter on a row: ask for its details."""
        self.post_message(DetailRequested(self.PANE, key))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell the screen which pane has the focus."""
        self.post_message(PaneFocused(self.PANE))
