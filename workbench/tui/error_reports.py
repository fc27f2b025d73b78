"""The one place every failed worker ends in: shown, counted and journaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.core.errors import JournalError
from workbench.tui.workers import Trouble, trouble

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Ui

# Work that only looks: where it succeeds, what it met before is over, and so is what stood in its way. What was judged,
# written or changed in vain is not cured by the next judgement; that error waits to be read.
CURES = {"open": ("open",), "connect": ("open", "connect"), "read": ("open", "connect", "read")}
CURES |= {"rate": ("rate",), "follow": ("follow",)}


class ErrorReports:
    """One per app; ``read_ended`` is called when a reading of the account failed."""

    def __init__(self, ui: Ui, read_ended: Callable[[], object]) -> None:
        self._ui = ui
        self._read_ended = read_ended
        self._told: dict[str, str] = {}
        self._unwritten: list[tuple[BaseException, str]] = []

    def failed(self, error: BaseException, told: Trouble, group: str) -> None:
        """The one handler of every failed worker: shown, counted and journaled."""
        if group == "read":
            self._read_ended()
        if group in ("open", "connect", "read"):
            self._ui.store.failed = told.what
            self._ui.renew()
        # A reading that fails the same way every minute is one error, not one a minute.
        again = not told.loud and self._told.get(group) == told.what
        self._told[group] = told.what
        if again:
            return
        self._ui.store.errors.append(group)
        if group != "record":
            self._record(error, told.doing)
        if told.loud:
            self._push_error(told)
        else:
            self._ui.tell(f"{told.what} ({told.doing})", severity="warning")
        self._ui.renew_status()

    def cured(self, group: str) -> None:
        """Work of a group succeeded: let go of the errors that it cures; the next of its kind is told again."""
        errors = self._ui.store.errors
        cured = CURES.get(group, ())
        for one in cured:
            self._told.pop(one, None)
        left = [one for one in errors if one not in cured]
        if left != errors:
            self._ui.store.errors = left
            self._ui.renew_status()

    def show(self, error: BaseException, doing: str, group: str) -> None:
        """Show and journal an error that a worker returned rather than raised."""
        self.failed(error, trouble(error, doing), group)

    def say_what_it_rests_on(self, session: Incident) -> None:
        """Say before anything else is looked at that the journal is not what was written, where it is not."""
        if session.state.damage:
            means = "What it says is not what was written: nothing is written to it, and nothing is changed from here."
            todo = "Quit, and go on in a new incident that names this one: workbench --new. The vault stays usable."
            self._push_error(Trouble("checking the journal", session.state.damage, means, todo))

    def _record(self, error: BaseException, doing: str) -> None:
        if isinstance(error, JournalError):
            return
        one = (error, doing)
        self._unwritten.append(one)
        session = self._ui.store.session
        if session is not None:
            self._ui.work.start(
                lambda: self._write(session, one), group="record", doing="journaling an error"
            )

    async def _write(self, session: Incident, one: tuple[BaseException, str]) -> None:
        await session.recorder.record_error(*one)
        if one in self._unwritten:
            self._unwritten.remove(one)

    async def write_left(self, session: Incident) -> None:
        """Journal what is not written yet: before there was a session, or cut off by the app's end.

        Call it before the session closes.
        """
        while self._unwritten:
            await session.recorder.record_error(*self._unwritten.pop(0))

    def _push_error(self, told: Trouble) -> None:
        from workbench.tui.screens.texts import ErrorScreen

        # What the server said may quote a person's address.
        safe = self._ui.safe
        shown = replace(
            told, doing=safe(told.doing), what=safe(told.what), means=safe(told.means), todo=safe(told.todo)
        )
        for screen in self._ui.screen_stack:
            if isinstance(screen, ErrorScreen):
                screen.add(shown)
                return
        # What was said before lies over the heading of the dialog on a small terminal; an error comes first.
        self._ui.clear_corner()
        self._ui.push(ErrorScreen(shown))
