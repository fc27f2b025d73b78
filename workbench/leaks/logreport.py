"""What access logs show, as typed records, and what is judged over all of them together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum


class Served(IntEnum):
    """How surely a file was handed out (dossier 5.2)."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request for something that holds credentials: when, by whom, what, how surely served.

    ``line_hash`` identifies the log line as evidence: SHA-256 of its bytes, 16 hex digits.
    """

    time: datetime | None
    address: str
    agent: str
    method: str
    path: str
    kind: str
    status: int
    size: int
    served: Served
    harvester: str
    log: str
    line_hash: str


@dataclass(slots=True)
class Visitor:
    """Everything one address asked for that means something."""

    address: str
    first: datetime | None
    last: datetime | None
    requests: int = 0
    served: int = 0
    harvesters: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class LogReport:
    """What the logs show. ``fetches`` are served or refused requests for credentials, by time.

    ``first`` and ``last`` bound what the logs cover; ``gaps`` are stretches without a single line.
    """

    fetches: tuple[Fetch, ...]
    visitors: tuple[Visitor, ...]
    first: datetime | None
    last: datetime | None
    gaps: tuple[tuple[datetime, datetime], ...]
    own: int
    lines: int

    @property
    def taken(self) -> tuple[Fetch, ...]:
        """The fetches that were surely or probably served (S3, S2)."""
        return tuple(fetch for fetch in self.fetches if fetch.served >= Served.S2)

    def shown_as(self, text: Callable[[str], str]) -> LogReport:
        """Return the report with every text of the logs passed through ``text``, the gate for what is shown."""
        fetches = tuple(
            replace(
                one, path=text(one.path), agent=text(one.agent), address=text(one.address), log=text(one.log)
            )
            for one in self.fetches
        )
        visitors = tuple(
            replace(
                one,
                address=text(one.address),
                agents=Counter({text(agent): count for agent, count in one.agents.items()}),
            )
            for one in self.visitors
        )
        return replace(self, fetches=fetches, visitors=visitors)


def parts_joined(fetches: list[Fetch], sizes: Callable[[str], frozenset[int]]) -> list[Fetch]:
    """Return the fetches with 206 parts of one file to one client added up: together they may be the whole file."""
    parts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for fetch in fetches:
        if fetch.status == 206 and fetch.served >= Served.S2:
            parts[fetch.address, fetch.path] += fetch.size
    whole = {slot for slot, total in parts.items() if any(size <= total for size in sizes(slot[1]))}
    return [
        replace(fetch, served=Served.S3)
        if fetch.status == 206 and (fetch.address, fetch.path) in whole
        else fetch
        for fetch in fetches
    ]


def without_catch_all(fetches: list[Fetch]) -> list[Fetch]:
    """Return the fetches; a body size that answers many different paths is the site's catch-all page: S1."""
    paths: defaultdict[int, set[str]] = defaultdict(set)
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for fetch in fetches:
        if fetch.served is Served.S2 and fetch.size > 0:
            paths[fetch.size].add(fetch.path)
            kinds[fetch.size].add(fetch.kind)

    def catches_all(size: int) -> bool:
        # Copies of one file (/.env, /api/.env, /.env.bak) are of one kind and few; a page for everything is not.
        return len(paths[size]) >= 3 and (len(kinds[size]) >= 2 or len(paths[size]) >= 8)

    return [
        replace(fetch, served=Served.S1) if fetch.served is Served.S2 and catches_all(fetch.size) else fetch
        for fetch in fetches
    ]


def gaps(spans: list[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches of more than an hour between one log's end and the next one's beginning."""
    end: datetime | None = None
    for start, stop in spans:
        if end is not None and start - end > timedelta(hours=1):
            yield end, start
        end = stop if end is None else max(end, stop)
