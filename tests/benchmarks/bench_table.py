"""Our table against Textual's DataTable: 20,000 rows, 200 changes a second, hundreds of key presses.

``python -m tests.benchmarks.bench_table [--quick] [--json]`` from the project's root. Latency is from the key
written to the terminal until the frame with the cursor on the new row is complete. The two are measured in
turns, because a shared machine drifts. Exit 1 where our table misses a target.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.ptyharness import SYNC_END, Terminal, percentile
from tests.benchmarks.table_app import CURSOR_COLOUR

DOWN, UP = "\x1b[B", "\x1b[A"
VIEW = 30  # rows the in-view walk goes down and up again; fewer than a 40-line screen shows
BOTTOM = 37  # so many steps down put the cursor on or just above the last visible row
TARGET_P50_MS, TARGET_P99_MS, TARGET_FRESH_S = 25.0, 120.0, 0.3
VALUE = re.compile(rb"v(\d{6})")


@dataclass
class Figures:
    """What was measured of one table; milliseconds, seconds and bytes."""

    in_view_ms: list[float] = field(default_factory=list)
    scrolling_ms: list[float] = field(default_factory=list)
    lost_presses: int = 0
    fresh_s: list[float] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    load_bytes_s: list[float] = field(default_factory=list)
    idle_bytes: int = 0
    screen_matches: bool = True

    @property
    def presses(self) -> list[float]:
        """All latencies."""
        return self.in_view_ms + self.scrolling_ms

    def summary(self) -> dict[str, float | int | bool]:
        """Return the figures by name."""
        return {
            "presses": len(self.presses),
            "lost_presses": self.lost_presses,
            "key_p50_ms": round(percentile(self.presses, 0.5), 1),
            "key_p99_ms": round(percentile(self.presses, 0.99), 1),
            "in_view_p50_ms": round(percentile(self.in_view_ms, 0.5), 1),
            "scrolling_p50_ms": round(percentile(self.scrolling_ms, 0.5), 1),
            "rows_stand_p50_s": round(percentile(self.fresh_s, 0.5), 3),
            "rows_stand_p99_s": round(percentile(self.fresh_s, 0.99), 3),
            "ready_s": round(percentile(self.ready_s, 0.5), 2),
            "load_bytes_a_second": round(percentile(self.load_bytes_s, 0.5)),
            "idle_bytes": self.idle_bytes,
        }


def measure(kind: str, presses: int, figures: Figures, *, rows: int, rate: float, seed: int) -> None:
    """Run one table once and add what was measured to ``figures``."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        command = [sys.executable, "-m", "tests.benchmarks.table_app", kind, "--log", str(log)]
        with Terminal([*command, "--rows", str(rows), "--rate", str(rate)]) as terminal:
            ready = terminal.wait_until(lambda frame: b"row-00020" in frame, 60)
            if ready is None or not terminal.wait_quiet(1.0, 60):
                raise SystemExit(f"the {kind} table never came to rest")
            figures.ready_s.append(ready - terminal.started)
            figures.idle_bytes += sum(len(chunk.data) for chunk in terminal.watch(3))
            terminal.send("p")
            start = len(terminal.chunks)
            written = sum(len(chunk.data) for chunk in terminal.watch(4))
            figures.load_bytes_s.append(written / 4)
            scrolling_from = _press_all(terminal, presses, figures, random.Random(seed))
            terminal.send("p")
            while not log.exists() and terminal.alive():
                terminal.read(0.1)
            terminal.wait_quiet(0.5, 5)
            figures.idle_bytes += sum(len(chunk.data) for chunk in terminal.watch(2))
            terminal.send("q")
            logged = json.loads(log.read_text())
        # Rows on the screen all the time: once the table scrolls, a changed row may leave before it is painted.
        steady = [change for change in logged["changes"] if change[0] < scrolling_from - 1]
        figures.fresh_s += _freshness(terminal, start, steady)
        if kind == "keyed":
            figures.screen_matches &= _screen_matches(terminal, logged["lines"])


