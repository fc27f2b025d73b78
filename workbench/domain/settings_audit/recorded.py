"""The sweep of the settings as the journal keeps it: what reopening the incident must know again. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.core.clock import iso
from workbench.domain.model.facts import RecordedFact
from workbench.domain.settings_audit.audit import Sweep, Swept, Unread


class SweepRead(RecordedFact, frozen=True, tag="sweep"):
    """What the latest sweep asks about and could not look at (see ``Sweep``); ``counts`` by verdict.

    ``row`` is the journal's last row before the settings were read, None in older journals.
    """

    cared_for: tuple[str, ...] = ()
    looked_at: int = 0
    since: str = ""
    counts: Mapping[str, int] = {}
    gaps: tuple[str, ...] = ()
    items: tuple[Swept, ...] = ()
    unread: tuple[Unread, ...] = ()
    row: int | None = None

    @classmethod
    def of(cls, sweep: Sweep, row: int) -> SweepRead:
        """Return what the journal keeps of a sweep that began after its ``row``."""
        return cls(
            cared_for=sweep.cared_for,
            looked_at=len(sweep.swept),
            since=iso(sweep.since),
            counts=sweep.counts(),
            gaps=tuple(sweep.gaps),
            items=tuple(sweep.asked()),
            unread=sweep.unread,
            row=row,
        )
