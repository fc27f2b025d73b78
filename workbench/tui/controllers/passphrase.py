"""A passphrase that was typed, handed to whoever opens or makes a vault with it: in a worker, the answer in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from workbench.core.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.core.redact import Secret
    from workbench.tui.ports import Work


def passphrase_taker(
    work: Work, take: Callable[[Secret], Awaitable[None]]
) -> Callable[[Secret, Callable[[str], None]], object]:
    """Return what the vault screen calls: ``take`` is done in a worker; the answer is what was wrong, if anything."""

    async def attempt(passphrase: Secret) -> str:
        try:
            await take(passphrase)
        except WorkbenchError as error:
            return str(error)
        return ""

    def start(passphrase: Secret, answered: Callable[[str], None]) -> None:
        work.start(lambda: attempt(passphrase), group="vault", doing="opening the vault", then=answered)

    return start
