"""What happened, on the screen: the timeline, and the abuse window with its hourly chart (step 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.incident.cells import people_of

if TYPE_CHECKING:
    from workbench.app import WorkbenchApp
    from workbench.incident.timeline_moment import Moment
    from workbench.incident.timeline_view import Hidden
    from workbench.session import Session


class Past:
    """One per app; ``table`` is what ``Deeds`` takes over. Shows; reads nothing from the account."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app

    def table(self) -> dict[str, Callable[[Session], object]]:
        """Return the deeds by action id."""
        return {"timeline.show": self.timeline, "window.show": self.window}

    def timeline(self, session: Session) -> None:
        """Show everything dated that is known; it follows the journal while it is open."""
        from workbench.screens.timeline import TimelineScreen

        seen = -1

        def moments() -> list[Moment] | None:
            nonlocal seen
            if session.state.last_seq == seen:
                return None
            seen = session.state.last_seq
            return session.investigation.moments()

        self._app.push_screen(TimelineScreen(moments, self._app.store.look, hidden(session)))

    def window(self, session: Session) -> None:
        """Show the hourly chart and the breakdowns, as far as they were read."""
        from workbench.screens.window import WindowScreen

        self._app.push_screen(WindowScreen(session.investigation.window(), self._app.store.look))


def hidden(session: Session) -> Hidden:
    """Return whose addresses a timeline shortens while share-safe is on."""
    from workbench.incident.timeline_view import Hidden

    logins = {str(login).lower() for login in session.state.baseline.get("logins", ())}
    return Hidden(
        people_of(session.inventory), frozenset(logins | {n.lower() for n in session.inventory.logins})
    )
