"""A small simulated account for tests that break things: it keeps every answer it gave, and what it held before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from keyring.backend import KeyringBackend
from keyring.compat import properties

from tests.support.drills import LITTLE_MAIL, endpoints_of, opened, running_drill, short_history
from tests.support.in_process import bind, in_process_drill
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import SimulatedKey
from workbench.drill.world.simclock import SimClock
from workbench.session.session import Session
from workbench.vault.vault import Vault

# The drill and the workbench live on one clock sixty times as fast as ours, so that waits cost nothing.
SPEED = 1.0
SCENARIO = "stolen-key"


@contextmanager
def moved_by_waiting(clock: SimClock) -> Iterator[None]:
    """Have the clock move only when somebody waits on it: what a slow machine takes long for ages nothing."""
    running = clock._monotonic
    clock.stand_still()

    async def sleep(seconds: float) -> None:
        over = clock.elapsed() + max(0.0, seconds)
        await asyncio.sleep((over - clock.elapsed()) / clock.factor)
        clock.advance(max(0.0, over - clock.elapsed()))

    with mock.patch.object(clock, "sleep", sleep):
        yield
    clock._origin, clock._monotonic = running(), running


class DictKeyring(KeyringBackend):
    """A host's keyring in memory. ``trouble`` is called before each call and may raise, or return "drop"."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.trouble: Callable[[str, str], str | None] = lambda call, username: None

    @properties.classproperty
    def priority(cls) -> float:  # noqa: N805 - a keyring's priority belongs to the class
        """Fail, so that keyring's own discovery passes this one over."""
        raise RuntimeError("for tests only")

    def get_password(self, service: str, username: str) -> str | None:
        self.trouble("get", username)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble("set", username) != "drop":
            self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.trouble("delete", username)
        del self.entries[service, username]


@dataclass
class Ground:
    """A drill whose every answered call is kept, with what the account held before anything was changed."""

    drill: RunningDrill
    folder: Path
    # With answers lost on the way, asking once more for a delete (404) is how its outcome becomes known.
    faults: bool = False
    # Without sockets, in one thread: see ``in_process``.
    direct: bool = False
    # A keyring of the host instead of the workbench's own file.
    keyring: DictKeyring | None = None
    answered: list[tuple[str, str, int, str]] = field(default_factory=list)
    old_keys: dict[str, SimulatedKey] = field(default_factory=dict)
    old_passwords: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The intruder would go on making things; these tests are about what we make.
        self.drill.account.advance = lambda: None
        for tenant in self.drill.world.tenants.values():
            self.old_keys.update(tenant.keys)
        self.old_passwords = {c.login: c.password for c in self.credentials()}
        for host in self.drill.hosts.values():
            self._listen(host.app)

    def _listen(self, app: Any) -> None:
        answer = app._answer

        def listening(request: Any, endpoint: Any, raw: bytes) -> Any:
            given = answer(request, endpoint, raw)
            self.answered.append((request.method, request.url.path, given.status, raw.decode("latin-1")))
            return given

        app._answer = listening

    def credentials(self) -> list[Any]:
        """Return every SMTP login that lives in the account."""
        return [
            credential
            for tenant in self.drill.world.tenants.values()
            for region in tenant.regions.values()
            for domain in region.domains.values()
            for credential in domain.credentials.values()
        ]

    def living_keys(self) -> dict[str, SimulatedKey]:
        """Return every API key that lives in the account, by id."""
        return {k.id: k for t in self.drill.world.tenants.values() for k in t.keys.values()}

    async def stored(self, session: Session) -> set[str]:
        """Return every secret value the vault holds on disk."""
        if self.keyring is not None:
            return set(self.keyring.entries.values())
        vault = session._options.vault
        found = [await vault.fetch(name) for name in await vault.names() or []]
        return {secret.reveal() for secret in found if secret is not None}

    @asynccontextmanager
    async def session(self, **options: Any) -> AsyncIterator[Session]:
        """Open the incident on the drill's own clock."""
        options.setdefault("endpoints", endpoints_of(self.drill))
        if self.keyring is not None:
            options["vault"] = Vault(self.keyring, limit=5.0)
        clock = self.drill.clock
        async with opened(self.drill, self.folder, clock=clock, **options) as session:
            if self.direct:
                bind(session, self.drill)
                yield session
                return
            with moved_by_waiting(clock):
                yield session


SIZES: dict[str, Any] = {
    "domains": 2,
    "credentials": 4,
    "users": 2,
    "scenario": SCENARIO,
    "traffic": LITTLE_MAIL,
}


@asynccontextmanager
async def ground(folder: Path, **options: Any) -> AsyncIterator[Ground]:
    """Serve a small account on the fast clock for the time of the block."""
    async with running_drill(folder, **{**SIZES, "speed": SPEED, **options}) as drill:
        yield Ground(drill, folder)


@asynccontextmanager
async def direct_ground(folder: Path, **options: Any) -> AsyncIterator[Ground]:
    """The same without sockets, threads and time that passes by itself: runs alike go alike."""
    with short_history():
        async with in_process_drill(folder / "drill", **{**SIZES, **options}) as drill:
            yield Ground(drill, folder, direct=True)
