"""The whole screen while 2,000 logins are reset: how soon a key is painted, and how much is written.

    python -m tests.benchmarks.bench_screen [--credentials 2000] [--presses 120] [--quick] [--json]

The real app runs in a pseudo terminal of 120×40 on a drill of another process (80 ms latency, no limit).
``C`` plans the cut, its count is typed, and while the rows change the cursor walks through the credentials.
Then the same with the panes' tables drawn by Textual's DataTable (``screen_app``), which is told without figures
where it paints no key in time: ours are given all the same. Latency is from the key to the
end of the frame with the cursor on another row. Exit 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte

from tests.benchmarks.ptyharness import SYNC_END, Screen, Terminal, percentile
from tests.benchmarks.served import account, served
from tests.benchmarks.table_app import CURSOR_COLOUR

TARGET_P50_MS, TARGET_P99_MS, TARGET_KB_S, TARGET_BETTER = 50.0, 100.0, 60.0, 4.0
COUNT = re.compile(r"go ahead type (\d+)")
TITLE, WORKING = "id / login", "WORKING"  # of the column, and what the top line says while the cut runs
SECOND = "second logins"  # what a plan says that replaces first
DOWN, UP = "\x1b[B", "\x1b[A"
WALK = 20  # rows down and up again; the last of them scroll
FIRST = 60.0  # seconds a screen is waited for
PATIENCE = 5.0  # seconds a key is waited for; one that takes longer is lost


class NothingPainted(SystemExit):
    """Not one key was painted in time, so there is no figure: the end of a run, unless it was the peer's."""


def measure(kind: str, credentials: int, presses: int) -> dict[str, Any]:
    """Run the app with one kind of table and return its figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, f"--credentials={credentials}", "--latency-ms=80") as drill:
            env = account(folder, drill.document)
            command = [sys.executable, "-m", "tests.benchmarks.screen_app", kind]
            with Terminal(command, env) as terminal:
                return _measure(terminal, presses)


def _measure(terminal: Terminal, presses: int) -> dict[str, Any]:
    cursor = Cursor(terminal)
    cursor.shows(lambda text: "postmaster@" in text)
    terminal.wait_quiet(2.0, 60)
    terminal.send("2")
    terminal.watch(0.5)
    terminal.send("C")
    plan = cursor.shows(lambda text: COUNT.search(text) is not None)
    if SECOND in plan:
        # Whether the log was read by then decides what is proposed; all is cut now, so that runs can be compared.
        terminal.send("W")
        plan = cursor.shows(lambda text: SECOND not in text and COUNT.search(text) is not None)
    terminal.send(f"{COUNT.findall(plan)[0]}\r")
    cursor.shows(lambda text: WORKING in text)
    chance, latencies, lost = random.Random(1), [], 0
    start, began = len(terminal.chunks), time.monotonic()
    for number in range(presses):
        terminal.watch(chance.uniform(0.02, 0.08))
        cursor.follow()
        if not cursor.says(WORKING):
            break
        before = cursor.login
        at = cursor.left(before, terminal.send(DOWN if number // WALK % 2 == 0 else UP))
        if at is None:
            lost += 1
        else:
            latencies.append(at * 1000)
    if not latencies:
        raise NothingPainted(f"none of {presses} key presses was painted within {PATIENCE:.0f} s")
    seconds = time.monotonic() - began
    written = sum(len(chunk.data) for chunk in terminal.chunks[start:])
    return {
        "presses": len(latencies),
        "lost_presses": lost,
        "key_p50_ms": round(percentile(latencies, 0.5), 1),
        "key_p90_ms": round(percentile(latencies, 0.9), 1),
        "key_p99_ms": round(percentile(latencies, 0.99), 1),
        "key_worst_ms": round(max(latencies), 1),
        "kb_a_second": round(written / seconds / 1000, 1),
    }


class Cursor:
    """The login under the cursor, read off the emulated screen at the end of each frame.

    Tables write what changed of a row, a few cells and not its name, so the bytes of a frame do not say which row the
    cursor is on: the screen they make does.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.login = ""
        self._terminal = terminal
        self._screen = Screen(terminal.columns, terminal.lines)
        self._read, self._pending = 0, b""

    def follow(self) -> None:
        """Take over all whole frames that were read since."""
        chunks, self._read = self._terminal.chunks[self._read :], len(self._terminal.chunks)
        self._pending += b"".join(chunk.data for chunk in chunks)
        whole, end, rest = self._pending.rpartition(SYNC_END)
        if end:
            self._screen.feed(whole + end)
            self._pending = rest
            self.login = login_under_cursor(self._screen.screen)

    def says(self, text: str) -> bool:
        """Return whether the top line holds that text."""
        return text in self._screen.display[0]

    def shows(self, stands: Callable[[str], bool]) -> str:
        """Read until the screen's text is as it should be, then until nothing comes; return the text."""
        end = time.monotonic() + FIRST
        while not stands("\n".join(self._screen.display)):
            if time.monotonic() > end or not self._terminal.alive():
                raise SystemExit("never shown, the screen stayed at:\n" + "\n".join(self._screen.display))
            self._terminal.read(1.0)
            self.follow()
        self._terminal.wait_quiet(0.2, 2.0)
        self.follow()
        return "\n".join(self._screen.display)

    def left(self, login: str, since: float) -> float | None:
        """Read until the cursor is on another login; return the seconds since then, None after ``PATIENCE``."""
        while (left := since + PATIENCE - time.monotonic()) > 0:
            chunk = self._terminal.read(left)
            if chunk is None and not self._terminal.alive():
                return None
            self.follow()
            if chunk is not None and self.login not in ("", login):
                return chunk.at - since
        return None


