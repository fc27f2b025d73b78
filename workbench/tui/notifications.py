"""What is said in a corner: short, safe, never over a plan's confirmation, and many at once said as one.

News of the work waits while any dialog is open, since it would cover the dialog's keys; what answers a key
press is said at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from workbench.core.redact import visible

if TYPE_CHECKING:
    from textual.app import App

    from workbench.execution.progress import ProgressNotice
    from workbench.tui.ports import Severity, Ui

SHOWN_FOR = 8  # seconds
TOGETHER = 0.4  # seconds in which what is said counts as said at once
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
        self._until: dict[str, float] = {}

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
        self._waiting += [(notice.text, "warning") for notice in loud]
        if not self._collecting:
            self._collecting = True
            self._app.set_timer(TOGETHER, self._collected)

    def _collected(self) -> None:
        if len(self._app.screen_stack) > 1 and not self._ui.plan_shown():
            self._app.set_timer(LOOK_AGAIN, self._collected)
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
        severity: Severity = "warning" if any(tone == "warning" for _, tone in waiting) else "information"
        first = visible(waiting[0][0], 200)
        self._show(f"{len(waiting)} pieces of news; first: {first} Activity (6) lists them all.", severity)

    def _show(self, text: str, severity: Severity) -> None:
        safe = visible(self._ui.safe(text), 400)
        now = monotonic()
        if now < self._until.get(safe, 0.0):
            return  # It still stands there.
        self._until = {said: until for said, until in self._until.items() if until > now}
        if len(self._until) >= MOST and self._app.size.height < ROOMY:
            # A third one would cover what the keys are and what is next. Later: what was said a moment ago is
            # still on its way to the screen.
            self._app.call_later(self._app.clear_notifications)
            self._until.clear()
        self._until[safe] = now + SHOWN_FOR
        self._app.notify(safe, severity=severity, markup=False, timeout=SHOWN_FOR)
