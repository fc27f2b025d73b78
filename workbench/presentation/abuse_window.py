"""The abuse window as words and rows: hours, and what it went through by each dimension of the metrics. Pure."""

from __future__ import annotations

from workbench.core.clock import iso
from workbench.core.redact import visible
from workbench.core.rows import Cell, TableRow
from workbench.domain.detection.baseline_hours import APART, ENOUGH, LEAST, SIGMAS
from workbench.domain.forensics.abuse_window import DIMENSIONS, AbuseWindow, HourSeen, Share
from workbench.presentation.cells import Look, moment_text
from workbench.presentation.timeline import bar

HOURS = "hour"
# The tabs in their order, with what people call them.
TABS = {
    HOURS: "hours",
    "domain": "domain",
    "ip": "sending IP",
    "recipient_provider": "provider",
    "tag": "tag",
    "subaccount": "subaccount",
}
BAR = 12  # cells
# In words, because nobody should have to believe a curve.
STATISTIC = (
    "How it is judged: each hour is compared with the same hour on other days (the same weekday where "
    f"{ENOUGH} are known). Usual is the middle one of these days (their median); how far the days lie from it says how "
    "much they differ. Both stay put when a few hours go wild, so the abuse cannot hide itself. An hour is abnormal "
    f"where it lies {SIGMAS:.0f} times as far above usual as these days differ, at 1.5 times usual or more, and "
    f"{LEAST} messages more; abnormal hours less than {APART.total_seconds() / 3600:.0f} hours apart are one window."
)


def headline(window: AbuseWindow | None) -> str:
    """Return in one or two sentences what the window is; what is not known is said."""
    if window is None:
        return "The sending figures were not read yet."
    if window.began is None and not window.hours:
        return "No hour of the sending figures is known: whether there was abuse cannot be told."
    if window.began is None:
        return "No hour is abnormal: the metrics show no abuse." + (
            "" if window.by else " Slow abuse shows only in the log: “damage: assess from the log” reads it."
        )
    source = "by the log" if window.source == "log" else "by the hourly figures"
    return (
        f"Abuse from {window.began:%d %b %H:%M}Z {window.until} ({source}): {window.accepted:,} accepted, "
        f"{window.excess:,.0f} of them above the account's usual pace."
    )


def words(window: AbuseWindow | None) -> str:
    """Return how the judgement was made, with whatever disagrees with it."""
    if window is None:
        return STATISTIC
    first = window.explained().capitalize() + ". " if window.source == "log" else ""
    return " ".join([f"{first}{STATISTIC}", *(f"{note[:1].upper()}{note[1:]}." for note in window.notes)])


def rows(window: AbuseWindow | None, tab: str, look: Look) -> list[TableRow]:
    """Return the rows of a tab: hours newest first, else the values with the greatest excess first."""
    if window is None:
        return []
    if tab == HOURS:
        most = max((hour.accepted for hour in window.hours), default=0)
        return [_hour(hour, most, look) for hour in reversed(window.hours)]
    shares = window.by.get(tab, [])
    most = max((share.accepted for share in shares), default=0)
    return [_share(share, most, look) for share in shares]


def why_empty(window: AbuseWindow | None, tab: str) -> str:
    """Return why a tab has no rows."""
    if window is None:
        return "The sending figures were not read yet: F5 reads them."
    if tab == HOURS:
        return "The metrics hold no whole hour of this account."
    if window.began is None:
        return "Without a window there is nothing to break down."
    if tab in DIMENSIONS and tab not in window.by:
        return "Not read yet: “damage: assess from the log” reads the breakdowns."
    return "The metrics name none."


def _hour(hour: HourSeen, most: int, look: Look) -> TableRow:
    odd = hour.excess > 0
    sign = ("^" if look.ascii else "▲") if odd else ""
    tone = "bad" if odd else ""
    cells = (
        Cell(moment_text(hour.start, look, "%m-%d %H:%M"), "", hour.start.timestamp()),
        Cell(f"{hour.accepted:,}", tone, hour.accepted),
        Cell(f"{hour.usual:,.0f}", "dim", hour.usual),
        Cell(f"{hour.bar:,.0f}" if hour.bar else "", "dim", hour.bar),
        Cell(f"{sign} {bar(hour.accepted, most, BAR, look.ascii)}".strip(), tone or "accent", hour.accepted),
    )
    return TableRow(iso(hour.start), cells, markable=False)


def _share(share: Share, most: int, look: Look) -> TableRow:
    odd = share.excess > max(share.usual, 0.0) and share.excess >= LEAST
    tone = "bad" if odd else ""
    sign = ("^" if look.ascii else "▲") if odd else ""
    cells = (
        Cell(visible(share.value, 120)),
        Cell(f"{share.accepted:,}", tone, share.accepted),
        Cell(f"{share.usual:,.0f}", "dim", share.usual),
        Cell(f"{share.excess:,.0f}", tone or "dim", share.excess),
        Cell(
            f"{sign} {bar(share.accepted, most, BAR, look.ascii)}".strip(), tone or "accent", share.accepted
        ),
    )
    return TableRow(share.value, cells, markable=False)
