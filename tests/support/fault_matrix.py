"""Faults between command and account: the same containment through a line that lies, and once it is honest again.

Each run is a small drill in this thread, a containment of it, and a line that at random (by its seed) cuts, delays,
doubles, corrupts, redirects, answers as a captive portal, sends a bomb, or loses the answer of a write. Whatever
happens: no exception outside the tree, no verdict better than the account's own truth, no secret lost, and the same
command finishes once the line is honest.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import random
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.support.drills import short_history
from tests.support.in_process import Wire
from tests.support.worlds import SAFE, World, fast_folder, world
from workbench.cli import contain
from workbench.cli.parser import build_parser
from workbench.core.errors import WorkbenchError
from workbench.domain.model.plan import EffectKind
from workbench.domain.runbook.containment_state import containment
from workbench.session.session import Session

FAULTS = (
    "refused", "cut", "answer lost", "doubled", "delayed", "corrupted", "not utf-8", "redirected", "captive",
    "bomb", "empty", "another document", "500", "429", "401", "403 page", "split header",
)  # fmt: skip
SCENARIOS = (
    "stolen-env",
    "stolen-key",
    "stolen-login",
    "panel-session",
    "subaccount",
    "quota-full",
    "small-plan",
)
# Where a plan takes no roles, a key ends by being deleted without a replacement, which a person asks for by name.
NO_ROLES = "small-plan"
# Commands while the line lies, and how many more it may take once it is honest: what failed is asked about first.
LYING, HONEST = 2, 4


@dataclass
class Line:
    """A line that lies at some of its calls; nothing once ``rate`` is 0."""

    rng: random.Random
    rate: float
    kinds: tuple[str, ...]
    met: Counter[str] = field(default_factory=Counter)

    def next(self) -> str:
        """Return the fault of the next call, ``""`` for none."""
        if self.rng.random() >= self.rate:
            return ""
        kind = self.rng.choice(self.kinds)
        self.met[kind] += 1
        return kind


class LyingWire(httpx.AsyncBaseTransport):
    """Carries calls over a ``Line``."""

    def __init__(self, wire: Wire, line: Line, clock: object) -> None:
        self._wire, self._line, self._clock = wire, line, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        kind = self._line.next()
        if before := self._instead(kind, request):
            return before
        if kind == "doubled":
            first = await self._wire.handle_async_request(_again(request))
            await first.aread()
        answer = await self._wire.handle_async_request(request)
        if kind == "delayed":
            await self._clock.sleep(self._line.rng.choice([0.5, 9.0, 40.0]))  # type: ignore[attr-defined]
        if kind == "answer lost":
            raise httpx.ReadError("the connection was reset")
        if kind in ("cut", "corrupted", "not utf-8", "empty"):
            return _spoiled(kind, self._line.rng, answer, await answer.aread())
        if kind == "split header":
            headers = [(n, v) for n, v in answer.headers.raw if n.lower() != b"x-mailgun-key-id"]
            headers.append((b"x-mailgun-key-id", b"0badc0de-0badc0de"))
            return httpx.Response(answer.status_code, headers=headers, content=await answer.aread())
        return answer

    def _instead(self, kind: str, request: httpx.Request) -> httpx.Response | None:
        json_ = {"content-type": "application/json"}
        match kind:
            case "refused":
                raise httpx.ConnectError("connection refused")
            case "redirected":
                return httpx.Response(302, headers={"location": "https://elsewhere.example/login"})
            case "captive":
                return httpx.Response(200, html="<html><body>Sign in to the network</body></html>")
            case "403 page":
                return httpx.Response(403, html="<html>blocked by policy</html>")
            case "bomb":
                return httpx.Response(200, headers=json_, content=b"[" * 200_000)
            case "another document":
                return httpx.Response(200, headers=json_, content=b'{"message": "ok"}')
            case "500":
                return httpx.Response(500, headers=json_, content=b'{"message": "internal"}')
            case "429":
                return httpx.Response(429, headers=json_, content=b'{"message": "too many requests"}')
            case "401":
                return httpx.Response(401, text="Forbidden")
        return None


def _again(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, content=request.content)


def _spoiled(kind: str, rng: random.Random, answer: httpx.Response, body: bytes) -> httpx.Response:
    if kind == "cut":
        body = body[: rng.randrange(len(body) + 1)]
    elif kind == "empty":
        body = b""
    elif kind == "not utf-8":
        at = rng.randrange(len(body) + 1)
        body = body[:at] + b"\xff\xfe\x80" + body[at:]
    elif body:
        at = rng.randrange(len(body))
        body = body[:at] + bytes([body[at] ^ (1 << rng.randrange(7))]) + body[at + 1 :]
    headers = [(n, v) for n, v in answer.headers.raw if n.lower() != b"content-length"]
    return httpx.Response(answer.status_code, headers=headers, content=body)


@dataclass
class Met:
    """What some runs met."""

    runs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


async def _command(
    place: World, line: Line, wrong: list[str], where: str, way_out: tuple[str, ...] = ()
) -> int:
    """Run the containment once more; everything it says is held against the account's own truth."""
    out, err = io.StringIO(), io.StringIO()
    code = 70
    try:
        async with place.session() as session:
            pool = session.account.api._shared.pool
            assert isinstance(pool._transport, Wire)
            pool._transport = LyingWire(pool._transport, line, place.drill.clock)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                options = build_parser().parse_args(["contain", "--yes", "--json", *way_out])
                code = await contain.contain(session, options)
            said = containment(session.situation())
            truth = place.truth()
            dangers = [*truth.ways, *truth.old]
            if dangers and (said.contained or code == 0 or SAFE.search(err.getvalue())):
                wrong.append(f"{where}: ends {code} and says {said.words}, but {dangers[:3]}")
            wrong += [f"{where}: {lost}" for lost in _lost(place, session)]
    except WorkbenchError as error:
        code = error.exit_code
    except Exception:
        wrong.append(f"{where}: {traceback.format_exc()[-700:]}")
    return code


