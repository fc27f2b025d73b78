"""What secrets and rows cost: ``python tests/benchmarks/bench_vault.py [entries]`` prints one table.

Measured on the file system of ``--folder`` (the system's temporary folder by default): the figures are
those of its fsync as much as those of the code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path

from tabulate import tabulate

from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner
from workbench.journal.journal import Journal
from workbench.vault.passphrases import generate_passphrase, new_smtp_password
from workbench.vault.vault import EntryName, Vault

ROWS_EACH = 100
IN_FLIGHT = 20


async def timed(work: Awaitable[object]) -> float:
    """Return the seconds ``work`` took."""
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


def entries(count: int, label: str) -> dict[EntryName, Secret]:
    service = f"Mailgun incident 2026-11-21 ({label})"
    return {
        EntryName(service, f"SMTP user{index}@mg{index % 200}.acme.example"): new_smtp_password()
        for index in range(count)
    }


async def bench_vault(folder: Path, count: int) -> list[tuple[str, str]]:
    """Store ``count`` entries in the ways the workbench does."""
    passphrase = generate_passphrase()
    path = folder / "home" / "vault.json"
    results = [
        ("make the vault (scrypt included)", f"{await timed(Vault.create_file(path, passphrase)):.2f} s")
    ]
    results.append(("unlock it", f"{await timed(Vault.unlock_file(path, passphrase)):.2f} s"))
    vault = await Vault.unlock_file(path, passphrase)

    batch = await timed(vault.store_many(entries(count, "one batch")))
    results.append((f"{count} entries in one batch", f"{batch:.3f} s"))

    together = entries(count, "all at once")
    at_once = await timed(asyncio.gather(*(vault.store(name, secret) for name, secret in together.items())))
    results.append((f"{count} entries one by one, all at once", f"{at_once:.3f} s"))

    queue = list(entries(count, "in flight").items())

    async def lane() -> None:
        while queue:
            await vault.store(*queue.pop())

    lanes = await timed(asyncio.gather(*(lane() for _ in range(IN_FLIGHT))))
    results.append((f"{count} entries one by one, {IN_FLIGHT} in flight", f"{lanes:.3f} s"))

    async def serial() -> None:
        for name, secret in entries(100, "serial").items():
            await vault.store(name, secret)

    results.append((f"one entry alone, {3 * count} in the file", f"{await timed(serial()) * 10:.2f} ms"))
    return results


async def bench_journal(folder: Path, known: int) -> list[tuple[str, str]]:
    """Append rows from concurrent tasks while ``known`` secrets are guarded, and watch the event loop."""
    results = []
    for appenders in (1, 20, 50):
        place = folder / f"incident-{appenders}" / "journal.sqlite"
        with Journal.open(place, SystemClock(), "bench") as journal:
            for _ in range(known):
                journal.guard(new_smtp_password())
            stalls: list[float] = []

            async def append(label: int, journal: Journal = journal) -> None:
                for index in range(ROWS_EACH):
                    body = {
                        "id": f"{label}-{index}",
                        "state": "done",
                        "target": "user@mg.acme.example",
                        "n": index,
                    }
                    await journal.append("effect", body)

            async def watch(stalls: list[float] = stalls) -> None:
                while True:
                    began = time.perf_counter()
                    await asyncio.sleep(0.001)
                    stalls.append(time.perf_counter() - began - 0.001)

            watcher = asyncio.create_task(watch())
            took = await timed(asyncio.gather(*(append(label) for label in range(appenders))))
            watcher.cancel()
            rate = appenders * ROWS_EACH / took
            stall = max(stalls, default=0.0) * 1000
            results.append(
                (f"journal, {appenders} appenders", f"{rate:,.0f} rows/s, loop held {stall:.1f} ms at most")
            )
    return results


def bench_scanner(known: int) -> list[tuple[str, str]]:
    """Scan row-sized text for ``known`` secrets."""
    scanner = SecretScanner()
    began = time.perf_counter()
    for _ in range(known):
        scanner.add(new_smtp_password())
    added = time.perf_counter() - began
    row = os.urandom(150).hex()
    began = time.perf_counter()
    for _ in range(1000):
        scanner.found_in(row)
    scanned = time.perf_counter() - began
    return [
        (f"guard {known} secrets", f"{added:.2f} s"),
        ("scan a row of 300 bytes", f"{scanned * 1000:.0f} µs"),
    ]


async def run(folder: Path, count: int, as_json: bool = False) -> None:
    """Run everything and print it."""
    results = await bench_vault(folder, count)
    results += await bench_journal(folder, count)
    results += bench_scanner(10_000)
    results.append(("peak memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"))
    if as_json:
        print(json.dumps(dict(results)))
    else:
        print(tabulate(results, headers=("what", "measured"), disable_numparse=True))


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", nargs="?", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="where to write (a temporary folder by default)")
    parser.add_argument("--json", action="store_true", help="one document instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        asyncio.run(run(Path(folder), arguments.entries, arguments.json))


if __name__ == "__main__":
    main()
