"""A stored secret on the screen: deliberate, timed, with share-safe off only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.planning.catalog import Pane
from workbench.tui.controllers.base import Controller

if TYPE_CHECKING:
    from workbench.core.redact import Secret
    from workbench.tui.incident_port import Incident


class RevealController(Controller):
    """One per app."""

    def table(self) -> dict[str, Callable[[Incident], object]]:
        """Return the handlers by action id."""
        return {"secret.reveal": self._reveal}

    def impossible(self, action_id: str, session: Incident) -> str | None:
        """Return why no secret is shown now, ``""`` when one can be."""
        if self._ui.store.look.share_safe:
            return "share-safe is on, and a secret is never drawn then; s turns it off"
        return "" if self._entry(session) else "this row has no new secret"

    def _entry(self, session: Incident) -> str:
        """Return the vault entry of the secret that belongs to the highlighted row, ``""`` for none."""
        key = self._selection.cursor_key(Pane.CREDENTIALS)
        if not key:
            return ""  # A filter hides every row: an effect without a new key is about no key, not about this one.
        # The newest first: a password that was replaced once more is of no use to anybody.
        for record in reversed(session.state.effects.values()):
            about = (record.effect.target, record.result.key_id, record.effect.params.replaces)
            kind = record.effect.kind.value
            if record.entry and key in about and kind in ("key.create", "smtp.reset", "smtp.create"):
                return record.entry
        return ""

    def _reveal(self, session: Incident) -> None:
        from workbench.tui.screens.reveal import RevealScreen

        entry = self._entry(session)

        def fetch(show: Callable[[Secret], None]) -> None:
            self._ui.work.start(
                lambda: session.recorder.secret(entry), group="reveal", doing="fetching a secret", then=show
            )

        self._ui.push(RevealScreen(entry, fetch, session.clock, self._ui.copy_secret))
