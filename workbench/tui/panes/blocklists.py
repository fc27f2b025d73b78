"""What blocklists say of the account's addresses and domains, since when, and how far each removal is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from workbench.planning.catalog import Pane
from workbench.presentation.listings import FINE, STRIP_DAYS, listing_rows
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column, KeyedTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.core.rows import TableRow
    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident


class BlocklistsPane(WorkPane):
    """One row for every subject on every list that was asked."""

    PANE = Pane.BLOCKLISTS
    TITLE = "Blocklists"
    SLICES = frozenset({"blocklists", "look"})
    BINDINGS = bindings(pane_actions(Pane.BLOCKLISTS))
    HELP = (
        "What the blocklists that matter say of every sending address and domain. Cannot tell means that the list "
        "did not answer us properly; it is never a clean bill, and neither is a list that was not asked (i names "
        "them). Ask for removal only after access is cut and the leak is closed, else the listing comes back. The "
        "watch asks again by itself for a week; a new listing rings. What is fine is one line; Enter on it "
        "unfolds, and folds again. The strip shows the days: █ listed, · not "
        "listed, ? cannot tell."
    )
    COLUMNS = (
        Column("state", "verdict", width=13, min_width=12),
        Column("subject", "subject", flex=2, min_width=14),
        Column("zone", "list", flex=2, min_width=10, priority=2),
        Column("tier", "tier", width=6, priority=4),
        Column("since", "since", width=12, priority=6),
        Column("strip", f"{STRIP_DAYS} days", width=STRIP_DAYS, priority=5),
        Column("removal", "removal", width=12, priority=3),
        Column("wait", "wait", width=6, priority=7),
        Column("asked", "asked", width=8, priority=8),
        Column("reason", "reason", flex=3, min_width=20, priority=9),
    )

    _folded = True

    def on_mount(self) -> None:
        """Listings first: they are what matters."""
        super().on_mount()
        self.table.sort_by("state")

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return every verdict."""
        if not session.account.listings:
            return []
        # A filter looks at every pair, also at those that one line stands for.
        folded = None if self.table.filter_text.strip() else self._folded
        now, look = session.account.blocklists.now(), self.store.look
        return listing_rows(session.account.listings, session.state.listings, now, look, folded=folded)

    @on(KeyedTable.FilterChanged)
    def _filtered(self) -> None:
        self.renew()

    def open_row(self, key: str) -> None:
        """Unfold what is fine, or fold it again; on any other row the details."""
        if key == FINE:
            self._folded = not self._folded
            self.renew()
        else:
            super().open_row(key)

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[TableRow] | None:
        """No effect changes a listing."""
        return []

    def title_parts(self) -> list[str]:
        """Return the counts, and loudly which lists that matter most are not asked."""
        session = self.store.session
        parts = super().title_parts()
        if session is not None and session.account.listings:
            unasked = session.account.blocklists.unasked()
            parts += [f"NOT ASKED (i says why): {', '.join(unasked)}"] if unasked else []
        return parts

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        if self.store.session is None:
            return self.store.failed or "Loading…"
        return "Nothing asked yet. b asks the blocklists."
