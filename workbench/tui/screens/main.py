"""The main screen: six panes, the top line, the footer, and how they share the room there is.

Wide (140 columns or more): the runbook on the left third, the other panes tiled, activity along the bottom.
Normal: the runbook as a slim column and one other pane. Narrow (under 100): one pane at a time.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from workbench.planning.catalog import Pane
from workbench.tui.keymap import bindings, footer_hints, global_actions
from workbench.tui.messages import Funnel, Moved, PaneFocused
from workbench.tui.once import once
from workbench.tui.panes.activity import ActivityPane
from workbench.tui.panes.base import NUMBERS, WorkPane
from workbench.tui.panes.blocklists import BlocklistsPane
from workbench.tui.panes.credentials import CredentialsPane
from workbench.tui.panes.domains import DomainsPane
from workbench.tui.panes.manners import AGAIN, Manners
from workbench.tui.panes.runbook import RunbookPane
from workbench.tui.panes.store import Store
from workbench.tui.panes.users import UsersPane
from workbench.tui.screens.state_band import LEAST_HEIGHT, LEAST_WIDTH, StateBand, said
from workbench.tui.screens.status import FooterLine, status_facts
from workbench.tui.terminal.display import CalmScreen
from workbench.tui.widgets.progress import Progress, ProgressLine
from workbench.tui.widgets.statusline import Fact, StatusLine

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from workbench.domain.runbook.runbook import StepView

WIDE, ROOMY, SLIM = 140, 118, 100  # columns
TABS_WIDTH = 74  # columns the full names of all panes need
TALL = 30  # lines from which the log has a place of its own beside one pane
# The call rate is a mean over two seconds: so long after the last event it has fallen to nothing.
SETTLED_AFTER = 2.5
FRESHNESS_EVERY = 5.0
BAND_AFTER = 0.12  # once the rows that the news made stand; its answer is judged anew each time
# The band is judged for one part in so many of the time: of 2,000 logins five times a second, as fast as one reads.
BAND_SHARE = 20


class MainScreen(CalmScreen, Screen[None]):
    """Holds the panes, and is what controllers know as the selection; knows nothing of the account."""

    AUTO_FOCUS = None
    BINDINGS = bindings(global_actions())

    def __init__(self, store: Store, funnel: Funnel) -> None:
        super().__init__(id="main")
        self.store = store
        self.funnel = funnel
        self.runbook = RunbookPane(store)
        self.panes: dict[Pane, WorkPane] = {
            Pane.RUNBOOK: self.runbook,
            Pane.CREDENTIALS: CredentialsPane(store),
            Pane.DOMAINS: DomainsPane(store),
            Pane.USERS: UsersPane(store),
            Pane.BLOCKLISTS: BlocklistsPane(store),
            Pane.ACTIVITY: ActivityPane(store),
        }
        self.current = Pane.RUNBOOK
        self._beside = Pane.CREDENTIALS
        self.maximised = False
        self._top = StatusLine(id="top")
        self._band = StateBand(id="band")
        self._band.ascii_mode = store.look.ascii
        self._band_due: TimerHandle | None = None
        self._band_rests = float("-inf")
        self._manners = Manners(store.key_under_way)
        self._tabs = StatusLine(id="tabs")
        self._footer = FooterLine(id="footer")
        self._progress = ProgressLine(id="progress")
        self._progress.ascii_mode = store.look.ascii
        self._settle: TimerHandle | None = None

    def compose(self) -> ComposeResult:
        """Top line, panes, progress, footer."""
        panes = self.panes
        yield self._top
        yield self._band
        yield self._tabs
        with Horizontal(id="body"):
            yield panes[Pane.RUNBOOK]
            with Vertical(id="right"):
                yield panes[Pane.CREDENTIALS]
                with Horizontal(id="lower"):
                    yield panes[Pane.DOMAINS]
                    yield panes[Pane.USERS]
                    yield panes[Pane.BLOCKLISTS]
                yield panes[Pane.ACTIVITY]
        yield self._progress
        yield self._footer

    def on_mount(self) -> None:
        """Everything stands before there is any data."""
        self.lay_out()
        self.refresh_status()
        self.panes[Pane.RUNBOOK].table.focus()
        self.set_interval(FRESHNESS_EVERY, self.refresh_status)
        self.set_interval(FRESHNESS_EVERY, self.write_band)

    # Layout

    def on_resize(self, event: events.Resize) -> None:
        """Share the room anew."""
        self.lay_out()

    def lay_out(self) -> None:
        """Decide which panes are on the screen, and in which of the three layouts."""
        width, height = self.app.size
        one = self.maximised or width < SLIM
        wide = not one and width >= WIDE
        for pane, widget in self.panes.items():
            if one:
                shown = pane is self.current
            elif wide:
                shown = True
            else:
                beside = pane is self._beside or (pane is Pane.ACTIVITY and height >= TALL)
                shown = pane is Pane.RUNBOOK or beside
            widget.display = shown
            widget.set_class(not wide and pane is (self.current if one else self._beside), "-main")
        lower = (Pane.DOMAINS, Pane.USERS, Pane.BLOCKLISTS)
        self.query_one("#lower").display = any(self.panes[pane].display for pane in lower)
        self.query_one("#right").display = not one or self.current is not Pane.RUNBOOK
        # In one go: each change would style every widget anew.
        layouts = {"-wide": wide, "-one": one, "-slim": not wide and not one, "-roomy": width >= ROOMY}
        self.update_classes(layouts)
        self._tabs.display = not wide
        self._band.display = width >= LEAST_WIDTH and height >= LEAST_HEIGHT and not self.maximised
        self._write_tabs()

    # What is highlighted and selected

    @property
    def step(self) -> StepView | None:
        """Return the step the guide stands on, None when all are closed."""
        return self.runbook.current

    def cursor_key(self, pane: Pane) -> str | None:
        """Return the key of the highlighted row of a pane."""
        return self.panes[pane].table.cursor_key

    def marked_keys(self, pane: Pane) -> list[str]:
        """Return the keys of a pane's selected rows."""
        return self.panes[pane].table.marked_keys

    def chosen_keys(self, pane: Pane) -> list[str]:
        """Return the keys of a pane's selected rows, else the highlighted one."""
        return self.panes[pane].table.chosen_keys

    def go(self, pane: Pane) -> None:
        """Show a pane and put the focus into it; where it has the focus already, say so in its title."""
        if pane is self.current and self.panes[pane].table.has_focus:
            self.panes[pane].note("you are here")
        self._take_current(pane)
        self.panes[pane].table.focus()

    def note(self, words: str) -> None:
        """Say in the title of the pane in focus why a key changed nothing."""
        self.panes[self.current].note(words)

    def _take_current(self, pane: Pane) -> None:
        if pane is not self.current:
            self.note("")
            self.current = pane
            if pane is not Pane.RUNBOOK:
                self._beside = pane
            self.lay_out()
        if pane is Pane.ACTIVITY and self.store.errors:
            # Their rows are in front of whoever went there: the sign that sent them has done its work.
            self.store.errors = []
            self.refresh_status()
        self.write_footer()

    @on(PaneFocused)
    def _focused(self, event: PaneFocused) -> None:
        self._take_current(event.pane)

    def toggle_maximised(self) -> None:
        """Give the focused pane the whole screen, or back; on a narrow terminal it has it anyway."""
        if self.app.size.width < SLIM and not self.maximised:
            self.note("it has the whole screen")
            return
        self.maximised = not self.maximised
        self.lay_out()

    def _write_tabs(self) -> None:
        facts = []
        short = self.app.size.width < TABS_WIDTH
        for pane, widget in self.panes.items():
            here = pane is self.current
            text = f"{NUMBERS[pane]} {widget.TITLE[:5] if short and not here else widget.TITLE}"
            facts.append(Fact(f"[{text}]" if here else text, "strong" if here else "dim"))
        self._tabs.facts = tuple(facts)

    # News

    def take(self, moved: Moved) -> None:
        """Give the news to the panes; each decides whether it matters to it."""
        for pane in self.panes.values():
            pane.take(moved.slices, moved.records)
        self.refresh_status()
        self._band_soon()
        if self._settle is None:
            self._settle = once(self, SETTLED_AFTER, self._settled)

    def _settled(self) -> None:
        self._settle = None
        self.write_band()
        self.refresh_status()

    def all_moved(self) -> None:
        """Have every pane make its rows anew soon, in turns and behind keys: anything may have changed."""
        self._band_soon()
        for pane in self.panes.values():
            pane.take(set(pane.SLICES), {})
        self.refresh_status()

    def renew(self) -> None:
        """Draw every pane anew at once: another look, or a session arrived."""
        self._band_soon()
        for pane in self.panes.values():
            pane.renew()
        self.refresh_status()

    def renew_status(self) -> None:
        """Say anew how far the account is read: in the top line, and in every list without a row."""
        for pane in self.panes.values():
            pane.say_why_empty()
        self.refresh_status()

    def refresh_status(self) -> None:
        """Write the top line, the progress line and the footer; unchanged text repaints nothing."""
        session, funnel = self.store.session, self.funnel
        now = session.clock.now() if session is not None else None
        self._top.facts = status_facts(self.store, funnel, now)
        if funnel.active:
            # Whole seconds: the line changes with the work, not with every tenth of a second.
            elapsed = float(int(monotonic() - funnel.began))
            self._progress.progress = Progress(
                funnel.done, funnel.total, elapsed, funnel.title, "Esc stops", funnel.failed, funnel.unproven
            )
        else:
            self._progress.progress = None
        self.write_footer()

    def show_reading(self, what: str, done: int, total: int) -> None:
        """Say how far a long reading is, in steps of five percent: each is a repaint; nothing once it is over."""
        words = f"{what} {20 * done // total * 5} %" if done < total else ""
        if words != self.store.reads:
            self.store.reads = words
            self.refresh_status()

    def _band_soon(self) -> None:
        if self._band_due is None and self.is_mounted:
            wait = max(BAND_AFTER, self._band_rests - monotonic())
            self._band_due = once(self, wait, self._write_band_behind_keys)

    def _write_band_behind_keys(self) -> None:
        if self._manners.after_you():
            self._band_due = once(self, AGAIN, self._write_band_behind_keys)
        else:
            self.write_band()

    def write_band(self) -> None:
        """Write whether it is over, what goes out, what is next; unchanged words repaint nothing."""
        self._band_due = None
        if self._band.display:
            began = monotonic()
            self._band.lines = said(self.store, self.runbook.lead)
            ended = monotonic()
            self._band_rests = ended + (ended - began) * BAND_SHARE

    def write_footer(self) -> None:
        """Write the keys of the focused pane."""
        self._footer.hints = tuple(footer_hints(self.current, running=bool(self.funnel.active)))

    def on_paste(self, event: events.Paste) -> None:
        """Refuse: outside an input the letters of a paste would act as keys."""
        event.stop()
        self.notify("Paste ignored: nothing here takes text.", markup=False)
