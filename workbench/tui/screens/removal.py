"""The way off one listing: everything about it to read, and the request text to copy."""

from __future__ import annotations

from workbench.tui.screens.texts import TextScreen, plain


class RemovalScreen(TextScreen):
    """Shows the way off; ``c`` copies only what is to be sent. Dismisses with whether it was copied."""

    def __init__(self, heading: str, lines: str, request: str, *, hint: str, ready: bool) -> None:
        text = f"{lines}\n\n— the text to send —\n\n{request}" if request else lines
        super().__init__(heading, text, hint=hint, copyable=bool(request), enter_copies=ready)
        self._request = request

    def action_copy(self) -> None:
        """Offer the request text to the terminal's clipboard."""
        if self._copyable:
            self.app.copy_to_clipboard(plain(self._request))
            self._copied = True
