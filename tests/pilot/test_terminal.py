"""The ends nobody asks for, on a real pseudo-terminal: a crash, a lost line, a termination."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pilot.fake_session import SECRET
from tests.support.patience import HANGS
from workbench.tui.exit_watchdog import LIMIT
from workbench.tui.shutdown import STOPPING

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A child on a pseudo-terminal of its own."""

    def __init__(self, what: str, marker: Path) -> None:
        self.output = b""
        self.status: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # pragma: no cover - the child
            os.chdir(ROOT)
            environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
            environ["PYTHONPATH"] = str(ROOT)
            os.execve(  # noqa: S606 - the child of a pseudo-terminal, no shell in between
                sys.executable, [sys.executable, "-m", "tests.pilot.terminal_app", what, str(marker)], environ
            )

    def read_until(self, done: Callable[[bytes], bool]) -> None:
        """Read until the output satisfies ``done`` or the child's end of the line is closed."""
        deadline = time.monotonic() + HANGS
        while not done(self.output) and time.monotonic() < deadline:
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                self.output += os.read(self.fd, 65536)
            except OSError:
                return

    def wait(self) -> int:
        """Wait for the child's end; return its exit code, negative for a signal."""
        deadline = time.monotonic() + HANGS
        while self.status is None and time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            else:
                select.select([], [], [], 0.02)
        assert self.status is not None, "the app did not end"
        return self.status

    def close(self) -> None:
        """End a child that is still there."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[str], tuple[Terminal, Path]]]:
    """Return what starts the app on a terminal: gives the terminal and the marker file."""
    started: list[Terminal] = []

    def start(what: str) -> tuple[Terminal, Path]:
        marker = tmp_path / "marker"
        started.append(Terminal(what, marker))
        return started[-1], marker

    yield start
    for child in started:
        child.close()


Start = Callable[[str], tuple[Terminal, Path]]


def test_a_crash_shows_where_and_no_value(terminal: Start) -> None:
    child, marker = terminal("crash")
    child.read_until(lambda out: b"ended" in out)
    assert child.wait() == 1
    text = child.output.decode(errors="replace")
    assert "The workbench broke (RuntimeError)" in text and "terminal_app.py" in text
    assert SECRET not in text and SECRET[:14] not in text and "cannot use" not in text
    after = text.rpartition("\x1b[?1049l")[2]
    assert "locals" not in after and "password" not in after and "raise" not in after
    assert marker.read_text() == "error RuntimeError drawing the screen\nclosed\n"


def test_a_lost_line_ends_the_app_with_a_closed_journal(terminal: Start) -> None:
    child, marker = terminal("idle")
    child.read_until(lambda out: b"acme" in out and b"live" in out)
    assert b"acme" in child.output
    os.close(child.fd)
    assert child.wait() == 128 + signal.SIGHUP
    assert marker.read_text() == "closed\n"


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_termination_gives_the_terminal_back(terminal: Start, name: signal.Signals) -> None:
    child, marker = terminal("idle")
    child.read_until(lambda out: b"acme" in out and b"live" in out)
    os.kill(child.pid, name)
    child.read_until(lambda out: b"ended" in out)
    child.wait()
    assert b"\x1b[?1049l" in child.output, "the alternate screen is left"
    assert marker.read_text() == "closed\n"


def test_quit_closes_the_session(terminal: Start) -> None:
    child, marker = terminal("idle")
    child.read_until(lambda out: b"acme" in out and b"live" in out)
    os.write(child.fd, b"q")
    child.read_until(lambda out: b"ended" in out)
    assert child.wait() == 0
    assert marker.read_text() == "closed\n"


@pytest.mark.parametrize("where", ["crash-key", "crash-worker", "crash-callback"])
def test_no_fault_anywhere_shows_a_value(terminal: Start, where: str) -> None:
    child, marker = terminal(where)
    child.read_until(lambda out: b"acme" in out and b"live" in out)
    if where == "crash-key":
        os.write(child.fd, b"\x0c")
        child.read_until(lambda out: b"ended" in out)
        assert child.wait() == 1
        assert b"The workbench broke (RuntimeError)" in child.output
    else:
        # A fault of work in the background ends nothing: it is told by its kind and its place.
        told = re.compile(rb"\(RuntimeError, \w+\.py:\d+\)")
        child.read_until(lambda out: told.search(out) is not None)
        assert told.search(child.output)
        os.write(child.fd, b"\x11")
        child.read_until(lambda out: b"ended" in out)
        assert child.wait() == 0
    text = child.output.decode(errors="replace")
    assert SECRET not in text and SECRET[:14] not in text and "cannot use" not in text
    after = text.rpartition("\x1b[?1049l")[2]
    assert "locals" not in after and "password" not in after
    assert SECRET[:14] not in marker.read_text() and "error RuntimeError" in marker.read_text()


@pytest.mark.parametrize("where", ["stuck-thread", "stuck-task", "stuck-close", "stuck-loop"])
def test_quitting_ends_the_program_whatever_hangs(terminal: Start, where: str) -> None:
    child, marker = terminal(where)
    child.read_until(lambda out: b"acme" in out and b"live" in out)
    if where != "stuck-loop":
        os.write(child.fd, b"q")
    child.read_until(lambda out: b"without waiting any longer" in out)
    assert child.wait() == 0
    text = child.output.decode(errors="replace")
    after = text.rpartition("\x1b[?1049l")[2]
    assert "Ended without waiting any longer for " in after, "the terminal is given back first"
    if where != "stuck-loop":
        assert "Closing: waiting for " in after
        assert marker.exists() is (where != "stuck-close"), "the session is closed, or its closing hung"


def test_the_time_to_end_is_short() -> None:
    assert LIMIT <= 5 and STOPPING <= 15
