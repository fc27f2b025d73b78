"""Bytes the screen sends, 120×40 on the drill: at rest with each dialog open, a key, the help, the first frame, a cut.

Budgets of a slow line: at rest 50 bytes a second with the drill's live top line, a cursor move 600, the help 8 kB, the
first useful frame 25 kB, a containment of some fifty changes 60 kB.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.ptyharness import Screen, Terminal

BUDGETS = {
    "first useful frame": 25_000,
    "cursor move": 600,
    "help": 8_000,
    "containment": 60_000,
    "at rest, a second": 50,
}
REST = 10.0  # seconds that each picture is watched at rest
# What opens each dialog from the panes, and leaves it again.
DIALOGS: Sequence[tuple[str, str, str]] = (
    ("panes", "", ""),
    ("help", "?", "\x1b"),
    ("palette", "\x10", "\x1b"),
    ("plan", "2p", "\x1b"),
    ("quit", "", ""),
)


def sent(terminal: Terminal, seconds: float) -> int:
    """Return the bytes that came within so many seconds."""
    return sum(len(chunk.data) for chunk in terminal.watch(seconds))


def settle(terminal: Terminal, seconds: float = 6.0) -> int:
    """Return the bytes that came until nothing did for a second; ``seconds`` at most."""
    start = len(terminal.chunks)
    terminal.read(2.0)  # a busy machine takes its time to answer
    terminal.wait_quiet(1.0, seconds)
    return sum(len(chunk.data) for chunk in terminal.chunks[start:])


def text_of(terminal: Terminal) -> str:
    """Return what stands on the screen."""
    screen = Screen(terminal.columns, terminal.lines)
    for chunk in terminal.chunks:
        screen.feed(chunk.data)
    return "\n".join(screen.display)


def useful(terminal: Terminal, marker: str = "postmaster", timeout: float = 60.0) -> int:
    """Return the bytes until the credentials stand on the screen."""
    seen = b""
    while marker.encode() not in re.sub(rb"\x1b\[[0-9;?<>=$]*[a-zA-Z]", b"", seen):
        chunk = terminal.read(timeout)
        if chunk is None:
            raise SystemExit(f"the screen did not come up:\n{text_of(terminal)}")
        seen += chunk.data
    return len(seen)


def run(command: Sequence[str], env: dict[str, str]) -> dict[str, float]:
    """Return the figures of one run on a fresh drill."""
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as home,
        Terminal([*command, "drill", "--fresh"], {**env, "WORKBENCH_HOME": home}, 120, 40) as terminal,
    ):
        found["first useful frame"] = useful(terminal)
        settle(terminal, 15)
        sent(terminal, 12.0)  # the first readings and their notices pass
        for name, keys, leave in DIALOGS[:4]:
            if keys:
                terminal.send(keys)
                opened = settle(terminal)
                if name == "help":
                    found["help"] = opened
            found[f"at rest, a second: {name}"] = sent(terminal, REST) / REST
            if leave:
                terminal.send(leave)
                settle(terminal)
        terminal.send("2")
        settle(terminal)
        moves = []
        for _ in range(6):
            terminal.send("j")
            moves.append(settle(terminal, 2))
        found["cursor move"] = sorted(moves)[len(moves) // 2]
        found["containment"] = contained(terminal)
    return found


def contained(terminal: Terminal) -> float:
    """Return the bytes of the whole cut, from its confirmation to the word *contained*; nan where it did not come."""
    terminal.send("C")
    settle(terminal, 10)
    asked = re.search(r"type (\d+) and Enter", text_of(terminal))
    if asked is None:
        return float("nan")
    terminal.send(asked[1])
    settle(terminal, 5)
    start = len(terminal.chunks)
    terminal.send("\r")
    for _ in range(90):
        terminal.watch(1.0)
        if re.search(r"(?<!NOT )CONTAINED|CUT, BUT OPEN|PARTLY CUT", text_of(terminal)):
            return sum(len(chunk.data) for chunk in terminal.chunks[start:])
    return float("nan")


def main() -> None:
    """Print the figures with their budgets."""
    command = [sys.executable, "-m", "workbench"]
    env = {"PYTHONPATH": str(Path(__file__).parents[2])}
    print(f"load {os.getloadavg()[0]:.1f}")
    for name, figure in run(command, env).items():
        budget = BUDGETS.get(name.split(":")[0])
        print(f"{name:34} {figure:10,.0f}  {'budget ' + format(budget, ',') if budget else ''}")


if __name__ == "__main__":
    main()
