"""How the app ends when nobody pressed a key: a crash, a signal, a terminal that went away.

Textual handles no hang-up, and its crash report prints local variables. Here the first ends with a closed
journal, the second prints where it broke and never what with.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.app import WorkbenchApp

FRAMES = 12
TERMINAL_CHECK = 5.0  # seconds between two looks whether the terminal is still there
PATIENCE = 3.0  # seconds for what is under way when the terminal is gone


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


class Ending:
    """Watches for the ends that no key press asks for. One per app; ``begin`` and ``end`` frame its run."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> None:
        """Take over signals and stray faults; call on the running event loop."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._stray)
        for name in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(name, self._signalled, name)

    def end(self) -> None:
        """Give the signals back."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGHUP, signal.SIGTERM):
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
            self._app.call_later(self._app.show_error, error, "background work", "stray")

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
        app = self._app
        if app.store.session is not None:
            app.store.session.stop()
            await app.work.rest("run", PATIENCE)
        if name is not signal.SIGHUP:
            app.exit(128 + name)
            return
        app.workers.cancel_all()
        try:
            await asyncio.wait_for(app.close_session(), PATIENCE)
        finally:
            os._exit(128 + name)
