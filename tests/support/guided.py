"""Somebody who only follows the guide, without a screen: each press does what the guide names, as its dialogs would.

The account, the session and the drill are the real ones in one thread (see ``in_process``), on a clock that moves
only when the player waits. What no press decides (reading a whole log, asking name servers) is stood in for.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from tests.support.drills import LITTLE_MAIL, opened
from tests.support.fault_matrix import Line, LyingWire
from tests.support.in_process import bind, in_process_drill
from workbench.blocklists.dmarc import unknown
from workbench.blocklists.names import Subject
from workbench.blocklists.verdicts import Listing, ListingVerdict, listing_tier, read_addresses
from workbench.blocklists.zones import Zone
from workbench.core.clock import iso
from workbench.core.errors import ApiError, UsageError
from workbench.domain.blocklists.recorded import RefusalsRead
from workbench.domain.detection import alarms
from workbench.domain.forensics.recorded import RecordedAssessment, RecordedWindow
from workbench.domain.hardening import measures
from workbench.domain.hardening.recorded import DmarcRead
from workbench.domain.leaks import leaks
from workbench.domain.model.plan import Plan
from workbench.domain.runbook import adoption, guide, put_off, recovery, user_actions
from workbench.domain.runbook.guide import GuideKind, Lead
from workbench.domain.runbook.recorded import ReportWritten
from workbench.domain.runbook.runbook import StepView
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import Comeback, SimulatedKey
from workbench.drill.world.story import RESPONDER, current_secret
from workbench.execution.progress import EffectMoved, Phase
from workbench.planning.catalog import ACTIONS
from workbench.planning.choices import WITH_WAYS, Choices
from workbench.presentation.cells import Look
from workbench.readers import blocklist_targets, dns_policies
from workbench.session.blocklist_watch import BlocklistWatch
from workbench.session.session import Session
from workbench.tui.screens import state_band

SMALL: Mapping[str, int] = {"domains": 3, "credentials": 6, "users": 3}
LOG_READ = 0.15  # the watch reads the log every third minute, and a log costs most of a play
RETURNS = 3  # comebacks through unknown ways in a play: whoever goes on for ever lets nobody reach the end
ROUNDS = 3  # comebacks of a stranger whom nobody deletes, each taken away, before a play is over
MOST = 140  # presses; whoever needs more goes round in circles
# A moment that is waited for, as the guide says it; none of a day that has passed.
UNTIL = re.compile(r"(?<!contained )until (\d\d \w{3})(?: (\d\d:\d\d)Z)?")
WINDOW = RecordedWindow(began="2026-11-21T05:00:00Z", ended="2026-11-21T14:00:00Z")

# What happens to calls on a bad line, and to a server with a bad day.
BAD_LINE = ("refused", "cut", "answer lost", "delayed", "empty", "500", "429")


class FakeLookup:
    """Stands for the name servers: asks the drill's listings by a call."""

    def __init__(self, drill: RunningDrill, zones: Iterable[Zone], clock: Any) -> None:
        self._drill, self._zones, self._clock = drill, tuple(zones), clock
        self.health: list[Any] = []

    async def run(self, subjects: Iterable[Subject], **_: Any) -> AsyncIterator[Listing]:
        """Yield a listing for every pair."""
        for subject in subjects:
            for zone in self._zones:
                if zone.takes(subject.kind, subject.role):
                    yield self._one(subject, zone)

    def _one(self, subject: Subject, zone: Zone) -> Listing:
        found = self._drill.account.listings.lookup(zone.name, subject.value)
        codes, text = found if found is not None else ((), "")
        reading = read_addresses(zone, codes) if codes else None
        listed = reading is not None and reading.verdict is ListingVerdict.LISTED
        return Listing(
            subject,
            zone,
            ListingVerdict.LISTED if listed else ListingVerdict.NOT_LISTED,
            listing_tier(zone, reading.matched) if listed and reading is not None else zone.tier,
            tuple(codes) if listed else (),
            reading.matched if listed and reading is not None else (),
            reading.reason if listed and reading is not None else "no entry",
            (text,) if listed else (),
            self._clock.now(),
            3600,
            "here",
        )


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody plays. Shares are of 1; ``pauses`` are seconds before a press, one of them drawn each time.

    ``leave_out`` is how often a plan loses some rows, ``halve`` how often a run is stopped half-way, ``others`` whether
    the drill plays the others' parts (without it nobody ever does), ``not_yet`` how often somebody answers that what
    they copied is not sent, or only reads what is to be decided (1 is Enter alone: it records nobody's word).
    ``faults`` is how many calls fail on their way.
    """

    pauses: Sequence[float] = (0.0, 20.0, 180.0)
    leave_out: float = 0.0
    halve: float = 0.0
    others: bool = True
    not_yet: float = 0.0
    returns: float = 0.0
    faults: float = 0.0


class Seen(NamedTuple):
    """What the runbook shows at a moment."""

    lead: Lead
    steps: tuple[StepView, ...]

    @property
    def told(self) -> tuple[object, ...]:
        """Return what somebody reads there: the lead, and every step with its evidence."""
        return self.lead, [(s.id, s.verdict, s.progress, s.evidence, s.next_action) for s in self.steps]


@dataclass
class Player:
    """Presses what the guide names. ``story`` is what happened, press by press."""

    session: Session
    drill: RunningDrill
    manner: Manner
    rng: random.Random
    leaky: Path
    presses: int = 0
    confirmations: int = 0
    typed: int = 0
    told: str = ""
    rounds: int = 0
    returned: int = 0
    story: list[str] = field(default_factory=list)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────

    def seen(self) -> Seen:
        """Return what the runbook shows now; judging the steps is a good part of what a play costs."""
        steps = self.session.steps()
        return Seen(self.session.lead(steps), tuple(steps))

    def passed(self, shown: Seen) -> list[str]:
        """Return the sentences of the guide that wait for a day which is over."""
        now = self.session.situation().now
        told = [*shown.lead.waits, shown.lead.happens, *(step.waits for step in shown.steps)]
        found = []
        for words in told:
            for day, clock in UNTIL.findall(words):
                end = datetime.strptime(f"{now.year} {day} {clock or '23:59'} +0000", "%Y %d %b %H:%M %z")
                found += [words] if end < now - timedelta(minutes=1) else []
        return found

    def cut_short(self, now: Lead) -> list[str]:
        """Return the lines of the state band that are cut off at 120 columns."""
        store: Any = SimpleNamespace(session=self.session, failed="", look=Look())
        rows = state_band.drawn(state_band.said(store, now), 118, ascii_only=False)
        # Where share-safe shortens an address, it has the same sign in it.
        return [line for row in rows if (line := "".join(piece for piece, _ in row)).rstrip().endswith("…")]

    async def open(self) -> None:
        """Connect and read, as the screen does when it opens; what fails is told and tried again later."""
        try:
            await self.session.account.connect()
            await self.session.account.read_inventory()
            await self.session.account.read_rate()
        except ApiError as error:
            self.told = error.what

    async def pause(self) -> None:
        """Let time pass; the screen's watch reads on meanwhile."""
        seconds = self.rng.choice(self.manner.pauses)
        self.drill.clock.advance(seconds)
        if seconds:
            await self.look(whole=False)

    async def come_back(self) -> None:
        """Let somebody make an admin key through a way in that nobody knew of; whoever holds it plants on."""
        account, made = self.drill.account, f"night-shift-{self.returned}"
        at, secret = account.now(), current_secret(account.story.rng(made))
        key = SimulatedKey(secret[33:], secret, made, "user", "admin", at, at)
        account.world.intruder.comebacks.append(
            Comeback(at, "key", key.id, "global", made, "a way nobody knew of")
        )
        account.add_key(account.main, key)
        self.returned += 1
        self.story.append(f"  somebody came back and made {made}")
        await self.look(whole=True)

    async def look(self, *, whole: bool = True) -> None:
        """Read the account as the watch does, and who sends with what."""
        try:
            if (
                self.session.account.capabilities is None
                or self.session.account.capabilities.failure() is not None
            ):
                await self.open()
            await self.session.account.watch(whole=whole)
            if whole or self.rng.random() < LOG_READ:
                await self.session.account.read_use(calls=4)
        except ApiError as error:
            self.told = error.what

    async def play(self, most: int = MOST) -> Lead:
        """Press until the guide waits or ends; AssertionError with the story where a press changes nothing."""
        await self.open()
        for _ in range(most):
            await self.pause()
            if self.returned < RETURNS and self.rng.random() < self.manner.returns:
                await self.come_back()
            before = self.seen()
            now = before.lead
            if cut := self.cut_short(now):
                raise AssertionError(self.tale(f"cut on the screen: {cut}"))
            if now.kind is GuideKind.END:
                return now
            if self.unsent(before):
                return now
            if self.inside(now):
                self.rounds += 1
                if self.rounds >= ROUNDS:
                    return now
            await self.press(now)
            after = self.seen()
            if late := self.passed(after):
                raise AssertionError(self.tale(f"waits for what has passed: {late}"))
            if now.waiting:
                if (after.lead.kind, after.lead.step) == (now.kind, now.step):
                    return after.lead
            elif after.told == before.told and not self.left_out and not self.failed:
                raise AssertionError(self.tale(f"nothing changed: {now}"))
        raise AssertionError(self.tale("it never ends"))

    def inside(self, now: Lead) -> bool:
        """Return whether the screen says that somebody comes back until others act, and who could end that."""
        named = any(one.startswith("Step 1b waits for") for one in now.waits)
        return (
            not self.manner.others and now.kind is GuideKind.ALARM and named and "still inside" in now.title
        )

    def unsent(self, shown: Seen) -> bool:
        """Return whether nothing is left but to send what was copied and put off."""
        step = next((one for one in shown.steps if one.id == shown.lead.step), None)
        put = step is not None and put_off.asked_again_at(step, self.session.situation()) is not None
        return put and shown.lead.kind is GuideKind.STEP

    def tale(self, what: str) -> str:
        """Return the story so far, for a failed assertion."""
        return "\n".join((what, f"told: {self.told}", *self.story[-40:]))

    # ── pressing ─────────────────────────────────────────────────────────────────────────────────────────

    left_out: bool = False
    failed: bool = False

    async def press(self, now: Lead) -> None:
        """Press Enter and do what the dialog that it opens names."""
        self.presses += 1
        self.left_out = False
        self.story.append(f"{now.kind.value} {now.step} {now.action}")
        self.failed = False
        try:
            await self.do(now.action)
        except ApiError as error:
            # A dialog says it; the next press tries again.
            self.failed = bool(self.manner.faults)
            if not self.failed:
                raise
            self.story.append(f"  failed: {error.what}")
        await self.look(whole=now.action == guide.LOOK)

    async def do(self, action_id: str) -> None:
        """Do an action as its default dialogs would."""
        own: dict[str, Callable[[], Any]] = {
            "evidence.preserve": self._preserve,
            "support.message": lambda: self.session.recorder.attest("0", "opening message sent to Support"),
            "alarms.show": self._alarm,
            "finish": lambda: self._run(None),
            "refresh": self.look,
            "people.strangers": self._strangers,
            "people.message": self._message,
            "leftovers.sweep": lambda: self.session.account.investigation.sweep(),
            "findings.judge": self._judge,
            "domains.delete": self._domain,
            "allowlist.remove": self._entries,
            "damage.assess": self._assess,
            "leaks.search": self._search,
            "leaks.judge": self._close_leaks,
            "blocklists.check": lambda: self.session.account.check_blocklists(),
            "blocklists.removal": self._removal,
            "adoption.show": self._hand_over,
            "harden.show": self._harden,
            "report.write": self._report,
            "contain.prove": lambda: self.session.prove_again(),
        }
        # Whoever never names the stranger who comes back is asked after every cut, and rightly: no play of that ends.
        asked = action_id in put_off.LEFT and action_id != "people.strangers"
        if asked and self.rng.random() < self.manner.not_yet:
            now = self.session.situation().now
            await self.session.recorder.learn(put_off.with_put_off(self.session.state, action_id, now))
            self.story.append(f"  {action_id}: not yet")
        elif action_id in own:
            await own[action_id]()
        elif action_id.startswith("drill."):
            self.story.append(await self.session.exercise(action_id))
        elif ACTIONS[action_id].plans:
            await self._plan(action_id, [])
        else:
            self.story.append(f"  {action_id} only shows something")

    async def _plan(self, action_id: str, marked: Collection[str], **options: Any) -> None:
        if action_id in WITH_WAYS and not options:
            options = Choices.proposed(self.session.situation(), action_id).options()
        try:
            plan = self.session.plan(action_id, list(marked), **options)
        except UsageError as error:
            self.story.append(f"  no plan: {error.what}")
            raise AssertionError(self.tale(f"{action_id} {marked}: {error.what}")) from error
        if len(plan) > 1 and self.rng.random() < self.manner.leave_out:
            kept = [effect.id for effect in plan if self.rng.random() < 0.6]
            self.left_out = True
            if not kept:
                return
            needed = {one for effect in plan if effect.id in kept for one in effect.after}
            plan = plan.only({*kept, *needed})
        await self._run(plan)

    async def _run(self, plan: Plan | None) -> None:
        self.confirmations += plan is not None
        self.typed += len(str(len(plan))) if plan is not None else 0
        halve = self.rng.random() < self.manner.halve
        after = self.rng.randint(1, 8)
        ended = 0

        def stop(event: Any) -> None:
            nonlocal ended
            ended += isinstance(event, EffectMoved) and event.phase is Phase.VERIFIED
            if ended >= after:
                self.session.stop()

        end = self.session.recorder.subscribe(stop) if halve else None
        try:
            summary = await self.session.run(plan)
        finally:
            if end is not None:
                end()
        self.failed = bool(self.manner.faults and summary.failed)
        self.story.append(f"  {summary.line()}{' (stopped)' if halve else ''}")

    # ── the dialogs ──────────────────────────────────────────────────────────────────────────────────────

    async def _preserve(self) -> None:
        await self.session.account.preserve()

    async def _alarm(self) -> None:
        situation = self.session.situation()
        urgent = guide.actionable(situation)
        first, action = urgent[0], alarms.remedy(situation, urgent[0])
        away = [one.target for one in urgent if alarms.remedy(situation, one) in alarms.TAKES_AWAY]
        self.story.append(f"  alarm: {first.text} -> {action}, {len(away)} to take away")
        if len(away) > 1 or action == "leftovers.remove":
            found = [f for f in self.session.findings() if not f.key.startswith("alarm:")]
            known = {f.id for f in found if f.decision != "removed"}
            here = [target for target in dict.fromkeys(away) if target in known]
            if here and not self.session.unavailable("leftovers.remove", here):
                await self._plan("leftovers.remove", here)
            else:
                await self.do("leftovers.sweep")
        elif action == "domains.delete":
            await self._plan(action, [first.target], typed=first.target)
        elif action == "allowlist.remove":
            await self._entries([first.target])
        elif action == "limit.set":
            await self._plan(action, [], limit=5000)
        elif action == "logins.reset":
            await self._plan(action, [first.target], again=True)
        elif ACTIONS[action].plans:
            await self._plan(action, [first.target])
        else:
            await self.do(action)

    async def _strangers(self) -> None:
        situation = self.session.situation()
        for item in self.session.inventory.users.values():
            if situation.of_user(item).likely:
                await self.session.recorder.decide(f"user:{item.id}", "intruder", "named")

    async def _message(self) -> None:
        situation = self.session.situation()
        for person in user_actions.to_tell(situation) or user_actions.pending(situation):
            name, due, text, kind = user_actions.timer_for(situation, person.item)
            await self.session.recorder.timer(name, due, text, kind=kind, subject=person.item.id)

    def _own_program(self, key: str) -> bool:
        """Return whether a finding is that a program of the account's own sends with a new key or password.

        Its host may be one that the part of the log that was read does not show; who works there knows it.
        """
        if not key.startswith("alarm:sends:"):
            return False
        using = [
            s
            for s in self.drill.account.streams()
            if s.ref in key.split(":") and s.spans and not s.spans[-1][1]
        ]
        return bool(using) and all(stream.actor == "production" for stream in using)

    async def _judge(self) -> None:
        found = [f for f in self.session.findings() if not f.key.startswith("leak:")]
        waiting = [f for f in found if not f.decision]
        by_hand = recovery.by_hand(self.session.situation())
        for one in waiting:
            theirs = one.severity in ("high", "medium") and not self._own_program(one.key)
            await self.session.recorder.decide(one.key, "intruder" if theirs else "ours", "judged")
        if not waiting:
            for one in by_hand:
                await self.session.recorder.decide(one.key, "removed", "by hand")

    async def _domain(self) -> None:
        name = next(f.id for f in self.session.findings() if f.kind == "domain" and f.decision == "intruder")
        await self._plan("domains.delete", [name], typed=name)

    async def _entries(self, marked: Collection[str] = ()) -> None:
        await self._plan("allowlist.remove", marked, own_address=RESPONDER)

    async def _assess(self) -> None:
        await self.session.recorder.learn(RecordedAssessment(lines=("abuse from 05:00Z",), window=WINDOW))

    async def _search(self) -> None:
        from workbench.session.leak_search import LeakSearchRequest, search

        await search(self.session.account, LeakSearchRequest(targets=(str(self.leaky),)), lambda _: None)

    async def _close_leaks(self) -> None:
        for one in leaks.leaks(self.session.state):
            if one.open:
                await self.session.recorder.decide(one.key, leaks.CLOSED, "closed by hand")

    async def _removal(self) -> None:
        ready = [one for one in self.session.account.blocklists.removals() if one.ready]
        if not ready:
            raise AssertionError(self.tale("no removal is ready, and the guide names one"))
        await self.session.account.blocklists.requested(*ready[0].listing.pair)

    async def _hand_over(self) -> None:
        situation = self.session.situation()
        if adoption.source_question(situation):
            await self.session.recorder.attest(adoption.STEP, "place of the leak: closed", adoption.SOURCE)
        waiting = [one for one in adoption.replacements(self.session.situation()) if one.waits]
        if waiting:
            await self.session.recorder.attest(adoption.STEP, f"list of {len(waiting)} sent", adoption.TOLD)

    async def _harden(self) -> None:
        for item in measures.items(self.session.situation()):
            if not measures.settled(item):
                await self.session.recorder.attest(
                    measures.STEP, f"{item.id}: left for later", f"{measures.LATER_MARK}{item.id}"
                )

    async def _report(self) -> None:
        await self.session.recorder.learn(ReportWritten(sha256="0" * 64))
        await self.session.recorder.attest("12", "report sent to Support")


@asynccontextmanager
async def player(
    folder: Path, scenario: str, seed: int, manner: Manner, **sizes: int
) -> AsyncIterator[Player]:
    """Yield a player of a drill that nobody else knows, on a clock that stands still."""
    leaky = folder / "web"
    leaky.mkdir(parents=True)
    async with in_process_drill(
        folder / "drill", scenario=scenario, seed=seed, traffic=LITTLE_MAIL, **{**SMALL, **sizes}
    ) as drill:
        stolen = drill.story.operator_key.secret
        (leaky / ".env").write_text(f"MAILGUN_API_KEY={stolen}\n", encoding="utf-8")

        def lookups(what: Any, zones: Any, wanted: Any, clock: Any, *_: Any) -> list[Any]:
            chosen = [s for s in what if wanted is None or any(s.value in names for names in wanted.values())]
            return [(FakeLookup(drill, zones, clock), chosen)]

        async def no_logs(watch: BlocklistWatch) -> None:
            await watch.host.recorder.learn(RefusalsRead(as_of=iso(watch.now())))

        async def no_name_server(domains: Iterable[str], _: Any, now: datetime) -> DmarcRead:
            told = tuple(unknown(name, "no name server is asked here") for name in domains)
            return DmarcRead(as_of=iso(now), domains=told)

        with (
            mock.patch.object(blocklist_targets, "lookups", lookups),
            mock.patch.object(BlocklistWatch, "read_aftermath", no_logs),
            mock.patch.object(dns_policies, "read_dmarc", no_name_server),
        ):
            async with opened(drill, folder, clock=drill.clock) as session:
                bind(session, drill)
                if manner.faults:
                    pool = session.account.api._shared.pool
                    line = Line(random.Random(seed), manner.faults, BAD_LINE)
                    pool._transport = LyingWire(pool._transport, line, drill.clock)  # type: ignore[arg-type]
                if not manner.others:
                    session.drill = False
                yield Player(session, drill, manner, random.Random(f"{scenario}{seed}"), leaky)
