"""Resetting many SMTP logins at a fixed latency: our client, plain httpx, and the vendor's SDK in a loop.

One run measures all three against the same server, a raw asyncio one in a process of its own, interleaved, so
that the ratios hold on any machine. Ideal is count x latency / 20 in flight.

    python tests/benchmarks/bench_client.py [--count 2000] [--latency-ms 80] [--rounds 3] [--sdk 60] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import statistics
import sys
import time
from multiprocessing.connection import Connection

import httpx
from mailgun.client import Client

from workbench.core.clock import SystemClock
from workbench.core.redact import Secret
from workbench.mailgun.client import Mailgun
from workbench.mailgun.credentials import reset_credential
from workbench.mailgun.endpoints import Region, from_base_url

IN_FLIGHT = 20
KEY = "0123456789abcdef0123456789abcdef-01234567-89abcdef"
PASSWORD = "a-password-of-32-characters-____"
DOMAIN = "mg.acme.example"
_BODY = b'{"message":"Password changed"}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Mailgun-Key-Id: 01234567-89abcdef\r\n"
    b"Date: Sat, 21 Nov 2026 14:02:07 GMT\r\nContent-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


async def _serve(latency: float, ready: Connection) -> None:
    loop = asyncio.get_running_loop()

    class Answers(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport
            self.buffer = b""

        def data_received(self, data: bytes) -> None:
            self.buffer += data
            head, end, body = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if len(body) >= length:
                self.buffer = body[length:]
                loop.call_later(latency, self.transport.write, _ANSWER)

    server = await loop.create_server(Answers, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _server(latency: float, ready: Connection) -> None:
    asyncio.run(_serve(latency, ready))


async def _ours(base: str, count: int) -> float:
    client = Mailgun(from_base_url(base), Secret(KEY), clock=SystemClock())
    password = Secret(PASSWORD)

    async def one(number: int) -> None:
        await reset_credential(client, DOMAIN, f"user{number}@{DOMAIN}", password, region=Region.US)

    started = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(count)))
    taken = time.perf_counter() - started
    await client.aclose()
    return taken


async def _plain(base: str, count: int) -> float:
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    numbers = iter(range(count))
    async with httpx.AsyncClient(base_url=base, auth=("api", KEY), limits=limits) as client:

        async def worker() -> None:
            for number in numbers:
                path = f"/v3/domains/{DOMAIN}/credentials/user{number}"
                answer = await client.put(path, data={"password": PASSWORD})
                answer.raise_for_status()

        started = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        return time.perf_counter() - started


def _sdk(base: str, count: int) -> float:
    """Return seconds for ``count`` resets one after the other, as a script with the vendor's SDK does."""
    with Client(auth=("api", KEY), api_url=base) as client:
        started = time.perf_counter()
        for number in range(count):
            answer = client.domains_credentials.put(
                domain=DOMAIN, login=f"user{number}", data={"password": PASSWORD}
            )
            assert answer.status_code == 200, answer.status_code
        return time.perf_counter() - started


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--latency-ms", type=float, default=80.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sdk", type=int, default=60, help="how many resets the SDK does; scaled to count")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    latency = options.latency_ms / 1000
    near, far = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_server, args=(latency, far), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{near.recv()}"
    ideal = options.count * latency / IN_FLIGHT
    times: dict[str, list[float]] = {"workbench": [], "httpx": [], "sdk": []}
    cpu: dict[str, list[float]] = {"workbench": [], "httpx": [], "sdk": []}
    try:
        for _ in range(options.rounds):
            for name in times:
                before = _cpu()
                if name == "workbench":
                    seconds = asyncio.run(_ours(base, options.count))
                elif name == "httpx":
                    seconds = asyncio.run(_plain(base, options.count))
                else:
                    seconds = _sdk(base, options.sdk) * options.count / options.sdk
                times[name].append(seconds)
                cpu[name].append((_cpu() - before) / (options.sdk if name == "sdk" else options.count) * 1000)
    finally:
        server.terminate()
        server.join()
    result = {
        name: {
            "seconds": round(statistics.median(values), 3),
            "x_ideal": round(statistics.median(values) / ideal, 3),
            "cpu_ms_per_call": round(statistics.median(cpu[name]), 2),
        }
        for name, values in times.items()
    }
    faster = statistics.median(times["sdk"]) / statistics.median(times["workbench"])
    if options.json:
        json.dump(
            {"count": options.count, "ideal": ideal, "clients": result, "faster_than_sdk": faster}, sys.stdout
        )
        return
    print(f"{options.count} resets, {options.latency_ms:g} ms, {IN_FLIGHT} in flight, ideal {ideal:.2f} s")
    for name, row in result.items():
        print(
            f"  {name:10} {row['seconds']:8.2f} s  {row['x_ideal']:5.2f} x ideal  {row['cpu_ms_per_call']} ms CPU/call"
        )
    print(f"  {faster:.1f} x faster than the SDK in a loop (which did {options.sdk}, scaled)")


if __name__ == "__main__":
    main()