def _press_all(terminal: Terminal, presses: int, figures: Figures, chance: random.Random) -> float:
    """Walk down and up within the view, then down out of it; return when the view began to scroll."""
    row = 0
    for number in range(presses // 2):
        down = number // VIEW % 2 == 0
        row += 1 if down else -1
        _press(terminal, DOWN if down else UP, row, figures.in_view_ms, figures, chance)
    while row < BOTTOM:
        row += 1
        _press(terminal, DOWN, row, [], figures, chance)
    scrolling_from = time.monotonic()
    for _ in range(presses - presses // 2):
        row += 1
        _press(terminal, DOWN, row, figures.scrolling_ms, figures, chance)
    return scrolling_from


def _press(
    terminal: Terminal, key: str, row: int, latencies: list[float], figures: Figures, chance: random.Random
) -> None:
    # An uneven pause, so that presses do not fall into step with the program's own clock.
    terminal.watch(chance.uniform(0.02, 0.08))
    red, green, blue = (int(CURSOR_COLOUR[i : i + 2], 16) for i in (1, 3, 5))
    under_cursor = re.compile(rb"\x1b\[[0-9;]*48;2;%d;%d;%dm[^\x1b]*row-%05d" % (red, green, blue, row))
    sent = terminal.send(key)
    at = terminal.wait_until(lambda frame: under_cursor.search(frame) is not None, 5)
    if at is None:
        figures.lost_presses += 1
    else:
        latencies.append((at - sent) * 1000)


def _freshness(terminal: Terminal, start: int, changes: list[tuple[float, int, str]]) -> list[float]:
    """Return for each change how long until its row showed it or a later one; infinite where it never did."""
    row_of = {value: row for _, row, value in changes}
    stood: dict[int, list[tuple[str, float]]] = {}
    pending = b""
    for chunk in terminal.chunks[start:]:
        pending += chunk.data
        *frames, pending = pending.split(SYNC_END)
        for frame in frames:
            for match in VALUE.finditer(frame):
                value = match.group().decode()
                if value in row_of:
                    stood.setdefault(row_of[value], []).append((value, chunk.at))
    ages: list[float] = []
    for at, row, value in changes:
        later = [seen for shown, seen in stood.get(row, []) if shown >= value and seen >= at]
        ages.append(min(later, default=math.inf) - at)
    return ages


def _screen_matches(terminal: Terminal, lines: list[str]) -> bool:
    """Tell whether an emulated terminal that saw every byte shows what the table means to show."""
    *_, (_, screen) = terminal.replay()
    # The scrollbar stands to the right of the lines and is not compared.
    return [shown[: len(line)] for shown, line in zip(screen.display, lines, strict=True)] == lines


def run(presses: int, rounds: int, *, rows: int = 20_000, rate: float = 200.0) -> dict[str, Figures]:
    """Measure both tables in turns; ``presses`` in all for ours, a third of that for the slow one."""
    figures = {"keyed": Figures(), "stock": Figures()}
    for turn in range(rounds):
        measure("keyed", presses // rounds, figures["keyed"], rows=rows, rate=rate, seed=turn)
        measure("stock", presses // rounds // 3, figures["stock"], rows=rows, rate=rate, seed=turn)
    return figures


def misses(ours: Figures) -> list[str]:
    """Return which targets our table misses, in words."""
    figures = ours.summary()
    checks = {
        f"key p50 under {TARGET_P50_MS} ms": figures["key_p50_ms"] < TARGET_P50_MS,
        f"key p99 under {TARGET_P99_MS} ms": figures["key_p99_ms"] < TARGET_P99_MS,
        f"rows stand within {TARGET_FRESH_S} s": figures["rows_stand_p99_s"] < TARGET_FRESH_S,
        "idle writes nothing": ours.idle_bytes == 0,
        "no press is lost": ours.lost_presses == 0,
        "the screen shows what the table means": ours.screen_matches,
    }
    return [name for name, held in checks.items() if not held]


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer presses, one turn")
    parser.add_argument("--json", action="store_true", help="one document instead of a table")
    options = parser.parse_args()
    figures = run(120, 1) if options.quick else run(600, 2)
    ours, stock = figures["keyed"].summary(), figures["stock"].summary()
    missed = misses(figures["keyed"])
    if options.json:
        print(json.dumps({"keyed": ours, "stock": stock, "missed": missed}))
        return bool(missed)
    print(f"{'':24}{'KeyedTable':>12}{'DataTable':>12}{'ratio':>8}")
    for name, value in ours.items():
        other = stock[name]
        ratio = f"{other / value:8.1f}" if not isinstance(value, bool) and value and name != "presses" else ""
        print(f"{name:24}{value!s:>12}{other!s:>12}{ratio}")
    print("targets: " + ("all met" if not missed else "missed: " + "; ".join(missed)))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
