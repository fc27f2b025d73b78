"""What happened, newest first: the incident's own log."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
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
    from workbench.presentation.activity_log import LogLine
    from workbench.presentation.cells import Look
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
    # Rows as they were last made, by number of the line, and what they were made for: a log only grows.
    _made: Mapping[int, tuple[LogLine, TableRow]] = MappingProxyType({})
    _made_for: tuple[Look, frozenset[str]] | None = None

    def on_mount(self) -> None:
        """The newest line has the largest number."""
        super().on_mount()
        self.table.sort_by("time", descending=True)

    def view_rows(self, session: Incident) -> list[TableRow]:
        """Return the newest lines."""
        look = self.store.look
        people = people_of(session.inventory, session.state)
        if self._made_for != (look, people):
            self._made, self._made_for = {}, (look, people)
        lines = session.recorder.log_lines()
        self._all = len(lines)
        self._last = lines[-1].seq if lines else 0
        self._follow = self.table.cursor_key in (None, self._newest)
        made: dict[int, tuple[LogLine, TableRow]] = {}
        for line in lines[-SHOWN:]:
            known = self._made.get(line.seq)
            same = known is not None and known[0] is line
            made[line.seq] = known if known is not None and same else (line, _row(line, people, look))
        self._made = made
        return [row for _, row in made.values()]

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


def _row(line: LogLine, people: frozenset[str], look: Look) -> TableRow:
    at = line.at if isinstance(line.at, datetime | str) else str(line.at)
    tone = {"info": ""}.get(line.tone, line.tone)
    cells = (
        Cell(moment_text(at, look, "%H:%M:%S"), "dim", line.seq),
        Cell(hide_people(line.text, people, look), tone),
    )
    return TableRow(str(line.seq), cells, markable=False)
