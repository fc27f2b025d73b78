"""The log of an account as a sorted stream of events, cut into pages without holding much of it."""

from __future__ import annotations

import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from workbench.drill.activity.traffic import EVENTS, HOUR, PATIENCE, WORTH_KEEPING, Event
from workbench.drill.world.account import Account
from workbench.drill.world.records import SubmittedMessage

SENT = "sent:"
# How many events of past hours are kept, at 16 bytes each.
_EVENTS_KEPT = 4_000_000
_KIND_BITS, _NUMBER_BITS = 4, 32


class Cursor(NamedTuple):
    """A place in the log: before the event at this place in this hour (hours since the epoch)."""

    hour: int
    place: int


@dataclass(frozen=True)
class Query:
    """Which events: of whom, where, from when (inclusive) to when (exclusive), and what kind.

    ``kinds`` None means all. ``domain`` decides by the domain's name; ``match`` sees the event itself and is
    None where nothing else is asked.
    """

    region: str
    tenants: tuple[str, ...]
    start: float
    end: float
    kinds: frozenset[str] | None = None
    domain: Callable[[str], bool] | None = None
    match: Callable[[Event], bool] | None = None


class LoggedHour:
    """The events of one hour, sorted by time and packed: a busy hour holds hundreds of thousands."""

    def __init__(self, hour: int, events: list[Event]) -> None:
        events.sort()
        self._hour = hour
        self._streams = sorted({event.stream for event in events})
        places = {name: place for place, name in enumerate(self._streams)}
        kinds = {name: place for place, name in enumerate(EVENTS)}
        self._moments = array("d", (event.at for event in events))
        self._codes = array(
            "q",
            ((places[e.stream] << _NUMBER_BITS | e.number) << _KIND_BITS | kinds[e.kind] for e in events),
        )

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, place: int) -> Event:
        code = self._codes[place]
        kind = EVENTS[code & (1 << _KIND_BITS) - 1]
        code >>= _KIND_BITS
        number = code & (1 << _NUMBER_BITS) - 1
        return Event(self._moments[place], self._streams[code >> _NUMBER_BITS], self._hour, number, kind)


class LogHistory:
    """Reads the log of one drill."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._hours: OrderedDict[tuple[str, tuple[str, ...], int], LoggedHour] = OrderedDict()
        self._kept = 0
        # The running hour where it is long to read: (state it was read in, when to read it again, events).
        self._running: dict[tuple[str, tuple[str, ...], int], tuple[int, float, LoggedHour]] = {}

    def hour(self, query: Query, hour: int) -> LoggedHour:
        """Return the events of one hour up to now; whole hours of the past are kept a while."""
        key = (query.region, query.tenants, hour)
        now = self._account.now()
        past = (hour + 1) * HOUR <= now
        if past and key in self._hours:
            self._hours.move_to_end(key)
            return self._hours[key]
        began = self._account.now()
        running = self._running.get(key)
        if running is not None and running[0] == self._account.version and began < running[1]:
            return running[2]
        clock = time.perf_counter()
        events: list[Event] = []
        for stream in self._account.streams():
            if stream.region == query.region and stream.tenant in query.tenants and stream.spans:
                events.extend(self._account.traffic.events(stream, hour, now))
        events.extend(self._sent(query, hour, now))
        packed = LoggedHour(hour, events)
        if past:
            self._hours[key] = packed
            self._kept += len(packed)
            self._running.clear()
            while self._kept > _EVENTS_KEPT and len(self._hours) > 1:
                self._kept -= len(self._hours.popitem(last=False)[1])
        elif (cost := time.perf_counter() - clock) > WORTH_KEEPING:
            self._running[key] = (self._account.version, began + cost * PATIENCE, packed)
        return packed

    def _sent(self, query: Query, hour: int, now: float) -> Iterator[Event]:
        """Yield the events of really submitted messages; test mode and scheduled mail is never delivered."""
        for sent in self._account.world.sent:
            if sent.tenant not in query.tenants or sent.region != query.region:
                continue
            moments = [("accepted", sent.at)]
            if not sent.test_mode and (sent.scheduled_for is None or sent.scheduled_for <= now):
                moments.append(("delivered", max(sent.at, sent.scheduled_for or 0.0) + 0.5))
            for kind, at in moments:
                if at <= now and int(at // HOUR) == hour:
                    yield Event(at, SENT + sent.id, hour, 0, kind)

    def sent(self, event: Event) -> SubmittedMessage:
        """Return the really submitted message of an event."""
        wanted = event.stream.removeprefix(SENT)
        return next(sent for sent in self._account.world.sent if sent.id == wanted)

    def _passes(self, query: Query, event: Event) -> bool:
        if not query.start <= event.at < query.end:
            return False
        if query.kinds is not None and event.kind not in query.kinds:
            return False
        if query.domain is not None:
            real = event.stream.startswith(SENT)
            name = self.sent(event).domain if real else self._account.world.streams[event.stream].domain
            if not query.domain(name):
                return False
        return query.match is None or query.match(event)

    def forward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events from the cursor on, oldest first, each with the cursor behind it."""
        hour, place = cursor or Cursor(int(query.start // HOUR), 0)
        last = int(min(query.end, self._account.now()) // HOUR)
        while hour <= last:
            events = self.hour(query, hour)
            for index in range(place, len(events)):
                event = events[index]
                if self._passes(query, event):
                    yield Cursor(hour, index + 1), event
            hour, place = hour + 1, 0

    def backward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events before the cursor, newest first, each with the cursor in front of it."""
        hour = cursor.hour if cursor else int(min(query.end, self._account.now()) // HOUR)
        place = cursor.place if cursor else None
        first = int(query.start // HOUR)
        while hour >= first:
            events = self.hour(query, hour)
            for index in range((len(events) if place is None else min(place, len(events))) - 1, -1, -1):
                event = events[index]
                if self._passes(query, event):
                    yield Cursor(hour, index), event
            hour, place = hour - 1, None

    def total(self, query: Query) -> int:
        """Return how many events match: from the plans for whole hours, by counting at both ends."""
        first = int(query.start // HOUR)
        last = int(min(query.end, self._account.now()) // HOUR)
        if query.match is not None or last - first < 2:
            return sum(1 for _ in self.forward(query))
        total = 0
        for stream in self._account.streams():
            if stream.region != query.region or stream.tenant not in query.tenants:
                continue
            if query.domain is None or query.domain(stream.domain):
                for hour in range(first + 1, last):
                    counts = self._account.traffic.counts(stream, hour, self._account.now())
                    total += sum(
                        n for kind, n in counts.items() if query.kinds is None or kind in query.kinds
                    )
        for hour in range(first + 1, last):
            total += sum(self._passes(query, event) for event in self._sent(query, hour, self._account.now()))
        for hour in (first, last):
            events = self.hour(query, hour)
            total += sum(self._passes(query, events[index]) for index in range(len(events)))
        return total
