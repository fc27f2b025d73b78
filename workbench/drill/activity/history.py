"""The log of an account as a sorted stream of events, cut into pages without holding much of it."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf, nextafter
from typing import NamedTuple

from workbench.drill.activity.traffic import EVENTS, HOUR, Event, sending
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

    def places(
        self, query: Query, first: int = 0, last: int | None = None, *, backward: bool = False
    ) -> Iterator[int]:
        """Yield the places from ``first`` to before ``last`` whose moment and kind a query asks for.

        Most readings want one kind of eight: what is not asked for is never unpacked.
        """
        first = max(first, bisect_left(self._moments, query.start))
        last = min(len(self) if last is None else last, bisect_left(self._moments, query.end))
        places = range(last - 1, first - 1, -1) if backward else range(first, last)
        if query.kinds is None:
            yield from places
            return
        wanted = {place for place, name in enumerate(EVENTS) if name in query.kinds}
        kind, codes = (1 << _KIND_BITS) - 1, self._codes
        for place in places:
            if codes[place] & kind in wanted:
                yield place

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
        # The whole of a running hour, as it will be if nobody is stopped or started: (who sends when, its events).
        self._running: dict[tuple[str, tuple[str, ...], int], tuple[object, LoggedHour]] = {}

    def hour(self, query: Query, hour: int) -> LoggedHour:
        """Return the events of one hour, also those to come; whole hours of the past are kept a while."""
        key = (query.region, query.tenants, hour)
        past = (hour + 1) * HOUR <= self._account.now()
        if past and key in self._hours:
            self._hours.move_to_end(key)
            return self._hours[key]
        senders = [
            stream
            for stream in self._account.streams()
            if stream.region == query.region and stream.tenant in query.tenants and stream.spans
        ]
        as_is = (tuple(sending(stream) for stream in senders), len(self._account.world.sent))
        kept = self._running.get(key)
        if not past and kept is not None and kept[0] == as_is:
            return kept[1]
        end = float((hour + 1) * HOUR)
        events = [event for stream in senders for event in self._account.traffic.events(stream, hour, end)]
        packed = LoggedHour(hour, [*events, *self._sent(query, hour, end)])
        if past:
            self._hours[key] = packed
            self._kept += len(packed)
            self._running.clear()
            while self._kept > _EVENTS_KEPT and len(self._hours) > 1:
                self._kept -= len(self._hours.popitem(last=False)[1])
        else:
            self._running[key] = (as_is, packed)
        return packed

    def _so_far(self, query: Query) -> Query:
        """Return a query for what a reader may know: what has happened by now."""
        return replace(query, end=min(query.end, nextafter(self._account.now(), inf)))

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
        """Return whether an event of the period and of a kind that are asked for is one of the domains asked for."""
        if query.domain is not None:
            real = event.stream.startswith(SENT)
            name = self.sent(event).domain if real else self._account.world.streams[event.stream].domain
            if not query.domain(name):
                return False
        return query.match is None or query.match(event)

    def forward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events from the cursor on, oldest first, each with the cursor behind it."""
        query = self._so_far(query)
        hour, place = cursor or Cursor(int(query.start // HOUR), 0)
        last = int(query.end // HOUR)
        while hour <= last:
            events = self.hour(query, hour)
            for index in events.places(query, place):
                event = events[index]
                if self._passes(query, event):
                    yield Cursor(hour, index + 1), event
            hour, place = hour + 1, 0

    def backward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events before the cursor, newest first, each with the cursor in front of it."""
        query = self._so_far(query)
        hour = cursor.hour if cursor else int(query.end // HOUR)
        place = cursor.place if cursor else None
        first = int(query.start // HOUR)
        while hour >= first:
            events = self.hour(query, hour)
            for index in events.places(query, 0, place, backward=True):
                event = events[index]
                if self._passes(query, event):
                    yield Cursor(hour, index), event
            hour, place = hour - 1, None

    def total(self, query: Query) -> int:
        """Return how many events match: from the plans for whole hours, by counting at both ends."""
        query = self._so_far(query)
        first = int(query.start // HOUR)
        last = int(query.end // HOUR)
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
            sent = self._sent(query, hour, self._account.now())
            total += sum(
                (query.kinds is None or event.kind in query.kinds) and self._passes(query, event)
                for event in sent
            )
        for hour in (first, last):
            events = self.hour(query, hour)
            total += sum(self._passes(query, events[index]) for index in events.places(query))
        return total
