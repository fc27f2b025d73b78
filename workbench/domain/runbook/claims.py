"""A claim and its ground: what is said, the readings it rests on, and yes, no or cannot tell. Pure.

Whatever the product shows, prints, exits with or writes about the account is one of these. A claim is good only
while every reading it rests on was answered and is fresh enough; where one is missing it is *cannot tell*, which
reads as neither good nor bad. What was seen to be bad stays bad whatever could not be read beside it: an open door
is open although the next room is dark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

# By so much the account's clock, which dates some readings, may be ahead of the session's.
_APART = timedelta(minutes=5)


class ClaimAnswer(StrEnum):
    """Whether what is said is so."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


class Coverage(StrEnum):
    """What became of a reading."""

    ANSWERED = "answered"
    NOT_ASKED = "not asked"
    NOT_READABLE = "not readable"
    STALE = "out of date"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading a claim rests on: of what, when it was answered, what it covered, and why not where it did not."""

    what: str
    at: datetime | None = None
    coverage: Coverage = Coverage.ANSWERED
    why: str = ""

    @property
    def answered(self) -> bool:
        """Return whether it says something."""
        return self.coverage is Coverage.ANSWERED

    def words(self) -> str:
        """Return it in words: what was read when, or why it was not."""
        if self.answered:
            return f"{self.what}, read {stamp(self.at)}" if self.at is not None else self.what
        when = f" ({stamp(self.at)})" if self.coverage is Coverage.STALE and self.at is not None else ""
        return f"{self.what}: {self.coverage.value}{when}{f', {self.why}' if self.why else ''}"

    def to_json(self) -> dict[str, str | None]:
        """Return it as documents show it."""
        return {
            "what": self.what,
            "at": None if self.at is None else self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "coverage": self.coverage.value,
            "why": self.why or None,
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said, whether it is so, and what that rests on."""

    said: str
    answer: ClaimAnswer
    grounds: tuple[Reading, ...] = ()

    @property
    def good(self) -> bool:
        """Return whether it may be ticked, read as good and end with 0: only a plain yes."""
        return self.answer is ClaimAnswer.YES

    @property
    def missing(self) -> tuple[Reading, ...]:
        """Return the readings it lacks."""
        return tuple(reading for reading in self.grounds if not reading.answered)

    @property
    def as_of(self) -> datetime | None:
        """Return the oldest of the moments it rests on, None where it rests on none."""
        return min((r.at for r in self.grounds if r.at is not None), default=None)


def claim(said: str, holds: bool, grounds: Iterable[Reading]) -> Claim:
    """Return the claim that something good ``holds``, as far as its grounds carry it.

    ``holds`` is what was found in the readings that there are. False is *no*; True is *yes* only where nothing is
    missing.
    """
    held = tuple(grounds)
    if not holds:
        return Claim(said, ClaimAnswer.NO, held)
    complete = bool(held) and all(reading.answered for reading in held)
    return Claim(said, ClaimAnswer.YES if complete else ClaimAnswer.CANNOT_TELL, held)


def aged(reading: Reading, now: datetime, lasts: timedelta) -> Reading:
    """Return the reading, out of date where it is older than it may be for its use, or dated after now.

    A moment to come says that a clock was set back since: how old the reading is nobody knows.
    """
    if reading.answered and reading.at is not None and not -_APART <= now - reading.at <= lasts:
        return Reading(reading.what, reading.at, Coverage.STALE, reading.why)
    return reading


def stamp(moment: datetime | None) -> str:
    """Return a moment as sentences carry it: ``21 Nov 14:09Z``, empty for none."""
    return "" if moment is None else f"{moment.astimezone(UTC):%d %b %H:%M}Z"


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago something was: ``40 s``, ``12 min``, ``5 h``, ``3 days``."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


def left(span: timedelta) -> str:
    """Return how much of a span is left: ``24 min``, ``2 h``, ``6 days``; empty where none is.

    Minutes are rounded up: nobody is told *0 min*. What is named in hours or days has at least that much left.
    """
    minutes = -(-int(span.total_seconds()) // 60)
    if minutes <= 0:
        return ""
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 72 else f"{hours // 24} days"
