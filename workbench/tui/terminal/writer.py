"""A thread that writes to the terminal, so that a terminal that does not read holds up nobody else.

The event loop, which the screen shares with the executor, hands its bytes over and goes on. A frame is only taken
when the one before is written; what is painted meanwhile is never sent, and the newest picture is compared with the
last one sent when the terminal reads again.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable

from workbench.tui.terminal.line_speed import LineSpeed

# Bytes handed to the terminal at once: small, so that a stop is noticed, and a slow line's speed.
CHUNK = 1024
# Seconds that one chunk may wait before the terminal counts as having stopped: then it is repainted whole.
STOPPED = 3.0
_LEAVE = 2.0  # seconds that the end of the program waits for the last bytes


class TerminalWriter:
    """Writes in a thread of its own; ``drained(stopped)`` is called there whenever everything was written.

    ``rate`` is the bytes a second that the terminal took while it made writes wait, None while it never did.
    """

    def __init__(self, fd: int, drained: Callable[[bool], None]) -> None:
        self._fd = fd
        self._drained = drained
        self._waiting: deque[str] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._ending = False
        self._gone = False
        self._speed = LineSpeed()
        self._thread = threading.Thread(target=self._run, name="workbench-output", daemon=True)

    @property
    def busy(self) -> bool:
        """Return whether something that was handed over is not written yet."""
        with self._changed:
            return self._busy or bool(self._waiting)

    @property
    def rate(self) -> float | None:
        """Return the line's speed in bytes a second, None while it took everything at once or stopped and went on."""
        return self._speed.rate

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def write(self, text: str) -> None:
        """Hand text over; returns at once."""
        with self._changed:
            self._waiting.append(text)
            self._changed.notify()

    def flush(self) -> None:
        """Do nothing: the thread flushes."""

    def isatty(self) -> bool:
        """Return that this is a terminal."""
        return True

    def fileno(self) -> int:
        """Return the descriptor that is written to."""
        return self._fd

    def stop(self) -> None:
        """End once everything is written, and wait for that, though not without end."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(_LEAVE)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._busy = False
                    self._changed.wait()
                if not self._waiting:
                    return
                data = "".join(self._waiting).encode("utf-8", "replace")
                self._waiting.clear()
                self._busy = True
            stopped = self._write(data)
            with self._changed:
                more = bool(self._waiting)
                self._busy = more
            if not more:
                self._drained(stopped)

    def _write(self, data: bytes) -> bool:
        """Write all of it; returns whether the terminal had stopped reading in between."""
        stopped = False
        view = memoryview(data)
        while view and not self._gone:
            full, begun = self._full(), time.monotonic()
            try:
                written = os.write(self._fd, view[:CHUNK])
            except BlockingIOError:
                # Somebody shares the terminal with us and made it non-blocking.
                select.select((), (self._fd,), ())
                written = 0
            except OSError:
                # The terminal is gone; that is noticed, and said, elsewhere.
                self._gone = True
                return stopped
            ended = time.monotonic()
            stopped = stopped or ended - begun >= STOPPED
            self._speed.wrote(written, begun, ended, full=full)
            view = view[written:]
        return stopped

    def _full(self) -> bool:
        """Return whether the terminal has no room left, so that it is what a write waits for.

        A thread that comes back from a write waits for its turn in the interpreter too, for tens of milliseconds
        while a cut computes: taken for a slow line that would hold pictures back and spare colours for nothing.
        """
        return not select.select((), (self._fd,), (), 0)[1]
