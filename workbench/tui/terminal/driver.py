"""The driver of the real terminal: pictures in, the fewest bytes out, and never a wait of the event loop."""

from __future__ import annotations

import asyncio
import curses
import os
import sys
from time import monotonic
from typing import Any

from rich.color import ColorSystem
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size
from textual.message import Message

from workbench.tui.terminal.frame import Frame, Painter
from workbench.tui.terminal.pieces import keep_little
from workbench.tui.terminal.writer import TerminalWriter

_SYNC = ("\x1b[?2026h", "\x1b[?2026l")
# So long after a key was pressed (seconds) what it changes should be on the screen: nothing long is begun meanwhile.
KEY_TAKES = 0.1
# Below this line speed, in bytes a second, 24-bit colours are spared.
SLOW = 60_000.0


class TerminalDriver(LinuxDriver):
    """Keeps what the terminal shows and what it should show; sends the difference when the terminal has read.

    While the terminal does not read (GNU screen's copy mode, a stopped ssh, a slow line) the picture goes on
    changing here and nothing waits; when it reads again it gets the newest picture, whole where it had stopped.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        keep_little()
        # Where the screen is: also for whoever must put the terminal back without us.
        self.drawn_on = terminal_descriptor()
        self._output: TerminalWriter | None = None
        self._painter = Painter(erases=_erases_in_colour())
        self._wanted = Frame(0, 0)
        self._shown: Frame | None = None
        self._cursor = Offset(0, 0)
        self._cursor_shown = Offset(-1, -1)
        self._due: asyncio.TimerHandle | None = None
        self._pending = False
        self._reads_at = 0.0
        self._spares = False
        self._key_at = float("-inf")

    # The toolkit makes a writer of its own when it takes the terminal: one whose queue, once full, makes
    # the event loop wait for the terminal. It gets ours instead.
    @property  # type: ignore[override]
    def _writer_thread(self) -> TerminalWriter | None:
        return self._output

    @_writer_thread.setter
    def _writer_thread(self, given: object) -> None:
        if given is None:
            self._output = None
            return
        self._output = TerminalWriter(self.drawn_on, self._written)
        self.forget()

    def take(self, update: CompositorUpdate, size: Size, cursor: Offset, system: ColorSystem | None) -> None:
        """Take what was painted into the picture, and send the difference as soon as the terminal reads."""
        if self._spares and system is ColorSystem.TRUECOLOR:
            system = ColorSystem.EIGHT_BIT
        if (self._wanted.width, self._wanted.height) != (size.width, size.height):
            self._wanted = Frame(size.width, size.height)
            self.forget()
        if isinstance(update, LayoutUpdate):
            for y, strips in enumerate(update.strips, update.region.y):
                x = update.region.x
                for strip in strips:
                    self._wanted.put(y, x, strip, system)
                    x += strip.cell_length
        elif isinstance(update, ChopsUpdate):
            for y, left, right in update.spans:
                for x, chop in update.chops[y].items():
                    if chop is not None and x < right:
                        self._wanted.put(y, x, chop, system, left, right)
        self._cursor = cursor
        self._pending = True
        self._send()

    def forget(self) -> None:
        """Know no longer what the terminal shows: the next picture is sent whole."""
        self._shown = None
        self._cursor_shown = Offset(-1, -1)

    def repaint(self) -> None:
        """Send the picture whole."""
        self.forget()
        self._pending = True
        self._send()

    def process_message(self, message: Message) -> None:
        """Note, in the thread that reads the terminal, that a key was pressed; hand on whatever it is."""
        if isinstance(message, events.Key):
            self._key_at = monotonic()
        super().process_message(message)

    @property
    def key_under_way(self) -> bool:
        """Return whether a key was pressed just now, so that its answer may not be on the screen yet."""
        return monotonic() - self._key_at < KEY_TAKES

    def _enable_mouse_support(self) -> None:
        """Ask for presses and the wheel alone: reports of every movement are traffic that nothing here needs."""
        if self._mouse and offers_mouse():
            self.write("\x1b[?1000h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse and offers_mouse():
            self.write("\x1b[?1000l\x1b[?1006l")

    def toggle_mouse(self) -> bool:
        """Give the mouse back to the terminal, or take it; return whether it is ours now."""
        if self._mouse:
            self._disable_mouse_support()
        self._mouse = not self._mouse
        self._enable_mouse_support()
        return self._mouse

    def _send(self) -> None:
        output, loop = self._output, self._loop
        if not self._pending or output is None or output.busy:
            return
        if self._due is not None:
            self._due.cancel()
            self._due = None
        wait = self._reads_at - loop.time()
        if wait > 0.0:
            self._due = loop.call_later(wait, self._send)
            return
        self._pending = False
        text = self._painter.paint(self._wanted, self._shown)
        if text or self._cursor != self._cursor_shown:
            text += f"\x1b[{self._cursor.y + 1};{self._cursor.x + 1}H"
            self._cursor_shown = self._cursor
            if self._app._sync_available:
                text = f"{_SYNC[0]}{text}{_SYNC[1]}"
            output.write(text)
        self._remember(len(text))

    def _remember(self, size: int) -> None:
        if self._shown is None:
            self._shown = Frame(self._wanted.width, self._wanted.height)
        for shown, wanted in zip(self._shown.lines, self._wanted.lines, strict=True):
            if not shown.same(wanted):
                shown.copy_from(wanted)
        rate = self._output.rate if self._output is not None else None
        if rate is not None:
            # What the kernel still holds is on its way: the next picture must not queue behind it.
            self._reads_at = max(self._reads_at, self._loop.time()) + size / rate
            self._spares = rate < SLOW

    def _written(self, stopped: bool) -> None:
        """Hear, in the writer's thread, that the terminal has read everything."""
        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self.repaint if stopped else self._send)
            except RuntimeError:
                return  # The loop was closed in between: the program is ending.


def terminal_descriptor() -> int:
    """Return the descriptor to draw on: the first of standard error, output and input that is a terminal.

    The toolkit draws on standard error whatever it is; ``workbench 2>log`` would be a screen that nobody sees.
    """
    for stream in (sys.__stderr__, sys.__stdout__, sys.__stdin__):
        try:
            if stream is not None and os.isatty(stream.fileno()):
                return stream.fileno()
        except (OSError, ValueError):
            continue  # Closed, or no file at all: the next one.
    return 2


def offers_mouse() -> bool:
    """Return whether the terminal reports a mouse, as its terminfo says."""
    try:
        curses.setupterm(fd=terminal_descriptor())
        return bool(curses.tigetstr("kmous"))
    except curses.error:
        return False


def _erases_in_colour() -> bool:
    """Return whether the terminal erases with the background that is set, as its terminfo says."""
    try:
        curses.setupterm(fd=terminal_descriptor())
        return curses.tigetflag("bce") == 1
    except curses.error:
        return False
