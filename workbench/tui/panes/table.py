"""A pane's table: keys that move its cursor act in it."""

from __future__ import annotations

from textual import events

from workbench.tui.widgets.table.telling import TellingTable

# A key goes up from the table to the app, a turn of the event loop for each of half a dozen, before the toolkit looks
# whose it is. Nobody on the way of a pane wants these.
_MOVES = ("move", "page", "top", "bottom")


class PaneTable(TellingTable):
    """Answers the keys that move the cursor where they arrive: in a cut every turn of the loop is a long one."""

    async def on_key(self, event: events.Key) -> None:
        """Move the cursor, where that is what the key means by the keymap; leave all others to the toolkit."""
        bindings = self._bindings.copy()
        bindings.apply_keymap(self.app._keymap)
        for binding in bindings.key_to_bindings.get(event.key, ()):
            if binding.action.partition("(")[0] in _MOVES:
                event.stop()
                await self.run_action(binding.action)
                return
