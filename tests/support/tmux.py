"""A real terminal for tests: tmux on a socket of its own, driven by keys, read by looking at the screen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.patience import HANGS

# Seconds between two looks at the screen; nothing is timed by it, only asked again.
LOOK = 0.1


def need_tmux() -> None:
    """Skip the test where tmux is missing; fail it where everything must be tested."""
    if shutil.which("tmux") is None:
        if os.environ.get("WORKBENCH_TEST_ALL") == "1":
            pytest.fail("tmux is required when WORKBENCH_TEST_ALL=1")
        pytest.skip("needs tmux")


class Tmux:
    """One program in one tmux pane; a context manager. ``folder`` holds the socket and the captured bytes."""

    def __init__(self, folder: Path, *, columns: int, lines: int, env: Mapping[str, str]) -> None:
        self._socket = folder / "tmux.sock"
        self._columns, self._lines = columns, lines
        self._env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "WORKBENCH_TOUR": "0", **env}
        for name in ("TMUX", "COLUMNS", "LINES", "NO_COLOR", "WORKBENCH_ASCII", "WORKBENCH_THEME"):
            self._env.pop(name, None)
        self.raw = folder / "terminal.bytes"
        self._status = folder / "exit-status"
        self._pressed: list[str] = []

    def __enter__(self) -> Self:
        """Make the terminal's server ready; an idle session keeps it alive when the other is closed."""
        self._tmux("new-session", "-d", "-s", "idle", "cat")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the terminal and whatever still runs in it."""
        if kind is not None and error is not None:
            error.add_note(f"keys: {' '.join(self._pressed)}\nlast screen:\n{self.screen()}")
        subprocess.run([*self._base(), "kill-server"], check=False, capture_output=True)

    def start(self, command: Sequence[str]) -> None:
        """Run a program in a fresh session; every byte it writes is appended to ``raw``."""
        # The shell waits until its output is recorded, so that not even the first byte is missed, and it
        # writes the exit status down: tmux now and then leaves an ended child unreaped and never knows it.
        self._status.unlink(missing_ok=True)
        written = shlex.quote(str(self._status))
        waiting = f"read -r _; {shlex.join(command)}; echo $? > {written}.new; mv {written}.new {written}"
        size = ("-x", str(self._columns), "-y", str(self._lines))
        self._tmux("new-session", "-d", "-s", "work", *size, "sh", "-c", waiting)
        self._tmux("set-option", "-g", "remain-on-exit", "on")
        self._tmux("pipe-pane", "-t", "work", "-O", f"cat >> {shlex.quote(str(self.raw))}")
        self._tmux("send-keys", "-t", "work", "Enter")

    def start_again(self, command: Sequence[str]) -> None:
        """Run a program in a new session after the one before has ended."""
        self._tmux("kill-session", "-t", "work")
        self.start(command)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names (``Enter``, ``Escape``, ``C-p``, ``a``)."""
        self._pressed += keys
        self._tmux("send-keys", "-t", "work", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._pressed.append(repr(text))
        self._tmux("send-keys", "-t", "work", "-l", text)

    def screen(self) -> str:
        """Return what stands on the screen."""
        shown = subprocess.run(
            [*self._base(), "capture-pane", "-p", "-t", "work"],
            env=self._env,
            check=False,
            capture_output=True,
        )
        return shown.stdout.decode(errors="replace")

    def until(self, *texts: str, gone: Sequence[str] = (), patience: float = HANGS) -> str:
        """Look until every text stands on the screen at once and none of ``gone``; return the screen."""

        def holds(screen: str) -> bool:
            return all(text in screen for text in texts) and not any(text in screen for text in gone)

        return self.until_true(holds, f"{texts} without {tuple(gone)}", patience)

    def until_true(self, holds: Callable[[str], bool], what: str, patience: float = HANGS) -> str:
        """Look until the screen satisfies ``holds``; return it. AssertionError when it never does."""
        end = time.monotonic() + patience
        while True:
            screen = self.screen()
            if holds(screen):
                return screen
            if time.monotonic() > end:
                raise AssertionError(f"never on the screen within {patience:.0f} s: {what}\n{screen}")
            time.sleep(LOOK)

    def until_ended(self, patience: float = HANGS) -> int:
        """Wait until the program has ended; return its exit status."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self._status.exists():
                return int(self._status.read_text())
            time.sleep(LOOK)
        raise AssertionError(f"the program did not end within {patience:.0f} s:\n{self.screen()}")

    def close_window(self) -> None:
        """Take the terminal away, as closing its window does: the program gets a hang-up."""
        self._tmux("kill-session", "-t", "work")

    @property
    def pid(self) -> int:
        """Return the process id of the program, the one child of the shell that started it."""
        shell = self._tmux("display-message", "-p", "-t", "work", "#{pane_pid}")
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text().split()[0])

    def _base(self) -> list[str]:
        return ["tmux", "-S", str(self._socket), "-f", "/dev/null"]

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._base(), *arguments], env=self._env, check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise AssertionError(f"tmux {arguments[0]}: {done.stderr.strip()}")
        return done.stdout.strip()
