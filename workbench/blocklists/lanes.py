"""Who is asked next: one lane a zone and kind of subject, served in turn, each at its owner's pace. Pure.

A lane is first tested (its own health check), then believed or void. The lanes share the queries in
flight evenly, so that a zone that swallows its queries holds up nobody but itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from workbench.blocklists.names import Role, Subject, SubjectKind, query_labels
from workbench.blocklists.transport import AnswerRhythm
from workbench.blocklists.verdicts import ListingVerdict, ZoneReading
from workbench.blocklists.wire import LONGEST_WIRE_NAME, A, question_bytes, wire_labels
from workbench.blocklists.zones import Zone

# Look-ups sent before the zone's own health check is answered: they use the time of that one round trip,
# and are few, because a zone that fails the check should not have been asked at all.
_MOST_AHEAD = 2


class LaneTrust(StrEnum):
    """What the health check and the answers so far say about a lane."""

    TESTING = "testing"
    BELIEVED = "believed"
    VOID = "void"


class Purpose(StrEnum):
    """Why a query is made."""

    MUST_BE_LISTED = "test entry"
    MUST_BE_ABSENT = "entry that must not exist"
    LOOK_UP = "look-up"
    REASON = "reason"


@dataclass(slots=True, eq=False)
class Case:
    """One subject in one lane on its way to a verdict."""

    subject: Subject
    question: bytes
    confirm: bool = False
    readings: list[ZoneReading] = field(default_factory=list)
    waiting: int = 1
    texts: tuple[str, ...] = ()
    ttl: int | None = None
    reason_asked: bool = False
    closed_as: ListingVerdict | None = None


@dataclass(slots=True, eq=False)
class Ask:
    """One query to be sent: for a case, or (``case`` None) for the lane's health check."""

    lane: Lane
    purpose: Purpose
    question: bytes
    case: Case | None = None


@dataclass(slots=True, eq=False)
class Lane:
    """The queries for one zone and kind. ``suffix`` holds the zone's key, if it has one: never show it.

    ``todo`` are subjects with their labels in wire form, nothing asked yet; ``known`` are those whose “not
    listed” needs a second answer; ``asks`` go before ``todo``. While the health check is on its way a few
    look-ups follow it; their cases are ``held`` and nothing of them counts unless the check is passed.
    """

    zone: Zone
    kind: SubjectKind
    suffix: bytes
    known: frozenset[str] = frozenset()
    asks: deque[Ask] = field(default_factory=deque)
    todo: deque[tuple[Subject, bytes]] = field(default_factory=deque)
    trust: LaneTrust = LaneTrust.TESTING
    reason: str = ""
    tests_open: int = 2
    ahead: int = 0
    held: list[Case] = field(default_factory=list)
    unhealthy: bool = False
    in_flight: int = 0
    failures: int = 0
    rhythm: AnswerRhythm = field(default_factory=AnswerRhythm)

    @property
    def has_work(self) -> bool:
        """Return whether a query of this lane may be sent now, as far as the lane itself is concerned."""
        if self.asks:
            return True
        if self.trust is LaneTrust.TESTING and self.ahead >= _MOST_AHEAD:
            return False
        return self.trust is not LaneTrust.VOID and bool(self.todo)

    def take_too_long(self) -> list[Subject]:
        """Take out and return the subjects whose name in this zone would be longer than DNS allows."""
        longest = LONGEST_WIRE_NAME - len(self.suffix) - 1
        found = [item for item in self.todo if len(item[1]) > longest]
        for item in found:
            self.todo.remove(item)
        return [subject for subject, _ in found]

    def add_tests(self) -> None:
        """Put the zone's health check (RFC 5782, section 5, or its own entries) before everything else."""
        entries = self.zone.health[self.kind]
        for purpose, entry in (
            (Purpose.MUST_BE_LISTED, entries.listed),
            (Purpose.MUST_BE_ABSENT, entries.absent),
        ):
            labels = wire_labels(query_labels(entry, self.kind))
            self.asks.append(Ask(self, purpose, question_bytes(labels, self.suffix, A)))

    def open_case(self) -> Case:
        """Take the next subject and return its case."""
        subject, labels = self.todo.popleft()
        self.ahead += self.trust is LaneTrust.TESTING
        return Case(subject, question_bytes(labels, self.suffix, A), subject.value in self.known)


