"""What every command does first that looks at the account: connect, read, journal what appeared, and say it."""

from __future__ import annotations

import asyncio

from workbench.cli.output import say
from workbench.core.errors import ApiError
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.runbook.containment_state import containment
from workbench.session.session import Session

_ALARMS = 5  # said one by one


async def read_account(session: Session) -> None:
    """Connect and read inventory and sending figures, journal what appeared, and say first what it means.

    Figures that cannot be read are said and kept as gaps, not fatal.
    """
    capabilities = await session.account.connect()
    for line in capabilities.words():
        say(line)
    began = session.clock.now()
    results = await asyncio.gather(
        session.account.read_inventory(), _figures(session), return_exceptions=True
    )
    for result in results[1:]:
        if isinstance(result, ApiError):
            say(f"The sending figures could not be read: {result.what}")
        elif isinstance(result, BaseException):
            raise result
    if isinstance(results[0], BaseException):
        raise results[0]
    # Who sends was read beside the inventory: only now is all there to compare.
    await session.account.notice(began)
    await session.account.note_containment()
    said_first(session)


def said_first(session: Session) -> None:
    """Say what rings, then how far it is: before anything else that a command has to say."""
    situation = session.situation()
    waiting = open_alarms(situation)
    for alarm in waiting[:_ALARMS]:
        say(f"ALARM {alarm.at}: {alarm.text}")
    if len(waiting) > _ALARMS:
        say(f"and {len(waiting) - _ALARMS} more alarms; --json names them all.")
    if session.state.first_cut_at:
        say(f"{session.recorder.incident}: {containment(situation).words}.")


async def _figures(session: Session) -> None:
    """Read how much goes out, then by which credential: the worst is cut first."""
    await session.account.read_rate(whole=True)
    await session.account.read_use()
