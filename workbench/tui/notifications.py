"""What is said in a corner: short, safe, never over a dialog's words, and many at once said as one.

News of the work waits while any dialog is open. What answers a key press there is said at once, in the lower edge of
the dialog; where it does not fit, or the dialog is closed before it can be read, it is said once more in the corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from workbench.core.redact import visible
from workbench.tui.once import once
from workbench.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    from workbench.execution.progress import ProgressNotice
    from workbench.tui.ports import Severity, Ui

SHOWN_FOR = 8  # seconds
TOGETHER = 0.4  # seconds in which what is said counts as said at once
READ_IN = 2.0  # seconds in which what stands in a dialog's edge is read
LOOK_AGAIN = 1.0  # seconds between two looks whether the dialog in the way is closed
MOST = 2  # toasts of one moment; more of them become one
ROOMY = 30  # lines of a terminal that has room for more toasts than that


class Notifications:
    """One per app. What is said while a plan is on the screen waits until the plan is closed."""

    def __init__(self, app: App[Any], ui: Ui) -> None:
        self._app = app
        self._ui = ui
        self._waiting: list[tuple[str, Severity]] = []
        self._collecting = False
        self._until: dict[str, tuple[float, list[tuple[str, Severity]]]] = {}

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say something short; never an error's details, never a secret."""
        if self._ui.plan_shown():
            self._waiting.append((text, severity))
        else:
            self._show(text, severity)

    def notices(self, notices: Sequence[ProgressNotice]) -> None:
        """Say what the work reports; several at once, as when a watch begins, become one."""
        loud = [notice for notice in notices if notice.loud]
        if any(notice.rings for notice in notices):
            self._app.bell()
        if not loud:
            return
        self._wait([(notice.text, "warning") for notice in loud])

    def stand_aside(self) -> None:
        """Take what stands in the corner away before a dialog opens; what cannot have been read is said after it."""
        now = monotonic()
        # What stood for several is taken apart again, or the next one would tell of news about news.
        fresh = [
            piece
            for until, pieces in self._until.values()
            if until - now > SHOWN_FOR - READ_IN
            for piece in pieces
            # That something begins is no news once it may be over.
            if not piece[0].endswith("…")
        ]
        self._until.clear()
        if fresh:
            self._wait(fresh)
        self._app.clear_notifications()
        # What was said a moment ago is still on its way to the screen.
        self._app.call_later(self._app.clear_notifications)
        once(self._app, TOGETHER, self._sweep_below)

    def _sweep_below(self) -> None:
        """Take away what came to a screen while a dialog was opening over it: clearing reaches the front one alone."""
        for screen in self._app.screen_stack[:-1]:
            screen.query("ToastHolder").remove()

    def _wait(self, more: Sequence[tuple[str, Severity]]) -> None:
        self._waiting += more
        if not self._collecting:
            self._collecting = True
            once(self._app, TOGETHER, self._collected)

    def _collected(self) -> None:
        if len(self._app.screen_stack) > 1 and not self._ui.plan_shown():
            once(self._app, LOOK_AGAIN, self._collected)
            return
        self._collecting = False
        if not self._ui.plan_shown():
            self.release()

    def release(self) -> None:
        """Say what waited: the first of many stands for all, and the log holds every one."""
        waiting, self._waiting = list(dict.fromkeys(self._waiting)), []
        if len(waiting) <= MOST:
            for text, tone in waiting:
                self._show(text, tone)
            return
        # What warns comes first of all.
        text, severity = next((one for one in waiting if one[1] == "warning"), waiting[0])
        words = f"{len(waiting)} pieces of news; first: {visible(text, 200)} What was done stands in Activity (6)."
        self._show(words, severity, waiting)

    def _show(self, text: str, severity: Severity, pieces: Sequence[tuple[str, Severity]] = ()) -> None:
        safe = visible(self._ui.safe(text), 400)
        front = self._front()
        if isinstance(front, Dialog):
            whole = front.say(safe)
            said = list(pieces) or [(safe, severity)]
            once(self._app, READ_IN, lambda: self._read(front, whole, said))
            return
        now = monotonic()
        if safe in self._until and now < self._until[safe][0]:
            return  # It still stands there.
        self._until = {said: held for said, held in self._until.items() if held[0] > now}
        if len(self._until) >= MOST and self._app.size.height < ROOMY:
            # A third one would cover what the keys are and what is next. Later: what was said a moment ago is
            # still on its way to the screen.
            self._app.call_later(self._app.clear_notifications)
            self._until.clear()
        self._until[safe] = (now + SHOWN_FOR, list(pieces) or [(safe, severity)])
        self._app.notify(safe, severity=severity, markup=False, timeout=SHOWN_FOR)

    def _read(self, front: Dialog[Any], whole: bool, said: Sequence[tuple[str, Severity]]) -> None:
        """Say once more, in the corner, what could not be read in a dialog."""
        if not whole or self._front() is not front:
            self._wait(said)

    def _front(self) -> Screen[Any] | None:
        """Return what is on top, None while the program ends."""
        stack = self._app.screen_stack
        return stack[-1] if stack else None
