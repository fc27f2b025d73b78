"""What production lost: its own mail that failed, was rejected or suppressed since the abuse began. Pure.

What an application tried with a credential that was cut never reached Mailgun's log: it is only estimated, from the
hours that are emptier than usual, and lies in the applications' own queues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from workbench.core.clock import as_moment
from workbench.core.redact import visible
from workbench.core.words import plural
from workbench.domain.detection.baseline_hours import HourlyRhythm
from workbench.domain.forensics.attribution import Attribution, GroupKey
from workbench.domain.forensics.recorded import LostMail
from workbench.domain.mail.links import impersonal
from workbench.domain.model.sending_volume import Volume
from workbench.mailgun.log_entries import LogEntry, moment_text, sortable

MOST_NAMES = 40
MOST_GAPS = 4  # stretches of the log named that could not be read
OTHER = "(other)"


class Loss(StrEnum):
    """Why a message of our own did not arrive."""

    FAILED = "refused"
    REJECTED = "rejected by Mailgun"
    SUPPRESSED = "suppressed: the address refused mail before"
    UNKNOWN_MAILBOX = "no such mailbox"
    UNWANTED = "the reader complained or unsubscribed before"


# What is worth sending again; the others never were deliverable, or are not wanted.
AGAIN = frozenset((Loss.FAILED, Loss.REJECTED, Loss.SUPPRESSED))


def loss_of(entry: LogEntry) -> Loss | None:
    """Return why the message of an entry is lost, None where it is not (or may still arrive)."""
    if entry.event == "rejected":
        return Loss.REJECTED
    if entry.event != "failed" or entry.severity == "temporary":
        return None
    reason = (entry.reason or "").lower()
    if reason.startswith("suppress"):
        return Loss.SUPPRESSED if "bounce" in reason else Loss.UNWANTED
    return Loss.UNKNOWN_MAILBOX if reason == "bounce" else Loss.FAILED


def template_of(entry: LogEntry, shape: str) -> str:
    """Return by what name the sender knows a kind of message: its template, its tag, else its subject's shape."""
    name = entry.template.name if entry.template is not None and entry.template.name else ""
    return visible(impersonal(name or (entry.tags[0] if entry.tags else "") or shape or "(no subject)"), 80)


@dataclass(slots=True)
class Lost:
    """The count of what was lost since ``since``: by why and by kind of message. ``groups`` are our own."""

    table: Attribution
    groups: frozenset[GroupKey]
    since: str
    why: Counter[str] = field(default_factory=Counter)
    templates: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, table: Attribution, ours: Collection[GroupKey], since: datetime | None) -> Lost:
        """Return an empty count for our own groups from a moment on (the reading's start where none is known)."""
        return cls(table, frozenset(ours), sortable(since or table.start))

    def take(self, entry: LogEntry) -> tuple[Loss, str, GroupKey] | None:
        """Count an entry; return why, what kind of message and whose, where a message of ours was lost."""
        loss = loss_of(entry)
        if loss is None or moment_text(entry.at) < self.since:
            return None
        group = self.table.group_of(entry)
        if group is None or group.key not in self.groups:
            return None
        self.why[loss.value] += 1
        name = template_of(entry, group.key.shape)
        if loss in AGAIN:
            known = name in self.templates or len(self.templates) < MOST_NAMES
            self.templates[name if known else OTHER] += 1
        return loss, name, group.key

    @property
    def again(self) -> int:
        """Return how many are worth sending again."""
        return sum(self.why[loss.value] for loss in AGAIN)

    def fact(self, people: int, gap: int | None, at: str, missing: Iterable[str] = ()) -> LostMail:
        """Return what the journal keeps: counts, and nobody's address; ``missing`` names what could not be read."""
        return LostMail(
            since=self.since,
            as_of=at,
            why=dict(self.why.most_common()),
            templates=dict(self.templates.most_common(MOST_NAMES)),
            again=self.again,
            people=people,
            never_accepted=gap,
            missing=tuple(missing),
        )


def never_accepted(volume: Volume | None, cut_at: str, now: datetime) -> int | None:
    """Return about how many messages fewer than usual were accepted since the cut; None where nobody can tell.

    Only whole hours count: the running one says nothing.
    """
    ended = as_moment(cut_at)
    if volume is None or ended is None or not volume.hours:
        return None
    cut = ended.replace(minute=0, second=0, microsecond=0)
    rhythm = HourlyRhythm({hour.start: hour.accepted for hour in volume.hours})
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = [hour for hour in volume.hours if cut < hour.start < this]
    return (
        round(sum(max(0.0, rhythm.at(hour.start).usual - hour.accepted) for hour in since)) if since else None
    )


def lines(fact: LostMail | None) -> list[str]:
    """Return the loss in sentences, as far as it was counted."""
    if fact is None:
        return ["What production lost was not counted yet (`workbench lost`)."]
    moment = as_moment(fact.since)
    since = f"{moment:%d %b %H:%M}Z" if moment is not None else "an unknown time"
    made = [f"{count:,} {visible(name, 80)}" for name, count in fact.why.items()]
    none = "none in what was read" if fact.missing else "none"
    told = [
        f"Own mail lost since {since}: {'; '.join(made) or none}. "
        f"Worth sending again: {plural(fact.again, 'message')} to "
        f"{plural(fact.people, 'person', 'people')}."
    ]
    if fact.missing:
        more = f"; and {len(fact.missing) - MOST_GAPS} more" if len(fact.missing) > MOST_GAPS else ""
        read = "; ".join(visible(line, 160) for line in fact.missing[:MOST_GAPS])
        told.append(f"Not read, so not counted: {read}{more}.")
    if fact.templates:
        names = list(fact.templates.items())[:8]
        shown = ", ".join(f"{visible(name, 60)} {count:,}" for name, count in names)
        told.append(f"By template, tag or subject: {shown}.")
    gap = fact.never_accepted
    told.append(
        "What applications tried with a credential that was cut is not in Mailgun's log"
        + (f"; by the usual hours about {gap:,} messages" if gap else "")
        + ": look in their own queues and logs."
    )
    return told
