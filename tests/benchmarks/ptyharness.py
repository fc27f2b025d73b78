"""Run a full-screen program in a pseudo terminal and time what it paints.

Every read is time-stamped; screens are rebuilt with pyte afterwards, because replaying while the program
still runs takes a core away from it. Times are ``time.monotonic()`` seconds, which processes of one host share.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import pyte

LINGER = 1.5  # seconds to read on once everything that is looked for was sent
SYNC_END = b"\x1b[?2026l"
# Terminal modes the program asks about, and what a modern terminal answers: synchronized output yes,
# in-band resize unknown.
ANSWERS = {b"\x1b[?2026$p": b"\x1b[?2026;2$y", b"\x1b[?2048$p": b"\x1b[?2048;0$y"}
# Sequences pyte would print as text: keyboard protocol, mode queries.
_NOT_FOR_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p")
_SEQUENCES = re.compile(rb"\x1b\[[0-9;?<>=$]*[a-zA-Z~]")
_UNFINISHED = re.compile(rb"\x1b(\[[^a-zA-Z@~]*)?$")


class Chunk(NamedTuple):
    """What one read returned, and when."""

    at: float
    data: bytes


class Screen:
    """A pyte screen fed chunk by chunk."""

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""

    def feed(self, data: bytes) -> None:
        """Take over more output; a sequence cut by the end of the chunk waits for the next one."""
        data = self._held + data
        tail = _UNFINISHED.search(data)
        self._held = data[tail.start() :] if tail else b""
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", data[: tail.start()] if tail else data))

    @property
    def display(self) -> list[str]:
        """The lines of the screen."""
        return list(self.screen.display)


@dataclass
class Terminal:
    """A program in a pseudo terminal of its own; use as a context manager."""

    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    columns: int = 120
    lines: int = 40
    cwd: str | None = None

    def __enter__(self) -> Self:
        """Start the program."""
        self.chunks: list[Chunk] = []
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", self.lines, self.columns, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **self.env}
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            list(self.command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            cwd=self.cwd,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        return self

    def __exit__(self, *_: object) -> None:
        """End the program (its whole session) and close the terminal."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the program still runs."""
        return self._process.poll() is None

    def send(self, keys: str | bytes) -> float:
        """Type something; return when."""
        at = time.monotonic()
        os.write(self._master, keys.encode() if isinstance(keys, str) else keys)
        return at

    def read(self, timeout: float, most: int = 65536) -> Chunk | None:
        """Return the next output, ``most`` bytes at once; None after so long a silence or at the program's end."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, timeout))
        if not ready:
            return None
        try:
            data = os.read(self._master, most)
        except OSError:  # EIO: the other end is closed, there will be no more output
            return None
        if not data:
            return None
        chunk = Chunk(time.monotonic(), data)
        self.chunks.append(chunk)
        for query, answer in ANSWERS.items():
            if query in data:
                os.write(self._master, answer)
        return chunk

    def watch(self, seconds: float) -> list[Chunk]:
        """Read for so many seconds and return what came."""
        start, end = len(self.chunks), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.read(left) is None and not self.alive():
                break
        return self.chunks[start:]

    def wait_until(self, stands: Callable[[bytes], bool], timeout: float) -> float | None:
        """Return when the output since now first satisfied ``stands`` at the end of a frame, else None.

        ``stands`` is asked about each whole frame: the bytes up to the end of a synchronized update.
        """
        pending, end = b"", time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            chunk = self.read(left)
            if chunk is None:
                if not self.alive():
                    return None
                continue
            pending += chunk.data
            *frames, pending = pending.split(SYNC_END)
            if any(stands(frame) for frame in frames):
                return chunk.at
        return None

    def wait_quiet(self, silence: float, timeout: float) -> bool:
        """Read until nothing came for ``silence`` seconds; return False where that never happened."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.read(silence) is None:
                return True
        return False

    def replay(self) -> Iterator[tuple[Chunk, Screen]]:
        """Yield every chunk with the screen as it stood after it."""
        screen = Screen(self.columns, self.lines)
        for chunk in self.chunks:
            screen.feed(chunk.data)
            yield chunk, screen


def first_frame(terminal: Terminal, markers: Sequence[str], quiet: float, timeout: float) -> float | None:
    """Return seconds from the start until every marker text stood on the screen at once, or None.

    Reads until the output stayed quiet for ``quiet`` seconds after the raw bytes held every marker, or for
    ``LINGER`` seconds more where it never does (a live program repaints for ever), then replays.
    """
    # A marker may be styled in parts: what is looked through is the text between the sequences.
    wanted = [marker.encode() for marker in markers]
    end, seen, whole = time.monotonic() + timeout, b"", False
    while time.monotonic() < end and terminal.alive():
        chunk = terminal.read(quiet)
        seen += _SEQUENCES.sub(b"", chunk.data) if chunk else b""
        if not whole and all(marker in seen for marker in wanted):
            whole, end = True, min(end, time.monotonic() + LINGER)
        if whole and chunk is None:
            break
    for chunk, screen in terminal.replay():
        text = "\n".join(screen.display)
        if all(marker in text for marker in markers):
            return chunk.at - terminal.started
    return None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: 0.5 the median, 0.99 the value 99 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.999999) - 1))]
