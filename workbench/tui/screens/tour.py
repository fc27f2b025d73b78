"""The two-minute tour: four pages on what the screen says, what Enter does, and how to leave."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from workbench.tui.screens.dialog import Dialog, title, words
from workbench.tui.screens.texts import TextScroll

OFFER = "New here? F1 takes a two-minute tour. Enter does what the guide names; q leaves at any time."

PAGES: tuple[tuple[str, str], ...] = (
    (
        "The top line: how bad is it?",
        "The first line answers the one question: is it over? NOT CONTAINED means that somebody else can still send or "
        "come back. CUT, BUT OPEN names the way that is left. CONTAINED says how long it took, and is only said while "
        "the account itself shows it.\n\n"
        "Beside it: what the intruder sends right now, how fresh what you see is (● live), and share-safe, which keeps "
        "secrets and people's addresses off a screen that others watch.",
    ),
    (
        "Enter: the next thing, never a surprise",
        "The runbook (pane 1) names one thing to do next and why. Enter there does it. Whatever changes the "
        "account is shown as a plan first: what, how many, what will break. It begins only when you type the number of "
        "things it changes.\n\n"
        "Enter never judges, attests or deletes. In a list it opens the row, or goes to the next one. What waits for "
        "somebody else says for whom, and the guide goes on with what can be done meanwhile.",
    ),
    (
        "Lists, and when it gets crowded",
        "1 to 6 or Tab go to the lists; z gives one the whole screen and back. space selects, / filters, o sorts, d "
        "judges the highlighted row. Where many wait for a judgement (J), i says of the selected ones that they are "
        "the intruder's, y that they are yours. u in Activity takes it back.\n\n"
        "? explains the list you are in with all its keys. ctrl+p finds every action by its name, and says why one is "
        "not possible now. A lists the alarms and what to do about each. A mouse works too, and F2 switches it off.",
    ),
    (
        "Leaving, and coming back",
        "Esc goes one layer back. q leaves; nothing is lost: secrets are in the vault, every step is in the journal, "
        "and the next start goes on where you were. f goes on with what was begun.\n\n"
        "This is the drill: a simulated account that nobody depends on. Nobody sits at its control panel either, so "
        "where a step waits for others, Enter plays their part. `workbench drill --fresh` begins again.",
    ),
)


class TourScreen(Dialog[None]):
    """One page at a time: Enter goes on, and Esc leaves from any page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,right,n", "page(1)", "Next", id="tour.next", show=False, priority=True),
        Binding("backspace,left,p", "page(-1)", "Back", id="tour.previous", show=False, priority=True),
        Binding("q,f1", "back", "Close", id="tour.close", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="tour-screen")
        self._page = 0
        self._heading = title("")
        self._body = Static(markup=False, classes="dialog-words")
        self._keys = words("", classes="dialog-keys")

    def compose(self) -> ComposeResult:
        """The page and its keys."""
        with Vertical(classes="dialog-box -page"):
            yield self._heading
            with TextScroll(classes="dialog-scroll"):
                yield self._body
            yield self._keys

    def on_mount(self) -> None:
        """The first page."""
        super().on_mount()
        self.query_one(TextScroll).focus()
        self._write()

    def action_page(self, step: int) -> None:
        """Turn pages; after the last one it closes."""
        if self._page + step >= len(PAGES):
            self.dismiss(None)
            return
        if self._page + step < 0:
            self.say("this is the first page")
            return
        self._page += step
        self._write()

    def _write(self) -> None:
        heading, text = PAGES[self._page]
        self._heading.update(Content(f"{heading}  {self._page + 1}/{len(PAGES)}"))
        self._body.update(Content(text))
        last = self._page + 1 == len(PAGES)
        self._keys.update(
            Content("Enter closes · ← back" if last else "Enter goes on · ← back · Esc leaves the tour")
        )
