"""The search for leaks beside betterleaks and gitleaks on one checkout, process start included.

Run it as ``python tests/benchmarks/bench_leaks.py [--quick] [--checkout FOLDER] [--json FILE]``. Scanners that are
not installed are left out of the table; ``--path FOLDER`` adds places to look for them. ripgrep over the
tree and ``git cat-file`` over all unique blobs are printed as the limits of what any scanner could reach.
Runs are interleaved, figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.leaks_checkout import Checkout, build  # noqa: E402 -- after the path is set

_SHAPES = (
    r"(?-u:\b(?:pub)?key-[0-9a-f]{32}\b)|(?-u:\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b)"
    r"|(?-u:smtps?://[^\s:/]+:[^\s@]+@smtp\.(?:eu\.)?mailgun\.org)"
)
Run = Callable[[], object]


def ours(checkout: Checkout, mode: str, out: Path) -> Run:
    """Return a run of ``workbench leaks`` as a user starts it: ``tree`` or ``history`` (tree included)."""
    command = [sys.executable, "-m", "workbench", "leaks", str(checkout.path), "--json"]
    command += ["--no-history"] if mode == "tree" else []
    # A home without an incident: the search alone is measured.
    environment = {**os.environ, "WORKBENCH_HOME": str(out.parent / "home")}

    def run() -> None:
        with out.open("w") as file:
            done = subprocess.run(
                command, check=False, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.DEVNULL
            )
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")

    return run


def other(command: list[str], cwd: Path) -> Run:
    """Return a run of another program; scanners exit with 1 when they find something."""
    return lambda: (
        subprocess.run(
            command, cwd=cwd, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode
    )


def cat_file(path: Path) -> Run:
    """Return a run of git writing out every unique blob once, the floor of any walk over objects."""
    script = (
        "git rev-list --objects --filter=object:type=blob --no-object-names --filter-provided-objects --all"
        " | git cat-file --batch --buffer > /dev/null"
    )
    return lambda: subprocess.run(["sh", "-c", script], cwd=path, check=True)


def rows(checkout: Checkout, places: str, scratch: Path) -> dict[str, dict[str, Run]]:
    """Return the runs of each table, by name."""
    tree: dict[str, Run] = {"workbench": ours(checkout, "tree", scratch / "tree.json")}
    history: dict[str, Run] = {"workbench (tree too)": ours(checkout, "history", scratch / "history.json")}
    if found := shutil.which("betterleaks", path=places):
        tree["betterleaks"] = other([found, "fs", ".", "-o", str(scratch / "b.json")], checkout.path)
        history["betterleaks"] = other([found, "git", ".", "-o", str(scratch / "bg.json")], checkout.path)
    if found := shutil.which("gitleaks", path=places):
        options = ["--no-banner", "-f", "json", "-r"]
        tree["gitleaks"] = other([found, "dir", ".", *options, str(scratch / "g.json")], checkout.path)
        history["gitleaks"] = other([found, "git", ".", *options, str(scratch / "gg.json")], checkout.path)
    if found := shutil.which("rg"):
        tree["ripgrep, the limit"] = other(
            [found, "-n", "--hidden", "--no-ignore", "-g", "!.git", _SHAPES, "."], checkout.path
        )
    history["git cat-file, the limit"] = cat_file(checkout.path)
    return {"tree": tree, "history": history}


def measure(runs: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """Run every program once a round, in turns, and return the seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def check(checkout: Checkout, scratch: Path) -> tuple[int, int]:
    """Return how many planted secrets the two searches found, of all in the tree and only in the history."""
    tree = json.loads((scratch / "tree.json").read_text())["findings"]
    history = json.loads((scratch / "history.json").read_text())["findings"]
    gone = [one for one in history if one["in_head"] is False]
    located = [one for one in gone if all(place["commit"] and place["path"] for place in one["where"])]
    if len(tree) != len(checkout.in_tree) or len(located) != len(checkout.only_history):
        raise SystemExit(
            f"found {len(tree)} of {len(checkout.in_tree)} in the tree and {len(located)} of "
            f"{len(checkout.only_history)} in the history"
        )
    return len(tree), len(located)


@contextmanager
def checkouts(arguments: argparse.Namespace) -> Iterator[Checkout]:
    """Give the checkout to measure on: built in a temporary folder, or where ``--checkout`` says."""
    files, commits = (800, 600) if arguments.quick else (5500, 5000)
    if arguments.checkout:
        yield build(arguments.checkout, files=files, commits=commits)
        return
    with tempfile.TemporaryDirectory(prefix="bench-leaks-") as folder:
        yield build(Path(folder) / "checkout", files=files, commits=commits)


def access_log(scratch: Path, megabytes: int) -> float:
    """Return megabytes a second of processor time for reading a plain access log of ordinary traffic."""
    from workbench.leaks.accesslog import LogReader

    line = (
        '{a}.{b}.7.9 - - [18/Nov/2026:03:{m:02d}:{s:02d} +0000] "GET /shop/item{n}.html?ref={b} HTTP/1.1" 200 {n} '
        '"https://www.example.com/shop/" "Mozilla/5.0 (X11; Linux x86_64) Chrome/129.0 Safari/537.36"\n'
    )
    block = "".join(
        line.format(a=n % 223 + 1, b=n % 251, m=n // 60 % 60, s=n % 60, n=n * 7919 % 99_991)
        for n in range(20_000)
    ).encode()
    blocks = [block] * (megabytes * 1_000_000 // len(block) + 1)
    reader = LogReader()
    start = time.process_time()
    reader.read(blocks, "access.log")
    return len(block) * len(blocks) / 1e6 / (time.process_time() - start)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small checkout, two rounds")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--checkout", type=Path, help="build it here and keep it")
    parser.add_argument("--path", action="append", default=[], help="a folder with scanners")
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        help="write the figures here too; without a name to standard output alone",
    )
    arguments = parser.parse_args()
    out = sys.stderr if arguments.json == "-" else sys.stdout
    places = os.pathsep.join([*arguments.path, os.environ.get("PATH", "")])
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    figures: dict[str, dict[str, float]] = {}
    with checkouts(arguments) as checkout, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        print(
            f"{checkout.files} files, {checkout.tree_bytes / 1e6:.1f} MB, {checkout.commits} commits, {rounds} rounds",
            file=out,
        )
        for table, runs in rows(checkout, places, scratch).items():
            print(f"\n{table:26} median s   min     max     MB/s", file=out)
            figures[table] = {}
            for name, seconds in measure(runs, rounds).items():
                middle = statistics.median(seconds)
                figures[table][name] = middle
                rate = f"{checkout.tree_bytes / 1e6 / middle:7.0f}" if table == "tree" else ""
                print(f"{name:26} {middle:8.2f} {min(seconds):7.2f} {max(seconds):7.2f} {rate}", file=out)
        in_tree, gone = check(checkout, scratch)
        print(
            f"\nplanted secrets found: {in_tree} in the tree, {gone} only in the history, each with its commits",
            file=out,
        )
        speed = access_log(scratch, 20 if arguments.quick else 200)
        peak = max(
            resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(
            f"access log: {speed:.0f} MB/s a core; largest process of all runs, scanners included: {peak // 1024} MB",
            file=out,
        )
        figures["other"] = {"access log MB/s": speed, "in the tree": in_tree, "only in the history": gone}
    if arguments.json == "-":
        print(json.dumps(figures))
    elif arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
