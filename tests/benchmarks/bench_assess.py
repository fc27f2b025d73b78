"""Attribution and sweep: speed, memory, and how often they are right, in one run.

``python -m tests.benchmarks.bench_assess [--quick] [--json] [--jobs N]`` from the project's root. Nearly all of the
time goes into playing the drills' logs (about 40 µs of processor time an entry, ten million entries in all), so
the seeds are shared out among processes. Entries a second are of
processor time, from raw answer bytes to groups, on one page shape of the drill. Memory is the peak of a process
of its own that takes 1,000,000 entries, beside one that takes 500,000: it must not grow with their number. The
table says for each scenario how many planted things were reported, how many intruder groups were called intruder
or unclear, how many production groups were accused, and the share of unclear, over seeds that were not used
while building. Exit 1 below 300,000 entries a second, above 200 MB, or for an accusation or a miss.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from tabulate import tabulate

from tests.support.assessing import Examined, examine
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import propose
from workbench.mailgun.log_entries import read_page

SCENARIOS = (
    "stolen-env", "stolen-key", "stolen-login", "panel-session", "subaccount", "slow-abuse", "site-abuse",
    "lockout", "agency",
)  # fmt: skip
FIRST_SEED = 101
SEEDS = 20
WANTED_SPEED = 300_000
WANTED_MEMORY = 200.0
START = datetime(2026, 11, 16, tzinfo=UTC)


def pages(count: int) -> Any:
    """Yield the log of a busy account as answer bytes: 40 senders, many subjects, four events a message."""
    number = 0
    while number < count:
        items: list[dict[str, Any]] = []
        for _ in range(25):
            items += _message(number // 4)
            number += 4
        yield msgspec.json.encode({"items": items, "pagination": {"next": f"t{number}"}})


def _message(number: int) -> list[dict[str, Any]]:
    sender = number % 40
    at = START + timedelta(milliseconds=432 * number)
    base = {
        "@timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z",
        "account": {"id": "a" * 24},
        "domain": {"name": f"mg{sender % 5}.acme.example"},
        "recipient": f"customer{number % 200_000}@inbox.example",
        "recipient-domain": "inbox.example",
        "recipient-provider": ("Gmail", "Yahoo", "Other")[number % 3],
        "log-level": "info",
        "user-variables": "{}",
        "tags": [f"tag{sender % 7}"],
        "envelope": {"sender": f"s{sender}@acme.example", "sending-ip": "198.51.100.7", "transport": "smtp"},
        "message": {
            "headers": {
                "message-id": f"{number}@acme.example", "subject": f"Order {number} of group {sender % 11}",
                "from": f"s{sender}@acme.example", "to": "x@inbox.example",
            },
            "size": 4321,
        },
        "storage": {"url": ["https://storage.example/v3/domains/acme.example/messages/" + "x" * 60]},
        "flags": {"is-authenticated": True, "is-routed": False, "is-test-mode": False},
    }  # fmt: skip
    kinds = ("accepted", "delivered", "opened", "clicked")
    made = []
    for kind in kinds:
        entry = {**base, "id": f"{number}-{kind}", "event": kind}
        if kind == "accepted":
            entry |= {
                "method": "http",
                "api-key-id": f"key{sender % 9}",
                "originating-ip": f"192.0.2.{number % 250}",
            }
        made.append(entry)
    return made


def speed(count: int) -> dict[str, float]:
    """Return entries a second of processor time, from bytes to groups, and how long a proposal takes."""
    bodies = list(pages(count))
    table = Attribution(START, START + timedelta(days=6))
    gc.collect()
    began = time.process_time()
    for body in bodies:
        page = read_page(body)
        assert page is not None
        table.take(page)
    spent = time.process_time() - began
    assert table.entries == count
    began = time.process_time()
    propose(table, None)
    return {
        "entries_per_second": table.entries / spent,
        "propose_seconds": time.process_time() - began,
        "groups": len(table.groups),
    }


def grow(count: int) -> None:
    """Take ``count`` entries and print the peak memory of this process in MB."""
    table = Attribution(START, START + timedelta(days=6))
    for body in pages(count):
        page = read_page(body)
        assert page is not None
        table.take(page)
    assert table.entries >= count
    # Not ru_maxrss: that of a child begins with its parent's.
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps({"peak": int(kilobytes) / 1024}))


def peak(count: int) -> float:
    """Return the peak memory in MB of a fresh process that takes ``count`` entries."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_assess", "--grow", str(count)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(answer.stdout)["peak"])


def examined(name: str, seed: int) -> Examined:
    """Return what sweep and attribution found in one drill; runs in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(examine(Path(folder), name, seed))


def scenario(name: str, found: Iterable[Examined]) -> dict[str, Any]:
    """Return how often sweep and attribution were right in one scenario over its seeds."""
    rows = list(found)
    planted = sum(row.planted for row in rows)
    intruder = sum(sum(row.intruder.values()) for row in rows)
    production = sum(sum(row.production.values()) for row in rows)
    unclear = sum(row.intruder["unclear"] + row.production["unclear"] for row in rows)
    missed = sum(row.intruder["production"] for row in rows)
    return {
        "scenario": name,
        "seeds": len(rows),
        "locked out": sum(row.locked_out for row in rows),
        "planted": planted,
        "reported": planted - sum(len(row.missing) for row in rows),
        "intruder groups": intruder,
        "called intruder": sum(row.intruder["intruder"] for row in rows),
        "missed": missed,
        "production groups": production,
        "accused": sum(len(row.accused) for row in rows),
        "unclear": f"{unclear / (intruder + production):.1%}" if intruder + production else "–",
        "log entries": sum(row.entries for row in rows),
        "_missing": sorted({text for row in rows for text in row.missing})[:5],
        "_accused": [text for row in rows for text in row.accused][:5],
    }


def main() -> int:
    """Run it; returns 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two seeds a scenario, fewer entries")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processes at once")
    parser.add_argument("--grow", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.grow:
        grow(options.grow)
        return 0
    quick = options.quick
    fast = speed(100_000 if quick else 400_000)
    small, large = peak(500_000), peak(1_000_000)
    seeds = range(FIRST_SEED, FIRST_SEED + (options.seeds or (2 if quick else SEEDS)))
    table: list[dict[str, Any]] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        running = [
            (name, [pool.submit(examined, name, seed) for seed in seeds]) for name in options.scenarios
        ]
        for name, waiting in running:
            row = scenario(name, (one.result() for one in waiting))
            table.append(row)
            said = f"{row['reported']}/{row['planted']} reported, {row['accused']} accused"
            print(f"{name}: {said}", file=sys.stderr, flush=True)
    result = {**fast, "peak_mb_500k": small, "peak_mb_1m": large, "scenarios": table}
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        print(
            f"{fast['entries_per_second']:,.0f} log entries a second of processor time (wanted {WANTED_SPEED:,})"
        )
        print(f"peak memory {large:.0f} MB for 1,000,000 entries, {small:.0f} MB for 500,000 (wanted < 200)")
        shown = [{name: value for name, value in row.items() if not name.startswith("_")} for row in table]
        print(tabulate(shown, headers="keys", tablefmt="simple"))
        for row in table:
            for text in (*row["_missing"], *row["_accused"]):
                print(f"  {row['scenario']}: {text}")
    kept = fast["entries_per_second"] >= WANTED_SPEED and large < WANTED_MEMORY
    right = all(
        row["reported"] == row["planted"] and not row["accused"] and not row["missed"] for row in table
    )
    return 0 if kept and right else 1


if __name__ == "__main__":
    sys.exit(main())
