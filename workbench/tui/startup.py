"""From the first frame to an open incident: what must be asked first, then the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

from workbench.tui.controllers.passphrase import passphrase_taker

if TYPE_CHECKING:
    from textual.app import App

    from workbench.tui.incident_port import Incident
    from workbench.tui.ports import Work
    from workbench.tui.screens.connect import Door, KeyChoice, KeyRefusal, Trying

FirstScreen = Literal["panes", "connect"]


class Startup:
    """Asks for the passphrase and the key where they are needed, then opens the session."""

    def __init__(
        self,
        app: App[Any],
        work: Work,
        open_session: Callable[[], Awaitable[Incident]],
        door: Callable[[], Awaitable[Door]] | None,
        first_screen: FirstScreen,
    ) -> None:
        self._app = app
        self._work = work
        self._open_session = open_session
        self._door = door
        self._first_screen = first_screen

    async def open(self) -> Incident | None:
        """Return the open session, None when the operator left at the door. Raises what opening raises."""
        if self._door is not None and not await self._pass(await self._door()):
            return None
        return await self._open_session()

    async def _pass(self, door: Door) -> bool:
        from workbench.tui.screens.connect import ConnectScreen, VaultScreen

        if door.vault != "ready" and door.take_passphrase is not None:
            create = door.vault == "create"
            take = passphrase_taker(self._work, door.take_passphrase)
            screen = VaultScreen(
                take,
                create=create,
                reason=door.vault_words,
                judge=door.judge,
                offer=door.offer,
                ask_again=self._keyring_asker(door.ask_again) if door.ask_again is not None else None,
            )
            if not await self._app.push_screen_wait(screen):
                return False
        refused = None
        if door.supplied is not None and door.try_key is not None:
            found = await door.try_key(door.supplied)
            refused = (door.supplied, found) if found is not None else None
        if (door.ask_key or refused or self._first_screen == "connect") and door.take_key is not None:
            tried = self._key_trier(door.try_key) if door.try_key is not None else None
            choice = await self._app.push_screen_wait(ConnectScreen(door.found, tried, refused=refused))
            if choice is None:
                return False
            door.take_key(choice)
        return True

    def _key_trier(self, ask: Callable[[KeyChoice], Awaitable[KeyRefusal | None]]) -> Trying:
        """Return what the connect screen calls: it asks about a key in a worker and answers why it is not the one."""

        def start(choice: KeyChoice, answered: Callable[[KeyRefusal | None], None]) -> None:
            self._work.start(
                lambda: ask(choice), group="key", doing="asking Mailgun about the key", then=answered
            )

        return start

    def _keyring_asker(self, ask: Callable[[], Awaitable[str]]) -> Callable[[Callable[[str], None]], object]:
        """Return what the vault screen calls to have the host's keyring asked once more, in a worker."""

        def start(answered: Callable[[str], None]) -> None:
            self._work.start(ask, group="vault", doing="asking the keyring", then=answered)

        return start
