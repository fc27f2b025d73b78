"""Random lives of the simulated account, and an oracle that knows from the account alone whether it is over.

A *world* is one moment of one life: a scenario, a seed, what has been done so far (nothing, half a plan, the whole cut,
the strangers out, the queues purged), what the intruder did meanwhile, and what cannot be read at that moment. At each
of them every surface is asked, and the oracle beside it, which knows nothing of the workbench: it looks at who could
send or administer, whose secrets still live, and which answers were refused.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import random
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.drills import endpoints_of, opened, short_history
from tests.support.ground import DictKeyring
from tests.support.in_process import bind, in_process_drill
from tests.support.world_lookups import Lists, Searches, look_up, search_for_leaks
from workbench.cli import assess as assess_command
from workbench.cli import blocklists as blocklists_command
from workbench.cli import contain as contain_command
from workbench.cli import status as status_command
from workbench.cli import sweep as sweep_command
from workbench.cli.account_reading import read_account
from workbench.cli.parser import build_parser
from workbench.core.errors import WorkbenchError
from workbench.domain.model.plan import Plan
from workbench.domain.runbook.containment_state import Over, containment
from workbench.drill.activity.senders import Means, bait
from workbench.drill.api import moods
from workbench.drill.api.routes import matches
from workbench.drill.api.wire import WireAnswer
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.plants import DROP_HOST
from workbench.drill.world.records import Stream
from workbench.planning.contain import Scope, plan
from workbench.reports import render
from workbench.reports.report import Audience, compose
from workbench.session.session import Session
from workbench.tui.panes.store import Store
from workbench.tui.screens.status import status_facts
from workbench.vault.vault import Vault

SCENARIOS = (
    "stolen-env",
    "stolen-key",
    "stolen-login",
    "panel-session",
    "subaccount",
    "slow-abuse",
    "site-abuse",
    "legacy-keys",
    "one-region",
    "quota-full",
    "small-plan",
    "quiet-changes",
    "spy",
)
# How often a command is asked besides: reading the log takes seconds.
ALSO = {"sweep": 0.12, "assess": 0.03}
QUICK = {"sweep": 0.06}
# What is refused at some moments: part of a path, and what that keeps from being known.
UNREADABLE = {
    "/v1/keys": "keys",
    "/v5/users": "users",
    "/credentials": "logins",
    "/v4/domains": "domains",
    "/v5/accounts/subaccounts": "subaccounts",
    "/v1/analytics/logs": "who sends",
    "/v1/analytics/metrics": "sending figures",
}
FIGURES = {"who sends", "sending figures"}
# What a mood of the API keeps from being known, beside what is refused.
MOODS: dict[str, set[str]] = {
    "short-pages": set(),
    "free-plan": {"subaccounts"},
    "sub-key": {"subaccounts", "users"},
    "odd-elements": {"keys", "users", "domains"},
    "contradictions": {"keys", "users", "logins"},
    "business-verification": set(UNREADABLE.values()),
    # The US host refuses the key: what the account holds there cannot be read.
    "eu-only-401": {"domains", "logins", *FIGURES},
}
# Steps that nobody can have done who never asked: what was searched, read and looked up for them.
NEVER = {"6": "sweep", "8": "assess"}
# A purge belongs to the run of the cut that it was confirmed with, whose last delete may come after it.
A_RUN = 60.0
# So many messages an hour show in the figures of a small account; of less, only the log read whole tells.
LOUD = 100.0
# So many messages of a sender since the last cut make it one who sends.
ENOUGH = 10
HOUR = 3600.0
WEEK = 7 * 86_400.0 + HOUR
# Words that only a state that is over may be given.
SAFE = re.compile(
    r"\bcontained since\b|\bCONTAINED in\b|\bWhy it is safe now\b|\bcontained, as of\b"
    r"|\bEvery credential from before was cut\b|\bContained, with proof\b|\bNothing that is not ours was seen\b"
)


class _Look:
    ascii = False
    local = False
    share_safe = True


class _Funnel:
    active = False
    total = 0
    done = 0


@dataclass
class Said:
    """What every surface said at one moment."""

    over: Over
    texts: dict[str, str]
    codes: dict[str, int]
    complete: bool
    ticked: set[str]


@dataclass
class Truth:
    """What the account knows at one moment: ways that the intruder could take, and what was refused."""

    ways: list[str]
    sends: bool
    dark: set[str]
    old: list[str]
    # Whether nothing the intruder may have queued is left; whether every region answers and who sent could be told.
    purged: bool = True
    whole: bool = True
    # The ways that the intruder planted: what a sweep must not call clean. What was stolen is no setting.
    planted: list[str] = field(default_factory=list)
    # The secrets of every key there is.
    living: set[str] = field(default_factory=set)

    @property
    def over(self) -> bool:
        """Return whether it is over: nothing open, nothing of before alive, nothing queued, everything answered."""
        return not (self.ways or self.old or self.dark) and self.purged and self.whole


@dataclass
class World:
    """One life."""

    drill: RunningDrill
    folder: Path
    keyring: DictKeyring
    rng: random.Random
    refuse: set[str] = field(default_factory=set)
    old_keys: set[str] = field(default_factory=set)
    old_passwords: dict[str, str] = field(default_factory=dict)
    did: list[str] = field(default_factory=list)
    mood: str = ""
    # When somebody last cut something, by the account's clock.
    cut_at: float = 0.0
    asked: set[str] = field(default_factory=set)
    lists: Lists = field(default_factory=Lists)
    searches: Searches = field(default_factory=Searches)
    # What somebody else chose, by login: no list shows it.
    chosen: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for tenant in self.drill.world.tenants.values():
            self.old_keys |= {key.secret for key in tenant.keys.values()}
            for area in tenant.regions.values():
                for domain in area.domains.values():
                    self.old_passwords |= {c.login: c.password for c in domain.credentials.values()}
        for host in self.drill.hosts.values():
            self._listen(host.app)

    def _listen(self, app: Any) -> None:
        answer = app._answer

        def listening(request: Any, endpoint: Any, raw: bytes) -> Any:
            refused = any(part in request.url.path for part in self.refuse)
            reads = request.method == "GET" or "analytics" in request.url.path
            if refused and reads:
                return WireAnswer({"message": "Forbidden"}, 403)
            return answer(request, endpoint, raw)

        app._answer = listening

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Open the incident, as another start of the program would."""
        async with opened(
            self.drill,
            self.folder,
            clock=self.drill.clock,
            endpoints=endpoints_of(self.drill),
            vault=Vault(self.keyring, limit=5.0),
        ) as session:
            bind(session, self.drill)
            yield session

    # ── the oracle ───────────────────────────────────────────────────────────────────────────────────

    def truth(self) -> Truth:
        """Return what the account itself knows now."""
        account = self.drill.account
        ways = [f"{kind} {name}" for kind, name in self.drill.intruder.ways()]
        ways += [f"route {r.id}" for r in self._tapping()]
        ways += [f"password of {c.login}" for c in self._logins() if self.chosen.get(c.login) == c.password]
        # A subaccount that the intruder made is a way of its own, whoever sends through it now.
        ways += [
            f"subaccount {tenant.id}"
            for tenant in account.world.tenants.values()
            if tenant.parent and tenant.status == "open" and self._planted(tenant.id)
        ]
        sends = any(
            # Who sends one message in five minutes has sent none five minutes after a cut.
            account.can_send(stream) and not stream.asleep and stream.rate * self._lasting(stream) >= ENOUGH
            for stream in account.streams("intruder")
            if stream.stage == "all"
        )
        dark = {UNREADABLE[part] for part in self.refuse} | MOODS.get(self.mood, set())
        if not any(tenant.parent for tenant in account.world.tenants.values()):
            # An account without subaccounts hides nothing by not listing them (many plans refuse that list).
            dark.discard("subaccounts")
        told = "assess" in self.asked or any(self._loud(stream) for stream in account.streams("intruder"))
        whole = len(account.main.regions) > 1 and told
        planted = [way for way in ways if self._planted(way.rpartition(" ")[2])]
        living = {key.secret for tenant in account.world.tenants.values() for key in tenant.keys.values()}
        return Truth(ways, sends, dark, self._old(), self._purged(), whole, planted, living)

    def _logins(self) -> Iterator[Any]:
        for tenant in self.drill.world.tenants.values():
            for area in tenant.regions.values():
                for domain in area.domains.values():
                    yield from domain.credentials.values()

    def _loud(self, stream: Stream) -> bool:
        """Return whether a stream shows in the hourly figures: loud, and for an hour at least."""
        now = self.drill.account.now()
        longest = max(((end or now) - (begin or 0.0) for begin, end in stream.spans), default=0.0)
        return stream.rate >= LOUD and longest >= HOUR

    def _lasting(self, stream: Stream) -> float:
        """Return the hours that a stream runs since it began (again), the last cut at the earliest."""
        began = max((begin or 0.0 for begin, _ in stream.spans), default=0.0)
        return (self.drill.account.now() - max(began, self.cut_at)) / 3600.0

    def _purged(self) -> bool:
        """Return whether every domain that the intruder ever sent for was purged after the last of it."""
        streams = self.drill.account.streams("intruder")
        return not any(
            stream.domain == name and self._filled(stream, min(domain.purged.values(), default=0.0))
            for tenant in self.drill.world.tenants.values()
            for area in tenant.regions.values()
            for name, domain in area.domains.items()
            for stream in streams
        )

    def _filled(self, stream: Stream, purged: float) -> bool:
        """Return whether a stream left mail in a queue that was purged then (0: never), the run of it aside."""
        for begin, end in stream.spans:
            # What was scheduled lies there from its begin on; what is sent may lie there until the last of it.
            last = begin if stream.kind == "queue" else end
            if not purged or last is None:
                return True
            if last > purged + A_RUN and (stream.kind == "queue" or self._accepted(stream, purged, last)):
                return True
        return False

    def _accepted(self, stream: Stream, after: float, until: float) -> int:
        """Return how many messages of a stream were accepted between two moments."""
        count = self.drill.account.traffic.accepted
        hours = range(int(after // HOUR), int(until // HOUR) + 1)
        return sum(count(stream, hour, until) - count(stream, hour, after) for hour in hours)

    def _planted(self, name: str) -> bool:
        return any(item["id"] == name for item in self.drill.world.planted)

    def _tapping(self) -> list[Any]:
        main = self.drill.account.main
        return [
            route
            for area in main.regions.values()
            for route in area.routes.values()
            if any(DROP_HOST in action for action in route.actions)
            and any(matches(route.expression, user.email) for user in main.users.values())
        ]

    def _old(self) -> list[str]:
        """Return what lives of before the cut, stolen or not: the workbench cannot know which was not."""
        found = []
        for tenant in self.drill.world.tenants.values():
            found += [f"key {k.id}" for k in tenant.keys.values() if k.secret in self.old_keys]
        found += [f"login {c.login}" for c in self._logins() if self.old_passwords.get(c.login) == c.password]
        return found

    # ── what may happen ──────────────────────────────────────────────────────────────────────────────

    def feels(self, mood: str) -> None:
        """Let the API answer in a mood, or as it is recorded with ``""``."""
        self.mood = mood
        for host in self.drill.hosts.values():
            host.app.moods, _ = moods.split(mood)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; the intruder moves where a way is open."""
        self.drill.account.clock.advance(seconds)
        self.drill.account.advance()

    def set_a_password(self) -> bool:
        """Let whoever still administers the account give a login a password of theirs; return whether anybody could."""
        held = list(self._logins())
        if not held or not any(kind in ("key", "user", "session") for kind, _ in self.drill.intruder.ways()):
            return False
        taken = self.rng.choice(held)
        taken.password = self.chosen[taken.login] = f"chosen-{len(self.chosen)}-by-somebody-else"
        self.drill.account.touch(urgent=True)
        return True

    def takes_a_new(self, kind: str) -> str:
        """Let the intruder read a credential that this incident made, hours after the cut, and send with it."""
        main, ips = self.drill.account.main, list(self.drill.story.intruder_ips[2:])
        self.pass_time(5 * HOUR)
        region, domain = next(
            (region, domain)
            for region, area in main.regions.items()
            for domain in area.domains.values()
            if domain.type == "custom" and (domain.credentials or kind == "key")
        )
        if kind == "key":
            key = next(k for k in main.keys.values() if k.secret not in self.old_keys and k.kind == "domain")
            region, domain = self._home(key.domain)
            means = Means(main.id, region, domain.name, "key", key.id, key.secret)
        else:
            held = next(iter(domain.credentials.values()))
            means = Means(main.id, region, domain.name, "login", held.login, held.password)
        self.drill.world.streams["again"] = bait(
            "again", "again", means, ips, 900.0, self.drill.account.now()
        )
        self.drill.account.touch(urgent=True)
        return means.ref

    def _home(self, name: str) -> tuple[str, Any]:
        return next(
            (region, area.domains[name])
            for region, area in self.drill.account.main.regions.items()
            if name in area.domains
        )

    def panel(self, do: str) -> None:
        """Do what somebody does in the control panel."""
        main, story = self.drill.account.main, self.drill.story
        planted = {fact.id for fact in story.users if fact.planted}
        if do == "strangers out":
            for user in planted:
                main.users.pop(user, None)
        elif do == "passwords":
            for record in list(main.users.values()):
                record.password_updated = self.drill.account.now()
                self.drill.account.mail_sent(record)
        elif do == "routes out":
            for area in main.regions.values():
                for route in [r for r in area.routes.values() if r in self._tapping()]:
                    del area.routes[route.id]
        elif do == "subaccounts out":
            for tenant in self.drill.world.tenants.values():
                if self._planted(tenant.id):
                    tenant.status = "disabled"
        elif do == "two factors":
            for record in main.users.values():
                record.tfa_active = record.tfa_enabled = True
        self.drill.account.touch(urgent=True)


@asynccontextmanager
async def world(folder: Path, scenario: str, seed: int, **options: Any) -> AsyncIterator[World]:
    """Yield a small account of a scenario, in this thread and without sockets."""
    sizes = {"domains": 2, "credentials": 4, "users": 3, **options}
    async with in_process_drill(folder / "drill", scenario=scenario, seed=seed, **sizes) as drill:
        yield World(drill, folder, DictKeyring(), random.Random(f"{scenario} {seed}"))


async def listen(session: Session, also: Collection[str] = ()) -> Said:
    """Return what every surface says of the account as it was just read; ``also`` names commands to ask besides."""
    options = build_parser().parse_args(["status", "--json"])
    out, err = io.StringIO(), io.StringIO()
    codes: dict[str, int] = {}
    texts: dict[str, str] = {}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        codes["status"] = await status_command.status(session, options)
        # As screen and ``contain`` do by themselves: what was proven while somebody else could set passwords.
        await session.prove_overtaken()
    texts["status"] = out.getvalue() + err.getvalue()
    for name in also:
        command = {"sweep": sweep_command.sweep, "assess": assess_command.assess}[name]
        texts[name], codes[name] = await _said(command, session, name)
    codes["blocklists"] = blocklists_command._code(session, ())
    codes["contain"] = _contain_code(session)
    texts["contain"] = containment(session.situation()).words
    store = Store(session=session, look=_Look())  # type: ignore[arg-type]
    facts = status_facts(store, _Funnel(), session.clock.now())  # type: ignore[arg-type]
    texts["top line"] = "  ".join(fact.text for fact in facts)
    material = session.report_material()
    for audience in Audience:
        # The timeline tells what was said when; the others say how it stands.
        if audience is not Audience.TIMELINE:
            texts[f"report {audience.value}"] = render.text(compose(audience, material))
    ticked = {s.id for s in session.steps() if s.verdict.value in ("done", "attested", "not applicable")}
    return Said(
        containment(session.situation()).over,
        texts,
        codes,
        '"complete": true' in texts["status"],
        ticked,
    )


async def _said(
    command: Callable[[Session, argparse.Namespace], Awaitable[int]], session: Session, name: str
) -> tuple[str, int]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = await command(session, build_parser().parse_args([name]))
    return out.getvalue() + err.getvalue(), code


def _contain_code(session: Session) -> int:
    with contextlib.redirect_stderr(io.StringIO()):
        return contain_command._still_uncut(session, Scope())


def lies(said: Said, truth: Truth, lists: Lists, searches: Searches) -> list[str]:
    """Return every surface that says more than is so, and every one that does not say what is."""
    wrong = []
    if truth.ways or truth.dark - {"sending figures"} or truth.old:
        why = f"ways {truth.ways[:3]} dark {sorted(truth.dark)} old {truth.old[:2]}"
        if said.over is Over.CONTAINED:
            wrong.append(f"the answer says contained, but {why}")
        whole = {name: code for name, code in said.codes.items() if name not in (*ALSO, "blocklists")}
        wrong += [f"{name} ends with 0, but {why}" for name, code in whole.items() if code == 0]
        wrong += [
            f"{name} says “{found[0]}”, but {why}"
            for name, text in said.texts.items()
            if (found := SAFE.search(text))
        ]
    if said.over is Over.CONTAINED and not truth.purged:
        wrong.append("the answer says contained, but mail may lie queued where the intruder sent")
    if said.codes.get("sweep") == 0 and (truth.planted or truth.dark - {"sending figures"}):
        wrong.append(f"sweep ends with 0, but {truth.planted} dark {sorted(truth.dark)}")
    if said.codes.get("assess") == 0 and truth.dark:
        wrong.append(f"assess ends with 0, but {sorted(truth.dark)} could not be read")
    wrong += lists.lies(said.codes["blocklists"], said.texts, said.ticked, read=said.complete)
    if "7" in said.ticked and not searches.over(truth.living):
        wrong.append(f"step 7 is ticked, but the search left {searches.left()}")
    if (
        "neither metrics nor log show abuse" in said.texts.get("assess", "")
        and truth.dark & FIGURES == FIGURES
    ):
        wrong.append("assess says that nothing shows abuse, but neither figures nor log were read")
    if truth.dark and said.complete:
        wrong.append(f"status says complete, but {sorted(truth.dark)} could not be read")
    if truth.sends and "no abnormal sending" in said.texts["top line"] and not truth.dark:
        wrong.append("the top line says no abnormal sending while the intruder sends")
    if any(way.startswith("user ") for way in truth.ways) and "1b" in said.ticked:
        wrong.append("step 1b is ticked, but a stranger is among the users")
    if truth.over and said.over is not Over.CONTAINED:
        wrong.append(f"it is over, and nobody says so: {said.texts['contain']}")
    return wrong


async def _read(session: Session) -> None:
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        await read_account(session)


async def _cut(place: World, session: Session, share: float) -> None:
    """Confirm a plan of which only a share is carried out, or all of it."""
    try:
        planned = plan(session.situation(), Scope(purge=("all",) if place.rng.random() < 0.7 else ()))
    except WorkbenchError:
        return
    if share < 1.0:
        ids = [effect.id for effect in planned]
        kept = set(place.rng.sample(ids, round(len(ids) * share)))
        planned = Plan(planned.title, tuple(e for e in planned if e.id in kept and not e.after))
    if planned.effects:
        await session.run(planned)


async def life(
    folder: Path, scenario: str, seed: int, moments: int, total: Count, also: Mapping[str, float] = ALSO
) -> None:
    """Live one life and add to ``total`` what was met, every lie with what had happened until then."""
    wrong = total.lies
    seen = 0
    async with world(folder, scenario, seed) as place:
        rng = place.rng
        while seen < moments:
            async with place.session() as session:
                for _ in range(rng.randint(1, 3)):
                    if seen >= moments:
                        break
                    place.refuse = {rng.choice(sorted(UNREADABLE))} if rng.random() < 0.25 else set()
                    place.feels(rng.choice(sorted(MOODS)) if rng.random() < 0.15 else "")
                    asked = [name for name, share in also.items() if rng.random() < share]
                    try:
                        said, truth = await listen(session, asked), place.truth()
                        # An assessment of a log that is refused has not read it.
                        place.asked |= set(asked) - ({"assess"} if truth.dark & FIGURES else set())
                    except WorkbenchError as error:
                        # Nothing could be read: the command ends with its own code before it says anything.
                        if error.exit_code == 0:
                            wrong.append(f"{error.what} ends with 0")
                        place.refuse = set()
                        place.feels("")
                        continue
                    seen += 1
                    total.worlds += 1
                    total.over += truth.over
                    total.said_over += said.over is Over.CONTAINED
                    total.came_back += bool(place.drill.world.intruder.comebacks)
                    found = lies(said, truth, place.lists, place.searches) + [
                        f"step {step} is ticked, but {name} was never run"
                        for step, name in NEVER.items()
                        if step in said.ticked and name not in place.asked
                    ]
                    at = f"{scenario} {seed} {place.did} {sorted(place.refuse)} {place.mood}"
                    wrong += [f"{at}: {lie}" for lie in found]
                    place.refuse = set()
                    place.feels("")
                    await _happen(place, session)
            if rng.random() < 0.3:
                # Another command, while nobody else holds the incident.
                wrong += [f"{scenario} {seed} {place.did}: {lie}" for lie in search_for_leaks(place)]


async def _happen(place: World, session: Session) -> None:
    """Let something happen: the cut, half of it, a move in the panel, time, the intruder."""
    rng = place.rng
    event = rng.choice(
        ["cut", "cut", "half a cut", "strangers out", "subaccounts out", "routes out", "time", "passwords",
         "two factors", "time", "look up", "somebody sets a password"]
    )  # fmt: skip
    place.did.append(event)
    if event == "somebody sets a password":
        place.set_a_password()
        return
    if event in ("cut", "half a cut"):
        await _read(session)
        place.cut_at = place.drill.account.now()
        await _cut(place, session, 1.0 if event == "cut" else rng.uniform(0.2, 0.9))
    elif event == "look up":
        await look_up(place, session)
    elif event == "time":
        place.pass_time(rng.choice([30.0, 120.0, 300.0, 1200.0, 5400.0, *_week(place)]))
    else:
        place.panel(event)


def _week(place: World) -> tuple[float, ...]:
    """A week that nobody looks at, where it is over: abuse of a whole week would be the rhythm of a short history."""
    return (WEEK,) if place.truth().over else ()


@dataclass
class Count:
    """What a run of worlds met: how many, how many of them were over, how many said so, and every lie."""

    worlds: int = 0
    over: int = 0
    said_over: int = 0
    came_back: int = 0
    lies: list[str] = field(default_factory=list)


def worlds(count: int, *, seed: int = 0, moments: int = 8, also: Mapping[str, float] = ALSO) -> Count:
    """Look at ``count`` worlds; returns what was met in them. ``also``: see ``ALSO``."""
    import tempfile

    total = Count()
    number = 0
    while total.worlds < count:
        scenario = SCENARIOS[(number + seed) % len(SCENARIOS)]
        wanted = min(moments, count - total.worlds)
        with (
            tempfile.TemporaryDirectory(dir=fast_folder(), ignore_cleanup_errors=True) as folder,
            short_history(),
        ):
            asyncio.run(life(Path(folder), scenario, seed + number, wanted, total, also))
        number += 1
    return total


def fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Look at as many worlds as the command line says (2,000) and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    began = datetime.now().astimezone()
    met = worlds(options.count, seed=options.seed)
    took = (datetime.now().astimezone() - began).total_seconds()
    for line in met.lies[:50]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(
        f"{met.worlds} worlds ({met.over} over, {met.said_over} said so, {met.came_back} after a comeback), "
        f"{len(met.lies)} lies, {took:.0f} s\n"
    )
    return 1 if met.lies else 0


if __name__ == "__main__":
    raise SystemExit(main())
