"""The thread that writes: a terminal that does not read holds up nobody, and is told apart from a slow one."""

from __future__ import annotations

import contextlib
import os
import threading

import pytest

from tests.support.patience import HANGS
from workbench.tui.terminal import driver
from workbench.tui.terminal.writer import CHUNK, TerminalWriter

LARGE = "x" * 1_000_000  # more than any pipe or terminal holds


class Pipe:
    """A writer onto a pipe whose other end is read when the test says so."""

    def __init__(self) -> None:
        self.end, fd = os.pipe()
        self.fd = fd
        self.drained = threading.Event()
        self.told: list[bool] = []
        self.writer = TerminalWriter(fd, self._told)
        self.writer.start()

    def _told(self, stopped: bool) -> None:
        self.told.append(stopped)
        self.drained.set()

    def read(self, size: int) -> bytes:
        """Read exactly so many bytes."""
        data = b""
        while len(data) < size:
            data += os.read(self.end, size - len(data))
        return data


def test_handing_over_returns_at_once_though_nobody_reads() -> None:
    pipe = Pipe()
    for _ in range(100):
        pipe.writer.write(LARGE[:50_000])
    assert pipe.writer.busy and not pipe.drained.is_set()
    assert pipe.read(5_000_000) == b"x" * 5_000_000
    assert pipe.drained.wait(20)
    assert pipe.told[-1] is False, "it was only slow"
    pipe.writer.stop()


def test_order_is_kept() -> None:
    pipe = Pipe()
    words = [f"<{number}>" for number in range(500)]
    for word in words:
        pipe.writer.write(word)
    assert pipe.read(len("".join(words))).decode() == "".join(words)
    pipe.writer.stop()


def test_a_terminal_that_stopped_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.terminal.writer.STOPPED", 0.0)
    pipe = Pipe()
    pipe.writer.write("frame")
    assert pipe.read(5) == b"frame" and pipe.drained.wait(20) and pipe.told == [True]
    pipe.writer.stop()


class EachLookTakesTime:
    """A clock by which every write took a tenth of a second, whoever was waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.1
        return self.now


def test_a_write_that_waited_for_the_interpreter_says_nothing_of_the_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workbench.tui.terminal.writer.time", EachLookTakesTime())
    pipe = Pipe()
    for _ in range(20):
        pipe.drained.clear()
        pipe.writer.write("a few cells")
        assert pipe.drained.wait(HANGS)
    assert pipe.writer.rate is None, "there was room all the time"
    pipe.writer.stop()


def test_a_write_that_waited_for_room_says_how_fast_the_line_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.terminal.writer.time", EachLookTakesTime())
    pipe = Pipe()
    os.set_blocking(pipe.fd, False)
    filled = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            filled += os.write(pipe.fd, b"x" * CHUNK)
    os.set_blocking(pipe.fd, True)
    looked, look, first = threading.Event(), pipe.writer._full, list[bool]()

    def full() -> bool:
        if not first:
            first.append(look())
        looked.set()
        return True  # However fast the other end reads once it does, on any machine.

    monkeypatch.setattr(pipe.writer, "_full", full)
    pipe.writer.write("x" * 20 * CHUNK)
    assert looked.wait(HANGS)
    assert len(pipe.read(filled + 20 * CHUNK)) and pipe.drained.wait(HANGS)
    assert first == [True] and pipe.writer.rate == pytest.approx(5 * CHUNK), (
        "a chunk in two looks at that clock"
    )
    pipe.writer.stop()


def test_a_terminal_that_is_gone_ends_the_writing_and_nothing_else() -> None:
    pipe = Pipe()
    os.close(pipe.end)
    pipe.writer.write("one")
    assert pipe.drained.wait(20)
    pipe.writer.write("two")
    pipe.writer.stop()


def test_the_end_waits_for_what_is_written_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.terminal.writer._LEAVE", 0.05)
    pipe = Pipe()
    pipe.writer.write(LARGE)
    pipe.writer.stop()  # nobody reads: it returns nevertheless
    assert pipe.read(CHUNK) == b"x" * CHUNK


def test_it_draws_on_what_is_a_terminal_wherever_standard_error_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, other = os.openpty()
    try:
        with open(os.devnull, "w") as log, open(other, "w", closefd=False) as screen:  # noqa: PTH123
            monkeypatch.setattr("sys.__stderr__", log)
            monkeypatch.setattr("sys.__stdout__", screen)
            assert driver.terminal_descriptor() == other
            monkeypatch.setattr("sys.__stderr__", None)
            assert driver.terminal_descriptor() == other
    finally:
        os.close(terminal)
        os.close(other)
