"""The cut goes on whatever the terminal does: one that stops reading, GNU screen's copy mode, a slow line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.benchmarks.ptyharness import Screen, Terminal
from tests.support.patience import HANGS
from workbench.core.state_dir import Home
from workbench.domain.model.replay import fold
from workbench.domain.model.state import State
from workbench.journal.journal import read_rows

ROOT = Path(__file__).resolve().parents[2]
SMALL = ("--fresh", "--domains", "3", "--credentials", "8", "--users", "3")


def drill_in(folder: Path, *before: str) -> Terminal:
    """Return a terminal in which the drill will run, inside the program ``before`` where one is named."""
    env = {
        "WORKBENCH_HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "SCREENDIR": str(folder / "screens"),
    }
    return Terminal([*before, sys.executable, "-m", "workbench", "drill", *SMALL], env, 120, 40)


def shown(terminal: Terminal) -> str:
    """Return what stands on the screen."""
    screen = Screen(terminal.columns, terminal.lines)
    for chunk in terminal.chunks:
        screen.feed(chunk.data)
    return "\n".join(screen.display)


def until(
    terminal: Terminal, stands: Callable[[str], bool], pace: Callable[[Terminal], object] | None = None
) -> str:
    """Read until the screen satisfies ``stands`` and return it; fails with the screen after a long while."""
    deadline = time.monotonic() + HANGS
    text = ""
    while time.monotonic() < deadline:
        if pace is not None:
            pace(terminal)
        else:
            terminal.watch(0.3)
        text = shown(terminal)
        if stands(text):
            return text
    raise AssertionError(f"never stood:\n{text}")


def confirm(terminal: Terminal) -> int:
    """Open the plan that cuts all access and confirm it; return how many changes it has."""
    until(terminal, lambda text: "postmaster" in text)
    terminal.wait_quiet(3.0, 40.0)  # the whole account is read before it is planned for
    terminal.send("C")
    text = until(terminal, lambda text: re.search(r"type \d+ and Enter", text) is not None)
    asked = re.search(r"type (\d+) and Enter", text)
    assert asked is not None
    terminal.send(asked[1])
    until(terminal, lambda text: "Cut all access" in text)
    terminal.send("\r")
    return int(asked[1])


def cut_through(folder: Path, changes: int) -> State:
    """Wait, without reading the terminal, until every change of the cut is proven; return the journal's fold.

    Contained it is only once the old keys of working services are handed over, half an hour later.
    """
    home = Home(folder).drill()
    deadline = time.monotonic() + HANGS
    states: list[str] = []
    while time.monotonic() < deadline:
        incident = home.latest()
        if incident is not None:
            state = fold(read_rows(home.folder(incident) / "journal.sqlite"))
            states = [one.state.value for one in state.effects.values()]
            if len(states) >= changes and set(states) == {"verified"}:
                return state
        time.sleep(0.2)
    raise AssertionError(f"the cut of {changes} changes did not reach its end: {states}")


def says_how_it_stands(text: str) -> bool:
    """Return whether the top line gives the verdict on a cut that is through."""
    return re.search(r"(?<!NOT )CONTAINED|CUT, BUT OPEN", text) is not None


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a short-named home: a screen's socket has a long path otherwise."""
    (tmp_path / "screens").mkdir(mode=0o700)
    yield tmp_path


def test_a_terminal_that_stops_reading_does_not_stop_the_cut(folder: Path) -> None:
    with drill_in(folder) as terminal:
        cut_through(folder, confirm(terminal))
        # It reads again: the newest picture, and the keys work.
        until(terminal, says_how_it_stands)
        terminal.send("?")
        until(terminal, lambda text: "Keys of every list" in text)


@pytest.mark.tool("screen")
@pytest.mark.parametrize("copying", [False, True])
def test_the_drill_is_contained_inside_gnu_screen(folder: Path, copying: bool) -> None:
    program, name = shutil.which("screen") or "screen", f"workbench-{copying}"
    (folder / "screenrc").write_text("startup_message off\n")
    with drill_in(folder, program, "-U", "-c", str(folder / "screenrc"), "-S", name) as terminal:
        try:
            changes = confirm(terminal)
            if copying:
                terminal.send("\x01[")
            cut_through(folder, changes)
            if copying:
                terminal.send("\x1b")
            until(terminal, says_how_it_stands)
        finally:
            # It is a daemon: closing the terminal would only detach it.
            ends = [program, "-S", name, "-X", "quit"]
            subprocess.run(ends, env={**os.environ, "SCREENDIR": str(folder / "screens")}, check=False)


def test_over_a_line_of_eight_thousand_bytes_a_second_the_cut_is_usable(folder: Path) -> None:
    def slowly(terminal: Terminal) -> None:
        for _ in range(8):
            size = slow_read(terminal, 800)
            time.sleep(max(size, 1) / 8000)

    with drill_in(folder) as terminal:
        until(terminal, lambda text: "postmaster" in text, slowly)
        terminal.wait_quiet(3.0, 40.0)
        terminal.send("C")
        text = until(terminal, lambda text: re.search(r"type \d+ and Enter", text) is not None, slowly)
        asked = re.search(r"type (\d+) and Enter", text)
        assert asked is not None
        terminal.send(f"{asked[1]}\r")
        # On so slow a screen it is confirmed as soon as it stands; what was read later is cut by the next plan.
        until(
            terminal,
            lambda text: re.search(r"(?<!NOT )CONTAINED|PARTLY CUT|CUT, BUT OPEN", text) is not None,
            slowly,
        )
        home = Home(folder).drill()
        state = fold(read_rows(home.folder(home.latest() or "") / "journal.sqlite"))
        assert state.effects and {one.state.value for one in state.effects.values()} == {"verified"}
        terminal.send("?")
        until(terminal, lambda text: "Keys of every list" in text, slowly)


def slow_read(terminal: Terminal, most: int) -> int:
    """Read a little, as a slow line does; return how much."""
    chunk = terminal.read(0.1, most)
    return len(chunk.data) if chunk is not None else 0
