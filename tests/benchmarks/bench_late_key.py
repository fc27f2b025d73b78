"""The wait for the first new key: a minted key that the vendor accepts only a while later.

    python -m tests.benchmarks.bench_late_key [--after-ms 300,1100,2000,2900] [--quick] [--json]

``contain`` mints the replacement of its own key and asks with it until it is accepted, once a second; nothing old goes
before. Each run is a fresh drill, served by another process, whose new keys are refused for N milliseconds. Taken is
the time from the answer to the mint until the workbench runs on the new key, held against N and one such pause: what
is beyond that are the vault, the journal and the calls. Exit 1 where the target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.served import account, served
from workbench.cli.contain import contain
from workbench.cli.opening import open_from
from workbench.cli.parser import build_parser
from workbench.domain.model.plan import EffectKind
from workbench.execution.look import LOOK_EVERY
from workbench.execution.progress import EffectMoved, Phase
from workbench.mailgun.client import CallSeen

TARGET = 1.1
AFTER_MS = (300.0, 1100.0, 2000.0, 2900.0)
# Just beyond a look, the longest wait there is.
QUICK_MS = (1100.0,)
# The scenario in which new keys are late, with another time to wait.
LATE = """
from workbench.__main__ import main
from workbench.drill.world import account

account.NEW_LAG = {seconds}
main()
"""


@dataclass
class Seen:
    """When our own key was minted and when the workbench ran on the new one; seconds of ``time.perf_counter``."""

    minted: float = 0.0
    switched: float = 0.0
    refused: int = 0
    code: int = -1

    def call(self, seen: CallSeen) -> None:
        """Take one call in: the first mint, and how often the new key was refused after it."""
        if seen.method == "POST" and seen.path.endswith("/keys") and seen.status == 200 and not self.minted:
            self.minted = time.perf_counter()
        elif self.minted and not self.switched and seen.status == 401:
            self.refused += 1

    def event(self, event: object) -> None:
        """Take an event of the session in."""
        if isinstance(event, EffectMoved) and event.record.effect.kind is EffectKind.KEY_CREATE:
            own = event.record.effect.params.own
            if own and event.phase is Phase.VERIFIED:
                self.switched = time.perf_counter()


async def _contain() -> Seen:
    options = build_parser().parse_args(["contain", "--yes", "--json"])
    session = await open_from(options)
    seen = Seen()
    own = session.account.api._shared.on_call

    def both(call: CallSeen) -> None:
        seen.call(call)
        if own is not None:
            own(call)

    session.account.api._shared.on_call = both
    session.recorder.subscribe(seen.event)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            seen.code = await contain(session, options)
    finally:
        await session.aclose()
    return seen


def measure(after_ms: float) -> dict[str, Any]:
    """Contain an account whose new keys are accepted so many milliseconds late; return the figures by name."""
    late = LATE.format(seconds=after_ms / 1000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = ("--scenario=laggy", "--domains=2", "--credentials=4", "--users=2")
        with served(folder, *sizes, program=("-c", late)) as drill:
            os.environ.update(account(folder, drill.document))
            seen = asyncio.run(_contain())
    waited = seen.switched - seen.minted
    return {
        "after_ms": after_ms,
        "exit_code": seen.code,
        "refused": seen.refused,
        "waited_s": round(waited, 2),
        "x": round(waited / (after_ms / 1000 + LOOK_EVERY), 3),
    }


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--after-ms", type=lambda text: tuple(float(n) for n in text.split(",")))
    parser.add_argument("--quick", action="store_true", help="one time to wait")
    parser.add_argument("--json", action="store_true", help="one document instead of lines")
    options = parser.parse_args()
    runs = [measure(n) for n in options.after_ms or (QUICK_MS if options.quick else AFTER_MS)]
    worst = max(run["x"] for run in runs)
    if options.json:
        print(json.dumps({"runs": runs, "worst": worst, "load": round(os.getloadavg()[0], 1)}))
    else:
        for run in runs:
            print(", ".join(f"{name} {value}" for name, value in run.items()))
    return int(worst > TARGET)


if __name__ == "__main__":
    sys.exit(main())
