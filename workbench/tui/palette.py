"""The command palette: every action of the table by its ``area: verb`` name, the impossible ones dimmed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from workbench.core.redact import visible
from workbench.planning.catalog import ACTIONS, Action
from workbench.tui.keymap import key_name

if TYPE_CHECKING:
    from workbench.tui.ports import Ui


class ActionProvider(Provider):
    """Offers every action; one that is not possible now is dimmed and says why."""

    _entries: Sequence[tuple[Action, str]] = ()

    def entries(self) -> Sequence[tuple[Action, str]]:
        """Return every action with the reason why it is not possible (empty: it is), as the palette opened.

        Typing asks nothing again; what is chosen is asked once more before it is done.
        """
        if not self._entries:
            ui = cast("Ui", self.app)
            self._entries = [(a, ui.unavailable(a)) for a in ACTIONS.values() if a.id != "palette"]
        return self._entries

    def _help(self, action: Action, reason: str) -> str:
        # The palette takes markup here, and reasons may quote outside text.
        key = f"({key_name(action.key)})  " if action.key else ""
        return escape(f"{key}not now: {visible(reason)}" if reason else f"{key}{action.does}")

    def _shown(self, action: Action, reason: str) -> Content:
        title = Content(action.title)
        return title.stylize("dim") if reason else title

    async def discover(self) -> Hits:
        """Yield all actions for an empty search."""
        for action, reason in self.entries():
            run = partial(self._run, action.id)
            yield DiscoveryHit(self._shown(action, reason), run, action.title, self._help(action, reason))

    async def search(self, query: str) -> Hits:
        """Yield the actions whose name or sentence matches."""
        matcher = self.matcher(query)
        for action, reason in self.entries():
            score = max(matcher.match(action.title), 0.5 * matcher.match(action.does))
            if score > 0:
                run = partial(self._run, action.id)
                yield Hit(score, self._shown(action, reason), run, action.title, self._help(action, reason))

    async def _run(self, action_id: str) -> None:
        cast("Ui", self.app).do(action_id)
