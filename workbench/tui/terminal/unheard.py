"""No key of a dialog stays silent: one that changed nothing to be seen is answered in words by the dialog itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.worker import Worker


@runtime_checkable
class Answers(Protocol):
    """A screen that says of a key that it changed nothing; ``notes`` counts what it said so far."""

    notes: int

    def unheard(self, key: events.Key) -> None:
        """Say that a key changed nothing."""

    def heard(self) -> None:
        """Take away what was said of an earlier key: another one did something."""


class Unheard:
    """One per app. Looks, once a key went its whole way, whether anything was drawn, begun or said because of it."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._drawn = 0
        self._own = False

    def drawn(self) -> None:
        """Count what the terminal is shown; the dialog's own words about a key are no change by the next one."""
        if self._own:
            self._own = False
        else:
            self._drawn += 1

    def before(self, event: events.Key) -> Callable[[], None] | None:
        """Note how things are before a key is handed on; return what looks at them again once everybody saw it.

        None where whoever is in front answers keys in another way.
        """
        screen = self._app.screen
        if not isinstance(screen, Answers):
            return None
        node, drawn, notes, work = (
            self._app.focused or screen,
            self._drawn,
            screen.notes,
            set(self._app.workers),
        )

        def look() -> None:
            if self._app.screen is not screen:
                return
            if screen.notes != notes:
                return  # It has said itself what came of the key.
            if self._drawn == drawn and not self._begun(work):
                screen.unheard(event)
                self._own = True
            else:
                screen.heard()

        # A binding acts when the key has come up to the app, and what it tells goes the same way once more.
        return lambda: self._passed(node, lambda: self._passed(node, lambda: self._painted(screen, look)))

    def _begun(self, before: set[Worker[Any]]) -> bool:
        return any(worker not in before for worker in self._app.workers)

    def _passed(self, node: MessagePump, then: Callable[[], None]) -> None:
        """Go the way that a key goes, from who had the focus up to the app: behind it everything it did is done."""
        parent = node._parent
        if node is self._app or parent is None or not node.is_running:
            self._app.call_later(then)
        else:
            node.call_later(self._passed, parent, then)

    def _painted(self, screen: Screen[Any], then: Callable[[], None]) -> None:
        """Wait for what was painted; twice: what the first painting sets off is painted after it."""
        screen.call_after_refresh(screen.call_after_refresh, then)
