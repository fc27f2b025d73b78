"""Resetting logins under a limit the client is not told of: a drill with ``--rate``, real sockets, real time.

    python tests/benchmarks/bench_limit.py [--rate 300] [--count 2000] [--latency-ms 80] [--reads 40]

Prints the share of the limit that was used, the share of calls answered 429, and how long the writes and the
reads asked for at the same moment waited. Takes count / rate minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.drill.servers.serve import serve
from workbench.drill.world.options import DrillOptions
from workbench.mailgun.client import CallSeen, Mailgun, Priority
from workbench.mailgun.credentials import list_credentials, reset_credential
from workbench.mailgun.domains import list_domains
from workbench.mailgun.endpoints import Region, from_document


async def _measure(document: dict[str, object], count: int, reads: int) -> dict[str, float]:
    answers: dict[int, int] = {}

    def seen(call: CallSeen) -> None:
        if "/credentials" in call.path:
            answers[call.status] = answers.get(call.status, 0) + 1

    client = Mailgun(
        from_document(document), Secret(str(document["api_key"])), clock=SystemClock(), on_call=seen
    )
    domain = (await list_domains(client, region=Region.US))[0].name
    logins = [item.login for item in await list_credentials(client, domain, region=Region.US)]
    ended: dict[str, list[float]] = {"write": [], "read": []}
    started = time.perf_counter()

    async def write(number: int) -> None:
        # Every login again and again, with a new password each time: the vendor refuses the old one.
        password = Secret(f"benchmark-password-{number:013d}")
        await reset_credential(client, domain, logins[number % len(logins)], password, region=Region.US)
        ended["write"].append(time.perf_counter() - started)

    async def read() -> None:
        await list_credentials(client, domain, region=Region.US, priority=Priority.BACKGROUND)
        ended["read"].append(time.perf_counter() - started)

    # Twenty writes fill the pool, then the reads ask, then all other writes: only priority can bring those
    # writes before the reads.
    await asyncio.gather(
        *(write(number) for number in range(20)),
        *(read() for _ in range(reads)),
        *(write(number) for number in range(20, count)),
    )
    taken = time.perf_counter() - started
    await client.aclose()
    refused = answers.get(429, 0)
    early = sum(1 for moment in ended["read"] if moment < max(ended["write"]))
    return {
        "seconds": taken,
        "calls": sum(answers.values()),
        "refused": refused,
        "refused_share": refused / sum(answers.values()),
        "reads_before_the_last_write": early,
        "passed": count + reads,
    }


def _child(rate: int, latency: float, folder: str) -> int:
    return asyncio.run(serve(DrillOptions(rate=rate, latency_ms=latency), Path(folder)))


async def _run(options: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--serve",
            folder,
            f"--rate={options.rate}",
            f"--latency-ms={options.latency_ms}",
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert server.stdout is not None
            document = json.loads(await asyncio.wait_for(server.stdout.readline(), 60))
            return await _measure(document, options.count, options.reads)
        finally:
            server.terminate()
            await server.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--reads", type=int, default=40)
    parser.add_argument("--latency-ms", type=float, default=80.0)
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.serve:
        raise SystemExit(_child(options.rate, options.latency_ms, options.serve))
    result = asyncio.run(_run(options))
    result["of_the_limit"] = result["passed"] / result["seconds"] * 60 / options.rate
    if options.json:
        json.dump(result, sys.stdout)
        return
    print(
        f"{options.count} resets and {options.reads} reads at {options.rate} a minute: {result['seconds']:.1f} s, "
        f"{result['of_the_limit']:.3f} of the limit, {result['refused']:.0f} of {result['calls']:.0f} calls "
        f"answered 429 ({result['refused_share']:.2%}), "
        f"{result['reads_before_the_last_write']:.0f} reads before the last write"
    )


if __name__ == "__main__":
    main()
