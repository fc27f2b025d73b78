"""The people who can sign in to the control panel: strangers, new passwords, two-factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.planning.catalog import Pane
from workbench.presentation.credentials import user_rows
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.core.rows import TableRow
    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident


# Seconds between two paintings of the links' time left, which is told in minutes.
COUNTDOWN = 15.0


class UsersPane(WorkPane):
    """Every user of the account and of its subaccounts."""

    PANE = Pane.USERS
    TITLE = "Users"
    SLICES = frozenset({"users", "look", "runbook"})
    BINDINGS = bindings(pane_actions(Pane.USERS))
    HELP = (
        "Everybody who can sign in to the control panel. The API cannot delete a user: a stranger is deleted in "
        "the panel, at once, since a rogue admin makes new keys while you replace the old ones. A user is secure "
        "when the account shows a password set after access was cut and two-factor switched on. m shows the message "
        "for the highlighted user to copy: it starts the 20 minutes that a mailed link lives; t attests what the "
        "account cannot show, for one user."
    )
    COLUMNS = (
        Column("state", "state", width=12, min_width=11),
        Column("address", "address", flex=3, min_width=14),
        Column("name", "name", flex=2, min_width=8, priority=7),
        Column("role", "role", width=11, priority=3),
        Column("tfa", "2FA", width=3, priority=2),
        Column("password", "password", width=10, priority=3),
        Column("method", "sign-in", width=8, priority=6),
        Column("note", "note", flex=4, min_width=16, priority=1),
    )

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return every user, with what is waited for and how long a mailed link still lives."""
        # Imported here: the account's records are heavy, and there is no user before there is a session.
        from workbench.domain.runbook.user_actions import people, short_note

        told = {one.item.id: (one.pending, short_note(one)) for one in people(session.situation())}
        return user_rows(session.inventory, session.state, session.findings(), self.store.look, told)

    def on_mount(self) -> None:
        """Count the mailed links down while any lives."""
        super().on_mount()
        self.set_interval(COUNTDOWN, self._count_down)

    def _count_down(self) -> None:
        session = self.store.session
        if session is not None and any(name.startswith("link:") for name in session.state.timers):
            self.renew()

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[TableRow] | None:
        """No effect changes a user."""
        return []

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.why_empty("users", "The account names no user.")
