"""What the deeds of the later steps share: a list to decide on, a text to take, words to record.

People's addresses are shortened on the way to the screen and to the clipboard while share-safe is on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.session.session import Session
    from workbench.tui.app import WorkbenchApp
    from workbench.tui.screens.lists import Chosen, Line, Verb


class Lists:
    """Shows and records for an app; starts no change of the account."""

    def __init__(self, app: WorkbenchApp) -> None:
        self._app = app

    def show_list(
        self,
        heading: str,
        text: str,
        lines: Sequence[Line],
        verbs: Sequence[Verb],
        answered: Callable[[Chosen], object],
        *,
        marked: Sequence[str] = (),
    ) -> None:
        """Show a list to decide on; ``answered`` hears the verb when rows were meant."""
        from workbench.tui.screens.lists import ListScreen

        def closed(chosen: Chosen | None) -> None:
            if chosen is not None and chosen.keys:
                answered(chosen)

        safe = [
            line._replace(words=self._app.safe(line.words), more=self._app.safe(line.more)) for line in lines
        ]
        screen = ListScreen(heading, self._app.safe(text), safe, verbs, marked=marked)
        self._app.push_screen(screen, closed)

    def show_text(
        self, heading: str, text: str, hint: str, copied: Callable[[], object] | None, *, take: bool = True
    ) -> None:
        """Show a text; with ``take`` Enter copies it. ``copied`` is called when it was copied."""
        from workbench.tui.screens.texts import TextScreen

        def closed(done: bool | None) -> None:
            if done and copied is not None:
                copied()

        screen = TextScreen(heading, self._app.safe(text), hint=hint, enter_copies=take)
        self._app.push_screen(screen, closed)

    def decide(
        self,
        session: Session,
        keys: Sequence[str],
        decision: str,
        reason: str,
        then: Callable[[], object] | None = None,
    ) -> None:
        """Record one judgement of several findings; ``then`` is done once it stands."""

        async def work() -> None:
            for key in keys:
                await session.decide(key, decision, reason)

        def recorded(_: None) -> None:
            if then is not None:
                then()

        self._app.work.start(work, group="decide", doing="recording your judgement", then=recorded)

    def attest(self, session: Session, step: str, said: Sequence[tuple[str, str]]) -> None:
        """Record several words about a step: (text, subject) each."""

        async def work() -> None:
            for text, subject in said:
                await session.attest(step, text, subject)

        self._app.work.start(work, group="attest", doing=f"attesting step {step}")
