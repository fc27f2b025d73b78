"""Complaint and bounce rates in the days after, beside the listings: a second sign that comes late. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

# Gmail's rule for senders (dossier, 2d): keep complaints below 0.1 %, never reach 0.3 %; eligible for help
# again after seven days in a row below 0.3 %.
COMPLAINTS_WATCH = 0.001
COMPLAINTS_ALARM = 0.003
QUIET_DAYS = 7
# No vendor publishes a limit for bounces here; 5 % is where senders' guides begin to worry.
BOUNCES_WATCH = 0.05
# Below this many messages a single complaint makes a rate that means nothing.
FEWEST = 200


class RateLevel(StrEnum):
    """How bad a day is."""

    TOO_FEW = "too few to tell"
    FINE = "fine"
    WATCH = "watch"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class RateDay:
    """One day (UTC): messages delivered, complaints, and permanent failures of those tried."""

    day: date
    delivered: int
    complaints: int
    bounced: int

    @property
    def complaint_rate(self) -> float:
        """Return complaints per delivered message; 0 where none was delivered."""
        return self.complaints / self.delivered if self.delivered else 0.0

    @property
    def bounce_rate(self) -> float:
        """Return permanent failures per message tried; 0 where none was tried."""
        tried = self.delivered + self.bounced
        return self.bounced / tried if tried else 0.0

    @property
    def level(self) -> RateLevel:
        """Return how bad the day is; complaints can alarm, bounces can only ask for watching."""
        if self.delivered + self.bounced < FEWEST:
            return RateLevel.TOO_FEW
        if self.complaint_rate >= COMPLAINTS_ALARM:
            return RateLevel.ALARM
        if self.complaint_rate >= COMPLAINTS_WATCH or self.bounce_rate >= BOUNCES_WATCH:
            return RateLevel.WATCH
        return RateLevel.FINE


def quiet_days(days: Iterable[RateDay]) -> int:
    """Return how many days in a row, up to the latest, stayed below 0.3 % of complaints, by Mailgun's own figures.

    A day with too little mail to tell ends nothing and counts for nothing: silence is not quiet. A day on which more
    was refused than delivered tells nothing of complaints either.
    """
    count = 0
    for one in sorted(days, key=lambda day: day.day, reverse=True):
        if one.level is RateLevel.TOO_FEW or one.bounced > one.delivered:
            continue
        if one.complaint_rate >= COMPLAINTS_ALARM:
            break
        count += 1
    return count
