"""The first full frame of a program against a bare Textual program, started in turns.

``python -m tests.benchmarks.bench_startup [--quick] [--json] [--marker TEXT …] [-- COMMAND …]`` from the
project's root; without a command the drill is measured. Quote the ratio, not the seconds: it is the median of
the pairwise ratios, because a shared machine drifts within minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from tests.benchmarks.bare_app import LAST_ROW
from tests.benchmarks.ptyharness import Terminal, first_frame

BARE_COMMAND = (sys.executable, "-m", "tests.benchmarks.bare_app")
BARE_MARKERS = ("BareApp", LAST_ROW, "Leave the yardstick")
DRILL_COMMAND = (sys.executable, "-m", "workbench", "drill", "--fresh")
DRILL_MARKERS = ("1 Runbook", "Credentials", "Activity", "q quit")
QUIET_S, TIMEOUT_S = 0.4, 30.0


@dataclass(frozen=True)
class Startup:
    """Seconds until every marker stood, each start beside the yardstick's, and the median of their ratios."""

    ratio: float
    ours_s: list[float]
    bare_s: list[float]


def run(
    command: Sequence[str],
    markers: Sequence[str],
    env: Mapping[str, str] | None = None,
    rounds: int = 8,
    *,
    columns: int = 120,
    lines: int = 40,
) -> Startup:
    """Start both programs ``rounds`` times in turns, after one unmeasured start each to warm the page cache.

    RuntimeError where a program never shows its markers; the message ends with its last screen.
    """
    ours: list[float] = []
    bare: list[float] = []
    for number in range(rounds + 1):
        pair = (
            _once(BARE_COMMAND, BARE_MARKERS, {}, columns, lines),
            _once(command, markers, env or {}, columns, lines),
        )
        if number:
            bare.append(pair[0])
            ours.append(pair[1])
    ratio = statistics.median(mine / other for mine, other in zip(ours, bare, strict=True))
    return Startup(ratio, ours, bare)


def _once(
    command: Sequence[str], markers: Sequence[str], env: Mapping[str, str], columns: int, lines: int
) -> float:
    with Terminal(command, env, columns, lines) as terminal:
        seconds = first_frame(terminal, markers, QUIET_S, TIMEOUT_S)
        if seconds is None:
            shown = [screen.display for _, screen in terminal.replay()][-1:] or [[]]
            text = "\n".join(line.rstrip() for line in shown[0]).strip()
            raise RuntimeError(f"{' '.join(command)} never showed {list(markers)}; its last screen:\n{text}")
        return seconds


def main() -> int:
    """Measure, print, and return the exit code: 2 where a program never showed its first frame."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 rounds instead of 8")
    parser.add_argument("--json", action="store_true", help="one document instead of text")
    parser.add_argument("--marker", action="append", help="a text of the first full frame; may be repeated")
    parser.add_argument("command", nargs="*", help="the program to measure, after --")
    options = parser.parse_args()
    markers = options.marker or DRILL_MARKERS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        try:
            figures = run(
                options.command or DRILL_COMMAND,
                markers,
                {"WORKBENCH_HOME": home},
                rounds=3 if options.quick else 8,
            )
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
    if options.json:
        print(json.dumps(asdict(figures)))
        return 0
    for name, values in (("ours", figures.ours_s), ("bare Textual", figures.bare_s)):
        print(f"{name:14}{statistics.median(values):6.3f} s ({min(values):.3f} to {max(values):.3f})")
    print(f"ratio, median of {len(figures.ours_s)} pairs: {figures.ratio:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
