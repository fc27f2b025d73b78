"""Shown instead of everything else while the terminal is too small to be read safely."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

MIN_WIDTH, MIN_HEIGHT = 60, 16  # cells


class TooSmallScreen(ModalScreen[None]):
    """Takes every key and heeds only the one that quits."""

    DEFAULT_CSS = """
    TooSmallScreen { align: center middle; background: $background; }
    TooSmallScreen > Static { width: auto; max-width: 100%; height: auto; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.do('quit')", "Quit", id="small.quit")]

    def compose(self) -> ComposeResult:
        """Say what is needed."""
        yield Static(
            f"Too small: at least {MIN_WIDTH} × {MIN_HEIGHT}.\nNothing was stopped. q quits.", markup=False
        )
