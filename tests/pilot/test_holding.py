"""A secret that cannot be stored is asked about on the screen, and stays asked about until there is an answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import SECRET, US, FakeSession
from workbench.effects.base import Held, Keeping
from workbench.errors import VaultError
from workbench.incident.plan import Effect, EffectKind
from workbench.redact import Secret
from workbench.screens.asks import PickScreen
from workbench.screens.reveal import RevealScreen
from workbench.vault import EntryName

HELD = Held(
    Effect(EffectKind.KEY_CREATE, "old", US, what="mint a replacement for prod-1"),
    EntryName("Mailgun acme", "API key prod-1"),
    Secret(SECRET),
    VaultError("The keyring is locked.", "Nothing can be stored.", "Unlock it, then try again."),
    minted=True,
    paper=True,
)


async def _asked(pilot: Pilot[int], session: FakeSession, held: Held) -> asyncio.Task[Keeping]:
    """Have the session ask as a run does; return what will be answered."""
    keeper = session.keeper
    assert keeper is not None

    async def ask() -> Keeping:
        return await keeper(held)

    task = asyncio.create_task(ask())
    await settle(pilot)
    assert on_top(pilot, PickScreen)
    return task


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_says_what_stands_and_opens_on_trying_again(running: Running, size: tuple[int, int]) -> None:
    session = FakeSession()
    async with running(session, size) as pilot:
        answer = await _asked(pilot, session, HELD)
        text = " ".join(screen_text(pilot).split())
        for said in ("Not stored", "keyring is locked", "only in memory", "Unlock it, then try again"):
            assert said in text
        assert "Write it down by hand" in text and "Delete the new key again" in text
        assert SECRET not in screen_text(pilot)
        await pilot.press("enter")
        assert await answer is Keeping.AGAIN


async def test_leaving_the_question_never_deletes(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        answer = await _asked(pilot, session, HELD)
        await pilot.press("escape")
        assert await answer is Keeping.AGAIN


async def test_giving_up_a_key_or_a_password_that_was_not_sent(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        answer = await _asked(pilot, session, HELD)
        await pilot.press("down", "down", "enter")
        assert await answer is Keeping.GIVE_UP
        unsent = replace(HELD, minted=False, paper=False)
        answer = await _asked(pilot, session, unsent)
        assert "Leave this one as it is" in screen_text(pilot)
        assert "Write it down" not in screen_text(pilot)
        await pilot.press("down", "enter")
        assert await answer is Keeping.GIVE_UP


async def test_writing_it_down_asks_about_share_safe_first_and_believes_only_a_yes(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        answer = await _asked(pilot, session, HELD)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "Turn share-safe off?" in screen_text(pilot)
        await pilot.press("enter")  # Keeps it on: nothing is shown, and it is asked again.
        await settle(pilot)
        assert "Not stored" in screen_text(pilot) and not answer.done()
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert on_top(pilot, RevealScreen) and not app_of(pilot).store.look.share_safe
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert SECRET in screen_text(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert SECRET not in screen_text(pilot) and "Did you write it down" in screen_text(pilot)
        await pilot.press("enter")  # Not yet.
        await settle(pilot)
        assert "Not stored" in screen_text(pilot) and not answer.done()
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("down", "enter")
        assert await answer is Keeping.WRITTEN