def _lost(place: World, session: Session) -> list[str]:
    """Return the new keys that the journal calls proven and whose secret the vault does not hold."""
    held = {username for _, username in place.keyring.entries}
    return [
        f"the secret of {record.entry} is lost"
        for record in session.state.of_kind(EffectKind.KEY_CREATE)
        if record.state.value == "verified" and record.entry and record.entry not in held
    ]


async def run(folder: Path, scenario: str, seed: int, met: Met) -> None:
    """Play one run and add what it met."""
    rng = random.Random(f"faults {scenario} {seed}")
    kinds = FAULTS if rng.random() < 0.4 else tuple(rng.sample(FAULTS, rng.randint(1, 4)))
    line = Line(rng, rng.choice([0.02, 0.05, 0.15, 0.4]), kinds)
    async with world(folder, scenario, seed) as place:
        where = f"{scenario} {seed} {line.rate} {'all' if kinds is FAULTS else ', '.join(kinds)}"
        for number in range(LYING):
            await _command(place, line, met.wrong, f"{where}, lying {number}")
            place.drill.clock.advance(60.0)
        line.rate = 0.0
        for number in range(HONEST):
            way_out = _named(place) if scenario == NO_ROLES and number else ()
            code = await _command(place, line, met.wrong, f"{where}, honest {number}", way_out)
            if not place.truth().old and not _orphans(place) and code in (0, 1):
                break
            place.drill.clock.advance(60.0)
        else:
            met.wrong.append(
                f"{where}: never finishes: {place.truth().old[:3]} left, orphans {_orphans(place)[:3]}, ends {code}"
            )
    met.runs += 1
    met.faults += line.met


def _named(place: World) -> tuple[str, ...]:
    left = [name.removeprefix("key ") for name in place.truth().old if name.startswith("key ")]
    return tuple(word for key in left for word in ("--without-replacement", key))


def _orphans(place: World) -> list[str]:
    """Return keys of ours in the account that nobody can use: two with one mark, or one whose secret nobody holds."""
    marks: Counter[str] = Counter()
    held = set(place.keyring.entries.values())
    found = []
    for tenant in place.drill.world.tenants.values():
        for key in tenant.keys.values():
            if "[wb-" not in (key.description or "") or key.secret in place.old_keys:
                continue
            marks[str(key.description).rpartition("[")[2]] += 1
            if key.secret not in held:
                found.append(f"{key.id} {key.description}")
    return found + [mark for mark, count in marks.items() if count > 1]


def play(runs: int, *, seed: int = 0) -> Met:
    """Play so many runs, one after the other, from a seed on."""
    met = Met()
    for number in range(seed, seed + runs):
        scenario = SCENARIOS[number % len(SCENARIOS)]
        with _folder() as folder, short_history():
            asyncio.run(run(folder, scenario, number, met))
    return met


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=fast_folder(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def main() -> int:
    """Play as many runs as the command line says (150) and print what was met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="?", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    began = datetime.now(UTC)
    met = play(options.runs, seed=options.seed)
    for line in met.wrong[:40]:
        sys.stdout.write(f"{line}\n")
    kinds = ", ".join(f"{name} {count:,}" for name, count in met.faults.most_common())
    took = (datetime.now(UTC) - began).total_seconds()
    sys.stdout.write(
        f"{met.runs} runs, {met.faults.total():,} faults ({kinds}): {len(met.wrong)} wrong, {took:.0f} s\n"
    )
    return 1 if met.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
