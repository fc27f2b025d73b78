"""Shows one secret, on purpose, for a short time, with the rest of the screen covered."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from workbench.core.clock import Clock
from workbench.core.redact import Secret, visible
from workbench.tui.screens.dialog import Dialog, button, title, words

SHOWN_FOR = 20.0  # seconds, the longest a secret stays on the screen


class RevealScreen(Dialog[bool]):
    """First a warning on Cancel; then the secret with a countdown; then gone. True when it was shown.

    ``fetch`` starts getting the secret and calls back with it; the value lives in this screen only while it
    is drawn.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy", id="reveal.copy", show=False),
    ]

    def __init__(
        self,
        name: str,
        fetch: Callable[[Callable[[Secret], None]], object],
        clock: Clock,
        copy: Callable[[Secret], object] | None = None,
    ) -> None:
        super().__init__(classes="reveal-screen")
        self._name = name
        self._fetch = fetch
        self._clock = clock
        self._copy = copy
        self._shown: Secret | None = None
        self._until: float | None = None
        self._left = 0

    def compose(self) -> ComposeResult:
        """The warning; the place of the secret is empty."""
        with Vertical(classes="dialog-box"):
            yield title(f"Reveal one secret: {visible(self._name, 120)}")
            yield words(
                "Everybody who sees this screen, a recording of it, or tmux's history will have this secret. Stop "
                "sharing first. It is shown once for 20 seconds; that it was shown goes into the journal.",
                classes="-loud",
                id="reveal-warning",
            )
            yield Static("", id="reveal-value", markup=False)
            yield words("", id="reveal-countdown")
            with Horizontal(classes="dialog-buttons", id="reveal-buttons"):
                yield button("Cancel (Esc)", "cancel")
                yield button("Show it for 20 seconds", "show", danger=True)
            yield words("Tab to the button, Enter presses it · Esc closes at once", classes="dialog-keys")

    def on_mount(self) -> None:
        """The focus is on Cancel."""
        self.query_one("#cancel").focus()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.action_back()

    @on(Button.Pressed, "#show")
    def _show(self) -> None:
        if self._until is None:
            self._until = float("inf")
            self.query_one("#show").disabled = True
            self._fetch(self.show_secret)

    def show_secret(self, secret: Secret) -> None:
        """Draw the secret and start the countdown; does nothing when the screen was left meanwhile."""
        if not self.is_current:
            return
        self._until = self._clock.monotonic() + SHOWN_FOR
        self._shown = secret
        self.query_one("#reveal-value", Static).update(Content(secret.reveal()))
        self.query_one("#reveal-buttons").display = False
        self.set_interval(0.5, self.tick)
        self.tick()

    def tick(self) -> None:
        """Count down; hide and close when the time is over."""
        if self._until is None:
            return
        left = self._until - self._clock.monotonic()
        if left <= 0:
            self.action_back()
            return
        # One repaint a second, not two.
        if round(left) != self._left:
            self._left = round(left)
            words = f"Hidden in {self._left} s. Esc hides it now. c copies it: recorders and tmux keep what is copied."
            self.query_one("#reveal-countdown", Static).update(words)

    def action_copy(self) -> None:
        """Hand the shown secret to the app to copy, which refuses while share-safe is on."""
        if self._shown is not None and self._copy is not None:
            self._copy(self._shown)

    def action_back(self) -> None:
        """Take the secret off the screen, then close."""
        shown = self._until is not None and self._until != float("inf")
        self._until = None
        self._shown = None
        self.query_one("#reveal-value", Static).update("")
        self.dismiss(shown)

    def on_app_blur(self, event: events.AppBlur) -> None:
        """Hide as soon as somebody looks elsewhere: the screen may be shared from there."""
        if self._until is not None and self._until != float("inf"):
            self.action_back()
