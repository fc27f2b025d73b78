"""The sending domains: state, how many logins are reset, whether the queue was purged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.planning.catalog import Pane
from workbench.presentation.credentials import domain_rows
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.core.rows import TableRow
    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident


class DomainsPane(WorkPane):
    """Every sending domain of both regions and of the subaccounts."""

    PANE = Pane.DOMAINS
    TITLE = "Domains"
    SLICES = frozenset({"domains", "logins", "subaccounts", "look"})
    BINDINGS = bindings(pane_actions(Pane.DOMAINS))
    HELP = (
        "Every sending domain, with how many of its SMTP logins are reset. Select domains and purge their queued "
        "mail to stop what the intruder already handed in: it also throws away your own queued and scheduled "
        "mail, and cannot be undone. The sending limit is for the whole account."
    )
    COLUMNS = (
        Column("state", "state", width=12, min_width=11),
        Column("name", "domain", flex=3, min_width=14),
        Column("place", "where", width=6, min_width=4, priority=3),
        Column("logins", "reset", width=7, min_width=5, align="right", priority=2),
        Column("created", "created", width=10, priority=4),
        Column("note", "note", flex=3, min_width=20, priority=5),
    )

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return every domain."""
        return domain_rows(session.inventory, session.state, session.findings(), self.store.look)

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[TableRow] | None:
        """Nothing but logins and queues shows here; other effects change no row."""
        shown = ("smtp.reset", "smtp.delete", "queue.purge")
        return None if any(r.effect.kind.value in shown for r in records.values()) else []

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.why_empty("domains", "This account has no domain.")
