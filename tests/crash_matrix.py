"""``python -m tests.crash_matrix``: every kill point of every effect kind, then random lives full of kills and faults.

Prints dated figures and ends with 1 when the promise broke anywhere: a lost secret, an old credential
destroyed before its replacement was safe, an orphan key, something done twice, a broken journal, or a run
that could not be resumed to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from tests.support.breaking import quiet
from tests.support.kills import PLANS, every_kill_point, random_life

PROCESSES = 2
LIVES = 500
# Far above any honest run; one that takes longer hangs, which breaks the promise too.
LIMIT = 120.0
NAMES = (
    "lost secret",
    "destroyed",
    "orphan",
    "double delete",
    "double reset",
    "double renewal",
    "journal",
    "unfinished",
    "hung",
)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _point(job: tuple[str, int]) -> tuple[str, list[str]]:
    kind, number = job
    with _folder() as folder:
        try:
            return asyncio.run(asyncio.wait_for(every_kill_point(folder, kind, number), LIMIT))
        except TimeoutError:
            return f"{kind} {number}", ["hung"]


def _life(seed: int) -> tuple[int, list[str]]:
    with _folder() as folder:
        try:
            return asyncio.run(asyncio.wait_for(random_life(folder, seed), LIMIT))
        except TimeoutError:
            return 0, ["hung"]


def _tally(broken: Counter[str], where: str, wrong: list[str]) -> None:
    for line in wrong:
        name = next((n for n in NAMES if n in line), "other")
        broken[name] += 1
        print(f"  BROKEN {where}: {line}", flush=True)


def _kill_points(pool: ProcessPoolExecutor, kind: str, broken: Counter[str]) -> int:
    """Kill at one checkpoint after the other until a run has no more of them; return how many there were."""
    points, step = 0, 4 * PROCESSES
    while True:
        jobs = [(kind, points + n) for n in range(1, step + 1)]
        for (_, number), (label, wrong) in zip(jobs, pool.map(_point, jobs), strict=True):
            if not label:
                return points
            points += 1
            _tally(broken, f"{kind}, checkpoint {number} ({label})", wrong)


def main(arguments: list[str] | None = None) -> int:
    """Run the matrix; returns 0 when nothing broke, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=LIVES, help="how many random lives")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=[*PLANS, "everything"])
    options = parser.parse_args(arguments)
    broken: Counter[str] = Counter()
    began = time.monotonic()
    points = kills = 0
    with ProcessPoolExecutor(PROCESSES, initializer=quiet) as pool:
        for kind in options.kinds:
            count = _kill_points(pool, kind, broken)
            points += count
            print(f"{kind:<12} {count:>4} kill points", flush=True)
        seeds = range(options.first_seed, options.first_seed + options.lives)
        for seed, (killed, wrong) in zip(seeds, pool.map(_life, seeds, chunksize=2), strict=True):
            kills += killed
            _tally(broken, f"life {seed}", wrong)
    spent = time.monotonic() - began
    print(
        f"{datetime.now(UTC):%Y-%m-%d}: {points} kill points over {len(options.kinds)} kinds of run, "
        f"{options.lives} random lives with {kills} kills, {spent:.0f} s"
    )
    print(", ".join(f"{name}: {broken[name]}" for name in (*NAMES, "other")))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
