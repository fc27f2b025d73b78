"""Keys pressed faster than the screen changes: each acts on what was drawn when it was pressed.

Enter that was pressed for one screen and is read when another stands there does nothing. What is typed while the
command palette opens goes into the palette, and what is typed after a command was chosen there goes to what comes back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from textual import events
from textual.app import App
from textual.command import CommandPalette
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input

from workbench.tui.once import once

TOO_LATE = "Enter was pressed for what stood here before: nothing is done."
# How often (seconds) it is looked whether the palette is ready, and how many times before keys go on anyway.
LOOK, LOOKS = 0.01, 200
# So long after a letter (seconds) the palette's list may still be the answer to what was typed before it.
SEARCHING = 0.05
# What acts on the list below the palette's line.
_ON_LIST = ("enter", "up", "down")


class TypeAhead:
    """One per app. ``forward`` hands a key on as the toolkit does, ``tell`` says why not, ``drawn`` hears of frames."""

    def __init__(
        self,
        app: App[Any],
        forward: Callable[[events.Event], Awaitable[None]],
        tell: Callable[[str], None],
    ) -> None:
        self._app = app
        self._forward = forward
        self._tell = tell
        self._screen: Screen[Any] | None = None
        self._since = 0.0
        self._held: list[events.Key] = []
        self._waits = False
        self._asked: events.Key | None = None
        self._last = 0.0

    def drawn(self, screen: Screen[Any]) -> None:
        """Note what the terminal shows from now on."""
        if screen is not self._screen:
            self._screen, self._since = screen, monotonic()

    async def key(self, event: events.Key) -> None:
        """Hand a key on, hold it until what is drawn is ready for it, or leave an Enter that came too late undone."""
        if self._held or self._waits:
            self._held.append(event)
            return
        palette = CommandPalette.is_open(self._app)
        if palette and event.key in _ON_LIST and event is not self._asked and not self._searched():
            self._asked = event
            self._held.append(event)
            self._wait(self._searched)
            return
        if event.key == "enter" and not palette and not self._was_shown(event):
            self._tell(TOO_LATE)
            return
        target = self._app.focused or self._app.screen
        await self._forward(event)
        self._last = monotonic() if event.is_printable else 0.0
        if not palette and CommandPalette.is_open(self._app):
            self._wait(self._can_type)
        elif event.key == "enter" and palette:
            self._wait(lambda: not CommandPalette.is_open(self._app), looks=LOOKS // 10)
        elif event.key == "enter":
            self._waits = True
            self._passed(target)

    def _was_shown(self, event: events.Key) -> bool:
        """Return whether what gets the key now was drawn before it was pressed."""
        return self._app.screen is self._screen and event.time >= self._since

    def _can_type(self) -> bool:
        return isinstance(self._app.screen.focused, Input)

    def _searched(self) -> bool:
        """Return whether the palette's list answers what is typed."""
        screen = self._app.screen
        busy = any(worker.node is screen and not worker.is_finished for worker in self._app.workers)
        return not busy and monotonic() - self._last >= SEARCHING

    def _passed(self, node: MessagePump) -> None:
        """Go the way that an Enter goes, from who had the focus up to the app: behind it everything it did is done."""
        parent = node._parent
        if node is self._app or parent is None or not node.is_running:
            self._app.call_later(self._let_go)
        else:
            node.call_later(self._passed, parent)

    def _wait(self, over: Callable[[], bool], looks: int = LOOKS) -> None:
        """Hold keys until something is so, or it took too long."""
        self._waits, left = True, looks

        def look() -> None:
            nonlocal left
            left -= 1
            if over() or left <= 0:
                self._app.call_later(self._let_go)
            else:
                once(self._app, LOOK, look)

        once(self._app, LOOK, look)

    async def _let_go(self) -> None:
        """Hand on what was held, in its order, until one of the keys holds the rest again."""
        self._waits = False
        held, self._held = self._held, []
        while held and not self._waits:
            await self.key(held.pop(0))
        self._held = [*self._held, *held]
