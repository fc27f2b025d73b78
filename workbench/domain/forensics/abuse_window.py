"""When the abuse began and ended, how much it was, and what it went through. Pure.

From hourly metrics where they show it (see ``rhythm``), from the log where the abuse stays below the daily
noise. The breakdowns compare the window with as many hours of the account's own usual pace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from workbench.core.clock import iso
from workbench.domain.detection.baseline_hours import HourlyRhythm, last_run
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.forensics.classification import Proposal
from workbench.domain.forensics.recorded import RecordedHour, RecordedShare, RecordedWindow
from workbench.domain.model.credential_use import INTRUDER
from workbench.mailgun.log_entries import moment_of

HOUR = timedelta(hours=1)
# Dimensions of the metrics that a window is broken down by; there is none for the key (dossier B5).
DIMENSIONS = ("domain", "ip", "recipient_provider", "tag", "subaccount")
# An abuse that paused this long counts as ended.
QUIET = timedelta(hours=2)
# How late an entry may enter the log.
LATE = timedelta(minutes=30)
METRICS, LOG = "metrics", "log"


@dataclass(frozen=True, slots=True)
class HourSeen:
    """One hour: accepted messages, what is usual at that hour, and above what it counts as abnormal."""

    start: datetime
    accepted: int
    usual: float
    bar: float

    @property
    def excess(self) -> float:
        """Return the messages above the usual, 0 for a normal hour."""
        return max(0.0, self.accepted - self.usual) if self.accepted > self.bar else 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """One value of a dimension: messages in the window, and in as many hours of the usual pace."""

    value: str
    accepted: int
    usual: float

    @property
    def excess(self) -> float:
        """Return the messages above the usual."""
        return max(0.0, self.accepted - self.usual)


@dataclass(slots=True)
class AbuseWindow:
    """The window. ``began`` None means that neither metrics nor log show abuse; ``ended`` None that it goes on.

    ``source`` says what it rests on. ``by`` holds the breakdowns by dimension, greatest excess first.
    """

    began: datetime | None = None
    ended: datetime | None = None
    source: str = METRICS
    hours: tuple[HourSeen, ...] = ()
    by: dict[str, list[Share]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    # When metrics and log were read: what went out later is not in it.
    as_of: datetime | None = None
    # The last message in the log that looks like the intruder's.
    last: datetime | None = None
    # What of the figures is not in it, in words: their silence says nothing there.
    unread: str = ""

    @property
    def until(self) -> str:
        """Return until when it lasted, in words: an end needs two quiet hours, before them the last message is named.

        Without the log an abuse that shows in the last hours went on when they were read, which is not now.
        """
        if self.ended is not None:
            return f"to {self.ended:%d %b %H:%M}Z"
        if self.last is not None:
            read = f", read {self.as_of:%d %b %H:%M}Z" if self.as_of is not None else ""
            return f"to its last message so far, of {self.last:%d %b %H:%M}Z{read}"
        read = f" ({self.as_of:%d %b %H:%M}Z)" if self.as_of is not None else ""
        return f"and still going on when it was read{read}"

    @property
    def accepted(self) -> int:
        """Return all messages accepted inside the window, the account's own included."""
        return sum(hour.accepted for hour in self._inside())

    @property
    def excess(self) -> float:
        """Return the messages above the account's usual pace inside the window."""
        return sum(max(0.0, hour.accepted - hour.usual) for hour in self._inside())

    def _inside(self) -> Iterable[HourSeen]:
        if self.began is None:
            return ()
        low = self.began.replace(minute=0, second=0, microsecond=0)
        return (h for h in self.hours if h.start >= low and (self.ended is None or h.start < self.ended))

    def explained(self) -> str:
        """Return how the judgement was made, in one sentence."""
        if self.source == LOG:
            return (
                "the metrics show no abnormal hour: the abuse stays below the daily noise; the window is that of "
                "the groups in the log that look like the intruder's"
            )
        return (
            "each hour is compared with the same hour on other days: far more than these days differ among "
            "themselves, at least half as much again and 20 messages more, counts as abnormal"
        )

    def recorded(self, hours: int = 72) -> RecordedWindow:
        """Return the window as journal and documents keep it, with the last so many hours."""
        return RecordedWindow(
            began=iso(self.began) if self.began else None,
            ended=iso(self.ended) if self.ended else None,
            as_of=iso(self.as_of) if self.as_of else None,
            last=iso(self.last) if self.last else None,
            source=self.source,
            accepted=self.accepted,
            above_usual=round(self.excess),
            explained=self.explained(),
            by={
                name: tuple(RecordedShare(s.value, s.accepted, round(s.usual, 1)) for s in shares)
                for name, shares in self.by.items()
            },
            hours=tuple(
                RecordedHour(iso(h.start), h.accepted, h.usual, h.bar, h.excess > 0)
                for h in self.hours[-hours:]
            ),
            notes=tuple(self.notes),
        )

    @classmethod
    def of_recorded(cls, kept: RecordedWindow) -> AbuseWindow:
        """Return what was recorded, with the hours it kept; an hour without a bar counts as it was judged."""
        return cls(
            moment_of(kept.began or ""),
            moment_of(kept.ended or ""),
            kept.source or METRICS,
            tuple(_hour(one) for one in kept.hours),
            {name: [Share(s.value, s.accepted, s.usual) for s in shares] for name, shares in kept.by.items()},
            list(kept.notes),
            moment_of(kept.as_of or ""),
            moment_of(kept.last or ""),
        )


