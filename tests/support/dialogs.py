"""One example of every dialog there is, on an open incident: for what must hold of each of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from textual.screen import ModalScreen

from workbench.domain.leaks import leaks
from workbench.planning.catalog import Pane
from workbench.tui import screens
from workbench.tui.app import WorkbenchApp
from workbench.tui.controllers.forensics import hidden
from workbench.tui.screens.choices import Choice
from workbench.tui.screens.connect import ConnectScreen, FoundKey, VaultScreen
from workbench.tui.screens.dialog import Dialog
from workbench.tui.screens.help import HelpScreen
from workbench.tui.screens.leaks import LeaksScreen, Places, SearchScreen
from workbench.tui.screens.lists import ListLine, ListScreen, Verb
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.prompts import AskScreen, PickScreen
from workbench.tui.screens.removal import RemovalScreen
from workbench.tui.screens.reveal import RevealScreen
from workbench.tui.screens.senders import SendersScreen
from workbench.tui.screens.texts import ErrorScreen, TextScreen
from workbench.tui.screens.timeline import TimelineScreen
from workbench.tui.screens.too_small import TooSmallScreen
from workbench.tui.screens.tour import TourScreen
from workbench.tui.screens.window import WindowScreen
from workbench.tui.workers import Trouble

Made = Callable[[WorkbenchApp], ModalScreen[Any]]
_LINES = [
    ListLine(str(number), f"somebody{number}@acme.example", ("made in the abuse",)) for number in range(40)
]
_LONG = "\n".join(f"{number}. A line that somebody reads, or copies." for number in range(1, 61))


def _help(app: WorkbenchApp) -> HelpScreen:
    pane = app.main.panes[Pane.CREDENTIALS]
    return HelpScreen(pane.PANE, pane.TITLE, pane.HELP)


def _session(app: WorkbenchApp) -> Any:
    return app.store.session


EXAMPLES: dict[type[ModalScreen[Any]], Made] = {
    AskScreen: lambda app: AskScreen("What was it?", "One line.", placeholder="in your words"),
    ConnectScreen: lambda app: ConnectScreen([FoundKey("env", "MAILGUN_API_KEY", "…4f2a")]),
    ErrorScreen: lambda app: ErrorScreen(
        Trouble("reading", "It failed.", "Nothing is known.", "Try again.", True)
    ),
    HelpScreen: _help,
    LeaksScreen: lambda app: LeaksScreen(leaks.leaks(_session(app).state), ["Nothing was searched yet."]),
    ListScreen: lambda app: ListScreen("Judge", "Forty wait.", _LINES, [Verb("enter", "on", "reads on")]),
    PickScreen: lambda app: PickScreen("Which?", "One of two.", [Choice("a", "This"), Choice("b", "That")]),
    PlanScreen: lambda app: PlanScreen(_session(app).plan("contain.all"), "acme"),
    RemovalScreen: lambda app: RemovalScreen("Removal", "Listed.", _LONG, hint="Send it.", ready=True),
    RevealScreen: lambda app: RevealScreen("API key", lambda show: None, _session(app).clock),
    SearchScreen: lambda app: SearchScreen(Places("/var/www")),
    SendersScreen: lambda app: SendersScreen(_session(app).investigation.senders(), str),
    TextScreen: lambda app: TextScreen("A message", _LONG),
    TimelineScreen: lambda app: TimelineScreen(
        lambda: _session(app).investigation.moments(), app.store.look, hidden(_session(app))
    ),
    TooSmallScreen: lambda app: TooSmallScreen(),
    TourScreen: lambda app: TourScreen(),
    VaultScreen: lambda app: VaultScreen(lambda secret, answered: None, create=True),
    WindowScreen: lambda app: WindowScreen(_session(app).investigation.window(), app.store.look),
}


def kinds() -> set[type[ModalScreen[Any]]]:
    """Return every class of the program that is shown over another screen."""
    for module in pkgutil.iter_modules(screens.__path__):
        import_module(f"{screens.__name__}.{module.name}")
    return {one for one in _below(ModalScreen) if one.__module__.startswith("workbench.")} - {Dialog}


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
