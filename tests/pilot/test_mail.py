"""The papers about the intruder's mail on the screen: shown as text, recorded as sent once somebody says so."""

from __future__ import annotations

from tests.pilot.conftest import Running, screen_text, settle
from tests.pilot.fake_session import FakeSession
from tests.pilot.test_typed import do
from workbench.domain.runbook.recorded import PutOff, SupportUpdateSent


async def test_the_papers_are_shown_and_an_update_counts_as_sent_once_somebody_says_so(
    running: Running,
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await do(pilot, "mail.fetch")
        assert "assess" in screen_text(pilot)
        await do(pilot, "mail.links")
        assert "No landing page is known yet." in screen_text(pilot)
        await pilot.press("escape")
        await do(pilot, "billing.dispute")
        assert "charges for mail we did not send" in screen_text(pilot)
        await pilot.press("escape")
        await do(pilot, "support.update")
        assert "What we know so far" in screen_text(pilot)
        await pilot.press("enter", "enter")
        await settle(pilot)
        # Copied, and *not yet*: Enter alone says of nothing that it was sent.
        assert not session.state.known(SupportUpdateSent).lines
        assert "support.update" in session.state.known(PutOff).until
        await do(pilot, "support.update")
        await pilot.press("y")
        await settle(pilot)
        assert session.state.known(SupportUpdateSent).lines
        await do(pilot, "lost.show")
        assert len(pilot.app.screen_stack) == 1
