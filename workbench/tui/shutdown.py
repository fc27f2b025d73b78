"""How the app ends: by a key while a plan runs, or without one: a crash, a signal, a terminal that went away.

Textual handles no hang-up, and its crash report prints local variables. Here the first ends with a closed
journal, the second prints where it broke and never what with.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from workbench.tui.exit_watchdog import LastExit
from workbench.tui.once import once

if TYPE_CHECKING:
    from textual.app import App

    from workbench.tui.ports import Ui
    from workbench.tui.screens.choices import Picked

FRAMES = 12
SURE = 10.0  # seconds in which a second ctrl+z means it
TERMINAL_CHECK = 5.0  # seconds between two looks whether the terminal is still there
PATIENCE = 3.0  # seconds for what is under way when the terminal is gone
# Ctrl+C at the keyboard is a key; the signal is somebody else ending the program.
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
STOPPING = 15.0  # seconds for what is under way when somebody asked to stop first, then quit


def crash_text(error: BaseException) -> str:
    """Return a crash in safe words: the error's type and the places it went through.

    An exception's text may quote what it choked on, so only its type is named.
    """
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    lines = [
        f"The workbench broke ({type(error).__name__}). No values are shown, since they may hold secrets."
    ]
    lines += [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    lines.append("Nothing is lost: whatever was begun is in the journal. Start it again, and it resumes.")
    return "\n".join(lines)


class Shutdown:
    """Asks before a running plan is left, and watches for the ends that no key press asks for.

    One per app; ``begin`` and ``end`` frame its run.
    """

    def __init__(self, app: App[int], ui: Ui, close_session: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._ui = ui
        self._close_session = close_session
        self._tasks: set[asyncio.Task[None]] = set()
        self._quitting = False
        self._warned = -SURE
        self._last = LastExit()
        # Set where the app is all that its process does: only then may ending the app end the process.
        self.owns_process = False

    # Whatever hangs

    def leaving(self, code: int) -> None:
        """The app ends now: give it a few seconds."""
        if self.owns_process:
            self._last.begin(code, self._app._driver)

    def waits_for(self, what: str) -> None:
        """Say what the end waits for now, should it take long; the screen has been left."""
        self._last.stage(what)

    async def close_session(self) -> None:
        """Close what the app holds open; safe to call twice."""
        await self._close_session()

    # When a key asks

    def ask_quit(self) -> None:
        """Quit; while a plan runs, ask first and let what is under way reach its end."""
        if not self._ui.plan_running or self._quitting:
            self._app.exit(0)
            return
        from workbench.tui.screens.choices import Choice
        from workbench.tui.screens.prompts import PickScreen

        choices = (
            Choice("stay", "Stay"),
            Choice("stop", "Stop after the current effects, then quit", "the next start resumes"),
            Choice("now", "Quit now", "what is under way is looked up on the next start"),
        )
        done, total = self._ui.plan_progress
        text = f"“{self._ui.plan_title}” is running: {done} of {total} are done and stay done."
        self._ui.push(PickScreen("Quit while a plan is running?", text, choices), self._answered)

    def _answered(self, picked: Picked | None) -> None:
        session = self._ui.store.session
        if picked is None or picked.id == "stay" or session is None:
            return
        session.stop()
        if picked.id == "now" or not self._ui.plan_running:
            self._app.exit(0)
        else:
            self._quitting = True
            once(self._app, STOPPING, lambda: self._app.exit(0))
            self._ui.tell(
                f"Waiting for the effects under way, {STOPPING:.0f} s at most, then quitting. q again quits at once."
            )

    def may_suspend(self) -> bool:
        """Return whether ctrl+z may suspend now; while a plan runs it is first said what that would stop."""
        if not self._ui.plan_running or monotonic() - self._warned < SURE:
            return True
        self._warned = monotonic()
        done, total = self._ui.plan_progress
        self._ui.tell(
            f"Suspending would stop “{self._ui.plan_title}” in the middle: {done} of {total} are done. Esc stops it "
            f"after the effects under way; ctrl+z again within {SURE:.0f} s suspends at once.",
            "warning",
        )
        return False

    def moved(self) -> None:
        """Leave once what was under way has ended, where that was asked for."""
        if self._quitting and not self._ui.plan_running:
            self._app.exit(0)

    # When no key asks

    def begin(self) -> None:
        """Take over signals and stray faults; call on the running event loop."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._stray)
        for name in _ENDING:
            loop.add_signal_handler(name, self._signalled, name)

    def end(self) -> None:
        """Give the signals back."""
        loop = asyncio.get_running_loop()
        for name in _ENDING:
            loop.remove_signal_handler(name)
        loop.set_exception_handler(None)

    def watch_terminal(self) -> None:
        """Look now and then whether the terminal is still there: nohup and some multiplexers hide its end."""
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            descriptor = sys.__stdin__.fileno()

            def look() -> None:
                if not os.isatty(descriptor):
                    self._signalled(signal.SIGHUP)

            self._app.set_interval(TERMINAL_CHECK, look)

    def _stray(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Show a fault of a task nobody waits for; asyncio would print its text over the screen."""
        error = context.get("exception")
        if isinstance(error, Exception):
            self._app.call_later(self._ui.show_error, error, "background work", "stray")

    def _signalled(self, name: signal.Signals) -> None:
        if not self._tasks:
            task = asyncio.get_running_loop().create_task(self._leave(name), name="leaving")
            self._tasks.add(task)

    async def _leave(self, name: signal.Signals) -> None:
        """Begin nothing new, close the journal, leave.

        What was under way has its intent in the journal, and the next start asks the account about it. After
        a hang-up the process leaves at once: winding the screen down would write to a terminal that no
        longer exists.
        """
        session = self._ui.store.session
        if session is not None:
            session.stop()
            await self._ui.work.rest("run", PATIENCE)
        if name is not signal.SIGHUP:
            self._app.exit(128 + name)
            return
        self._app.workers.cancel_all()
        try:
            await asyncio.wait_for(self._close_session(), PATIENCE)
        finally:
            os._exit(128 + name)
