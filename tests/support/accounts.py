"""An account in this process: the real client, effects and executor against answers written down beforehand.

No socket, no thread, no time that passes by itself: a test of a handler or of the executor takes milliseconds.
``Account`` answers by rules, the newest first, and keeps every call; ``Bench`` puts what an effect may touch around
it. What the real account would do is the drill's business; here each test says what it answers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import httpx

from workbench.core.clock import ManualClock, iso
from workbench.core.errors import JournalError, VaultError
from workbench.core.redact import Secret
from workbench.domain.model.plan import Effect, Place, Plan
from workbench.domain.model.state import EffectRecord, JournalRow
from workbench.execution.context import Context, Keeping
from workbench.execution.effects.base import Proof, Reconciled, Sent
from workbench.execution.effects.registry import HANDLERS
from workbench.journal.ledger import Ledger
from workbench.mailgun.client import Mailgun, Priority
from workbench.mailgun.endpoints import Endpoints, HostPort, Region
from workbench.mailgun.limits import Limiter
from workbench.smtp.auth_probe import AuthProof
from workbench.vault.vault import EntryName

T = TypeVar("T")
NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
AT = "14:00:00Z"
US, EU = Place(Region.US), Place(Region.EU)
SUB = Place(Region.US, "sub1")
SERVICE = "Mailgun incident 2026-11-21 (acme)"
# The last two blocks of a secret are its key's id (dossier A2).
OWN = Secret("00000000000000000000000000000000-0000aaaa-0000aaaa")
SMTP = {Region.US: (HostPort("127.0.0.1", 587),), Region.EU: (HostPort("127.0.0.1", 588),)}
HOSTS = {"127.0.0.1:1": "us", "127.0.0.1:2": "eu", "127.0.0.1:3": "s1", "127.0.0.1:4": "s2"}
Reply = tuple[int, Any]


@dataclass(frozen=True)
class Seen:
    """One call as the server saw it; ``form`` holds form or JSON fields, ``key`` the secret it came with.

    ``kind`` is the content type of its body, empty without one.
    """

    method: str
    path: str
    host: str
    query: dict[str, str]
    form: dict[str, Any]
    key: str
    subaccount: str | None
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Account(httpx.AsyncBaseTransport):
    """Answers calls by rules: ``on`` for as long as nothing newer fits, ``once`` for the next call that fits."""

    calls: list[Seen] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    _rules: list[tuple[str, Any, bool]] = field(default_factory=list)

    def on(self, call: str, reply: Reply | Exception | Callable[[Seen], Reply]) -> None:
        """Answer ``METHOD path-pattern`` so until a newer rule fits."""
        self._rules.insert(0, (call, reply, False))

    def once(self, call: str, *replies: Reply | Exception | Callable[[Seen], Reply]) -> None:
        """Answer the next calls that fit so, one after the other, then as before."""
        self._rules[:0] = [(call, reply, True) for reply in replies]

    def of(self, call: str) -> list[Seen]:
        """Return the calls made so far that fit."""
        return [seen for seen in self.calls if re.fullmatch(call, str(seen))]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the call and answer it by the first rule that fits."""
        seen = _seen(request)
        self.calls.append(seen)
        if seen.key in self.dead:
            return httpx.Response(401, text="Forbidden")
        for index, (call, reply, only_once) in enumerate(self._rules):
            if re.fullmatch(call, str(seen)):
                if only_once:
                    del self._rules[index]
                answer = reply(seen) if callable(reply) else reply
                if isinstance(answer, Exception):
                    raise answer
                status, body = answer
                headers = {"x-mailgun-key-id": seen.key.split("-", 1)[1]}
                return httpx.Response(status, json=body, headers=headers)
        raise AssertionError(f"nobody said what to answer to {seen}")


def _seen(request: httpx.Request) -> Seen:
    kind = request.headers.get("content-type", "")
    body = request.content
    if "json" in kind:
        form = json.loads(body)
    elif "multipart" in kind:
        form = dict(re.findall(r'name="([^"]+)"\r\n\r\n(.*?)\r\n', body.decode(), re.S))
    else:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
    _, _, coded = request.headers["authorization"].partition(" ")
    return Seen(
        request.method,
        request.url.path,
        HOSTS[request.url.netloc.decode()],
        dict(request.url.params),
        form,
        base64.b64decode(coded).decode().partition(":")[2],
        request.headers.get("x-mailgun-on-behalf-of"),
        kind,
    )


@dataclass
class Safe:
    """A vault in memory. ``broken`` entries (by part of their name) cannot be stored; ``stored`` in order."""

    held: dict[str, Secret] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    at_once: list[int] = field(default_factory=list)

    async def store(self, name: EntryName, secret: Secret) -> None:
        if any(part in name.username for part in self.broken):
            raise VaultError("The keyring is locked.", "Nothing was stored.", "Unlock it.")
        self.held[name.username] = secret
        self.stored.append(name.username)

    async def store_many(self, entries: Mapping[EntryName, Secret]) -> None:
        for name in entries:
            if any(part in name.username for part in self.broken):
                raise VaultError("The keyring is locked.", "Nothing was stored.", "Unlock it.")
        self.at_once.append(len(entries))
        for name, secret in entries.items():
            await self.store(name, secret)

    async def fetch(self, name: EntryName) -> Secret | None:
        return self.held.get(name.username)

    async def remove(self, name: EntryName) -> None:
        self.held.pop(name.username, None)


