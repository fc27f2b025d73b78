"""How the app ends: by a key, a signal, a suspension or a fault of ours; never silently, never with a value shown."""

from __future__ import annotations

from typing import Any

from rich.segment import Segments
from rich.text import Text

from workbench.tui.shutdown import Shutdown, crash_text
from workbench.tui.terminal.display import TerminalApp


class EndingApp(TerminalApp):
    """An app that ends as an operator needs it to; who derives from it makes ``_ending``."""

    # A default of the class: a crash may come while the app is being made.
    crash: BaseException | None = None
    _ending: Shutdown

    def ask_quit(self) -> None:
        """Quit; while a plan runs, ask first and let what is under way reach its end."""
        self._ending.ask_quit()

    def action_suspend_process(self) -> None:
        """Suspend; while a plan runs, say first what that would stop."""
        if self._ending.may_suspend():
            super().action_suspend_process()

    async def action_quit(self) -> None:
        """Textual's own quit goes the same way."""
        self.ask_quit()

    def _handle_exception(self, error: Exception) -> None:
        """End after a fault of ours, without a single value: Textual would print local variables here."""
        self._return_code = 1
        if self._exception is None:
            self.crash = error
            text = Text(crash_text(error))
            self._exit_renderables.append(Segments(list(self.console.render(text))))
            self._ending.leaving(1)
            self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def _fatal_error(self) -> None:
        """Textual's traceback shows local variables; it is never printed."""
        self._close_messages_no_wait()

    def run(self, **options: Any) -> int | None:
        """Run the app as all that its process does: once asked to end, it is gone in a few seconds."""
        self._ending.owns_process = True
        return super().run(**options)

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End the app; whatever hangs, the process ends soon."""
        super().exit(result, return_code, message)
        self._ending.leaving(result or return_code)

    async def run_async(self, **options: Any) -> int | None:
        """Run the app; whatever ends it, the session is closed and a crash is in the journal."""
        self._ending.begin()
        try:
            return await super().run_async(**options)
        finally:
            self._ending.end()
            self._ending.waits_for("the connections and the journal to close")
            await self._ending.close_session()
            self._ending.waits_for("work in the background")