def login_under_cursor(screen: pyte.Screen) -> str:
    """Return what stands under the title of the logins in the row with the cursor's colour, ``""`` without one."""
    colour, cells = CURSOR_COLOUR.lstrip("#"), range(screen.columns)
    titles = (line.find(TITLE) for line in screen.display)
    column = next((found for found in titles if found >= 0), None)
    if column is None:
        return ""
    for row in screen.buffer.values():
        if row[column].bg == colour:
            text = "".join(row[x].data for x in cells[column:] if row[x].bg == colour)
            return re.split(r"\s{3,}", text.strip())[0]
    return ""


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=int, default=2000)
    parser.add_argument("--presses", type=int, default=120)
    parser.add_argument("--quick", action="store_true", help="600 logins, 40 presses")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    size = (600, 40) if options.quick else (options.credentials, options.presses)
    result = beside(measure("keyed", *size), lambda: measure("stock", *size))
    if options.json:
        print(json.dumps(result))
    else:
        print(table(result))
    return int(not held(result))


def beside(ours: dict[str, Any], peer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return our figures, the peer's and how many times ours are better; ``stock_gave`` says why the peer has none."""
    try:
        stock = peer()
    except NothingPainted as nothing:
        return {"keyed": ours, "stock": None, "times_better": None, "stock_gave": str(nothing)}
    return {"keyed": ours, "stock": stock, "times_better": round(stock["key_p50_ms"] / ours["key_p50_ms"], 1)}


def table(result: dict[str, Any]) -> str:
    """Return the figures in lines, the peer's beside ours where it gave any."""
    stock = result["stock"] or {}
    lines = [f"{name:16}{value!s:>10}{stock.get(name, '–')!s:>10}" for name, value in result["keyed"].items()]
    better = result["times_better"]
    lines.append(f"{better} × better" if better is not None else f"DataTable: {result['stock_gave']}")
    return "\n".join(lines)


def held(result: dict[str, Any]) -> bool:
    """Return whether every target is met; with a peer that gave no figure the last one is not shown to be."""
    ours, better = result["keyed"], result["times_better"]
    return bool(
        ours["key_p50_ms"] < TARGET_P50_MS
        and ours["key_p99_ms"] < TARGET_P99_MS
        and ours["kb_a_second"] <= TARGET_KB_S
        and better is not None
        and better >= TARGET_BETTER
    )


if __name__ == "__main__":
    sys.exit(main())