def lanes_for(
    zones: Iterable[Zone], subjects: Iterable[Subject], known: Collection[tuple[str, str]]
) -> list[Lane]:
    """Return a lane for every zone and kind, each with the subjects that the zone takes, none twice."""
    wanted = list({(one.value, one.role is Role.INTRUDER_IP): one for one in subjects}.values())
    labels: dict[bool, list[tuple[Subject, bytes]]] = {
        registered: [
            (one, wire_labels(query_labels(one.value, one.kind, registered=registered))) for one in wanted
        ]
        for registered in (False, True)
    }
    lanes = []
    for zone in zones:
        suffix = wire_labels(zone.suffix())
        known_here = frozenset(value for value, name in known if name == zone.name)
        for kind in sorted(zone.lists):
            taken = [item for item in labels[zone.registered_form] if item[0].kind is kind]
            todo = deque(item for item in taken if zone.takes(kind, item[0].role))
            lanes.append(Lane(zone, kind, suffix, known_here, todo=todo))
    return lanes


class Pacer:
    """At most so many queries a second to the zones of one owner, evenly spaced; None sets no limit."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1.0 / rate if rate else 0.0
        self._free_at: dict[str, float] = {}

    def wait(self, owner: str, now: float) -> float:
        """Return the seconds until the owner may be asked again, 0 where that is now."""
        return max(0.0, self._free_at.get(owner, now) - now) if self._gap else 0.0

    def take(self, owner: str, now: float) -> None:
        """Count one query to the owner, also one that is sent again without having waited."""
        if self._gap:
            self._free_at[owner] = max(now, self._free_at.get(owner, now)) + self._gap


class Schedule:
    """Hands out the next query: lanes in turn, each below its share, each owner at its pace."""

    def __init__(self, lanes: list[Lane], pacer: Pacer, in_flight: int, share_at_least: int) -> None:
        self._lanes = deque(lanes)
        self._pacer = pacer
        self._in_flight = in_flight
        self._share_at_least = share_at_least
        self._share = 0
        self._divide()

    def next(self, now: float) -> tuple[Ask | None, float | None]:
        """Return (query to send now, None), or (None, seconds until a paced lane is free or None).

        The query's lane counts it as in flight; ``Lane.in_flight`` is lowered by whoever gets the answer.
        """
        lanes = self._lanes
        soonest: float | None = None
        for _ in range(len(lanes)):
            lane = lanes[0]
            lanes.rotate(-1)
            if lane.in_flight >= self._share or not lane.has_work:
                continue
            wait = self._pacer.wait(lane.zone.owner.id, now)
            if wait > 0:
                soonest = wait if soonest is None else min(soonest, wait)
                continue
            self._pacer.take(lane.zone.owner.id, now)
            lane.in_flight += 1
            return self._take(lane), None
        return None, soonest

    def finished(self, lane: Lane) -> None:
        """Take a lane without any case left out of the turn; the others share its queries in flight."""
        if lane in self._lanes:
            self._lanes.remove(lane)
            self._divide()

    def back(self, lane: Lane) -> None:
        """Put a lane back into the turn, for a case that was opened again."""
        if lane not in self._lanes:
            self._lanes.append(lane)
            self._divide()

    def _divide(self) -> None:
        even = -(-self._in_flight // max(1, len(self._lanes)))
        self._share = max(self._share_at_least, even)

    def _take(self, lane: Lane) -> Ask:
        if lane.asks:
            return lane.asks.popleft()
        case = lane.open_case()
        return Ask(lane, Purpose.LOOK_UP, case.question, case)
