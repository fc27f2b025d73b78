"""Bytes the screen sends, 120×40 on the drill: at rest with each dialog open, a key, the help, the first frame, a cut.

Budgets of a slow line: at rest 50 bytes a second with the drill's live top line, a cursor move 600, the help 8 kB, the
first useful frame 25 kB, a containment of some fifty changes 60 kB. The dialogs are all classes there are
(``tests.support.dialogs``). Then the same program over a line of 8,000 bytes a second: seconds until the first useful
frame stands (budget 4), and until a key is answered.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.dialogs_app import NEXT
from tests.benchmarks.ptyharness import Screen, Terminal
from tests.support.dialogs import EXAMPLES

BUDGETS: dict[str, float] = {
    "first useful frame": 25_000,
    "cursor move": 600,
    "help": 8_000,
    "containment": 60_000,
    "at rest, a second": 50,
    "slow line: first useful frame, s": 4.0,
}
REST = 8.0  # seconds that each picture is watched at rest
LINE = 8000  # bytes a second of the slow line
CREDENTIALS = ("--domains", "12", "--credentials", "36")  # some fifty changes of a whole cut


def sent(terminal: Terminal, seconds: float) -> int:
    """Return the bytes that came within so many seconds."""
    return sum(len(chunk.data) for chunk in terminal.watch(seconds))


def settle(terminal: Terminal, seconds: float = 6.0) -> int:
    """Return the bytes that came until nothing did for a second; ``seconds`` at most."""
    start = len(terminal.chunks)
    terminal.read(10.0)  # a busy machine takes its time to answer
    terminal.wait_quiet(1.0, seconds)
    return sum(len(chunk.data) for chunk in terminal.chunks[start:])


class Picture:
    """What stands on a terminal; every chunk is drawn once."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal, self._drawn = terminal, 0
        self._screen = Screen(terminal.columns, terminal.lines)

    def text(self) -> str:
        """Return it as it stands now."""
        for chunk in self._terminal.chunks[self._drawn :]:
            self._screen.feed(chunk.data)
        self._drawn = len(self._terminal.chunks)
        return "\n".join(self._screen.display)


def useful(terminal: Terminal, marker: str = "postmaster", timeout: float = 60.0) -> int:
    """Return the bytes until the credentials stand on the screen."""
    seen = b""
    while marker.encode() not in re.sub(rb"\x1b\[[0-9;?<>=$]*[a-zA-Z]", b"", seen):
        chunk = terminal.read(timeout)
        if chunk is None:
            raise SystemExit(f"the screen did not come up:\n{Picture(terminal).text()}")
        seen += chunk.data
    return len(seen)


def calm(terminal: Terminal) -> None:
    """Wait until the first readings and the notices of what they found have passed."""
    for _ in range(12):
        if sent(terminal, 5.0) < 250:
            return


def run(command: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    """Return the figures of one run on a fresh drill."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Terminal([*command, "drill", "--fresh", *CREDENTIALS], env | {"WORKBENCH_HOME": home}) as terminal,
    ):
        found["first useful frame"] = useful(terminal)
        found["fast line: first useful frame, s"] = terminal.chunks[-1].at - terminal.started
        calm(terminal)
        found["at rest, a second: panes"] = sent(terminal, REST) / REST
        terminal.send("?")
        found["help"] = settle(terminal)
        terminal.send("\x1b")
        settle(terminal)
        terminal.send("\x10")
        settle(terminal)
        found["at rest, a second: palette"] = sent(terminal, REST) / REST
        terminal.send("\x1b")
        settle(terminal)
        terminal.send("2")
        settle(terminal)
        moves = []
        for _ in range(6):
            terminal.send("j")
            moves.append(settle(terminal, 2))
        found["cursor move"] = sorted(moves)[len(moves) // 2]
        found["containment: changes"], found["containment"] = contained(terminal)
    return found


def dialogs(env: dict[str, str]) -> dict[str, float]:
    """Return for each dialog the bytes a second at rest while it is open."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Terminal(
            [sys.executable, "-m", "tests.benchmarks.dialogs_app"], env | {"WORKBENCH_HOME": home}
        ) as terminal,
    ):
        useful(terminal)
        calm(terminal)
        for kind in sorted(EXAMPLES, key=lambda kind: kind.__name__):
            terminal.send(NEXT)
            settle(terminal)
            found[f"at rest, a second: {kind.__name__}"] = sent(terminal, REST) / REST
            terminal.send(NEXT)
            settle(terminal)
    return found


