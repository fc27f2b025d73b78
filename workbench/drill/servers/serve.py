"""All servers of a drill in one process: start them, keep the state, tell where they are, stop them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from workbench.core.atomic_files import ensure_folder
from workbench.core.clock import iso
from workbench.drill.activity.intruder import Intruder
from workbench.drill.api import moods
from workbench.drill.api.app import HostApp, HostSettings
from workbench.drill.api.throttle import Throttle
from workbench.drill.api.wire import API
from workbench.drill.servers.faults import FaultProxy, parse_faults
from workbench.drill.servers.side import SideOptions, SideServers, clean_files, start_side_servers
from workbench.drill.world.account import Account
from workbench.drill.world.build import build
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.records import World
from workbench.drill.world.simclock import SimClock
from workbench.drill.world.store import TRUTH, load, save, write_private
from workbench.drill.world.story import Story, tell
from workbench.drill.world.truth import truth

LOOPBACK = "127.0.0.1"
# How often the intruder and the store are looked after, real seconds.
TICK = 1.0
# Set by the screen for the servers it starts: standard input then is a pipe that ends with the screen.
LIFELINE = "WORKBENCH_DRILL_LIFELINE"
# The clock's reading is stored every so many ticks even when nothing changed, so that a kill loses little time.
IDLE_TICKS = 5
_HOSTS = (
    (API, "us"),
    (API, "eu"),
    ("storage-us-east4", "us"),
    ("storage-us-west1", "us"),
    ("storage-europe-west1", "eu"),
)


class HttpHost:
    """One HTTP server on loopback."""

    def __init__(self, app: HostApp) -> None:
        self.app = app
        self.port = 0
        self._server: uvicorn.Server | None = None

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 lets the system choose. Raises OSError when the port is taken."""
        # Naming TCP makes asyncio switch Nagle off: without, each small answer waits 40 ms for an ACK.
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, port))
        except OSError:
            sock.close()
            raise
        self.port = int(sock.getsockname()[1])
        config = uvicorn.Config(
            self.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            # The simulated clock writes the Date of every answer.
            date_header=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=75,
        )
        config.load()
        # Started by its parts: ``serve`` would take the process's signals and tick ten times a second, and
        # the drill owns the signals and needs no tick.
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=[sock])

    async def close(self) -> None:
        """Stop listening, let running answers finish (at most a second), drop idle connections."""
        server, self._server = self._server, None
        if server is None:
            return
        for listener in server.servers:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        running = list(server.server_state.tasks)
        if running:
            await asyncio.wait(running, timeout=1.0)
        # Transports close on the next turn of the loop.
        await asyncio.sleep(0)


@dataclass
class RunningDrill:
    """A drill whose servers run. ``document()`` is the first line of ``--serve``."""

    account: Account
    intruder: Intruder
    folder: Path
    hosts: dict[str, HttpHost]
    side: SideServers
    clock: SimClock
    throttles: dict[str, Throttle]
    proxies: dict[str, FaultProxy] = field(default_factory=dict)
    _keeper: Keeper | None = None

    @property
    def world(self) -> World:
        """The state."""
        return self.account.world

    @property
    def story(self) -> Story:
        """The facts."""
        return self.account.story

    @property
    def api_key(self) -> str:
        """The responder's own key (a secret)."""
        return self.story.operator_key.secret

    def base(self, name: str) -> str:
        """Return the address of a host (``api_us``, ``api_eu`` or a storage host) as clients should call it."""
        proxy = self.proxies.get(name)
        port = proxy.port if proxy is not None else self.hosts[name].port
        return f"http://{LOOPBACK}:{port}"

    def document(self) -> dict[str, Any]:
        """Return endpoints, key, places of the leaky files, and the path of the ground truth."""
        return {
            "endpoints": {
                "api_us": self.base("api_us"),
                "api_eu": self.base("api_eu"),
                "storage": [self.base(name) for name, _ in _HOSTS if name != API],
                "smtp_us": self.side.smtp_us,
                "smtp_eu": self.side.smtp_eu,
                "dns": self.side.dns,
            },
            "api_key": self.api_key,
            "web_root": str(self.side.web_root),
            "web_url": self.side.web_url,
            # What answers for the name that the intruder's links hold, which no name server of the world knows.
            "landing_url": self.side.landing_url,
            "repository": str(self.side.repository),
            "access_log": str(self.side.access_log),
            "truth": str(self.folder / TRUTH),
            # The account's own time: what opens on it dates its first row by it, before any answer has come.
            "now": iso(self.clock.now()),
        }

    def write_truth(self) -> None:
        """Write the ground truth beside the state, as it is now."""
        document = truth(self.account)
        document["exposures"] = [_plain(exposure) for exposure in self.side.exposures]
        document["notes"] = list(self.side.notes)
        text = json.dumps(document, ensure_ascii=False, indent=1)
        write_private(self.folder / TRUTH, text.encode())

    async def close(self) -> None:
        """Stop every server and store the state; the simulated clock stands still from here on."""
        for proxy in self.proxies.values():
            await proxy.close()
        await asyncio.gather(*(host.close() for host in self.hosts.values()))
        await self.side.close()
        if self._keeper is not None:
            await self._keeper.close()


