"""A secret that cannot be stored, on the screen: unlock and try again, a file of our own, on paper, or without it.

Nothing that depends on the secret goes ahead meanwhile, so the question stays until it is answered; leaving it
tries to store the secret once more and asks again where that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.tui.controllers.passphrase import passphrase_taker

if TYPE_CHECKING:
    from workbench.core.redact import Secret
    from workbench.execution.context import Held, Keeping
    from workbench.tui.ports import Ui
    from workbench.tui.screens.choices import Choice, Picked

MOVED = (
    "The host's keyring fails. New keys and passwords go into one encrypted file on this host from now on; what the "
    "keyring holds already stays there."
)


class UnstoredSecret:
    """One per app; ``ask`` is what the session calls from the run that waits for the answer."""

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def ask(self, held: Held) -> Keeping:
        """Ask until there is an answer that the secret's fate can hang on."""
        from workbench.execution.context import Keeping

        while True:
            picked = await self._pick(held)
            if picked == "reveal":
                if await self._written_down(held):
                    return Keeping.WRITTEN
            elif picked == "file":
                if await self._moved():
                    return Keeping.AGAIN
            else:
                return Keeping.GIVE_UP if picked == "give up" else Keeping.AGAIN

    async def _pick(self, held: Held) -> str:
        from workbench.tui.screens.choices import Choice

        choices = [
            Choice("again", "Unlock it, then try again", "stores the same secret; nothing is made twice")
        ]
        session = self._ui.store.session
        if session is not None and session.recorder.may_move_secrets():
            more = "encrypted, opened with a passphrase"
            choices.append(Choice("file", "Keep it in a file of our own", more))
        if held.paper:
            more = "shown once for 20 seconds, with share-safe off"
            choices.append(Choice("reveal", "Write it down by hand", more))
        if held.minted:
            choices.append(Choice("give up", "Delete the new key again", "the old one stays as it is"))
        else:
            choices.append(Choice("give up", "Leave this one as it is", "nothing was sent to the server yet"))
        what = held.effect.what or held.effect.target
        text = (
            f"{held.error.what} {held.error.todo}\n"
            f"The new secret to {what} is only in memory: if the workbench ends now it is lost. The old one "
            "still works, and nothing that depends on the new one goes ahead before you answer."
        )
        return await self._answer("Not stored: a new secret", text, choices, "again")

    async def _moved(self) -> bool:
        """Have a passphrase chosen and new secrets kept in our own file; return whether they are."""
        from workbench.tui.screens.connect import VaultScreen
        from workbench.vault.passphrases import generate_passphrase, judged

        ui = self._ui
        session = ui.store.session
        if session is None:
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def closed(made: bool | None) -> None:
            if not answer.done():
                answer.set_result(bool(made))

        take = passphrase_taker(ui.work, session.recorder.move_secrets)
        ui.push(VaultScreen(take, create=True, reason=MOVED, judge=judged, offer=generate_passphrase), closed)
        return await answer

    async def _written_down(self, held: Held) -> bool:
        """Show the secret once, then ask; with share-safe on, ask about that first and show nothing."""
        from workbench.tui.screens.choices import Choice
        from workbench.tui.screens.reveal import RevealScreen

        ui = self._ui
        session = ui.store.session
        if session is None:
            return False
        if ui.store.look.share_safe:
            off = (
                Choice("on", "Keep share-safe on"),
                Choice("off", "Turn it off", "secrets can be revealed from then on"),
            )
            text = "A secret is never drawn while share-safe is on. Is nobody looking, and nothing recording?"
            if await self._answer("Turn share-safe off?", text, off, "on") != "off":
                return False
            ui.set_look(share_safe=False)
        shown: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def fetch(show: Callable[[Secret], None]) -> None:
            show(held.secret)

        def closed(seen: bool | None) -> None:
            if not shown.done():
                shown.set_result(bool(seen))

        screen = RevealScreen(held.entry.username, fetch, session.clock, ui.copy_secret)
        ui.push(screen, closed)
        if not await shown:
            return False
        choices = (
            Choice("no", "Not yet", "asks again what to do with it"),
            Choice("yes", "It is written down", "recorded with your name; the old one may go then"),
        )
        text = "The workbench does not hold this secret later: whoever needs it gets it from what you wrote."
        return await self._answer("Did you write it down, whole and readable?", text, choices, "no") == "yes"

    async def _answer(self, heading: str, text: str, choices: Sequence[Choice], left: str) -> str:
        """Return the id of the answer; ``left`` when the question was left without one."""
        from workbench.tui.screens.prompts import PickScreen

        ui = self._ui
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def closed(picked: Picked | None) -> None:
            if not answer.done():
                answer.set_result(picked.id if picked is not None else left)

        ui.push(PickScreen(ui.safe(heading), ui.safe(text), choices), closed)
        return await answer