@dataclass
class Prover:
    """Answers AUTH by what the passwords of a login are; ``verdicts`` come first."""

    passwords: dict[str, Secret] = field(default_factory=dict)
    verdicts: list[AuthProof] = field(default_factory=list)
    asked: list[tuple[str, Secret]] = field(default_factory=list)
    servers: list[Sequence[HostPort]] = field(default_factory=list)

    async def prove(self, servers: Sequence[HostPort], login: str, password: Secret) -> AuthProof:
        self.asked.append((login, password))
        self.servers.append(servers)
        if self.verdicts:
            return self.verdicts.pop(0)
        good = self.passwords.get(login) == password
        return auth("accepted" if good else "refused", 235 if good else 535)


def auth(verdict: str, code: int = 0, reason: str = "") -> AuthProof:
    """Return one answer to an AUTH."""
    return AuthProof(cast("Any", verdict), NOW, HostPort("127.0.0.1", 587), code, reason=reason)


@dataclass
class Rows:
    """A journal in memory; ``full`` names the kind of row that finds no room."""

    clock: ManualClock
    rows: list[Any] = field(default_factory=list)
    full: str = ""

    async def append(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        if kind == self.full:
            raise JournalError("The disk is full.")
        row = SimpleNamespace(seq=len(self.rows) + 1, at=iso(self.clock.now()), kind=kind, body=dict(body))
        self.rows.append(row)
        return cast("JournalRow", row)

    async def append_many(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[JournalRow]:
        return [await self.append(kind, body) for kind, body in rows]

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of the rows in order."""
        return [row.kind for row in self.rows]


class Noting(Limiter):
    """A limiter that keeps who was let through with which urgency, in order."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock, documented=False)
        self.urgency: list[Priority] = []

    async def acquire(self, family: str, priority: Priority) -> Any:
        self.urgency.append(priority)
        return await super().acquire(family, priority)


class Bench:
    """Everything one effect may touch, on an account of this process."""

    def __init__(self, *, smtp: bool = True) -> None:
        self.account = Account()
        self.clock = ManualClock(NOW)
        self.journal = Rows(self.clock)
        self.ledger = Ledger(self.journal)
        self.vault = Safe()
        self.prover = Prover()
        self.loud: list[str] = []
        self.switched: list[tuple[Secret, str, str, str]] = []
        endpoints = Endpoints(
            {Region.US: "http://127.0.0.1:1", Region.EU: "http://127.0.0.1:2"},
            storage=("http://127.0.0.1:3", "http://127.0.0.1:4"),
            smtp=SMTP if smtp else {},
        )
        self.limiter = Noting(self.clock)
        self.api = Mailgun(endpoints, OWN, clock=self.clock, limits=self.limiter, transport=self.account)
        self.ctx = Context(
            api=self.api,
            vault=self.vault,
            state=self.ledger.state,
            clock=self.clock,
            prover=self.prover,
            tag="wb-3f2a21140207",
            vault_service=SERVICE,
            switch_key=self._switch,
            loud=self.loud.append,
        )

    async def _switch(self, secret: Secret, key_id: str, entry: str, replaces: str) -> None:
        self.switched.append((secret, key_id, entry, replaces))
        self.api.use_key(secret)

    def answer_held(self, *answers: Keeping) -> list[Any]:
        """Let a person answer about held secrets, one answer each; returns what was asked, as it is asked."""
        asked: list[Any] = []
        given = list(answers)

        async def held(what: Any) -> Keeping:
            asked.append(what)
            return given.pop(0)

        self.ctx.held = held
        return asked

    async def record(self, effect: Effect, *, intents: int = 0, **done: Any) -> EffectRecord:
        """Confirm an effect and return its record; ``intents`` attempts were begun, ``done`` is what came of it."""
        await self.ledger.record("plan.confirmed", {"title": "t", "effects": [effect.to_json()]})
        for _ in range(intents):
            await self.ledger.record("effect.intent", {"id": effect.id, "entry": done.get("entry", "")})
        if done:
            if done.get("entry") and not intents:
                await self.ledger.record("effect.intent", {"id": effect.id, "entry": done["entry"]})
            body = {
                "id": effect.id,
                "evidence": done.get("evidence", ["yes"]),
                "result": done.get("result", {}),
            }
            await self.ledger.record("effect.done", body)
        return self.ledger.state.effects[effect.id]

    async def send(self, record: EffectRecord) -> Sent:
        """Have the effect's own handler send it."""
        return await HANDLERS[record.effect.kind].send(self.ctx, record)

    async def prove(self, record: EffectRecord) -> Proof:
        """Have the effect's own handler prove it."""
        return await HANDLERS[record.effect.kind].prove(self.ctx, record)

    async def reconcile(self, record: EffectRecord) -> Reconciled:
        """Have the effect's own handler ask what became of it."""
        return await HANDLERS[record.effect.kind].reconcile(self.ctx, record)


def plan(*effects: Effect, title: str = "Cut") -> Plan:
    """Return a plan of these effects."""
    return Plan(title, tuple(effects))
