"""The fault proxy over real sockets: each fault looks to an HTTP client like the real thing."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.support.patience import HANGS
from workbench.core.clock import ManualClock
from workbench.core.errors import UsageError
from workbench.drill.servers.faults import Fault, FaultMatch, FaultProxy, FaultRule, parse_faults, strike
from workbench.drill.servers.wire import WireError, read_request

BODY = json.dumps({"items": ["x" * 40] * 50}).encode()


class Upstream:
    """A tiny HTTP server that counts what reached it; /chunked answers in chunks, /close until the end."""

    def __init__(self) -> None:
        self.acted: list[tuple[str, str, bytes]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (request := await read_request(reader)) is not None:
                self.acted.append((request.method, request.target, request.raw[len(request.head) :]))
                if request.target == "/chunked":
                    size = len(BODY) // 2
                    parts = [BODY[:size], BODY[size:], b""]
                    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    writer.write(b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts))
                elif request.target == "/close":
                    writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + BODY)
                    break
                else:
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"
                    body = b"" if request.method == "HEAD" else BODY
                    writer.write(head.encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (ConnectionError, WireError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    server = Upstream()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, tzinfo=UTC))


@pytest.fixture
async def proxy(upstream: Upstream, clock: ManualClock) -> AsyncIterator[FaultProxy]:
    made = FaultProxy(("127.0.0.1", upstream.port), clock=clock)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def client(proxy: FaultProxy) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{proxy.port}", timeout=HANGS) as made:
        yield made


async def test_without_rules_everything_passes(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/v4/domains?limit=1")).content == BODY
    assert (await client.get("/chunked")).content == BODY
    assert (await client.head("/x")).headers["content-length"] == str(len(BODY))
    assert (await client.post("/x", content=b"a=b")).content == BODY
    assert (await client.put("/x", content=_pieces())).content == BODY
    assert (await client.get("/close")).content == BODY
    assert [(method, target) for method, target, _ in upstream.acted] == [
        ("GET", "/v4/domains?limit=1"),
        ("GET", "/chunked"),
        ("HEAD", "/x"),
        ("POST", "/x"),
        ("PUT", "/x"),
        ("GET", "/close"),
    ]
    assert upstream.acted[3][2] == b"a=b" and b"hello" in upstream.acted[4][2]
    assert {what for _, _, what in proxy.log} == {"ok"}


async def _pieces() -> AsyncIterator[bytes]:
    yield b"hello "
    yield b"world"


async def test_reset_before_the_server_sees_it(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient
) -> None:
    proxy.rules.append(strike(Fault("reset-before")))
    with pytest.raises(httpx.NetworkError):
        await client.put("/x")
    assert upstream.acted == []
    assert (await client.put("/x")).status_code == 200


async def test_reset_after_the_server_acted(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient
) -> None:
    proxy.rules.append(strike(Fault("reset-after"), method="DELETE", path=r"^/v1/keys/"))
    with pytest.raises(httpx.NetworkError):
        await client.delete("/v1/keys/1")
    assert [entry[:2] for entry in upstream.acted] == [("DELETE", "/v1/keys/1")]
    assert proxy.log == [("DELETE", "/v1/keys/1", "reset-after")]


async def test_refused_connections_and_the_way_back(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient
) -> None:
    proxy.rules.append(strike(Fault("refuse")))
    with pytest.raises(httpx.NetworkError):
        await client.get("/x")
    with pytest.raises(httpx.ConnectError):
        await client.get("/x")
    await proxy.accept()
    assert (await client.get("/x")).status_code == 200
    assert len(upstream.acted) == 1


async def test_refusal_ends_by_itself(
    proxy: FaultProxy, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    proxy.rules.append(strike(Fault("refuse", seconds=3)))
    with pytest.raises(httpx.NetworkError):
        await client.get("/x")
    for _ in range(200):
        if clock.monotonic() >= 3:
            break
        await asyncio.sleep(0)
    assert (await client.get("/x")).status_code == 200


async def test_a_stalled_body_times_out(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    proxy.rules.append(strike(Fault("stall")))
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/x", timeout=httpx.Timeout(HANGS, read=0.05))
    assert (await client.get("/x")).status_code == 200


async def test_a_truncated_body_is_a_protocol_error(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    proxy.rules.append(strike(Fault("truncate")))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/x")
    proxy.rules.append(strike(Fault("truncate")))
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/chunked")


@pytest.mark.parametrize("path", ["/x", "/chunked"])
async def test_cut_json_arrives_whole_as_http(
    proxy: FaultProxy, client: httpx.AsyncClient, path: str
) -> None:
    proxy.rules.append(strike(Fault("cut")))
    answer = await client.get(path)
    assert answer.status_code == 200 and 0 < len(answer.content) < len(BODY)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_captive_portal(upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    proxy.rules.append(strike(Fault("html"), times=None))
    answer = await client.get("/x")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "<html" in answer.text and upstream.acted == []


@pytest.mark.parametrize("acted", [False, True])
async def test_status_with_and_without_acting(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient, acted: bool
) -> None:
    fault = Fault("status", status=429, body=b'{"retry-seconds": 60}', headers={"X-A": "b"}, acted=acted)
    proxy.rules.append(strike(fault))
    answer = await client.post("/x")
    assert (answer.status_code, answer.json(), answer.headers["x-a"]) == (429, {"retry-seconds": 60}, "b")
    assert len(upstream.acted) == acted


async def test_401_looks_like_the_vendors(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    proxy.rules.append(strike(Fault("status", status=401)))
    answer = await client.get("/x")
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (
        401,
        "Forbidden",
        "text/plain",
    )


async def test_slow_answers_come_all_the_same(
    proxy: FaultProxy, client: httpx.AsyncClient, clock: ManualClock
) -> None:
    proxy.rules.append(strike(Fault("slow", seconds=30)))
    assert (await client.get("/x")).content == BODY
    assert clock.monotonic() == 30


async def test_the_nth_request_and_how_often(proxy: FaultProxy, client: httpx.AsyncClient) -> None:
    proxy.rules.append(strike(Fault("status", status=500), path="credentials", nth=2))
    codes = [
        (await client.get(path)).status_code
        for path in ["/credentials", "/x", "/credentials", "/credentials"]
    ]
    assert codes == [200, 200, 500, 200]
    proxy.rules[:] = [FaultRule(FaultMatch(), Fault("status", status=503), times=2)]
    assert [(await client.get("/x")).status_code for _ in range(4)] == [503, 503, 200, 200]


async def test_an_upstream_that_is_gone_looks_like_a_reset(
    upstream: Upstream, proxy: FaultProxy, client: httpx.AsyncClient
) -> None:
    await upstream.close()
    with pytest.raises(httpx.NetworkError):
        await client.get("/x")


async def test_no_http_is_dropped(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
    with pytest.raises(ConnectionError):
        await reader.readexactly(1)
    writer.close()


def test_same_seed_same_faults_and_bursts() -> None:
    def run(seed: int) -> list[bool]:
        rule = FaultRule(FaultMatch(probability=0.2), Fault("html"), times=None, burst=3)
        rng = random.Random(seed)
        return [rule.strikes("GET", "/", rng) for _ in range(300)]

    first = run(5)
    assert first == run(5) and first != run(6)
    runs = "".join("x" if hit else "." for hit in first).split(".")
    # The last run may be cut short by the end of the test.
    assert all(len(run) >= 3 for run in runs[:-1] if run) and any(runs)


def test_parse_faults() -> None:
    rules = parse_faults(
        "reset-after:0.05, status-503*4:0.1,slow-2.5,status-429,status-429-bare,smtp-454:0.1"
    )
    assert [(r.fault.kind, r.match.probability, r.burst, r.times) for r in rules] == [
        ("reset-after", 0.05, 1, None),
        ("status", 0.1, 4, None),
        ("slow", 1.0, 1, None),
        ("status", 1.0, 1, None),
        ("status", 1.0, 1, None),
    ]
    assert (rules[1].fault.status, rules[2].fault.seconds) == (503, 2.5)
    assert rules[3].fault.headers and rules[3].fault.body and not rules[4].fault.headers
    assert parse_faults("") == []


@pytest.mark.parametrize(
    "text", ["nonsense", "status-200", "status-99", "reset-after:2", "html:", "slow-x", ":0.1"]
)
def test_unknown_faults_are_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--faults"):
        parse_faults(text)
