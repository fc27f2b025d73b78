"""Time behind a protocol, so that tests and the drill need no sleeping and no wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """What the workbench needs of time."""

    def now(self) -> datetime:
        """Return the present moment as an aware datetime in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for intervals."""

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""


class SystemClock:
    """The host's own clock."""

    def now(self) -> datetime:
        """Return the host's present moment in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the host's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop for so many seconds."""
        # Imported here: the search of a tree only wants ``iso``, and its start-up time counts.
        import asyncio

        await asyncio.sleep(seconds)


# Seconds; a server tells its time in whole ones.
APART = 2.0


class ShiftedClock(SystemClock):
    """The host's clock moved by a part: the drill's, whose account lives in a time of its own.

    ``at`` is the moment that it shows now: the host's where it is None.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self._ahead = timedelta(0)
        if at is not None:
            self.follow((at - self.now()).total_seconds())

    def now(self) -> datetime:
        """Return the moved moment in UTC."""
        return super().now() + self._ahead

    def follow(self, seconds: float) -> bool:
        """Move the clock by the seconds the account's is ahead; return whether they were more than nothing."""
        apart = abs(seconds) > APART
        if apart:
            self._ahead += timedelta(seconds=seconds)
        return apart


# Seconds; below this a server's whole seconds and the way there explain that two clocks differ.
TOLERANCE = 90.0
# Answers in a row that must agree before a clock is moved: one alone may come from a cache, or be wrong itself.
_AGREEING = 3


class AccountClock(ShiftedClock):
    """The host's clock until the account's answers agree that it is off; from then on the account's.

    Whatever is dated by it (the journal, what was read when) then stands in order with what the account dates, and
    stays so when somebody sets the host's clock right. ``ahead`` is by how many seconds the account's is ahead.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = 0.0
        self._agreeing = 0
        self._earliest: datetime | None = None

    @property
    def ahead(self) -> float:
        """Return the seconds that it was moved by; 0 while the host's clock is believed."""
        return self._ahead.total_seconds()

    def after(self, moment: datetime | None) -> None:
        """Show later moments than this, which was dated last, until the account has said what time it is."""
        self._earliest = None if moment is None else moment + timedelta(seconds=1)

    def now(self) -> datetime:
        """Return the account's moment as far as it is known, in UTC."""
        moment = super().now()
        return moment if self._earliest is None else max(moment, self._earliest)

    def follow(self, seconds: float) -> bool:
        """Move the clock once enough answers agree that it is off by more than chance; return whether it was moved."""
        if self._earliest is None and abs(seconds) <= TOLERANCE:
            self._agreeing = 0
            return False
        self._agreeing = self._agreeing + 1 if abs(seconds - self._told) <= TOLERANCE else 1
        self._told = seconds
        if self._agreeing < _AGREEING:
            return False
        shown, host = self.now(), super().now()
        apart = shown + timedelta(seconds=seconds) - host
        self._ahead += apart if abs(apart.total_seconds()) > TOLERANCE else timedelta(0)
        self._earliest, self._agreeing = None, 0
        return abs((self.now() - shown).total_seconds()) > APART


def host_behind(clock: Clock) -> float:
    """Return by how many seconds the host's clock is known to be behind the account's, which ``clock`` may follow."""
    return clock.ahead if isinstance(clock, AccountClock) else 0.0


class ManualClock:
    """A clock that moves only when told to: ``sleep`` moves it and yields once to other tasks."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> datetime:
        """Return the moment the clock was last moved to."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds the clock was moved by since it was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move the clock forward by so many seconds."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        """Move the clock forward by so many seconds and let other tasks run."""
        import asyncio

        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)


def off_by(ahead: float) -> str:
    """Return how this host's clock stands to one that is so many seconds ahead: ``3 hours behind``."""
    seconds, way = abs(ahead), "behind" if ahead > 0 else "ahead of"
    for unit, size in (("years", 365.25 * 86_400), ("days", 86_400.0), ("hours", 3_600.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit} {way}"
    return f"{seconds / 60:.0f} min {way}"


def iso(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC with seconds: ``2026-11-21T14:02:07Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_moment(value: object) -> datetime | None:
    """Return an aware moment in UTC from a datetime or ISO 8601 text; None for anything else.

    A moment without a zone counts as UTC: the journal and the API write no other (dossier B1), and the host's zone
    must not decide what came first.
    """
    return _moment_of_text(value) if isinstance(value, str) else _in_utc(value)


@lru_cache(maxsize=4_000)
def _moment_of_text(text: str) -> datetime | None:
    # The journal's and the account's moments are compared again and again by everything that judges.
    try:
        return _in_utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _in_utc(found: object) -> datetime | None:
    if not isinstance(found, datetime):
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        # Also a first or last day of the calendar that another zone's clock pushes over its edge.
        return None
