"""What the panes read: the session once there is one, how to show things, and how fresh they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.presentation.cells import Look

if TYPE_CHECKING:
    from workbench.tui.incident_port import Incident

# The account counts as shown live for so many seconds after it was read.
STALE_AFTER = 120.0


@dataclass(slots=True)
class Store:
    """One per app; the app writes it, panes read it. ``reading`` names the slices being read right now."""

    session: Incident | None = None
    look: Look = field(default_factory=Look)
    phases: Mapping[str, str] = field(default_factory=dict)
    reading: bool = False
    # How far a long reading is, in words ("log 40 %"); empty while none is under way.
    reads: str = ""
    failed: str = ""
    # Errors that nobody read in the activity list yet and that nothing cured, each by the group of its work.
    errors: list[str] = field(default_factory=list)
    # What time and the watch bring up: senders without their new credential, the next deadline in words, all
    # of them, open alarms.
    senders_down: int = 0
    countdown: str = ""
    timers: tuple[str, ...] = ()
    alarms: int = 0
    # Whether a key is on its way: what takes long is begun behind its answer.
    key_under_way: Callable[[], bool] = lambda: False

    def read_at(self) -> datetime | None:
        """Return when any slice of the account was last read completely."""
        if self.session is None:
            return None
        return max(self.session.inventory.read_at.values(), default=None)

    def why_empty(self, slice_name: str, none: str) -> str:
        """Return why a pane has no rows: loading, not loaded, not allowed, or really none."""
        session = self.session
        if session is None:
            return self.failed or "Loading…"
        gaps = [gap for gap in session.inventory.gaps.values() if gap.slice == slice_name]
        if gaps:
            return "\n".join(["Could not be read:", *(f"{g.place or ''} {g.reason}" for g in gaps)])
        if slice_name not in session.inventory.read_at:
            return "Loading…" if self.reading else f"Not read yet. {self.failed}\nF5 reads the account."
        return none
