"""Does the host's keyring answer? Asked with a limit: a locked Secret Service waits for a prompt nobody sees.

Over SSH the prompt of a locked keyring opens on a desktop elsewhere, or nowhere, and the call never returns. So the
question is asked in a thread that may be left behind, and silence is an answer with words.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from workbench.vault.backends import Detected, NoKeyring, SystemKeyring, detect

LIMIT = 3.0  # seconds
# An entry that nobody has: to look for it, the keyring must be open.
_SERVICE, _NAME = "mailgun-workbench", "is anybody there?"
# The daemon that runs is replaced: another one beside it would unlock nothing that anybody asks.
UNLOCK = "Unlock it (log in on the desktop, or gnome-keyring-daemon --replace --unlock in this session)"
_WAY = (
    f"{UNLOCK} and start again, or keep new credentials in the workbench's own encrypted file: --vault file, "
    'or vault = "file" in config.toml.'
)


async def answering(limit: float = LIMIT, find: Callable[[], Detected] = detect) -> Detected:
    """Return the host's keyring if it answered a look-up within ``limit`` seconds, else why it cannot be used."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Detected] = loop.create_future()

    def ask() -> None:
        found = _asked(find)
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, answer, found)

    # A daemon: a call to the session bus that never returns must not keep the process alive.
    threading.Thread(target=ask, name="workbench-keyring", daemon=True).start()
    try:
        return await asyncio.wait_for(answer, limit)
    except TimeoutError:
        return NoKeyring(
            f"The host's keyring did not answer within {limit:g} s: it is locked, or waits for a prompt nobody sees.",
            _WAY,
            silent=True,
        )


def _settle(answer: asyncio.Future[Detected], found: Detected) -> None:
    if not answer.done():
        answer.set_result(found)


def _asked(find: Callable[[], Detected]) -> Detected:
    found = find()
    if not isinstance(found, SystemKeyring):
        return found
    try:
        found.backend.get_password(_SERVICE, _NAME)
    except Exception as error:
        why = (
            "is locked"
            if "lock" in type(error).__name__.lower()
            else f"does not work ({type(error).__name__})"
        )
        return NoKeyring(f"The host's keyring ({found.title}) {why}.", _WAY, silent=True)
    return found
