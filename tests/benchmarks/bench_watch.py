"""A day of watching in minutes: how much memory the watch keeps of what it has seen.

    python -m tests.benchmarks.bench_watch [--hours 24] [--quick] [--json]

The drill is served by a process of its own, so that its growing account is not counted. Here a session does what
an open screen does: every simulated minute a share of the account is read again, three times the sending figures,
and the listings follow their own plan; the drill's clock moves on in between. Memory is the resident size of this
process after a full collection, after the first hour (everything was read once, every cache is warm) and at the end.
Linux only. Exit 1 where it grew by 10 MB or more; the kinds of objects that grew most are named.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.benchmarks.served import PASSPHRASE, served
from workbench.core.allocator import keep_thresholds
from workbench.core.clock import ShiftedClock
from workbench.core.redact import Secret
from workbench.core.state_dir import Home
from workbench.drill.role_play import DrillRolePlay
from workbench.mailgun.endpoints import from_document
from workbench.session.session import Session, SessionOptions, open_session
from workbench.vault.vault import Vault

TARGET_MB = 10.0
MINUTE, RATES_A_MINUTE = 60.0, 3


async def _open(folder: Path, document: dict[str, Any]) -> Session:
    home = Home(folder / "home")
    home.ensure()
    return await open_session(
        SessionOptions(
            home=home,
            endpoints=from_document(document),
            vault=await Vault.create_file(home.vault_file, Secret(PASSPHRASE)),
            clock=ShiftedClock(),
            key=Secret(document["api_key"]),
            drill=True,
            role_play=DrillRolePlay(),
        )
    )


async def _watch(session: Session, minutes: int) -> None:
    """Watch for so many simulated minutes."""
    for _ in range(minutes):
        await session.account.api.call("POST", "/_drill/clock", json={"seconds": MINUTE})
        await session.account.watch()
        for _ in range(RATES_A_MINUTE):
            await session.account.read_rate()
        await session.account.blocklists.follow()


def _held() -> tuple[float, Counter[str]]:
    """Return the resident size in MB and how many objects of each kind there are, garbage collected."""
    gc.collect()
    kinds = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found is not None else 0.0, kinds


async def measure(folder: Path, document: dict[str, Any], hours: int) -> dict[str, Any]:
    """Return MB after an hour and at the end, processor seconds a simulated hour, and what grew most."""
    session = await _open(folder, document)
    try:
        await session.account.connect()
        await session.account.watch(whole=True)
        await _watch(session, 60)
        first, kinds = _held()
        spent = time.process_time()
        await _watch(session, 60 * (hours - 1))
        spent = time.process_time() - spent
        last, grown = _held()
    finally:
        await session.aclose()
    grown.subtract(kinds)
    return {
        "hours": hours,
        "after_an_hour_mb": round(first, 1),
        "at_the_end_mb": round(last, 1),
        "grown_mb": round(last - first, 1),
        "cpu_s_an_hour": round(spent / max(1, hours - 1), 2),
        "load": round(os.getloadavg()[0], 1),
        "grew_most": dict(grown.most_common(5)),
    }


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--quick", action="store_true", help="3 hours")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keep_thresholds()  # as the program does at its start
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as drill:
        result = asyncio.run(measure(Path(name), drill.document, 3 if options.quick else options.hours))
    if options.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:20}{value}")
    return int(result["grown_mb"] >= TARGET_MB)


if __name__ == "__main__":
    sys.exit(main())
