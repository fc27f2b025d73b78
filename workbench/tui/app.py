"""The full-screen app: wiring. It paints complete panes first and opens the incident after that.

Whatever is heavy (the session, its client, the vault) is imported by the ``open_session`` factory, which
runs once the first frame is on the screen.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import Screen
from textual.worker import Worker

from workbench.core.config import ScreenConfig
from workbench.core.errors import JournalError
from workbench.planning.catalog import Pane
from workbench.presentation.cells import Look, share_safe
from workbench.tui.account_watch import RATE_EVERY, WATCH_EVERY, AccountWatch
from workbench.tui.clipboard import copied_secret, copy_sequence
from workbench.tui.composition import Controllers, composed
from workbench.tui.controllers.background_readings import read_on
from workbench.tui.error_reports import ErrorReports
from workbench.tui.keymap import elsewhere
from workbench.tui.lifecycle import EndingApp
from workbench.tui.messages import ActionRequested, DetailRequested, Funnel, Moved
from workbench.tui.notifications import Notifications
from workbench.tui.panes.store import Store
from workbench.tui.screens.main import MainScreen
from workbench.tui.screens.status import staleness
from workbench.tui.shutdown import Shutdown
from workbench.tui.startup import FirstScreen, Startup
from workbench.tui.style_paths import style_files
from workbench.tui.themes import THEMES, ascii_only, theme_name
from workbench.tui.widgets.plain import AsciiFilter
from workbench.tui.workers import Workers

if TYPE_CHECKING:
    from workbench.core.redact import Secret
    from workbench.planning.catalog import Action
    from workbench.tui.incident_port import Incident
    from workbench.tui.screens.connect import Door

Answer = TypeVar("Answer")
MIN_WIDTH, MIN_HEIGHT = 60, 16  # cells; below this nothing can be read safely
READINGS = ("preserve-rest", "sweep", "assess")  # groups of work whose way the top line tells


class WorkbenchApp(EndingApp):
    """The workbench on one screen. Exit status 0, or 1 after a crash."""

    TITLE = "workbench"
    CSS_PATH: ClassVar[list[str | PurePath]] = [*style_files("base", "panes")]
    ENABLE_COMMAND_PALETTE = True
    # Selecting text with the mouse would add a style to every segment of every line.
    ALLOW_SELECT = False
    COMMANDS: ClassVar[Any] = {lambda: _provider()}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "Suspend", id="app.suspend", show=False),
        Binding("ctrl+q", "do('quit')", "Quit", id="app.quit", show=False, priority=True),
    ]

    def __init__(
        self,
        open_session: Callable[[], Awaitable[Incident]],
        *,
        first_screen: FirstScreen = "panes",
        drill: bool = False,
        tour: bool = False,
        screen: ScreenConfig = ScreenConfig(),  # noqa: B008 - frozen
        door: Callable[[], Awaitable[Door]] | None = None,
        watch_every: float = WATCH_EVERY,
        rate_every: float = RATE_EVERY,
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_name(configured=screen.theme)
        self.set_keymap(dict(screen.keys))
        self.animation_level = "none"
        self.store = Store(
            look=Look(
                ascii=ascii_only(os.environ, sys.__stdout__.encoding if sys.__stdout__ else "", screen.ascii)
            ),
            key_under_way=self.key_under_way,
        )
        if self.store.look.ascii:
            self._filters.append(AsciiFilter())
        self.funnel = Funnel(self._moved, monotonic, self.once)
        self.store.phases = self.funnel.phases
        self.main = MainScreen(self.store, self.funnel)
        self.account = AccountWatch(
            self,
            (watch_every, rate_every),
            reopen=self._begin,
            first=lambda: self.controllers.monitor.begin(),
            follow=self._follow,
        )
        self._errors = ErrorReports(self, lambda: self.account.reading(False))
        self.work = Workers(self, self._errors.failed, self._errors.cured)
        self.toasts = Notifications(self, self)
        self.controllers: Controllers = composed(self, self.main, self._always())
        self._startup = Startup(self, self.work, open_session, door, first_screen)
        self._ending = Shutdown(self, self, self.close_session)
        self.drill = drill
        self._offers_tour = tour
        self._unsubscribe: Callable[[], None] | None = None

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen: it is the first frame."""
        return self.main

    def _always(self) -> dict[str, Callable[[], object]]:
        """Return what needs no open incident, by action id."""
        return {
            "help": self._help,
            "tour": self._tour,
            "mouse.toggle": self._mouse,
            "quit": self.ask_quit,
            "redraw": self.redraw,
            "palette": self.action_command_palette,
            "refresh": lambda: self.account.look(),
            "pane.maximise": self.main.toggle_maximised,
            "local.toggle": self._local,
            **{f"pane.{pane.value}": partial(self.main.go, pane) for pane in Pane},
        }

    def _help(self) -> None:
        from workbench.tui.screens.help import HelpScreen

        pane = self.main.panes[self.main.current]
        self.push(HelpScreen(pane.PANE, pane.TITLE, pane.HELP))

    def _tour(self) -> None:
        from workbench.tui.screens.tour import TourScreen

        self.push(TourScreen())

    def _mouse(self) -> None:
        match self.toggle_mouse():
            case None:
                self.tell("This terminal offers no mouse.")
            case True:
                self.tell("The mouse works here: a click selects, the wheel scrolls. F2 switches it off.")
            case False:
                self.tell("The mouse is the terminal's again: it selects text. F2 switches it back on.")

    def _local(self) -> None:
        local = not self.store.look.local
        self.set_look(local=local)
        self.tell("Times are in this host's zone now." if local else "Times are in UTC now.")

    # Start

    def on_mount(self) -> None:
        """Open the incident once the first frame is painted."""
        self._check_size(self.size)
        self._ending.watch_terminal()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.work.start(self._startup.open, group="open", doing="opening the incident", then=self._adopt)

    def _adopt(self, session: Incident | None) -> None:
        """Take the opened session in; without one the operator left at the door."""
        if session is None:
            self.exit(0)
            return
        self.store.session = session
        self.store.failed = ""
        self._unsubscribe = session.recorder.subscribe(self.funnel)
        session.attend(self.controllers.unstored.ask)
        session.account.investigation.moved = self.main.show_reading
        self.main.renew()
        self._errors.say_what_it_rests_on(session)
        self.account.connect()
        if self._offers_tour:
            from workbench.tui.screens.tour import OFFER

            self._offers_tour = False
            self.tell(OFFER)

    def _follow(self) -> None:
        """Go on by what a reading shows: whether access is cut, and what the lists' terms make due."""
        if (session := self.store.session) is not None:
            read_on(self, session)
            self.controllers.blocklists.follow(session)

    def _moved(self, moved: Moved) -> None:
        self.main.take(moved)
        self.toasts.notices(moved.notices)
        self.controllers.monitor.news(moved.slices)
        self._ending.moved()

    @on(ActionRequested)
    def _requested(self, event: ActionRequested) -> None:
        self.do(event.action_id)

    @on(DetailRequested)
    def _detail(self, event: DetailRequested) -> None:
        from workbench.presentation.details import detail_lines
        from workbench.tui.screens.texts import TextScreen

        session = self.store.session
        if session is None or (
            event.pane is Pane.ACTIVITY and self.controllers.monitor.of_line(session, event.key)
        ):
            return
        heading, lines = detail_lines(session, event.pane.value, event.key, self.store.look)
        self.push(TextScreen(heading, "\n".join(lines)))

    def action_do(self, action_id: str) -> None:
        """A key of the table of actions was pressed."""
        self.do(action_id)

    def on_key(self, event: events.Key) -> None:
        """Say of a key that nobody knows that it means nothing; dialogs answer theirs."""
        if self.screen is self.main and not self.means_something(event.key):
            self.main.note(elsewhere(event))

    # Errors

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hear of every worker; failures end in ``_failed``."""
        self.work.settled(event)
        if self.store.reads and not any(map(self.work.running, READINGS)):
            self.main.show_reading("", 0, 0)

    def show_error(self, error: BaseException, doing: str, group: str) -> None:
        """Show and journal an error that a worker returned rather than raised."""
        self._errors.show(error, doing, group)

    # What controllers and screens use

    def refresh_account(self, loud: bool = True, whole: bool = True) -> None:
        """Read the account again, all of it or a share; before there is a session, try again to open it."""
        self.account.refresh(loud, whole)

    def do(self, action_id: str) -> None:
        """Do an action of the table, or say why it is not possible now."""
        self.controllers.dispatcher.do(action_id)

    def unavailable(self, action: Action) -> str:
        """Return why an action is not possible now, ``""`` when it is."""
        return self.controllers.dispatcher.unavailable(action)

    def push(self, screen: Screen[Answer], closed: Callable[[Answer | None], None] | None = None) -> None:
        """Show a screen over what is shown; ``closed`` gets its answer."""
        self.toasts.stand_aside()
        self.push_screen(screen, closed)

    @property
    def plan_running(self) -> bool:
        """Return whether a plan is being carried out."""
        return bool(self.funnel.active)

    @property
    def plan_title(self) -> str:
        """Return the title of the running plan."""
        return self.funnel.title

    @property
    def plan_progress(self) -> tuple[int, int]:
        """Return how many effects of the running plan are done, and of how many."""
        return self.funnel.done, self.funnel.total

    def clear_corner(self) -> None:
        """Clear what would lie over a plan's confirmation, or over what an error says."""
        self.toasts.stand_aside()

    def plan_closed(self) -> None:
        """Say what waited while a plan was shown."""
        self.toasts.release()

    def renew(self) -> None:
        """Draw everything from the store again, soon."""
        self.main.all_moved()

    def renew_status(self) -> None:
        """Draw the top line again, and why a list is empty."""
        self.main.renew_status()

    def renew_runbook(self) -> None:
        """Draw the guide again."""
        self.main.runbook.take({"runbook"}, {})

    def tell(self, text: str, severity: Literal["information", "warning"] = "information") -> None:
        """Say something short in a corner; never an error's details, never a secret."""
        self.toasts.tell(text, severity)

    def safe(self, text: str) -> str:
        """Return text with people's addresses shortened while share-safe is on."""
        return share_safe(text, self.store.session, self.store.look)

    def set_look(self, **changes: bool) -> None:
        """Show things another way from now on."""
        self.store.look = replace(self.store.look, **changes)
        self.main.renew()

    def staleness(self) -> str:
        """Return a warning for the plan screen when what it rests on is not fresh, else nothing."""
        session = self.store.session
        return staleness(self.store, session.clock.now() if session is not None else None)

    def plan_shown(self) -> bool:
        """Return whether a plan is on the screen already: a second one must not cover it."""
        return any(screen.has_class("plan-screen") for screen in self.screen_stack)

    def copy_to_clipboard(self, text: str) -> None:
        """Offer text to the terminal's clipboard, wrapped for tmux and screen, and say so honestly."""
        copied = copy_sequence(text, os.environ)
        self._to_terminal(copied.sequence)
        self.tell(copied.words)

    def copy_secret(self, secret: Secret) -> None:
        """Offer a secret to the terminal's clipboard, which only works with share-safe off, and warn."""
        copied = copied_secret(secret, os.environ, share_safe=self.store.look.share_safe)
        self._to_terminal(copied.sequence)
        self.tell(copied.words, "warning")

    def _to_terminal(self, sequence: str) -> None:
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    def redraw(self) -> None:
        """Draw everything anew."""
        self.send_whole()
        self.refresh(layout=True)
        self.screen.refresh(layout=True)
        self.main.note("drawn anew")

    # Size, quit, end

    def on_resize(self, event: events.Resize) -> None:
        """Cover everything while the terminal is too small."""
        # The app's own size is still the one before: Textual takes the new one in after this handler.
        self._check_size(event.size)

    def _check_size(self, size: Size) -> None:
        from workbench.tui.screens.too_small import TooSmallScreen

        small = size.width < MIN_WIDTH or size.height < MIN_HEIGHT
        covered = isinstance(self.screen, TooSmallScreen)
        if small and not covered:
            self.push_screen(TooSmallScreen())
        elif covered and not small:
            self.pop_screen()

    def action_command_palette(self) -> None:
        """Open the palette, without its blinking cursor."""
        super().action_command_palette()
        self.call_after_refresh(self._calm_palette)

    def _calm_palette(self) -> None:
        from textual.widgets import Input

        for field in self.screen.query(Input):
            field.cursor_blink = False

    def action_help_quit(self) -> None:
        """ctrl+c: say how to quit."""
        self.tell("q quits, Esc goes back.")

    async def close_session(self) -> None:
        """Journal a crash and close the session; safe to call twice."""
        session, self.store.session = self.store.session, None
        if session is None:
            return
        if self._unsubscribe is not None:
            self._unsubscribe()
        session.stop()
        await self._errors.write_left(session)
        if self.crash is not None:
            await session.recorder.record_error(self.crash, "drawing the screen")
        with contextlib.suppress(JournalError):
            # The screen says it a moment before the row is written; who quits in that moment saw it. A journal
            # that takes no more rows has said so already.
            await session.account.note_containment()
        await session.aclose()


def _provider() -> Any:
    from workbench.tui.palette import ActionProvider

    return ActionProvider
