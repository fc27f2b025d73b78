"""The days after: when to look again, what changed, and a strip of days for each listing. Pure.

Observations come from the look-ups (or from the journal); nothing is asked from here. *Cannot tell* neither
begins nor ends a listing: it leaves a gap in the strip, and the last word stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from workbench.blocklists.removal import RemovalRequest, RequestState
from workbench.blocklists.verdicts import Listing, ListingVerdict
from workbench.blocklists.zones import Zone
from workbench.core.clock import iso

# A delisting takes hours, so nothing is gained by asking sooner (dossier, 1: others cache 15 minutes); and
# a hostile or forgotten TTL of years must not end the watch.
SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
# One lost look-up should not leave a hole of a day, and a dead zone should not be asked every hour.
AFTER_DOUBT = timedelta(hours=2)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """One verdict at one moment, as the journal keeps it."""

    at: datetime
    subject: str
    zone: str
    verdict: ListingVerdict
    tier: int
    reason: str = ""
    ttl: int | None = None

    @classmethod
    def of(cls, listing: Listing) -> Observation:
        """Return what a look-up said, as an observation."""
        return cls(
            listing.asked_at,
            listing.subject.value,
            listing.zone.name,
            listing.verdict,
            int(listing.tier),
            listing.reason,
            listing.ttl,
        )

    @property
    def pair(self) -> Pair:
        """Return (subject, zone)."""
        return self.subject, self.zone

    def record(self) -> dict[str, object]:
        """Return the observation as plain data for the journal."""
        return {
            "at": iso(self.at),
            "subject": self.subject,
            "zone": self.zone,
            "verdict": self.verdict.value,
            "tier": self.tier,
            "reason": self.reason,
            "ttl": self.ttl,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, object]) -> Observation:
        """Return the observation that ``record()`` wrote; raise ValueError or KeyError where it is none."""
        ttl = record["ttl"]
        return cls(
            datetime.fromisoformat(str(record["at"])),
            str(record["subject"]),
            str(record["zone"]),
            ListingVerdict(str(record["verdict"])),
            int(str(record["tier"])),
            str(record["reason"]),
            None if ttl is None else int(str(ttl)),
        )


class ChangeKind(StrEnum):
    """What changed for one subject in one zone."""

    LISTED = "newly listed"
    GONE = "no longer listed"
    RELISTED = "listed again"


@dataclass(frozen=True, slots=True)
class ListingChange:
    """One change, at the moment of the observation that showed it. A new or renewed listing should ring."""

    at: datetime
    subject: str
    zone: str
    tier: int
    kind: ChangeKind
    reason: str

    @property
    def rings(self) -> bool:
        """Return whether the operator is to be called: a listing that came or came back."""
        return self.kind is not ChangeKind.GONE


@dataclass(frozen=True, slots=True)
class ListingHistory:
    """All observations of one pair in their order, and what changed. ``listed`` is the last sure word."""

    subject: str
    zone: str
    observations: tuple[Observation, ...]
    changes: tuple[ListingChange, ...]
    listed: bool | None

    @property
    def last(self) -> Observation:
        """Return the latest observation."""
        return self.observations[-1]


def interval(zone: Zone, ttl: int | None, verdict: ListingVerdict) -> timedelta:
    """Return how long to leave a pair alone after a look-up: the zone's terms, its TTL, and our bounds.

    ``ttl`` is in seconds, None where the answer had none. A TTL of 0 or of seconds does not make us ask
    more often than the catalogue allows.
    """
    wait = timedelta(minutes=zone.recheck_minutes)
    if ttl is not None:
        wait = max(wait, min(timedelta(seconds=max(0, min(ttl, 10**6))), LONGEST))
    if verdict is ListingVerdict.CANNOT_TELL:
        wait = max(wait, AFTER_DOUBT)
    return min(max(wait, SHORTEST), LONGEST)


def next_check(
    zone: Zone, last: Observation | None, request: RemovalRequest | None, now: datetime
) -> datetime:
    """Return when a pair is to be looked up next: now where it never was.

    A removal that was requested is checked as soon as its cool-down is over, if that is sooner.
    """
    if last is None:
        return now
    due = last.at + interval(zone, last.ttl, last.verdict)
    if request is not None and request.state in {RequestState.REQUESTED, RequestState.RECHECK}:
        over = request.wait_until
        if over is not None and over > last.at:
            due = min(due, max(over, last.at + SHORTEST))
    return due


def due_pairs(
    pairs: Iterable[tuple[Pair, Zone]],
    histories: Mapping[Pair, ListingHistory],
    requests: Mapping[Pair, RemovalRequest],
    now: datetime,
) -> tuple[Pair, ...]:
    """Return the pairs to be looked up now, those waiting longest first."""
    found = []
    for pair, zone in pairs:
        history = histories.get(pair)
        at = next_check(zone, history.last if history else None, requests.get(pair), now)
        if at <= now:
            found.append((at, pair))
    return tuple(pair for _, pair in sorted(found))


def fold(observations: Iterable[Observation]) -> dict[Pair, ListingHistory]:
    """Return the history of every pair, from observations in any order."""
    groups: dict[Pair, list[Observation]] = {}
    for observation in observations:
        groups.setdefault(observation.pair, []).append(observation)
    return {pair: _history(pair, group) for pair, group in groups.items()}


def changes(
    histories: Mapping[Pair, ListingHistory], since: datetime | None = None
) -> tuple[ListingChange, ...]:
    """Return all changes of all pairs after ``since`` (all where None), oldest first."""
    found = [change for history in histories.values() for change in history.changes]
    found = [change for change in found if since is None or change.at > since]
    return tuple(sorted(found, key=lambda change: (change.at, change.tier, change.zone, change.subject)))


def _history(pair: Pair, group: list[Observation]) -> ListingHistory:
    ordered = sorted(group, key=lambda observation: observation.at)
    listed: bool | None = None
    before = False
    found: list[ListingChange] = []
    for one in ordered:
        kind: ChangeKind | None = None
        if one.verdict is ListingVerdict.LISTED and not listed:
            kind = ChangeKind.RELISTED if before else ChangeKind.LISTED
            listed = before = True
        elif one.verdict is ListingVerdict.NOT_LISTED:
            kind = ChangeKind.GONE if listed else None
            listed = False
        if kind is not None:
            found.append(ListingChange(one.at, one.subject, one.zone, one.tier, kind, one.reason))
    return ListingHistory(pair[0], pair[1], tuple(ordered), tuple(found), listed)


@dataclass(frozen=True, slots=True)
class StripMarks:
    """The characters of a strip, each one cell wide: listed, not listed, cannot tell, not asked."""

    listed: str = "█"
    not_listed: str = "·"
    cannot_tell: str = "?"
    not_asked: str = " "


ASCII_MARKS = StripMarks("#", ".", "?", " ")


def strip(history: ListingHistory, first: date, days: int, marks: StripMarks = StripMarks()) -> str:
    """Return one character a day (UTC) from ``first`` on: the worst sure word of the day.

    A day on which the pair was listed at any moment is a listed day; *cannot tell* shows only where nothing
    better is known; a day without a look-up is ``not_asked``.
    """
    worst: dict[date, str] = {}
    order = [marks.cannot_tell, marks.not_listed, marks.listed]
    mark_of = {
        ListingVerdict.LISTED: marks.listed,
        ListingVerdict.NOT_LISTED: marks.not_listed,
        ListingVerdict.CANNOT_TELL: marks.cannot_tell,
    }
    for one in history.observations:
        day = one.at.astimezone(UTC).date()
        mark = mark_of[one.verdict]
        if day not in worst or order.index(mark) > order.index(worst[day]):
            worst[day] = mark
    return "".join(worst.get(first + timedelta(days=offset), marks.not_asked) for offset in range(days))
