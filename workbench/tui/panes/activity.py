"""What happened, newest first: the incident's own log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from workbench.core.rows import Cell, TableRow
from workbench.planning.catalog import Pane
from workbench.presentation.cells import hide_people, moment_text, people_of
from workbench.tui.keymap import bindings, pane_actions
from workbench.tui.panes.base import WorkPane
from workbench.tui.widgets.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.domain.model.state import EffectRecord
    from workbench.tui.incident_port import Incident

# The pane shows so many of the newest lines and says how many there are; the journal keeps all of them.
SHOWN = 500


class ActivityPane(WorkPane):
    """The log, with the newest line on top."""

    PANE = Pane.ACTIVITY
    TITLE = "Activity"
    SLICES = frozenset({"log", "alarms", "look"})
    BINDINGS = bindings(pane_actions(Pane.ACTIVITY))
    HELP = (
        "Everything the workbench did and saw, newest first. An alarm names something that appeared or changed "
        "and that nothing done here explains: the intruder may still be inside. Enter on it shows what to do "
        "about it; on any other line it shows the line in full."
    )
    COLUMNS = (
        Column("time", "time", width=8, sortable=False),
        Column("text", "what happened", flex=1, min_width=20, sortable=False),
    )
    _all = 0
    _last = 0
    _newest: str | None = None
    _follow = True

    def on_mount(self) -> None:
        """The newest line has the largest number."""
        super().on_mount()
        self.table.sort_by("time", descending=True)

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return the newest lines."""
        look = self.store.look
        people = people_of(session.inventory, session.state)
        lines = session.recorder.log_lines()
        self._all = len(lines)
        self._last = lines[-1].seq if lines else 0
        self._follow = self.table.cursor_key in (None, self._newest)
        rows = []
        for line in lines[-SHOWN:]:
            at = line.at if isinstance(line.at, datetime | str) else str(line.at)
            tone = {"info": ""}.get(line.tone, line.tone)
            rows.append(
                TableRow(
                    str(line.seq),
                    (
                        Cell(moment_text(at, look, "%H:%M:%S"), "dim", line.seq),
                        Cell(hide_people(line.text, people, look), tone),
                    ),
                    markable=False,
                )
            )
        return rows

    def after_rows(self) -> None:
        """Stay on the newest line for as long as the cursor was there; whoever moved it is left alone."""
        if self._last:
            if self._follow:
                self.table.move_cursor(str(self._last))
            self._newest = str(self._last)

    def moved_rows(self, records: Mapping[str, EffectRecord]) -> list[TableRow] | None:
        """Effects write lines of their own: the log is read anew."""
        return None

    def title_parts(self) -> list[str]:
        """Say how many lines there are beyond those shown."""
        parts = super().title_parts()
        if self._all > SHOWN and parts and not self.table.filter_text.strip():
            parts[0] = f"newest {SHOWN} of {self._all}"
        return parts

    def why_empty(self) -> str:
        """Return why there is nothing to see."""
        if self.store.session is None:
            return self.store.failed or "Loading…"
        return "Nothing happened yet."