def _hour(kept: RecordedHour) -> HourSeen:
    judged = 0.0 if kept.abnormal else float(kept.accepted)
    bar = judged if kept.bar is None else kept.bar
    return HourSeen(datetime.fromisoformat(kept.start), kept.accepted, kept.usual, bar)


def from_metrics(hours: Mapping[datetime, int], now: datetime) -> AbuseWindow:
    """Return the window that hourly counts of accepted messages show; the running hour is left out."""
    whole = {start: count for start, count in hours.items() if start + HOUR <= now}
    rhythm = HourlyRhythm(whole)
    seen = tuple(HourSeen(start, whole[start], *rhythm.at(start)) for start in sorted(whole))
    window = AbuseWindow(hours=seen, as_of=now)
    run = last_run([hour.start for hour in seen if hour.excess > 0])
    if run is not None:
        window.began = run[0]
        window.ended = None if now - (run[1] + HOUR) < QUIET else run[1] + HOUR
    if not whole:
        window.notes.append("the metrics hold no whole hour of this account")
    return window


def with_log(window: AbuseWindow, proposals: Iterable[Proposal], now: datetime) -> AbuseWindow:
    """Return the window made finer by the log: the first message that looks like the intruder's.

    Where the metrics show nothing, the log's groups are the window. Where both show one, the earlier start
    counts: metrics notice abuse only above the noise.
    """
    firsts = [p.group.first for p in proposals if p.judged == INTRUDER and p.group.first]
    lasts = [p.group.last for p in proposals if p.judged == INTRUDER and p.group.last]
    first, last = moment_of(min(firsts, default="")), moment_of(max(lasts, default=""))
    if first is None or last is None:
        return window
    window.last = last
    if window.began is None:
        window.source = LOG
        window.began = first
        window.ended = None if now - last < QUIET else last
    else:
        if window.began + HOUR < first:
            window.notes.append(
                f"the metrics show abuse from {window.began:%d %b %H:%M}Z, the log only from "
                f"{first:%d %b %H:%M}Z: the log of the time between is gone, or was sent in another way"
            )
        else:
            # Metrics know the hour alone, the log its minute.
            window.began = first
        if window.ended is not None and last > window.ended:
            # Somebody came back after hours of quiet: it ended with the last message, not with the first pause.
            window.ended = None if now - last < QUIET else last
    return window


def breakdown(
    inside: Mapping[str, int], before: Mapping[str, int], hours_inside: float, hours_before: float
) -> list[Share]:
    """Return the values of a dimension, greatest excess first; ``before`` is scaled to the window's length."""
    scale = hours_inside / hours_before if hours_before > 0 else 0.0
    shares = [Share(value, count, before.get(value, 0) * scale) for value, count in inside.items()]
    return sorted(shares, key=lambda share: (-share.excess, share.value))


def disagreement(window: AbuseWindow, table: Attribution) -> list[str]:
    """Return in words where metrics and log differ by more than a fiftieth, over the hours both cover.

    The hours of the abuse are compared alone and then all of them: what is missing in a few wild hours drowns in
    days of calm ones. The log of the last half hour may still be on its way (dossier C): hours that end in it are
    left out. Messages without a readable time are shared out among the hours like the others.
    """
    dated = table.events["accepted"] - table.undated
    share = 1 + table.undated / dated if dated > 0 else 1.0
    low = max(table.start, moment_of(table.oldest) or table.start) + HOUR
    both = [h for h in window.hours if h.start >= low and h.start + HOUR <= table.end - LATE]
    abuse = [h for h in both if h.excess > 0]
    for hours, where in ((abuse, " in the hours of the abuse"), (both, "")):
        metric = sum(hour.accepted for hour in hours)
        places = [table.hour_at(hour.start) for hour in hours]
        logged = round(share * sum(g.hours[place] for g in table.groups.values() for place in places))
        if max(metric, logged) >= 100 and abs(metric - logged) > max(metric, logged) / 50:
            missing = "the log is" if logged < metric else "the metrics are"
            return [
                f"metrics count {metric:,} messages{where} where the log holds {logged:,}: {missing} not complete, "
                "the greater number is the safer one"
            ]
    return []
