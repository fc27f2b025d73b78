"""The abuse window on the screen: the hourly chart, the numbers beside it, what it went through, how it is judged."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.domain.forensics.abuse_window import AbuseWindow
from workbench.presentation import abuse_window
from workbench.presentation.abuse_chart import chart
from workbench.presentation.cells import Look
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import TextScreen, TextScroll, plain
from workbench.tui.widgets.table import Column, KeyedTable
from workbench.tui.widgets.table.telling import TellingTable

BESIDE = 110  # columns from which the numbers stand beside the chart
SHORT = 30  # lines below which the words make room for the chart
BACK = 24  # hours a step into the past
_TONES = {"bad": "$text-error", "accent": "$text-primary", "dim": "$text-muted"}
_NUMBERS = (
    Column("accepted", "sent", width=9, align="right"),
    Column("usual", "usual", width=7, align="right"),
)
HOUR_COLUMNS = (
    Column("hour", "hour", width=11),
    *_NUMBERS,
    Column("bar", "limit", width=7, align="right", priority=2),
    Column("chart", "", flex=1, min_width=6, priority=3),
)
SHARE_COLUMNS = (
    Column("value", "through", flex=2, min_width=20),
    *_NUMBERS,
    Column("excess", "above", width=8, align="right", priority=2),
    Column("chart", "", flex=1, min_width=6, priority=3),
)
KEYS = "1-6, n numbers · ← → earlier, later · ? how it is judged · Esc closes"


class ChartView(Static):
    """The chart, drawn anew for the room there is."""

    def __init__(self, window: AbuseWindow | None, look: Look) -> None:
        super().__init__("", id="window-chart", markup=False)
        self._window = window
        self._look = look
        self._back = 0

    def on_resize(self, event: events.Resize) -> None:
        """Draw for this size."""
        self.draw()

    def move(self, hours: int) -> bool:
        """Look so many hours further back (negative: forward again), within what is known; return whether it moved."""
        count = len(self._window.hours) if self._window is not None else 0
        before, self._back = self._back, max(0, min(self._back + hours, max(0, count - BACK)))
        self.draw()
        return self._back != before

    def draw(self) -> None:
        """Draw the hours in sight."""
        hours = self._window.hours if self._window is not None else ()
        drawn = chart(hours, self.size.width, self.size.height, back=self._back, ascii_only=self._look.ascii)
        pieces: list[tuple[str, str]] = []
        for line in drawn.lines:
            pieces += [(text, _TONES.get(tone, "")) for text, tone in line]
            pieces.append(("\n", ""))
        self.update(Content.assemble(*pieces))


class WindowScreen(Dialog[None]):
    """Shows one window; None where nothing was read yet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(1)", "Earlier", id="window.earlier", show=False),
        Binding("right", "move(-1)", "Later", id="window.later", show=False),
        Binding("question_mark", "explain", "How it is judged", id="window.explain", show=False),
        Binding("n", "next", "Next", id="window.next", show=False),
        *(
            Binding(str(place), f"tab({name!r})", label, id=f"window.{name}", show=False)
            for place, (name, label) in enumerate(abuse_window.TABS.items(), start=1)
        ),
        Binding("q", "back", "Close", id="window.close", show=False),
    ]

    def __init__(self, window: AbuseWindow | None, look: Look) -> None:
        super().__init__(id="window-screen")
        self._window = window
        self._look = look
        self._tab = abuse_window.HOURS
        self._chart = ChartView(window, look)
        self._tabs = words("", id="window-tabs")
        self._right = Vertical(id="window-right")

    def compose(self) -> ComposeResult:
        """The window in a sentence, how it is judged, the chart, the numbers, the keys."""
        with Vertical(classes="dialog-box -whole"):
            yield title("The abuse window")
            yield words(plain(abuse_window.headline(self._window)))
            yield self._tabs
            with Vertical(id="window-body"):
                yield self._chart
                yield self._right
            with TextScroll(id="window-words"):
                yield words(plain(abuse_window.words(self._window)), classes="-quiet")
            yield words(KEYS, classes="dialog-keys")

    def on_mount(self) -> None:
        """The hours first."""
        self._lay_out()
        self._show(self._tab)

    def on_resize(self, event: events.Resize) -> None:
        """Numbers beside the chart where there is room, below it where not."""
        self._lay_out()

    def _lay_out(self) -> None:
        width, height = self.app.size
        self.query_one("#window-body").set_class(width >= BESIDE, "-beside")
        self.query_one("#window-words").styles.max_height = 3 if height < SHORT else 6
        if width < BESIDE:
            self._chart.styles.height = max(7, min(16, height // 3 + 1))
        else:
            self._chart.styles.height = "100%"

    def _show(self, tab: str) -> None:
        self._tab = tab
        columns = HOUR_COLUMNS if tab == abuse_window.HOURS else SHARE_COLUMNS
        table = TellingTable(
            columns,
            empty_text=abuse_window.why_empty(self._window, tab),
            ascii_mode=self._look.ascii,
            classes="window-table",
        )
        table.set_rows(abuse_window.rows(self._window, tab, self._look))
        self._right.query(KeyedTable).remove()
        self._right.mount(table)
        self.call_after_refresh(table.focus)
        names = [
            f"[{label}]" if name == tab else f"{place} {label}"
            for place, (name, label) in enumerate(abuse_window.TABS.items(), start=1)
        ]
        self._tabs.update(plain(" ".join(names)))

    def action_tab(self, name: str) -> None:
        """Show another tab."""
        self._show(name)

    def action_next(self) -> None:
        """Show the next tab."""
        names = list(abuse_window.TABS)
        self._show(names[(names.index(self._tab) + 1) % len(names)])

    def action_explain(self) -> None:
        """Show the whole explanation; beside a chart on a small screen there is room for its beginning only."""
        text = f"{abuse_window.headline(self._window)}\n\n{abuse_window.words(self._window)}"
        self.app.push_screen(TextScreen("How it is judged", text))

    def action_move(self, steps: int) -> None:
        """Look earlier or later."""
        if not self._chart.move(steps * BACK):
            self.say("nothing earlier is known" if steps > 0 else "these are the latest hours")

    @on(KeyedTable.Opened)
    def _opened(self) -> None:
        """Enter has nothing to open here."""
        self.say("nothing to open: the numbers are all there is")