class Keeper:
    """Stores the state when it changed (at most once a second, keys at once) and lets the intruder act."""

    def __init__(self, folder: Path, world: World, clock: SimClock) -> None:
        self._folder = folder
        self._world = world
        self._clock = clock
        self._dirty = False
        self._task: asyncio.Task[None] | None = None

    def changed(self, urgent: bool) -> None:
        """Note a change; an urgent one (keys, people, allowlist) is on disk when this returns."""
        self._dirty = True
        if urgent and self._task is not None:
            self.flush()

    def flush(self) -> None:
        """Write the state, the clock's reading with it."""
        self._world.elapsed = self._clock.elapsed()
        save(self._folder, self._world)
        self._dirty = False

    def start(self, account: Account) -> None:
        """Begin to look after the state."""
        self._task = asyncio.create_task(self._run(account))

    async def _run(self, account: Account) -> None:
        for tick in itertools.count(1):
            await asyncio.sleep(TICK)
            account.advance()
            if self._dirty or tick % IDLE_TICKS == 0:
                self.flush()

    async def close(self) -> None:
        """Stop and store for the last time."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.flush()


def _plain(value: object) -> Any:
    """Return a dataclass of the side servers as plain JSON data."""
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None:
        return {name: _plain(getattr(value, name)) for name in fields}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _resumable(world: World | None, options: DrillOptions) -> bool:
    sizes = [options.domains, options.credentials, options.users]
    return world is not None and (world.scenario, world.seed, world.sizes) == (
        options.scenario,
        options.seed,
        sizes,
    )


def open_world(options: DrillOptions, folder: Path) -> tuple[World, Story, SimClock]:
    """Return state, story and clock: those kept in ``folder`` if they are of the same drill, else new ones.

    ``options.fresh`` throws away what was kept. A drill of another scenario, seed or size replaces it too.
    """
    ensure_folder(folder)
    world = None if options.fresh else load(folder)
    if world is None or not _resumable(world, options):
        _clear(folder)
        start = (options.start or datetime.now(UTC)).replace(microsecond=0)
        story = tell(options, start)
        world = build(story, options)
        return world, story, SimClock(start, options.speed)
    start = datetime.fromtimestamp(world.start, UTC)
    return world, tell(options, start), SimClock(start, options.speed, world.elapsed)


def _clear(folder: Path) -> None:
    """Remove an earlier drill's files; only those a drill makes."""
    for name in ("state.json", "state.json.new", TRUTH):
        (folder / name).unlink(missing_ok=True)
    side = folder / "side"
    if side.is_dir():
        shutil.rmtree(side)


async def start(options: DrillOptions, folder: Path) -> RunningDrill:
    """Start a drill on loopback and return it running; everything planted is there before this returns.

    State, ground truth, web site, repository and access logs live below ``folder``. Raises UsageError for an
    unknown scenario or fault, HostError for unreadable state, OSError for a taken port.
    """
    world, story, clock = open_world(options, folder)
    keeper = Keeper(folder, world, clock)
    account = Account(world, story, clock, keeper.changed)
    intruder = Intruder(account)
    feelings, others = moods.split(options.faults)
    rules = parse_faults(others)
    throttles = {region: Throttle(options.rate) for region in ("us", "eu")}
    hosts: dict[str, HttpHost] = {}
    proxies: dict[str, FaultProxy] = {}
    port = options.port
    side = await start_side_servers(account, story, folder / "side", _side_options(options))
    account.clean_leaks = lambda: clean_files(story, folder / "side")
    drill = RunningDrill(account, intruder, folder, hosts, side, clock, throttles, proxies, keeper)
    try:
        for name, region in _HOSTS:
            label = f"api_{region}" if name == API else name
            settings = HostSettings(name, region, options.latency_ms / 1000.0)
            hosts[label] = HttpHost(HostApp(account, settings, throttles[region]))
            hosts[label].app.moods = feelings
            if rules:
                await hosts[label].start()
                proxies[label] = FaultProxy((LOOPBACK, hosts[label].port), rules, seed=options.seed)
                await proxies[label].start(port)
            else:
                await hosts[label].start(port)
            port = port + 1 if port else 0
        account.storage = {"us": drill.base("storage-us-east4"), "eu": drill.base("storage-europe-west1")}
        keeper.flush()
        drill.write_truth()
        keeper.start(account)
    except BaseException:
        await drill.close()
        raise
    return drill


def _side_options(options: DrillOptions) -> SideOptions:
    return SideOptions(seed=options.seed, faults=moods.split(options.faults)[1])


async def serve(options: DrillOptions, folder: Path) -> int:
    """Serve a drill until SIGINT or SIGTERM: one JSON line on standard output, then silence. Returns 0."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if os.environ.get(LIFELINE):
        # The screen holds the other end: when it is gone, however it went, so is this process.
        loop.add_reader(sys.stdin.fileno(), stop.set)
    drill = await start(options, folder)
    try:
        sys.stdout.write(json.dumps(drill.document()) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await drill.close()
    return 0
