"""SMTP proofs in bulk: 2,000 AUTH proofs against the drill's submission server in a process of its own.

``python -m tests.benchmarks.bench_smtp [--count N] [--concurrency N] [--json]`` from the project's root.
Every proof is a connection with STARTTLS, EHLO twice and AUTH; every tenth password is wrong. Exit 1 where
a proof is not what it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.drill.servers.certificate import server_context
from workbench.drill.servers.smtp_server import SubmissionServer
from workbench.mailgun.endpoints import HostPort
from workbench.smtp.auth_probe import SmtpProver

PASSWORD = "x" * 32


class _Account:
    def authenticate_smtp(self, region: str, login: str, password: str, peer: str) -> bool:
        return password == PASSWORD

    def accept_smtp(self, *_: object) -> tuple[int, str]:
        return 250, "OK"


async def serve() -> None:
    """Serve until the parent ends; the port is the first line."""
    with tempfile.TemporaryDirectory() as folder:
        server = SubmissionServer("us", _Account(), server_context(Path(folder)))
        print(await server.start(), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await server.close()


async def measure(port: int, count: int, concurrency: int) -> dict[str, float | int]:
    """Return seconds, proofs a second and how many proofs came out right."""
    prover = SmtpProver(clock=SystemClock(), concurrency=concurrency)
    place = [HostPort("127.0.0.1", port)]
    began = time.perf_counter()
    proofs = await asyncio.gather(
        *(
            prover.prove(place, f"u{n}@mg.acme.example", Secret("no" if n % 10 == 0 else PASSWORD))
            for n in range(count)
        )
    )
    seconds = time.perf_counter() - began
    right = sum(proof.refused if n % 10 == 0 else proof.accepted for n, proof in enumerate(proofs))
    if right != count:
        print(Counter((proof.verdict, proof.reason) for proof in proofs).most_common(5), file=sys.stderr)
    return {
        "count": count,
        "concurrency": concurrency,
        "seconds": round(seconds, 2),
        "proofs_a_second": round(count / seconds),
        "right": right,
    }


def main() -> int:
    """Run the benchmark; return 1 where a proof was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--concurrency", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    command = [sys.executable, "-m", "tests.benchmarks.bench_smtp", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        figures = asyncio.run(measure(int(server.stdout.readline()), options.count, options.concurrency))
        assert server.stdin is not None
        server.stdin.close()
    if options.json:
        print(json.dumps(figures))
    else:
        print(
            f"SMTP proofs: {figures['count']} in {figures['seconds']} s, {figures['proofs_a_second']} a second, "
            f"{figures['concurrency']} at a time, {figures['right']} right"
        )
    return 0 if figures["right"] == figures["count"] else 1


if __name__ == "__main__":
    sys.exit(main())
