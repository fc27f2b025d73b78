"""Long work in one line: a bar, how much is done, how fast, how long it still takes, which key stops it."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from workbench.tui.widgets.cells import clean, crop, width_of

EIGHTHS = "▏▎▍▌▋▊▉█"
MIN_BAR, MAX_BAR = 6, 30
# A rate from less than this is a guess that would make the time left jump about.
MIN_ELAPSED = 1.0
DAY = 86_400
# What a narrow line does without.
_LEAST = ("rate", "unproven", "left", "label")


class Progress(NamedTuple):
    """How far some work is. ``total`` None: not known yet; ``elapsed`` in seconds.

    ``unproven`` are carried out and wait for their proof: half of their way is behind them.
    """

    done: int
    total: int | None
    elapsed: float = 0.0
    label: str = ""
    cancel: str = ""  # what stops it, e.g. "Esc stops"
    failed: int = 0
    unproven: int = 0


def duration(seconds: float) -> str:
    """Return seconds as people read them: ``8s``, ``6m41s``, ``2h05m``, ``3d04h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < DAY:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // DAY}d{whole % DAY // 3600:02d}h"


def bar(done: float, total: int, width: int, *, ascii_only: bool = False) -> str:
    """Return a bar of exactly ``width`` cells. It is full only when everything is done."""
    share = 0.0 if total <= 0 else min(1.0, max(0.0, done / total))
    if ascii_only:
        full = int(share * width)
        return "#" * full + "." * (width - full)
    eighths = int(share * width * 8)
    full, rest = divmod(eighths, 8)
    text = "█" * full + (EIGHTHS[rest - 1] if rest else "")
    return text + " " * (width - len(text))


def progress_text(progress: Progress, width: int, *, ascii_only: bool = False) -> str:
    """Return the line, at most ``width`` cells; what matters least goes first where it is narrow.

    The count, the failures and the key that stops the work stay longest, then the label, the time left, the
    bar and the rate.
    """
    done, total, elapsed, label, cancel, failed, unproven = progress
    count = f"{done}/{total}" if total is not None else f"{done}"
    behind = done + unproven / 2
    rate = (done + unproven) / elapsed if elapsed >= MIN_ELAPSED and behind else None
    left = None
    if rate and total is not None and done < total:
        left = f"{duration((total - behind) / behind * elapsed)} left"
    parts = {
        "label": clean(label, 120),
        "count": count,
        "failed": f"{failed} failed" if failed else "",
        "unproven": f"{unproven} to prove" if unproven else "",
        "rate": f"{rate:.1f}/s" if rate is not None and rate < 10 else f"{rate:.0f}/s" if rate else "",
        "left": left or "",
        "cancel": clean(cancel, 60),
    }
    joint = " - " if ascii_only else " · "
    for dropped in ((), ("rate",), ("rate", "unproven"), ("rate", "unproven", "left"), _LEAST):
        texts = [text for name, text in parts.items() if text and name not in dropped]
        room = width - width_of(joint.join(texts)) - 1
        if total is not None and room >= MIN_BAR:
            return f"{bar(behind, total, min(MAX_BAR, room), ascii_only=ascii_only)} {joint.join(texts)}"
        if room + 1 >= 0 and (total is None or dropped):
            return joint.join(texts)
    return crop(
        joint.join(filter(None, (parts["count"], parts["failed"], parts["cancel"]))), width, ascii_only
    )


class ProgressLine(Widget):
    """Shows one ``Progress``; hidden while there is none."""

    DEFAULT_CSS = """
    ProgressLine {
        height: 1;
        width: 1fr;
        color: $text-primary;
        display: none;
        &.-running { display: block; }
    }
    """

    progress: reactive[Progress | None] = reactive(None)
    ascii_mode: reactive[bool] = reactive(False)

    def watch_progress(self, progress: Progress | None) -> None:
        """Show the line only while there is something to show."""
        self.set_class(progress is not None, "-running")

    def render(self) -> RenderResult:
        """Return the line."""
        if self.progress is None:
            return ""
        return Content(progress_text(self.progress, self.size.width, ascii_only=self.ascii_mode))
