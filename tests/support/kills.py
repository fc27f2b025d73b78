"""Stops the executor at any point, opens everything again, and looks whether the promise held.

A *checkpoint* stands before and after every journal row, vault call, API exchange and SMTP proof. A kill at
a checkpoint lets nothing further through: no row, no secret, no call. What was on its way to the server may
still arrive there, as it may in life. Journal, vault and connections are then closed and opened again from
their files, and the account itself is asked whether anything was lost, orphaned or done twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend
from keyring.compat import properties

from tests.support.drills import endpoints_of, opened, running_drill
from workbench.actions import contain, keys, logins, stops
from workbench.drill.records import Key
from workbench.drill.serve import RunningDrill
from workbench.errors import (
    ApiError,
    Forbidden,
    JournalError,
    UsageError,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.home import tag_of
from workbench.incident.plan import EffectKind, EffectState, Plan
from workbench.incident.state import JournalRow, fold
from workbench.mailgun.answers import unreachable
from workbench.progress import Summary
from workbench.redact import Secret
from workbench.session import Session
from workbench.vault import EntryName, Vault

# The drill and the workbench live on one clock sixty times as fast as ours, so that waits cost nothing.
SPEED = 1.0
SCENARIO = "stolen-key"


class Killed(BaseException):
    """The process ended here. No ``except Exception`` of the product may catch it, as none catches SIGKILL."""


class Fuse:
    """Counts checkpoints; kills at number ``at`` (from 1), and lets nothing pass afterwards.

    ``trouble`` may return an error for a checkpoint's label instead: a fault that is not the end.
    """

    def __init__(self, at: int = 0, trouble: Callable[[str], BaseException | None] | None = None) -> None:
        self.at = at
        self.passed: list[str] = []
        self.dead = False
        self.died = asyncio.Event()
        self._trouble = trouble

    def step(self, label: str) -> None:
        """Pass a checkpoint, or do not."""
        if self.dead:
            raise Killed(label)
        self.passed.append(label)
        if len(self.passed) == self.at:
            self.dead = True
            self.died.set()
            raise Killed(label)
        if self._trouble is not None and (error := self._trouble(label)) is not None:
            raise error


class _Journal:
    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    async def append(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        return (await self.append_many([(kind, body)]))[0]

    async def append_many(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[JournalRow]:
        name = rows[0][0] if rows else "nothing"
        self._fuse.step(f"journal {name} before")
        written: list[JournalRow] = await self._inner.append_many(rows)
        self._fuse.step(f"journal {name} after")
        return written


class _Vault:
    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    async def _call(self, name: str, *arguments: Any) -> Any:
        self._fuse.step(f"vault {name} before")
        result = await getattr(self._inner, name)(*arguments)
        self._fuse.step(f"vault {name} after")
        return result

    async def store(self, name: EntryName, secret: Secret) -> None:
        await self._call("store", name, secret)

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        await self._call("store_many", entries)

    async def fetch(self, name: EntryName) -> Secret | None:
        found: Secret | None = await self._call("fetch", name)
        return found

    async def remove(self, name: EntryName) -> None:
        await self._call("remove", name)


def quiet() -> None:
    """Silence what the drill's servers print about connections that broke: breaking them is the point."""
    for name in ("asyncio", "mail.log", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def arm(session: Session, fuse: Fuse) -> None:
    """Put checkpoints around everything the session's executor does to the world."""
    session._ledger._journal = _Journal(session._ledger._journal, fuse)
    session.vault = _Vault(session.vault, fuse)  # type: ignore[assignment]
    pool = session.api._shared.pool
    exchange, prove = pool.exchange, session.prover.prove

    async def checked_exchange(call: Any) -> Any:
        fuse.step(f"http {call.method} {call.path} before")
        answer = await exchange(call)
        fuse.step(f"http {call.method} {call.path} after")
        return answer

    async def checked_prove(*arguments: Any) -> Any:
        fuse.step("smtp before")
        proof = await prove(*arguments)
        fuse.step("smtp after")
        return proof

    pool.exchange = checked_exchange  # type: ignore[method-assign]
    session.prover.prove = checked_prove  # type: ignore[method-assign, assignment]


def lost_connection(label: str) -> ApiError:
    """Return what the client raises for an exchange that broke before or after the server had it."""
    return unreachable(label, "connection reset by peer", sent=label.endswith("after"))


def server_fault(label: str) -> ApiError:
    """Return what the client raises for a 503, which may hide that the server acted."""
    return VendorFault(f"{label} failed at Mailgun (503).", status=503)


def refusal(label: str) -> ApiError | None:
    """Return what the client raises for a 403 that comes before the server acts; None after it has."""
    return None if label.endswith("after") else Forbidden(f"{label} was refused (403).", status=403)


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
    # A keyring of the host instead of the workbench's own file.
    keyring: DictKeyring | None = None
    answered: list[tuple[str, str, int, str]] = field(default_factory=list)
    old_keys: dict[str, Key] = field(default_factory=dict)
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

    def living_keys(self) -> dict[str, Key]:
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
        async with opened(self.drill, self.folder, clock=self.drill.clock, **options) as session:
            yield session


@asynccontextmanager
async def ground(folder: Path, **options: Any) -> AsyncIterator[Ground]:
    """Serve a small account on the fast clock for the time of the block."""
    sizes = {"domains": 2, "credentials": 4, "users": 2, "scenario": SCENARIO, "speed": SPEED}
    async with running_drill(folder, **{**sizes, **options}) as drill:
        yield Ground(drill, folder)


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────


Builder = Callable[[Session], Plan]


def _other_key(session: Session, *, stranger: bool = False) -> str:
    """Return a key that is not ours: one that gets a replacement, or a stranger's that gets none."""
    situation = session.situation()
    return sorted(
        item.id
        for item in session.inventory.keys.values()
        if item.id != session.own_key_id
        and item.key.kind == "user"
        and situation.of_key(item).likely is stranger
        and not situation.minted_here(item.id)
    )[0]


def _a_login(session: Session) -> str:
    return sorted(i.login for i in session.inventory.logins.values() if not i.is_postmaster)[0]


def _a_domain(session: Session) -> str:
    return sorted(n for n in session.inventory.domains if not n.startswith("sandbox"))[0]


PLANS: dict[str, Builder] = {
    "own key": lambda s: keys.plan_replace(s.situation(), [s.own_key_id]),
    "key.create": lambda s: keys.plan_replace(s.situation(), [_other_key(s)]),
    "key.delete": lambda s: keys.plan_delete(s.situation(), [_other_key(s, stranger=True)]),
    "smtp.reset": lambda s: logins.plan_reset(s.situation(), [_a_login(s)]),
    "smtp.delete": lambda s: logins.plan_delete(s.situation(), [_a_login(s)]),
    "smtp.create": lambda s: logins.plan_reset(s.situation(), [_a_login(s)], replace_first=[_a_login(s)]),
    "queue.purge": lambda s: stops.plan_purge(s.situation(), [_a_domain(s)]),
    "limit.set": lambda s: stops.plan_limit(s.situation(), 5000),
    "signing_key": lambda s: stops.plan_signing_key(s.situation()),
}


def everything(session: Session) -> Plan:
    """Return the whole containment, purge and limit included."""
    return contain.plan(session.situation(), contain.Scope(purge=("all",), limit=5000))


def some(kinds: Sequence[str]) -> Builder:
    """Return the builder of one plan that does several narrow things, each thing once."""

    def build(session: Session) -> Plan:
        first, *others = [PLANS[kind](session) for kind in kinds]
        return first.joined("Several", others)

    return build


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────


async def ready(session: Session) -> None:
    """Connect and read the account."""
    await session.connect()
    await session.read_inventory()


async def killed_run(place: Ground, build: Builder, fuse: Fuse) -> bool:
    """Run until the fuse blows or the plan is through; returns whether it was killed."""
    async with place.session() as session:
        await ready(session)
        arm(session, fuse)
        run = asyncio.ensure_future(_one_run(session, build))
        died = asyncio.ensure_future(fuse.died.wait())
        try:
            await asyncio.wait({run, died}, return_when=asyncio.FIRST_COMPLETED)
            if fuse.dead:
                run.cancel()
            with contextlib.suppress(asyncio.CancelledError, Killed, WorkbenchError):
                await run
        finally:
            died.cancel()
    return fuse.dead


async def _one_run(session: Session, build: Builder) -> Summary | None:
    """Do what the command line does: finish what was begun, read again, plan what is left, run it."""
    summary = None
    if session.state.unfinished:
        summary = await session.run(None)
        await session.read_inventory()
    planned = _left(session, build)
    return await session.run(planned) if planned is not None else summary


def _left(session: Session, build: Builder) -> Plan | None:
    if build is not everything and session.state.effects:
        # A narrow plan names one thing; built anew after that is done, it would pick another.
        rest = [r.effect for r in session.state.effects.values() if r.state is not EffectState.VERIFIED]
        return Plan("Again", tuple(rest)) if rest else None
    try:
        planned = build(session)
    except UsageError:
        return None
    return planned if planned.effects else None


async def resumed(place: Ground, build: Builder, *, tries: int = 3) -> list[str]:
    """Open again as the same command would until nothing is left; return what is wrong, nothing if all is well."""
    wrong: list[str] = []
    for _ in range(tries):
        async with place.session() as session:
            await ready(session)
            await _one_run(session, build)
            wrong = await unfinished(session, build) + await violations(place, session, finished=True)
        if not wrong:
            break
    return wrong


async def unfinished(session: Session, build: Builder) -> list[str]:
    """Return what does not stand as verified in the state that the journal's file alone leads to."""
    state = fold(session._journal.rows())
    wrong = [
        f"unfinished: {r.effect.id} is {r.state.value}: {r.failure or r.evidence}"
        for r in state.effects.values()
        if r.state is not EffectState.VERIFIED
    ]
    if not state.effects:
        wrong.append("unfinished: nothing was confirmed")
    if state.open_intents:
        wrong.append("unfinished: intents are open")
    if build is everything:
        await session.read_inventory()
        wrong += [f"unfinished: a second run plans to {effect.what}" for effect in everything(session)]
    return wrong


async def every_kill_point(folder: Path, kind: str, number: int) -> tuple[str, list[str]]:
    """Kill a run of one kind at its checkpoint ``number`` and resume; return the checkpoint's name, "" where the
    run has no so many, and what is wrong."""
    build = everything if kind == "everything" else PLANS[kind]
    async with ground(folder) as place:
        fuse = Fuse(number)
        if not await killed_run(place, build, fuse):
            return "", []
        wrong = [f"at rest: {line}" for line in await at_rest(place)]
        return fuse.passed[-1], wrong + await resumed(place, build)


async def random_life(folder: Path, seed: int) -> tuple[int, list[str]]:
    """Live through some kills and faults chosen by ``seed`` and resume; return how many kills, and what is wrong."""
    rng = random.Random(seed)
    kinds = rng.sample(sorted(PLANS), rng.randint(1, len(PLANS)))
    build = everything if rng.random() < 0.4 else some(_without_clashes(kinds))
    sizes = {"domains": rng.randint(1, 3), "credentials": rng.randint(4, 8), "seed": rng.randint(1, 50)}
    wrong: list[str] = []
    kills = 0
    async with ground(folder, **sizes) as place:
        place.faults = rng.random() < 0.5
        for _ in range(rng.randint(1, 4)):
            trouble = random_trouble(rng) if place.faults else None
            kills += await killed_run(place, build, Fuse(rng.randint(1, 120), trouble))
            wrong += [f"at rest: {line}" for line in await at_rest(place)]
        return kills, wrong + await resumed(place, build)


def _without_clashes(kinds: list[str]) -> list[str]:
    """The narrow plans pick the same login: keep the first that does."""
    clash = {"smtp.reset", "smtp.delete", "smtp.create"}
    first = next((kind for kind in kinds if kind in clash), "")
    return [kind for kind in kinds if kind not in clash or kind == first]


def random_trouble(rng: random.Random, chance: float = 0.05) -> Callable[[str], BaseException | None]:
    """Return trouble that strikes calls, the keyring and the journal now and then, as ``rng`` falls."""

    def strike(label: str) -> BaseException | None:
        if rng.random() >= chance:
            return None
        if label.startswith("http"):
            return rng.choice((lost_connection, lost_connection, server_fault, server_fault, refusal))(label)
        if label.startswith("vault"):
            return VaultError("The keyring is locked.", "Nothing can be stored.", "Unlock it.")
        if label.startswith("journal") and rng.random() < 0.1:
            return JournalError("The journal could not be written (database or disk is full).")
        return None

    return strike


# ── the promise ──────────────────────────────────────────────────────────────────────────────────────────


async def at_rest(place: Ground) -> list[str]:
    """Return what is broken right after a kill, before anything resumes; reads only files and the account."""
    async with place.session() as session:
        return await violations(place, session, finished=False)


async def violations(place: Ground, session: Session, *, finished: bool) -> list[str]:
    """Return every broken part of the promise, in words that begin with its name; empty when it holds."""
    wrong: list[str] = []
    if session._journal.broken_at:
        wrong.append(f"journal: chain broken at {session._journal.broken_at}")
    stored = await place.stored(session)
    tag = tag_of(session.incident)
    living = place.living_keys()
    ours = {i: k for i, k in living.items() if tag in k.description and i not in place.old_keys}
    for credential in place.credentials():
        old = place.old_passwords.get(credential.login)
        if credential.password != old and credential.password not in stored:
            wrong.append(f"lost secret: the password of {credential.login} is nowhere")
    if finished:
        wrong += [
            f"orphan: {k.description} has no secret here" for k in ours.values() if k.secret not in stored
        ]
        twins = Counter(k.description for k in ours.values())
        wrong += [f"orphan: {n} keys {name}" for name, n in twins.items() if n > 1]
    for record in session.state.of_kind(EffectKind.KEY_CREATE):
        replaced = record.effect.params["replaces"]
        mark = f"{tag}-{record.effect.id.rsplit('-', 1)[1]}"
        safe = any(mark in k.description and k.secret in stored for k in ours.values())
        if replaced not in living and not safe:
            wrong.append(f"destroyed: {replaced} is dead and its replacement is not safe")
    return wrong + _twice(place)


def _twice(place: Ground) -> list[str]:
    """Return what the server was made to do twice."""
    deletes = Counter(
        (path, status)
        for method, path, status, _ in place.answered
        if method == "DELETE" and "/envelopes" not in path and (status < 300 or status == 404)
    )
    wrong = [
        f"double delete: {path} deleted {n} times"
        for (path, status), n in deletes.items()
        if n > 1 and status < 300
    ]
    if not place.faults:
        gone = {path for path, status in deletes if status == 404} & {p for p, s in deletes if s < 300}
        wrong += [f"double delete: {path} asked for again" for path in gone]
    bodies: dict[str, set[str]] = {}
    for method, path, status, body in place.answered:
        if method == "PUT" and "/credentials/" in path and status < 300:
            bodies.setdefault(path, set()).add(body)
    wrong += [
        f"double reset: {path} was given two passwords" for path, given in bodies.items() if len(given) > 1
    ]
    renewals = [
        method
        for method, path, status, _ in place.answered
        if path.endswith("http_signing_key") and method != "GET" and status < 300
    ]
    if len(renewals) > 1:
        wrong.append("double renewal: the signing key was made anew twice")
    return wrong
