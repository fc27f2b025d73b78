"""The drill and the workbench in one thread, without sockets: the same run goes the same way every time.

The simulated account answers by a function call, proofs ask the account itself, blocking work is done where it
is asked for, and the clock moves only when somebody waits on it. Journal, vault and state stay real files.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from workbench.core.clock import Clock
from workbench.core.redact import Secret
from workbench.drill.activity.intruder import Intruder
from workbench.drill.api.app import HostApp, HostSettings
from workbench.drill.api.throttle import Throttle
from workbench.drill.api.wire import API
from workbench.drill.servers.serve import HttpHost, Keeper, RunningDrill, open_world
from workbench.drill.servers.side import SideServers
from workbench.drill.world.account import Account
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.simclock import SimClock
from workbench.mailgun.endpoints import HostPort
from workbench.session.session import Session
from workbench.smtp.auth_probe import AuthProof

T = TypeVar("T")
START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
HERE = "127.0.0.1"
# Ports that name hosts; nobody listens there.
PORTS = {"api_us": 1, "api_eu": 2, "storage-us-east4": 3, "storage-us-west1": 4, "storage-europe-west1": 5}
SMTP = {"us": 6, "eu": 7}


class StillClock(SimClock):
    """The drill's clock without a hand of its own: whoever waits moves it, and lets the others run."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start, monotonic=lambda: 0.0)

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)


class Wire(httpx.AsyncBaseTransport):
    """Carries calls to the hosts' applications. A call cancelled on its way may have arrived or not."""

    def __init__(self, hosts: dict[str, HttpHost]) -> None:
        self._apps: dict[int, Any] = {host.port: host.app for host in hosts.values()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        answer = await _asked(self._apps[request.url.port or 0], request)
        await asyncio.sleep(0)
        return answer


async def _asked(app: Any, request: httpx.Request) -> httpx.Response:
    """Return what an ASGI application answers; httpx's own way looks for another event loop at each call."""
    body = await request.aread()
    status, headers, parts = 500, list[tuple[bytes, bytes]](), list[bytes]()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": (HERE, 123),
        "root_path": "",
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", ()))
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b"".join(parts)))


class AskingProver:
    """Asks the account what its SMTP servers would say; those have tests of their own."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account, self._clock = account, clock

    async def prove(self, servers: Sequence[HostPort], login: str, password: Secret) -> AuthProof:
        await asyncio.sleep(0)
        region = next(name for name, port in SMTP.items() if port == servers[0].port)
        good = self._account.authenticate_smtp(region, login, password.reveal(), HERE)
        await asyncio.sleep(0)
        verdict, code = ("accepted", 235) if good else ("refused", 535)
        return AuthProof(verdict, self._clock.now(), servers[0], code)  # type: ignore[arg-type]


class _AtOnce(ThreadPoolExecutor):
    """Runs what it is given before it returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # whatever it is, it belongs to the caller
            future.set_exception(error)
        return future


class _HereWorker:
    """Stands for ``offloop.Worker``: the call is made in this thread."""

    async def run(self, call: Callable[[], T], limit: float) -> T:
        await asyncio.sleep(0)
        return call()

    def close(self) -> None:
        pass


class _Inbox:
    """Stands for the journal's queue: whatever is put in is committed at once."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def put(self, append: Any) -> None:
        if append is not None:
            self._journal._commit([append])


class _NoThread:
    def join(self) -> None:
        pass


def bind(session: Session, drill: RunningDrill) -> None:
    """Let a freshly opened session live in this thread on a drill of ``in_process``."""
    session.account.api._shared.pool._transport = Wire(drill.hosts)
    session.account.prover = AskingProver(drill.account, session.clock)  # type: ignore[assignment]
    journal: Any = session.recorder.journal
    if journal._thread is not None:
        journal._inbox.put(None)
        journal._thread.join()
    journal._inbox, journal._thread = _Inbox(journal), _NoThread()
    session._options.vault._worker = _HereWorker()  # type: ignore[assignment]


@asynccontextmanager
async def in_process_drill(folder: Path, **options: Any) -> AsyncIterator[RunningDrill]:
    """Yield a drill that answers without a server (fixed start, one thread) for the time of the block."""
    asyncio.get_running_loop().set_default_executor(_AtOnce())
    chosen = DrillOptions(fresh=True, start=START, **options)
    world, story, _ = open_world(chosen, folder)
    clock = StillClock(START)
    keeper = Keeper(folder, world, clock)
    account = Account(world, story, clock, keeper.changed)
    throttles = {region: Throttle(chosen.rate) for region in ("us", "eu")}
    hosts: dict[str, HttpHost] = {}
    for label, port in PORTS.items():
        region = "eu" if "eu" in label else "us"
        name = API if label.startswith(API) else label
        hosts[label] = HttpHost(HostApp(account, HostSettings(name, region), throttles[region]))
        hosts[label].port = port
    side = SideServers(
        smtp_us=f"{HERE}:{SMTP['us']}",
        smtp_eu=f"{HERE}:{SMTP['eu']}",
        dns=f"{HERE}:8",
        web_url=f"http://{HERE}:9",
        landing_url=f"http://{HERE}:10",
        web_root=folder / "web",
        repository=folder / "repository",
        access_log=folder / "access.log",
    )
    drill = RunningDrill(account, Intruder(account), folder, hosts, side, clock, throttles)
    account.storage = {"us": drill.base("storage-us-east4"), "eu": drill.base("storage-europe-west1")}
    yield drill
