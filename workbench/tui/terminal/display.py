"""How an app and its screens reach the terminal driver; both are mixed in before the toolkit's own classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from textual import events
from textual._compositor import CompositorUpdate
from textual.drivers.headless_driver import HeadlessDriver
from textual.screen import Screen

from workbench.tui.once import PunctualApp
from workbench.tui.styled import StyledApp
from workbench.tui.terminal.driver import TerminalDriver, offers_mouse
from workbench.tui.terminal.type_ahead import TypeAhead
from workbench.tui.terminal.unheard import Unheard

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.driver import Driver


class TerminalApp(StyledApp, PunctualApp):
    """An app whose pictures go through our driver: what changed is sent, and nothing waits for the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.unheard = Unheard(self)
        self.type_ahead = TypeAhead(self, self._hand_on, self.tell)

    def tell(self, text: str, severity: Literal["information", "warning"] = "information") -> None:
        """Say something short in a corner."""
        self.notify(text, severity=severity, markup=False)

    async def on_event(self, event: events.Event) -> None:
        """Have keys that were not handed on yet act on what was drawn when they were pressed."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self.type_ahead.key(event)
        else:
            await super().on_event(event)

    async def _hand_on(self, event: events.Event) -> None:
        then = self.unheard.before(event) if isinstance(event, events.Key) else None
        await super().on_event(event)
        if then is not None:
            then()

    def get_driver_class(self) -> type[Driver]:
        """Return our driver, for a real terminal."""
        chosen = super().get_driver_class()
        return chosen if issubclass(chosen, HeadlessDriver) else TerminalDriver

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if screen is self.screen:
            self.type_ahead.drawn(screen)
            self.unheard.drawn()
        driver = self._driver
        update: object = renderable
        if not isinstance(driver, TerminalDriver) or not isinstance(update, CompositorUpdate):
            super()._display(screen, renderable)
            return
        try:
            if self._running and not self._closed and not self._batch_count:
                size = self.screen.outer_size
                cursor = size.clamp_offset(self.cursor_position)
                driver.take(update, size, cursor, self.console._color_system)
        except Exception as error:
            self._handle_exception(error)
        finally:
            self.post_display_hook()

    def key_under_way(self) -> bool:
        """Return whether a key was pressed just now: what takes long and is not its answer may wait a little."""
        return isinstance(self._driver, TerminalDriver) and self._driver.key_under_way

    def means_something(self, key: str) -> bool:
        """Return whether a key is bound to something that is possible now, on the screen in front.

        The toolkit's own ``active_bindings`` asks that of every key there is.
        """
        return any(
            self._check_action_state(binding.action, node) is not False
            for node, bindings in self.screen._modal_binding_chain
            for binding in bindings.key_to_bindings.get(key, ())
        )

    def toggle_mouse(self) -> bool | None:
        """Take the mouse or give it back; return whether it is ours now, None where there is none to take."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver) or not offers_mouse():
            return None
        return driver.toggle_mouse()

    def send_whole(self) -> None:
        """Send the whole picture once more, whatever the terminal is believed to show."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.repaint()


class CalmScreen(Screen[Any]):
    """A screen that rests while another covers it.

    The toolkit's own, once anything of it changed behind a dialog, marks itself as to be painted at each painting:
    everything is painted sixty times a second as long as the dialog is open.
    """

    def _compositor_refresh(self) -> None:
        app = self.app
        behind = app._background_screens
        if app.is_inline or self is app.screen or self not in behind:
            super()._compositor_refresh()
            return
        dirty = self._compositor._dirty_regions
        if dirty:
            # Every screen above shows this one through, the uppermost paints.
            for above in behind[behind.index(self) + 1 :]:
                above._set_dirty(*dirty)
            app.screen.refresh(*dirty)
            self._compositor._dirty_regions = set()
        self._dirty_widgets.clear()
