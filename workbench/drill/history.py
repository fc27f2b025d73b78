"""The log of an account as a sorted stream of events, cut into pages without holding more than a few hours."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from workbench.drill.account import Account
from workbench.drill.records import Sent
from workbench.drill.traffic import HOUR, Event

SENT = "sent:"
_HOURS_KEPT = 8


class Cursor(NamedTuple):
    """A place in the log: before the event at this place in this hour (hours since the epoch)."""

    hour: int
    place: int


@dataclass(frozen=True)
class Query:
    """Which events: of whom, where, from when (inclusive) to when (exclusive), and what kind."""

    region: str
    tenants: tuple[str, ...]
    start: float
    end: float
    match: Callable[[Event], bool]


class History:
    """Reads the log of one drill."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._hours: OrderedDict[tuple[str, tuple[str, ...], int], list[Event]] = OrderedDict()

    def hour(self, query: Query, hour: int) -> list[Event]:
        """Return the events of one hour up to now, sorted by time; whole hours of the past are kept a while."""
        key = (query.region, query.tenants, hour)
        now = self._account.now()
        past = (hour + 1) * HOUR <= now
        if past and key in self._hours:
            self._hours.move_to_end(key)
            return self._hours[key]
        events: list[Event] = []
        for stream in self._account.streams():
            if stream.region == query.region and stream.tenant in query.tenants and stream.spans:
                events.extend(self._account.traffic.events(stream, hour, now))
        events.extend(self._sent(query, hour, now))
        events.sort()
        if past:
            self._hours[key] = events
            if len(self._hours) > _HOURS_KEPT:
                self._hours.popitem(last=False)
        return events

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

    def sent(self, event: Event) -> Sent:
        """Return the really submitted message of an event."""
        wanted = event.stream.removeprefix(SENT)
        return next(sent for sent in self._account.world.sent if sent.id == wanted)

    def forward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events from the cursor on, oldest first, each with the cursor behind it."""
        hour, index = cursor or Cursor(int(query.start // HOUR), 0)
        last = int(min(query.end, self._account.now()) // HOUR)
        while hour <= last:
            events = self.hour(query, hour)
            for place in range(index, len(events)):
                event = events[place]
                if query.start <= event.at < query.end and query.match(event):
                    yield Cursor(hour, place + 1), event
            hour, index = hour + 1, 0

    def backward(self, query: Query, cursor: Cursor | None = None) -> Iterator[tuple[Cursor, Event]]:
        """Yield matching events before the cursor, newest first, each with the cursor in front of it."""
        hour = cursor.hour if cursor else int(min(query.end, self._account.now()) // HOUR)
        index = cursor.place if cursor else None
        first = int(query.start // HOUR)
        while hour >= first:
            events = self.hour(query, hour)
            for place in range((len(events) if index is None else min(index, len(events))) - 1, -1, -1):
                event = events[place]
                if query.start <= event.at < query.end and query.match(event):
                    yield Cursor(hour, place), event
            hour, index = hour - 1, None

    def total(self, query: Query) -> int:
        """Return how many events match."""
        return sum(1 for _ in self.forward(query))
