"""What controllers, panes and screens know of the program around them: protocols, never the app.

The app implements ``Ui``, the main screen ``Selection``; ``composition`` builds the controllers from them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from textual.screen import Screen
    from textual.timer import Timer
    from textual.worker import Worker

    from workbench.core.redact import Secret
    from workbench.domain.runbook.runbook import StepView
    from workbench.planning.catalog import Action, Pane
    from workbench.tui.panes.store import Store

Result = TypeVar("Result")
Severity = Literal["information", "warning"]


class Work(Protocol):
    """Starts work that outlives the screen it was asked for on, and hears of its failure."""

    def start(
        self,
        work: Callable[[], Awaitable[Result]],
        *,
        group: str,
        doing: str,
        loud: bool = True,
        then: Callable[[Result], None] | None = None,
    ) -> Worker[None]:
        """Run ``work``; ``doing`` is told when it fails, ``then`` gets its result."""

    def running(self, group: str) -> bool:
        """Return whether work of a group is under way."""

    async def rest(self, group: str, seconds: float) -> bool:
        """Wait until no work of a group is under way, so many seconds at most; return whether that is so."""


class Ui(Protocol):
    """The program's screen: say, ask, show, start."""

    store: Store

    @property
    def work(self) -> Work:
        """Return what starts work."""

    @property
    def screen_stack(self) -> Sequence[Screen[Any]]:
        """Return the open screens, the main one first."""

    @property
    def plan_running(self) -> bool:
        """Return whether a plan is being carried out."""

    @property
    def plan_title(self) -> str:
        """Return the title of the running plan."""

    @property
    def plan_progress(self) -> tuple[int, int]:
        """Return how many effects of the running plan are done, and of how many."""

    def do(self, action_id: str) -> None:
        """Do an action of the table, or say why it is not possible now."""

    def unavailable(self, action: Action) -> str:
        """Return why an action is not possible now, ``""`` when it is."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say something short in a corner."""

    def safe(self, text: str) -> str:
        """Return text with people's addresses shortened while share-safe is on."""

    def bell(self) -> None:
        """Ring."""

    def push(self, screen: Screen[Result], closed: Callable[[Result | None], None] | None = None) -> None:
        """Show a screen over what is shown; ``closed`` gets its answer."""

    def plan_shown(self) -> bool:
        """Return whether a plan is on the screen."""

    def clear_corner(self) -> None:
        """Clear what would lie over a plan's confirmation, or over what an error says."""

    def plan_closed(self) -> None:
        """Say what waited while a plan was shown."""

    def staleness(self) -> str:
        """Return a warning when what is shown is not fresh, else nothing."""

    def renew(self) -> None:
        """Draw everything from the store again, soon: keys go between."""

    def renew_status(self) -> None:
        """Draw the top line again, and why a list is empty."""

    def renew_runbook(self) -> None:
        """Draw the guide again."""

    def refresh_account(self, loud: bool = True, whole: bool = True) -> None:
        """Read the account again."""

    def set_look(self, **changes: bool) -> None:
        """Show things another way from now on."""

    def call_later(self, callback: Callable[..., object], *args: Any) -> bool:
        """Call once what is being handled now is done."""

    def once(self, seconds: float, call: Callable[[], object]) -> TimerHandle:
        """Call once after so many seconds, however late it is by then."""

    def set_interval(self, interval: float, callback: Callable[[], object]) -> Timer:
        """Call every so many seconds."""

    def show_error(self, error: BaseException, doing: str, group: str) -> None:
        """Show and journal an error that was returned rather than raised."""

    def copy_to_clipboard(self, text: str) -> None:
        """Offer text to the terminal's clipboard."""

    def copy_secret(self, secret: Secret) -> None:
        """Offer a secret to the terminal's clipboard, with share-safe off only."""


class Selection(Protocol):
    """What is highlighted and selected on the main screen."""

    @property
    def current(self) -> Pane:
        """Return the pane in focus."""

    @property
    def step(self) -> StepView | None:
        """Return the step the guide stands on, None when all are closed."""

    def cursor_key(self, pane: Pane) -> str | None:
        """Return the key of the highlighted row of a pane."""

    def marked_keys(self, pane: Pane) -> list[str]:
        """Return the keys of a pane's selected rows."""

    def chosen_keys(self, pane: Pane) -> list[str]:
        """Return the keys of a pane's selected rows, else the highlighted one."""

    def note(self, words: str) -> None:
        """Say in the title of the pane in focus why a key changed nothing."""


class Plans(Protocol):
    """Has plans made and shown; only what is confirmed there is run."""

    def make(self, action: Action, marked: list[str], **options: Any) -> None:
        """Have a plan made, then show it."""


class Prompts(Protocol):
    """Small dialogs with one answer each."""

    def line(
        self,
        heading: str,
        text: str,
        answered: Callable[[str], object],
        *,
        placeholder: str = "",
        start: str = "",
        check: Callable[[str], str] | None = None,
        left: Callable[[], object] = lambda: None,
    ) -> None:
        """Ask for one line, ``start`` filled in; ``left`` is called where none is given."""

    def pick(
        self,
        heading: str,
        text: str,
        choices: Sequence[Any],
        answered: Callable[[Any], object],
        *,
        reason: str = "",
    ) -> None:
        """Ask for one of several answers."""
