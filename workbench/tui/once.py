"""Calls that are due once, some time from now: each comes, however late it is by then.

Textual's own one-shot timer compares the clock twice before it first waits, and where the process was held up
between the two for longer than the delay, it takes its one call for missed and never makes it (8.2.8,
``Timer._run``; a delay of a millisecond and a busy host are enough). Whatever waits for such a call stands still for
good: rows that were to be made soon, keys that were held for a moment, every later change of the terminal's size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.message_pump import MessagePump
from textual.timer import Timer


def once(node: MessagePump, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
    """Call once, ``seconds`` from now, in a turn of ``node``; never after it is gone. ``cancel`` takes it back."""
    return asyncio.get_running_loop().call_later(seconds, node.call_next, call)


class PunctualApp(App[int]):
    """An app whose own timers, which Textual starts for a new size and for a held-back picture, are made up for too."""

    def once(self, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
        """Call once, ``seconds`` from now, in a turn of the app."""
        return once(self, seconds, call)

    def set_timer(self, *args: Any, **options: Any) -> Timer:
        """Return a timer that calls late rather than never; it has not begun to run yet."""
        timer = super().set_timer(*args, **options)
        timer._skip = False
        return timer
