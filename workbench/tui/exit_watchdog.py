"""The last word on ending: whatever hangs, the process is gone a few seconds after it was asked to end.

Everything that is written is durable before the next thing happens, so a workbench that ends in the middle of
anything resumes where it stood. What cannot be ended in an orderly way (a thread in a system call that never
returns, a task that swallows its cancellation, a lock that is never given back) is therefore left behind.
"""

from __future__ import annotations

import contextlib
import os
import sys
import termios
import threading
from collections.abc import Callable
from typing import Any

LIMIT = 5.0  # seconds from the decision to end to the end of the process
SAY_AFTER = 1.5  # seconds after which it is said what is waited for
# Leaves the alternate screen, shows the cursor, ends mouse, paste and focus reports.
RESTORE = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u"


class LastExit:
    """One per process: ``begin`` starts the count, ``stage`` names what is waited for meanwhile."""

    def __init__(self, limit: float = LIMIT, say_after: float = SAY_AFTER) -> None:
        self._limit = limit
        self._say_after = say_after
        self._stage = "the screen"
        self._screen_left = False
        self._restore: Callable[[], None] = lambda: None
        self._code = 0
        self._begun = False
        self._called_off = threading.Event()

    def begin(self, code: int, driver: Any = None) -> None:
        """End the process with ``code`` in a few seconds at the latest; asked for again, only the code counts."""
        self._code = code
        if self._begun:
            return
        self._begun = True
        self._restore = lambda: give_back(driver)
        threading.Thread(target=self._watch, name="workbench-last-exit", daemon=True).start()

    def stage(self, what: str) -> None:
        """Say what is waited for from now on; the screen has been left."""
        self._screen_left = True
        self._stage = what

    def _watch(self) -> None:
        if self._called_off.wait(self._say_after):
            return
        if self._screen_left:
            _say(f"Closing: waiting for {self._stage}, {self._limit - self._say_after:.0f} s at most.")
        if self._called_off.wait(self._limit - self._say_after):
            return
        if not self._screen_left:
            self._restore()
        _say(
            f"Ended without waiting any longer for {self._stage}. Nothing is lost: whatever was begun is in "
            "the journal. Start it again, and it resumes."
        )
        os._exit(self._code)


def give_back(driver: Any) -> None:
    """Put a terminal back as it was before the screen took it, without the help of the screen's own threads."""
    _write(RESTORE, getattr(driver, "drawn_on", 2))
    before = getattr(driver, "attrs_before", None)
    if before is not None and sys.__stdin__ is not None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, before)


def _say(text: str) -> None:
    _write(f"\r\n{text}\r\n".encode())


def _write(data: bytes, descriptor: int = 2) -> None:
    # Past Python's own buffers: whoever hangs may hold their locks.
    with contextlib.suppress(OSError):
        os.write(descriptor, data)
