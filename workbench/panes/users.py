"""The people who can sign in to the control panel: strangers, new passwords, two-factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.actions.catalog import Pane
from workbench.incident.views import user_rows
from workbench.keymap import bindings, pane_actions
from workbench.panes.base import WorkPane
from workbench.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.incident.cells import ViewRow
    from workbench.incident.state import EffectRecord
    from workbench.session import Session


class UsersPane(WorkPane):
    """Every user of the account and of its subaccounts."""

    PANE = Pane.USERS
    TITLE = "Users"
    SLICES = frozenset({"users", "look"})
    BINDINGS = bindings(pane_actions(Pane.USERS))
    HELP = (
        "Everybody who can sign in to the control panel. The API cannot delete a user: a stranger is deleted in "
        "the panel, at once, since a rogue admin makes new keys while you replace the old ones. A user is secure "
        "when the account shows a password set after access was cut and two-factor switched on."
    )
    COLUMNS = (
        Column("state", "state", width=12, min_width=11),
        Column("address", "address", flex=3, min_width=14),
        Column("name", "name", flex=2, min_width=8, priority=7),
        Column("role", "role", width=9, priority=3),
        Column("tfa", "2FA", width=3, priority=2),
        Column("password", "password", width=10, priority=3),
        Column("method", "sign-in", width=8, priority=6),
        Column("note", "note", flex=4, min_width=16, priority=5),
    )

    def view_rows(self, session: Session) -> list[ViewRow]:
        """Return every user."""
        return user_rows(session.inventory, session.state, session.findings(), self.store.look)

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[ViewRow] | None:
        """No effect changes a user."""
        return []

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.why_empty("users", "The account names no user.")
