"""The timeline as rows: by day, by hour, moment by moment; filtered by kind. Pure.

Three distances: every day, the hours of one day, the moments of one hour. ``flat`` shows the moments of
whatever stretch is chosen one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from workbench.core.clock import iso
from workbench.core.redact import short_address
from workbench.core.rows import Cell, TableRow
from workbench.domain.forensics.moment import Moment, MomentKind
from workbench.domain.forensics.timeline import Bucket, between, zoomed
from workbench.presentation.cells import Look, hide_people, moment_text

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BAR = 6  # cells
_TONES = {
    MomentKind.ALARM: "bad",
    MomentKind.EFFECT: "ok",
    MomentKind.INCIDENT: "accent",
    MomentKind.LISTING: "warn",
}
# More suspicious texts than this do not fit into a row; the rest is counted.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Zoom:
    """Which stretch of time is looked at, and how closely. ``start`` None is the whole time."""

    start: datetime | None = None
    length: timedelta | None = None
    flat: bool = False

    @property
    def step(self) -> timedelta | None:
        """Return the length of one row, None where each moment is a row."""
        if self.flat or self.length == HOUR:
            return None
        return DAY if self.start is None else HOUR

    @property
    def end(self) -> datetime | None:
        """Return where the stretch ends, None for the whole time."""
        return self.start + self.length if self.start is not None and self.length is not None else None

    def into(self, key: str) -> Zoom:
        """Return the stretch of the row with this key, looked at more closely; the same where it is a moment."""
        step = self.step
        return self if step is None else Zoom(datetime.fromisoformat(key), step)

    def flattened(self) -> Zoom:
        """Return the same stretch with each moment a row, or in steps again; an hour has no steps."""
        return self if self.length == HOUR else replace(self, flat=not self.flat)

    @property
    def key(self) -> str | None:
        """Return the key of the row this stretch was opened from."""
        return iso(self.start) if self.start is not None else None

    def out(self) -> Zoom:
        """Return one step further away: from an hour to its day, from a day to the whole."""
        if self.flat:
            return replace(self, flat=False)
        if self.length == HOUR and self.start is not None:
            return Zoom(self.start.astimezone(UTC).replace(hour=0), DAY)
        return Zoom()

    def words(self) -> str:
        """Return what is looked at, in words."""
        how = ", each moment" if self.flat else ""
        if self.start is None:
            return f"the whole time{how or ', day by day'}"
        if self.length == DAY:
            return f"{self.start:%a %d %b %Y}{how or ', hour by hour'}"
        return f"{self.start:%d %b %Y %H:%M} to {self.end:%H:%M}Z, each moment"


def chosen(
    moments: Iterable[Moment], zoom: Zoom, kinds: Collection[MomentKind] = (), odd: bool = False
) -> list[Moment]:
    """Return the moments of a stretch: of some kinds (all when none is named), only suspicious ones with ``odd``."""
    found = between(moments, zoom.start, zoom.end, kinds)
    return [m for m in found if m.suspicious] if odd else found


def next_kind(moments: Iterable[Moment], now: MomentKind | None) -> MomentKind | None:
    """Return the kind after ``now`` of those there are; None stands for all of them and comes after the last."""
    there = {m.kind for m in moments}
    order: list[MomentKind | None] = [None, *(kind for kind in MomentKind if kind in there)]
    return order[(order.index(now) + 1) % len(order)] if now in order else None


def rows(moments: Sequence[Moment], zoom: Zoom, look: Look, hidden: Hidden | None = None) -> list[TableRow]:
    """Return the rows of a stretch, oldest first: stretches by their start, moments by what they are."""
    safe = hidden or Hidden()
    step = zoom.step
    if step is None:
        return [_moment(moment, look, safe) for moment in moments]
    buckets = zoomed(moments, step)
    most = max((sum(b.counts.values()) for b in buckets), default=0)
    return [_bucket(bucket, step, most, look, safe) for bucket in buckets]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Whose addresses are shortened while share-safe is on: everybody's but the account's own logins."""

    people: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()

    def text(self, text: str, look: Look) -> str:
        """Return a text with people's addresses shortened; SMTP logins are machine names and stay whole."""
        if not look.share_safe or "@" not in text:
            return text
        words = hide_people(text, self.people, look).split(" ")
        return " ".join(self._word(word) for word in words)

    def _word(self, word: str) -> str:
        bare = word.strip("“”\"'(),;:<>")
        if "@" not in bare or "…" in bare or bare.lower() in self.logins:
            return word
        return word.replace(bare, short_address(bare))


def _moment(moment: Moment, look: Look, hidden: Hidden) -> TableRow:
    form = "%Y-%m-%d %H:%M:%S"
    text = hidden.text(moment.text, look)
    mark = ("! " if look.ascii else "⚠ ") if moment.suspicious else ""
    key = f"{iso(moment.at)}|{moment.kind.value}|{moment.text}"
    tone = "bad" if moment.suspicious else _TONES.get(moment.kind, "")
    cells = (
        Cell(moment_text(moment.at, look, form), "", moment.at.timestamp()),
        Cell(moment.kind.value, _TONES.get(moment.kind, "dim")),
        Cell(f"{mark}{text}", tone),
    )
    return TableRow(key, cells, markable=False)


def _bucket(bucket: Bucket, step: timedelta, most: int, look: Look, hidden: Hidden) -> TableRow:
    total = sum(bucket.counts.values())
    day = step == DAY
    when = f"{bucket.start:%Y-%m-%d}" if day else f"{bucket.start:%Y-%m-%d %H:%M}"
    counts = ", ".join(
        f"{bucket.counts[kind]} {kind.value}" for kind in MomentKind if bucket.counts.get(kind)
    )
    odd = ""
    if bucket.texts:
        mark = "!" if look.ascii else "⚠"
        told = "; ".join(hidden.text(text, look) for text in bucket.texts[:_SHOWN])
        more = f"; and {len(bucket.texts) - _SHOWN} more" if len(bucket.texts) > _SHOWN else ""
        odd = f" {mark} {told}{more}"
    cells = (
        Cell(when, "", bucket.start.timestamp()),
        Cell(f"{total:>4} {bar(total, most, BAR, look.ascii)}", "bad" if bucket.texts else "accent", total),
        Cell(f"{counts}{odd}", "bad" if bucket.texts else ""),
    )
    return TableRow(iso(bucket.start), cells, markable=False)


def bar(value: float, most: float, width: int, ascii_only: bool = False) -> str:
    """Return a lying bar of at most ``width`` cells; anything above nothing has at least one."""
    if value <= 0 or most <= 0:
        return ""
    return ("#" if ascii_only else "█") * max(1, min(width, round(value / most * width)))
