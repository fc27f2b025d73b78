"""The look-up engine: many subjects in many zones at once, and never a guess.

A zone is believed only after its own health check. A listing is asked for twice, and its reason once. Two
answers that differ are settled by asking again; where that settles nothing, and wherever an answer was
lost, late, cut short, refused or absurd, the verdict is *cannot tell* with the reason.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.blocklists import settle
from workbench.blocklists.lanes import Ask, Case, Lane, LaneTrust, Pacer, Purpose, Schedule, lanes_for
from workbench.blocklists.limits import QueryLimits
from workbench.blocklists.names import Subject, SubjectKind
from workbench.blocklists.resolvers import ResolverAddress, system_resolvers
from workbench.blocklists.settle import CaseStep
from workbench.blocklists.transport import Transport
from workbench.blocklists.verdicts import Listing, ListingVerdict, ZoneReading, listing_tier
from workbench.blocklists.wire import AnswerState, DnsAnswer, text_question
from workbench.blocklists.zones import Zone
from workbench.core.clock import Clock, SystemClock
from workbench.core.redact import MASK, visible

_TEXT_LIMIT = 500
# A server's buffer holds some 160 queries: 200 at once are not all taken, and each lost one costs a wait.
_BURST = 64
_BETWEEN_BURSTS = 0.002


@dataclass(frozen=True, slots=True)
class LookupProgress:
    """How far a run is: pairs of subject and zone decided, of all, and what was decided."""

    done: int
    total: int
    listed: int
    cannot_tell: int


@dataclass(frozen=True, slots=True)
class ZoneHealth:
    """What the health check of a zone said; ``reason`` is empty where the zone is believed."""

    zone: Zone
    kind: SubjectKind
    believed: bool
    reason: str


class Lookup:
    """One run over subjects and zones. Make a new one for every run.

    ``resolvers`` are the host's own unless given. ``progress`` is called after every verdict, from the
    event loop: it must return at once. After the run ``health`` holds a ZoneHealth a zone and kind.
    """

    def __init__(
        self,
        zones: Iterable[Zone],
        *,
        resolvers: Sequence[ResolverAddress] | None = None,
        clock: Clock | None = None,
        limits: QueryLimits | None = None,
        progress: Callable[[LookupProgress], None] | None = None,
    ) -> None:
        self._zones = tuple(zones)
        self._resolvers = tuple(resolvers) if resolvers else system_resolvers()
        self._asked = ", ".join(str(server) for server in self._resolvers)
        self._clock = clock or SystemClock()
        self._limits = limits or QueryLimits()
        self._progress = progress
        self._pacer = Pacer(self._limits.owner_rate)
        self._transport = Transport(
            self._resolvers,
            timeout=self._limits.timeout,
            tries=self._limits.tries,
            resent=self._resent,
            contradicted=self._contradicted,
        )
        self._schedule = Schedule([], self._pacer, 1, 1)
        self._open = 0
        self._total = 0
        self._count = dict.fromkeys(ListingVerdict, 0)
        self._in_flight = 0
        self._out: dict[tuple[str, str], Listing] = {}
        self._ready = asyncio.Event()
        self._fault: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm_at: float | None = None
        # Whether TCP is all that answers here; None while that need not be known.
        self._by_tcp: bool | None = None
        self._next_burst: asyncio.TimerHandle | None = None
        self.health: list[ZoneHealth] = []

    async def run(
        self, subjects: Iterable[Subject], *, known_listed: Collection[tuple[str, str]] = ()
    ) -> AsyncIterator[Listing]:
        """Yield a Listing for every subject in every zone that takes it, in the order they are decided.

        ``known_listed`` holds pairs (subject, zone) that were listed before: for those “not listed” is
        asked for twice as well. A Listing for a pair that came before replaces the earlier one: it
        happens when a second answer contradicted the first. Raises HostError where no socket can be had.
        """
        lanes = self._prepare(subjects, known_listed)
        limits = self._limits
        self._schedule = Schedule(lanes, self._pacer, limits.in_flight, limits.give_up_after)
        async with self._transport:
            try:
                self._pump()
                while self._open or self._out:
                    await self._ready.wait()
                    self._ready.clear()
                    if self._fault is not None:
                        raise self._fault
                    while self._out:
                        yield self._out.pop(next(iter(self._out)))
            finally:
                if self._next_burst is not None:
                    self._next_burst.cancel()
                tasks = [*self._tasks]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _prepare(self, subjects: Iterable[Subject], known: Collection[tuple[str, str]]) -> list[Lane]:
        """Return the lanes that have something to ask; a name too long for a zone is decided here."""
        lanes = lanes_for(self._zones, subjects, known)
        self._total = self._open = sum(len(lane.todo) for lane in lanes)
        for lane in lanes:
            for subject in lane.take_too_long():
                reading = ZoneReading(
                    ListingVerdict.CANNOT_TELL, "the name is too long to be asked of this zone"
                )
                self._close(lane, Case(subject, b""), reading)
            if lane.todo:
                lane.add_tests()
        return [lane for lane in lanes if lane.todo]

    def _pump(self) -> None:
        """Send queries until enough are in flight or nobody may be asked just now."""
        schedule = self._schedule
        burst = min(self._limits.in_flight, self._in_flight + _BURST)
        while self._in_flight < burst:
            now = self._clock.monotonic()
            ask, wait = schedule.next(now)
            if ask is None:
                if wait is not None:
                    self._set_alarm(now, wait)
                return
            self._in_flight += 1
            if self._by_tcp:
                self._start(self._over_tcp(ask))
            else:
                self._transport.ask(ask.question, ask, ask.lane.rhythm, partial(self._answered, ask))
        if self._in_flight < self._limits.in_flight and self._next_burst is None:
            self._next_burst = asyncio.get_running_loop().call_later(_BETWEEN_BURSTS, self._burst)

    def _burst(self) -> None:
        self._next_burst = None
        self._pump()

    def _answered(self, ask: Ask, answer: DnsAnswer) -> None:
        silent = answer.state is AnswerState.FAILED and self._transport.mute and self._by_tcp is None
        if answer.state is AnswerState.TRUNCATED or silent:
            self._start(self._over_tcp(ask, instead=answer if silent else None))
            return
        self._decided(ask, answer)

    def _decided(self, ask: Ask, answer: DnsAnswer) -> None:
        self._in_flight -= 1
        ask.lane.in_flight -= 1
        try:
            self._advance(ask, answer)
            self._pump()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Have run() raise an error that, raised in a callback, would reach nobody and stop the run unseen."""
        self._fault = error
        self._ready.set()

    async def _over_tcp(self, ask: Ask, instead: DnsAnswer | None = None) -> None:
        """Ask by TCP. ``instead`` is the silence of a network where no datagram ever answered.

        Some networks let DNS through by TCP alone. The first answer shows that, and what follows is asked so from
        the beginning; where TCP is silent too, it is not tried again, and the silence is what is told.
        """
        answer = await self._transport.ask_tcp(ask.question)
        if instead is not None and self._transport.mute:
            reached = answer.state is not AnswerState.FAILED
            self._by_tcp = reached or bool(self._by_tcp)
            answer = answer if reached else instead
        self._decided(ask, answer)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _set_alarm(self, now: float, wait: float) -> None:
        """See to it that the pump runs again when a paced owner is free, ``wait`` seconds from now."""
        if self._alarm_at is None or now + wait < self._alarm_at:
            self._alarm_at = now + wait
            self._start(self._ring(now + wait, wait))

    async def _ring(self, at: float, wait: float) -> None:
        await self._clock.sleep(wait)
        if self._alarm_at == at:
            self._alarm_at = None
            self._pump()

    def _resent(self, token: object) -> None:
        if isinstance(token, Ask):
            self._pacer.take(token.lane.zone.owner.id, self._clock.monotonic())

    def _contradicted(self, token: object, answer: DnsAnswer) -> None:
        """Take a second, different answer to one question: the case is asked about again."""
        if not isinstance(token, Ask) or token.case is None or token.purpose is not Purpose.LOOK_UP:
            return
        try:
            self._reopen(token.lane, token.case, settle.read(token.lane.zone, answer))
            self._pump()
        except Exception as error:
            self._fail(error)

    def _reopen(self, lane: Lane, case: Case, reading: ZoneReading) -> None:
        case.readings.append(reading)
        if case.closed_as is None:
            return
        self._out.pop((case.subject.value, lane.zone.name), None)
        self._count[case.closed_as] -= 1
        case.closed_as = None
        self._open += 1
        self._schedule.back(lane)
        self._settle(lane, case)

    def _advance(self, ask: Ask, answer: DnsAnswer) -> None:
        """Take one answer to its lane's health check or to its case."""
        lane, case = ask.lane, ask.case
        if case is None:
            self._take_test(ask, answer)
        elif ask.purpose is Purpose.REASON:
            case.waiting -= 1
            case.texts = _texts(lane.zone, answer)
            self._settle(lane, case)
        else:
            case.waiting -= 1
            self._take_look_up(lane, case, answer)
        if not lane.has_work and not lane.in_flight:
            self._schedule.finished(lane)

    def _take_look_up(self, lane: Lane, case: Case, answer: DnsAnswer) -> None:
        reading = settle.read(lane.zone, answer)
        case.readings.append(reading)
        if answer.ttl is not None:
            case.ttl = answer.ttl
        lane.failures = lane.failures + 1 if reading.verdict is ListingVerdict.CANNOT_TELL else 0
        self._settle(lane, case)
        if lane.failures >= self._limits.give_up_after and lane.trust is LaneTrust.BELIEVED:
            said = f"failed {lane.failures} times in a row ({reading.reason}), asked no further"
            self._give_up(lane, said)

    def _take_test(self, ask: Ask, answer: DnsAnswer) -> None:
        """Take one answer of the health check; the last one decides about the lane."""
        lane = ask.lane
        lane.tests_open -= 1
        if ask.purpose is Purpose.REASON:
            lane.reason += "".join(f" (the list says: {text})" for text in _texts(lane.zone, answer)[:1])
        else:
            problem = settle.health_problem(lane.zone, ask.purpose, answer)
            lane.reason = lane.reason or problem
            if problem and ask.purpose is Purpose.MUST_BE_LISTED and answer.state is AnswerState.FOUND:
                # The text of a refusal often names the very resolver that is refused.
                lane.tests_open += 1
                lane.asks.append(Ask(lane, Purpose.REASON, text_question(ask.question)))
        if lane.tests_open:
            return
        self.health.append(ZoneHealth(lane.zone, lane.kind, not lane.reason, lane.reason))
        lane.unhealthy = bool(lane.reason)
        if lane.unhealthy:
            self._give_up(lane, f"the zone's health check failed: {lane.reason}")
        else:
            lane.trust = LaneTrust.BELIEVED
        for case in lane.held:
            self._settle(lane, case)

    def _give_up(self, lane: Lane, reason: str) -> None:
        """Ask a lane no further: what is open there becomes *cannot tell*, what is known stays known."""
        lane.trust, lane.reason = LaneTrust.VOID, reason
        asks = list(lane.asks)
        lane.asks.clear()
        for case in [ask.case for ask in asks if ask.case is not None]:
            case.waiting -= 1
            self._settle(lane, case)
        while lane.todo:
            subject, _ = lane.todo.popleft()
            self._close(lane, Case(subject, b""), ZoneReading(ListingVerdict.CANNOT_TELL, reason))

    def _settle(self, lane: Lane, case: Case) -> None:
        """Close the case if what is known decides it, else ask what is missing."""
        if case.waiting or case.closed_as is not None:
            return
        if lane.trust is LaneTrust.TESTING:
            lane.held.append(case)
            return
        if lane.unhealthy:
            self._close(lane, case, ZoneReading(ListingVerdict.CANNOT_TELL, lane.reason))
            return
        may_ask = lane.trust is LaneTrust.BELIEVED
        step, reading = settle.next_step(case, may_ask=may_ask, otherwise=lane.reason)
        if step is CaseStep.CLOSE:
            self._close(lane, case, reading)
            return
        if step in {CaseStep.ASK_AGAIN, CaseStep.ASK_BOTH}:
            case.waiting += 1
            lane.asks.append(Ask(lane, Purpose.LOOK_UP, case.question, case))
        if step in {CaseStep.ASK_REASON, CaseStep.ASK_BOTH}:
            case.waiting += 1
            case.reason_asked = True
            lane.asks.append(Ask(lane, Purpose.REASON, text_question(case.question), case))

    def _close(self, lane: Lane, case: Case, reading: ZoneReading) -> None:
        listed = reading.verdict is ListingVerdict.LISTED
        case.closed_as = reading.verdict
        self._open -= 1
        self._count[reading.verdict] += 1
        self._out[case.subject.value, lane.zone.name] = Listing(
            subject=case.subject,
            zone=lane.zone,
            verdict=reading.verdict,
            tier=listing_tier(lane.zone, reading.matched) if listed else lane.zone.tier,
            codes=reading.codes,
            matched=reading.matched,
            reason=reading.reason,
            txt=case.texts if listed else (),
            asked_at=self._clock.now(),
            ttl=case.ttl,
            resolver=self._asked,
        )
        if self._progress is not None:
            count = self._count
            done = self._total - self._open
            self._progress(
                LookupProgress(
                    done, self._total, count[ListingVerdict.LISTED], count[ListingVerdict.CANNOT_TELL]
                )
            )
        self._ready.set()


def _texts(zone: Zone, answer: DnsAnswer) -> tuple[str, ...]:
    """Return a zone's reasons as harmless text, without the zone's key, which a list may quote."""
    texts = answer.texts
    if zone.key is not None:
        hidden = re.compile(re.escape(zone.key.reveal()), re.IGNORECASE)
        texts = tuple(hidden.sub(MASK, text) for text in texts)
    return tuple(sorted({visible(text, _TEXT_LIMIT) for text in texts if text}))


async def check(
    subjects: Sequence[Subject],
    zones: Sequence[Zone],
    *,
    resolver: ResolverAddress | None = None,
    clock: Clock | None = None,
    limits: QueryLimits | None = None,
    progress: Callable[[LookupProgress], None] | None = None,
) -> AsyncIterator[Listing]:
    """Yield a Listing for every subject in every zone that takes it; see Lookup for the details."""
    servers = [resolver] if resolver is not None else None
    lookup = Lookup(zones, resolvers=servers, clock=clock, limits=limits, progress=progress)
    async for listing in lookup.run(subjects):
        yield listing
