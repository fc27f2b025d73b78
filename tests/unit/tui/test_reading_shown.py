"""A long reading says in the top line what it reads and how far it is, also where it is narrow."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.support.situations import NOW, situation
from workbench.tui.panes.store import Store
from workbench.tui.screens.main import MainScreen
from workbench.tui.screens.status import freshness
from workbench.tui.widgets.statusline import Fact, arrange


def test_how_far_a_reading_is_stands_in_the_top_line_until_it_is_over() -> None:
    session: Any = SimpleNamespace(inventory=situation().inventory)
    store = Store(session=session)
    shown: list[str] = []

    def refresh() -> None:
        facts = (Fact("CUT, BUT OPEN"), freshness(store, NOW), Fact("a name " * 8, priority=20))
        shown.append("".join(text for text, _ in arrange(facts, 26)).strip())

    screen: Any = SimpleNamespace(store=store, refresh_status=refresh)
    for done in (400, 401, 404, 1000):
        MainScreen.show_reading(screen, "log", done, 1000)
    assert shown == ["CUT, BUT OPEN  ● log 40 %", "CUT, BUT OPEN  ● live"], "told once a step"
