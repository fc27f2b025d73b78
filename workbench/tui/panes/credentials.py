"""API keys and SMTP logins in one list: what is dead, what was reset and proven, what still works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.core.turns import in_turns
from workbench.planning.catalog import Pane
from workbench.presentation.credentials import Cached, CredentialView
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column

if TYPE_CHECKING:
    from workbench.core.rows import Row
    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident
    from workbench.tui.panes.store import Store


# A row costs 1 to 4 µs: ten thousand at once are as long as a key may wait.
ROWS_A_TURN = 2_000


class CredentialsPane(WorkPane):
    """Everything that can send or administer with a secret."""

    PANE = Pane.CREDENTIALS
    TITLE = "Credentials"
    SLICES = frozenset({"keys", "logins", "look"})
    BINDINGS = bindings(pane_actions(Pane.CREDENTIALS))
    HELP = (
        "Every API key and every SMTP login of every domain. An intruder who holds one can send mail, an admin "
        "key can do everything. Replace keys and reset logins here. Old and new are two facts: *old dead* where "
        "the account refuses the old one, *untested* where nobody could try it, *old works* while it still opens "
        "something; then how the new one is proven. With nothing selected, replace and reset mean all of them; "
        "the plan says what and how many before anything happens."
    )
    COLUMNS = (
        Column("state", "state", width=13, min_width=12),
        Column("kind", "kind", width=7, priority=2),
        Column("name", "id / login", flex=3, min_width=28),
        Column("role", "role", width=9, priority=6),
        Column("place", "where", width=8, min_width=4, priority=4),
        Column("created", "created", width=10, priority=5),
        Column("note", "evidence", flex=4, min_width=16, priority=3),
    )
    _view: CredentialView | None = None

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._seen: dict[str, None] = {}  # every key that there ever was, in the order of its arrival
        self._cache: dict[str, Cached] = {}
        self._cached_look = store.look
        self._ready: tuple[Incident, CredentialView, list[Row]] | None = None

    async def prepare(self, session: Incident) -> None:
        """Make the rows in turns, where all are made anew."""
        if self.stale:
            view = self._viewed(session)
            self._ready = (session, view, [row async for row in in_turns(view.each(), ROWS_A_TURN)])

    def let_go(self) -> None:
        """Forget rows that were made ready."""
        self._ready = None

    def _viewed(self, session: Incident) -> CredentialView:
        look = self.store.look
        if look != self._cached_look:
            self._cached_look = look
            self._cache.clear()
        now = session.clock.now()
        return CredentialView(
            session.inventory, session.state, session.findings(), look, self.store.phases, self._cache, now
        )

    def view_rows(self, session: Incident) -> list[Row]:
        """Return every key and login."""
        ready = self._ready
        if ready is not None and ready[0] is session and self.store.look == self._cached_look:
            _, view, rows = ready
        else:
            view = self._viewed(session)
            rows = view.rows()
        self._view = view
        self._seen |= dict.fromkeys(row.key for row in rows)
        place = {key: number for number, key in enumerate(self._seen)}
        # Keys first, each row where it was first seen: what is deleted stays in its place, told as gone.
        return sorted(rows, key=lambda row: (view.is_login(row.key), place[row.key]))

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[Row] | None:
        """Return only the rows that the moved effects are about."""
        return None if self._view is None else self._view.moved(records.values())

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        return self.store.why_empty("keys", "This account has no API key and no SMTP login.")
