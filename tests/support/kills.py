"""Stops the executor at any point, opens everything again, and looks whether the promise held.

A *checkpoint* stands before and after every journal row, vault call, API exchange and SMTP proof. A kill at
a checkpoint lets nothing further through: no row, no secret, no call. What was on its way to the server may
still arrive there, as it may in life. Journal, vault and connections are then closed and opened again from
their files, and the account itself is asked whether anything was lost, orphaned or done twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from tests.support.ground import Ground, ground
from tests.support.promise import at_rest, violations
from workbench.core.errors import (
    ApiError,
    Forbidden,
    JournalError,
    UsageError,
    VaultError,
    VendorFault,
    WorkbenchError,
)
from workbench.core.redact import Secret
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.replay import fold
from workbench.domain.model.state import JournalRow
from workbench.execution.progress import Summary
from workbench.mailgun.answers import unreachable
from workbench.planning import brakes, contain, keys, logins
from workbench.session.session import Session
from workbench.vault.vault import EntryName


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


def arm(session: Session, fuse: Fuse) -> None:
    """Put checkpoints around everything the session's executor does to the world."""
    session.recorder.ledger._journal = _Journal(session.recorder.ledger._journal, fuse)
    session.account.vault = _Vault(session.account.vault, fuse)  # type: ignore[assignment]
    pool = session.account.api._shared.pool
    exchange, prove = pool.exchange, session.account.prover.prove

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
    session.account.prover.prove = checked_prove  # type: ignore[method-assign, assignment]


def lost_connection(label: str) -> ApiError:
    """Return what the client raises for an exchange that broke before or after the server had it."""
    return unreachable(label, "connection reset by peer", sent=label.endswith("after"))


def server_fault(label: str) -> ApiError:
    """Return what the client raises for a 503, which may hide that the server acted."""
    return VendorFault(f"{label} failed at Mailgun (503).", status=503)


def refusal(label: str) -> ApiError | None:
    """Return what the client raises for a 403 that comes before the server acts; None after it has."""
    return None if label.endswith("after") else Forbidden(f"{label} was refused (403).", status=403)


# ── plans ────────────────────────────────────────────────────────────────────────────────────────────────


Builder = Callable[[Session], Plan]
# What a run stands on: a ground over sockets, or one without (see ``ground``).
Stand = Callable[..., AbstractAsyncContextManager[Ground]]


def _other_key(session: Session, *, stranger: bool = False) -> str:
    """Return a key that is not ours: one that gets a replacement, or a stranger's that gets none."""
    situation = session.situation()
    return sorted(
        item.id
        for item in session.inventory.keys.values()
        if item.id != session.account.own_key_id
        and item.key.kind == "user"
        and situation.of_key(item).likely is stranger
        and not situation.minted_here(item.id)
    )[0]


def _a_login(session: Session) -> str:
    return sorted(i.login for i in session.inventory.logins.values() if not i.is_postmaster)[0]


def _a_domain(session: Session) -> str:
    return sorted(n for n in session.inventory.domains if not n.startswith("sandbox"))[0]


PLANS: dict[str, Builder] = {
    "own key": lambda s: keys.plan_replace(s.situation(), [s.account.own_key_id]),
    "key.create": lambda s: keys.plan_replace(s.situation(), [_other_key(s)]),
    "key.delete": lambda s: keys.plan_delete(s.situation(), [_other_key(s, stranger=True)]),
    "smtp.reset": lambda s: logins.plan_reset(s.situation(), [_a_login(s)]),
    "smtp.delete": lambda s: logins.plan_delete(s.situation(), [_a_login(s)]),
    "smtp.create": lambda s: logins.plan_reset(s.situation(), [_a_login(s)], replace_first=[_a_login(s)]),
    "queue.purge": lambda s: brakes.plan_purge(s.situation(), [_a_domain(s)]),
    "limit.set": lambda s: brakes.plan_limit(s.situation(), 5000),
    "signing_key": lambda s: brakes.plan_signing_key(s.situation()),
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
    await session.account.connect()
    await session.account.read_inventory()


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
        await session.account.read_inventory()
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
    state = fold(session.recorder.journal.rows())
    # A new key that was refused may have been planned again in another form: that one must then be verified.
    replaced = {
        r.effect.params.replaces
        for r in state.of_kind(EffectKind.KEY_CREATE)
        if r.state is EffectState.VERIFIED
    }
    wrong = [
        f"unfinished: {r.effect.id} is {r.state.value}: {r.failure or r.evidence}"
        for r in state.effects.values()
        if r.state is not EffectState.VERIFIED
        and not (
            r.effect.kind is EffectKind.KEY_CREATE
            and r.state is EffectState.FAILED
            and r.effect.params.replaces in replaced
        )
    ]
    if not state.effects:
        wrong.append("unfinished: nothing was confirmed")
    if state.open_intents:
        wrong.append("unfinished: intents are open")
    if build is everything:
        await session.account.read_inventory()
        wrong += [f"unfinished: a second run plans to {effect.what}" for effect in everything(session)]
    return wrong


async def every_kill_point(
    folder: Path, kind: str, number: int, stand: Stand = ground
) -> tuple[str, list[str]]:
    """Kill a run of one kind at its checkpoint ``number`` and resume; return the checkpoint's name, "" where the
    run has no so many, and what is wrong."""
    build = everything if kind == "everything" else PLANS[kind]
    async with stand(folder) as place:
        fuse = Fuse(number)
        if not await killed_run(place, build, fuse):
            return "", []
        wrong = [f"at rest: {line}" for line in await at_rest(place)]
        return fuse.passed[-1], wrong + await resumed(place, build)


READS = re.compile(r"http (GET|POST /v1/analytics)")


def named(label: str) -> str:
    """Return a checkpoint's label without what differs from run to run."""
    return re.sub(r"[0-9a-f-]{17,}", "ID", label)


def telling(passed: Sequence[str]) -> list[int]:
    """Return the numbers of the checkpoints that tell a kill apart: all but a read that was asked before and
    between which nothing was written. Files and account are the same there, and so is what is resumed.
    """
    numbers, read = [], set[str]()
    for number, label in enumerate(map(named, passed), start=1):
        if READS.match(label) is None:
            read.clear()
        elif label in read:
            continue
        else:
            read.add(label)
        numbers.append(number)
    return numbers


def of_its_kind(passed: Sequence[str]) -> list[int]:
    """Return the telling checkpoints from the first intent to the last proof: before and after them every kind of
    plan does the same."""
    begun = next(number for number, label in enumerate(passed, start=1) if "effect.intent" in label)
    ended = max(number for number, label in enumerate(passed, start=1) if "effect.verified" in label)
    return [number for number in telling(passed) if begun <= number <= ended]


async def calm_run(folder: Path, kind: str, stand: Stand = ground) -> list[str]:
    """Run one kind to its end and return the checkpoints it passed."""
    async with stand(folder) as place:
        fuse = Fuse()
        assert not await killed_run(place, PLANS[kind], fuse)
        return fuse.passed


async def random_life(folder: Path, seed: int, stand: Stand = ground) -> tuple[int, list[str]]:
    """Live through some kills and faults chosen by ``seed`` and resume; return how many kills, and what is wrong."""
    rng = random.Random(seed)
    kinds = rng.sample(sorted(PLANS), rng.randint(1, len(PLANS)))
    build = everything if rng.random() < 0.4 else some(_without_clashes(kinds))
    sizes = {"domains": rng.randint(1, 3), "credentials": rng.randint(4, 8), "seed": rng.randint(1, 50)}
    wrong: list[str] = []
    kills = 0
    async with stand(folder, **sizes) as place:
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