def slow_line(command: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    """Return seconds over a line of ``LINE`` bytes a second: to the first useful frame, from a key to its answer."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home,
        Terminal([*command, "drill", "--fresh"], env | {"WORKBENCH_HOME": home}) as terminal,
    ):
        began, picture = terminal.started, Picture(terminal)
        found["slow line: first byte, s"] = _slowly(terminal, picture, r"\S") - began
        found["slow line: first useful frame, s"] = _slowly(terminal, picture, "postmaster") - began
        _slowly(terminal, picture, None)
        for name, key, answer in (
            ("2", "2", r"┏━ 2 Credentials"),
            ("cursor", "j", r"❯[^\n]*prod-web"),
            ("help", "?", r"Keys of every list"),
            ("leave help", "\x1b", r"\A(?!.*Keys of every list)"),
        ):
            sent_at = terminal.send(key)
            found[f"slow line: {name}, s"] = _slowly(terminal, picture, answer) - sent_at
            _slowly(terminal, picture, None)
    return found


def _slowly(terminal: Terminal, picture: Picture, wanted: str | None, limit: float = 60.0) -> float:
    """Read ``LINE`` bytes a second until the screen matches ``wanted``, or nothing came for 2 s; return when."""
    end, heard = time.monotonic() + limit, time.monotonic()
    while time.monotonic() < end:
        chunk = terminal.read(0.05, LINE // 20)
        if chunk is not None:
            heard = chunk.at
            time.sleep(len(chunk.data) / LINE)
            if wanted is not None and re.search(wanted, picture.text(), re.S):
                return time.monotonic()
        elif wanted is None and time.monotonic() - heard > 2.0:
            return heard
    return float("nan")


def contained(terminal: Terminal) -> tuple[float, float]:
    """Return how many changes the whole cut has, and its bytes from confirming to the verdict; nan where none came."""
    picture = Picture(terminal)
    terminal.send("C")
    settle(terminal, 10)
    asked = re.search(r"type (\d+) and Enter", picture.text())
    if asked is None:
        return math.nan, math.nan
    terminal.send(asked[1])
    settle(terminal, 5)
    start = len(terminal.chunks)
    terminal.send("\r")
    for _ in range(90):
        terminal.watch(1.0)
        if re.search(r"(?<!NOT )CONTAINED|CUT, BUT OPEN|PARTLY CUT", picture.text()):
            return float(asked[1]), sum(len(chunk.data) for chunk in terminal.chunks[start:])
    return float(asked[1]), math.nan


def main() -> int:
    """Print the figures with their budgets; return 1 where one is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the dialogs")
    parser.add_argument("--json", action="store_true", help="one document instead of text")
    options = parser.parse_args()
    command = [sys.executable, "-m", "workbench"]
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    found = run(command, env) | slow_line(command, env)
    if not options.quick:
        found |= dialogs(env)
    over = {name: budget_of(name) for name, figure in found.items() if not figure <= budget_of(name)}
    if options.json:
        print(json.dumps({"figures": found, "over": over}))
        return int(bool(over))
    print(f"load {os.getloadavg()[0]:.1f}")
    for name, figure in found.items():
        budget = budget_of(name)
        words = f"budget {budget:,}" if budget < math.inf else ""
        print(f"{name:42} {figure:10,.2f}  {words}{'  OVER' if name in over else ''}")
    return int(bool(over))


def budget_of(name: str) -> float:
    """Return what a figure may be at most; infinity where nothing was asked."""
    return BUDGETS.get(name, BUDGETS.get(name.partition(":")[0], math.inf))


if __name__ == "__main__":
    sys.exit(main())
