"""Help: the focused pane first, then its keys, then the keys of every pane, then what has no key."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.planning.catalog import Pane
from workbench.tui.keymap import global_actions, key_name, pane_actions, table_hints
from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import TextScroll

KEYS_WIDTH = 12


def help_pieces(pane: Pane, about: str) -> list[tuple[str, str]]:
    """Return the help of a pane as (text, style) pieces; every action of the table is in one of its parts."""
    pieces = [(about + "\n", "")]
    own = [(key_name(a.key), a.title, a.does, a.needs) for a in pane_actions(pane)]
    everywhere = [(key_name(a.key), a.title, a.does, a.needs) for a in global_actions() if a.key]
    table = [(hint.key, hint.words, "", "") for hint in table_hints()]
    keyless = [("^p", a.title, a.does, a.needs) for a in global_actions() if not a.key]
    own_keyless = [row for row in own if not row[0]]
    parts = (
        ("Keys of this pane", [row for row in own if row[0]]),
        ("Keys of every list", table),
        ("Keys everywhere", everywhere),
        ("Without a key, in the command palette", keyless + [("^p", *row[1:]) for row in own_keyless]),
    )
    for heading, rows in parts:
        if rows:
            pieces.append((f"\n{heading}\n", "bold underline"))
        for key, name, does, needs in rows:
            pieces += [(f"{key:<{KEYS_WIDTH}} ", "bold $text-accent"), (name, "bold")]
            pieces.append((f"  {does}" if does else "", ""))
            pieces.append((f" Needs {needs}." if needs else "", "$text-muted"))
            pieces.append(("\n", ""))
    return pieces


class HelpScreen(Dialog[None]):
    """The help of one pane."""

    BINDINGS = [("question_mark,q,enter", "back", "Close")]  # noqa: RUF012 - Textual's own form

    def __init__(self, pane: Pane, name: str, about: str) -> None:
        super().__init__(classes="help-screen")
        self._pane = pane
        self._name = name
        self._about = about

    def compose(self) -> ComposeResult:
        """Everything in one text that scrolls."""
        with Vertical(classes="dialog-box -tall"):
            yield title(f"Help: {self._name}")
            with TextScroll(classes="dialog-scroll"):
                pieces = help_pieces(self._pane, self._about)
                yield Static(Content.assemble(*pieces), markup=False, classes="dialog-words")
            yield words("j and k scroll · Esc closes", classes="dialog-keys")

    def on_mount(self) -> None:
        """Scroll at once."""
        self.query_one(TextScroll).focus()
