"""Resident memory with a large account listed on the screen, in a process of its own.

    python -m tests.benchmarks.bench_memory [--credentials 10000] [--quick] [--json]

The full screen runs in a pseudo terminal on a drill of another process until the credentials pane counts
every login; then its resident size is read, and its peak. Linux only. Exit 1 where it is over 80 MB (a bare app: 37).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.ptyharness import Screen, Terminal
from tests.benchmarks.served import account, served

TARGET_MB = 80.0
PATIENCE = 180.0  # seconds, for a machine under load


def measure(credentials: int) -> dict[str, float]:
    """Return the peak in MB, and how long the list took to stand."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with served(folder, f"--credentials={credentials}") as drill:
            env = account(folder, drill.document)
            with Terminal([sys.executable, "-m", "workbench"], env) as terminal:
                seconds = _listed(terminal, credentials)
                terminal.watch(3.0)
                status = Path(f"/proc/{terminal.pid}/status").read_text()
    held = dict(re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status))
    return {
        "resident_mb": round(int(held["VmRSS"]) / 1024, 1),
        "peak_mb": round(int(held["VmHWM"]) / 1024, 1),
        "listed_s": round(seconds, 2),
    }


def _listed(terminal: Terminal, credentials: int) -> float:
    """Wait until the credentials pane counts so many rows; return the seconds until then."""
    screen, drawn, text = Screen(terminal.columns, terminal.lines), 0, ""
    while time.monotonic() < terminal.started + PATIENCE and terminal.alive():
        terminal.watch(1.0)
        for chunk in terminal.chunks[drawn:]:
            screen.feed(chunk.data)
        drawn = len(terminal.chunks)
        text = "\n".join(screen.display)
        counted = re.search(r"2 Credentials\s+(\d+) ─", text)
        if counted is not None and int(counted.group(1)) >= credentials:
            return terminal.chunks[-1].at - terminal.started
    raise SystemExit(f"the list never stood:\n{text}")


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--credentials", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="the same: it takes seconds")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.credentials)
    if options.json:
        print(json.dumps(result))
    else:
        print(
            f"{options.credentials:,} credentials listed: {result['resident_mb']} MB resident "
            f"(target {TARGET_MB:.0f}), peak {result['peak_mb']} MB"
        )
    return int(result["resident_mb"] > TARGET_MB)


if __name__ == "__main__":
    sys.exit(main())
