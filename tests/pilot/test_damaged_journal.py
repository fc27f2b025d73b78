"""A damaged journal on the screen: said before anything else, and in the top line for as long as it is open."""

from __future__ import annotations

from tests.pilot.conftest import Running, settle
from tests.pilot.fake_session import FakeSession
from workbench.tui.screens.texts import ErrorScreen

SAID = "The journal of this incident was altered: row 7 is not what was written."


async def test_it_is_said_before_anything_else(running: Running) -> None:
    session = FakeSession()
    session.read_only, session.state.damage = True, SAID
    async with running(session) as pilot:
        await settle(pilot)
        assert isinstance(pilot.app.screen, ErrorScreen)


async def test_a_whole_journal_says_nothing(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        await settle(pilot)
        assert not isinstance(pilot.app.screen, ErrorScreen)
