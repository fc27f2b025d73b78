"""Styles that a screen brings along are read beside those that are there."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import Screen


class StyledApp(App[int]):
    """An app that reads each file of styles once.

    Where a screen brings a file, as the first dialog does, Textual reads all files and every widget's styles anew
    before it shows that screen.
    """

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        sheet = self.stylesheet
        new = [path for path in screen.css_path if not sheet.has_source(str(path), "")]
        for path in new:
            sheet.read(path)
        if new:
            sheet.parse()
            sheet.update(self)
        super()._load_screen_css(screen)
