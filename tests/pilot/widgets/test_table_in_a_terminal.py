"""The table in a real pseudo terminal: what was painted piece by piece adds up to what it means to show."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.benchmarks.ptyharness import Terminal, first_frame
from tests.support.patience import HANGS

ROOT = Path(__file__).parents[3]


def test_pieces_add_up_and_an_idle_table_writes_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    command = [sys.executable, "-m", "tests.benchmarks.table_app", "keyed", "--log", str(log)]
    options = ["--rows", "300", "--rate", "200"]
    with Terminal([*command, *options], columns=100, lines=24, cwd=str(ROOT)) as terminal:
        assert terminal.wait_until(lambda frame: b"row-00010" in frame, 30) is not None
        assert terminal.wait_quiet(0.5, HANGS)
        terminal.send("p")
        for keys in ("\x1b[B" * 5, "\x1b[6~", "jjj k", "\x1b[6~", "a", "o", "\x15", "v", "k"):
            terminal.send(keys)
            terminal.watch(0.1)
        terminal.send("p")
        while not log.exists() and terminal.alive():
            terminal.read(0.1)
        assert terminal.wait_quiet(0.5, HANGS)
        assert terminal.watch(1.0) == []
        terminal.send("q")
    logged = json.loads(log.read_text())
    *_, (_, screen) = terminal.replay()
    assert len(logged["changes"]) > 50
    assert any(value in "".join(screen.display) for _, _, value in logged["changes"])
    # The scrollbar stands to the right of the lines.
    lines = logged["lines"]
    assert [shown[: len(line)] for shown, line in zip(screen.display, lines, strict=True)] == lines


def test_the_harness_finds_the_first_frame_with_every_marker() -> None:
    late = "import time; print('\\x1b[31mfirst\\x1b[0m'); time.sleep(0.3); print('second'); time.sleep(30)"
    with Terminal([sys.executable, "-c", late]) as terminal:
        seconds = first_frame(terminal, ["first", "second"], quiet=0.2, timeout=HANGS)
        assert seconds is not None
        assert seconds > 0.3
    with Terminal([sys.executable, "-c", "print('first')"]) as terminal:
        assert first_frame(terminal, ["never"], quiet=0.2, timeout=20) is None
