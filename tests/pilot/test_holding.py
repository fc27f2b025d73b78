"""A secret that cannot be stored is asked about on the screen, and stays asked about until there is an answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import SECRET, US, FakeSession
from tests.support.breaking import quiet
from tests.support.effects import an_effect
from tests.support.ground import DictKeyring, ground
from tests.support.kills import PLANS
from tests.support.patience import HANGS
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.execution.context import Held, Keeping
from workbench.session.session import Session
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.connect import VaultScreen
from workbench.tui.screens.prompts import PickScreen
from workbench.tui.screens.reveal import RevealScreen
from workbench.vault.vault import EntryName

HELD = Held(
    an_effect(EffectKind.KEY_CREATE, "old", US, what="mint a replacement for prod-1"),
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
        assert (
            "Keep it in a file of our own" in text
            and "Write it down by hand" in text
            and "Delete the new key again" in text
        )
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
        await pilot.press("end", "enter")
        assert await answer is Keeping.GIVE_UP
        unsent = replace(HELD, minted=False, paper=False)
        answer = await _asked(pilot, session, unsent)
        assert "Leave this one as it is" in screen_text(pilot)
        assert "Write it down" not in screen_text(pilot)
        await pilot.press("end", "enter")
        assert await answer is Keeping.GIVE_UP


async def test_it_can_go_into_a_file_of_our_own(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        answer = await _asked(pilot, session, HELD)
        assert "Keep it in a file of our own" in screen_text(pilot)
        await pilot.press("down", "enter")
        await pilot.pause(0.05)
        assert on_top(pilot, VaultScreen) and "what the keyring holds" in " ".join(screen_text(pilot).split())
        await pilot.press("escape")  # Left without a passphrase: asked again, nothing moved.
        await pilot.pause(0.05)
        assert "Not stored" in screen_text(pilot) and not answer.done()
        await pilot.press("down", "enter")
        await pilot.pause(0.05)
        await pilot.press("f2", "enter")
        assert await answer is Keeping.AGAIN
        assert ("move_secrets",) in session.asked


async def test_writing_it_down_asks_about_share_safe_first_and_believes_only_a_yes(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        answer = await _asked(pilot, session, HELD)
        await pilot.press("down", "down", "enter")
        await pilot.pause(0.05)
        assert "Turn share-safe off?" in screen_text(pilot)
        await pilot.press("enter")  # Keeps it on: nothing is shown, and it is asked again.
        await pilot.pause(0.05)
        assert "Not stored" in screen_text(pilot) and not answer.done()
        await pilot.press("down", "down", "enter")
        await pilot.pause(0.05)
        await pilot.press("down", "enter")
        await pilot.pause(0.05)
        assert on_top(pilot, RevealScreen) and not app_of(pilot).store.look.share_safe
        await pilot.press("tab", "enter")
        await pilot.pause(0.05)
        assert SECRET in screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause(0.05)
        assert SECRET not in screen_text(pilot) and "Did you write it down" in screen_text(pilot)
        await pilot.press("enter")  # Not yet.
        await pilot.pause(0.05)
        assert "Not stored" in screen_text(pilot) and not answer.done()
        await pilot.press("down", "down", "enter")
        await pilot.pause(0.05)
        await pilot.press("tab", "enter")
        await pilot.pause(0.05)
        await pilot.press("escape")
        await pilot.pause(0.05)
        await pilot.press("down", "enter")
        assert await answer is Keeping.WRITTEN


async def test_a_locked_keyring_is_asked_about_and_once_unlocked_the_run_goes_on(tmp_path: Path) -> None:
    """The whole way: executor, vault, screen, and back."""
    quiet()
    async with ground(tmp_path) as place:
        place.keyring = keyring = DictKeyring()
        async with place.session() as session:

            async def open_session() -> Session:
                return session

            app = WorkbenchApp(open_session, drill=True, watch_every=0, rate_every=0)
            async with app.run_test(size=(120, 40), notifications=True) as pilot:
                await settle(pilot)
                await session.account.preserve()

                def locked(call: str, username: str) -> str | None:
                    raise KeyringLocked("the collection is locked")

                keyring.trouble = locked
                app.controllers.plans.run(PLANS["key.create"](session))
                for _ in range(500):
                    if isinstance(app.screen, PickScreen):
                        break
                    await pilot.pause(0.02)
                await pilot.pause(0.1)
                assert "Not stored" in screen_text(pilot)
                assert place.old_keys.keys() <= place.living_keys().keys()
                keyring.trouble = lambda call, username: None
                await pilot.press("enter")
                assert await app.work.rest("run", HANGS)
                mint, delete = session.state.effects.values()
                assert (mint.state, delete.state) == (EffectState.VERIFIED, EffectState.VERIFIED)
                assert mint.effect.target not in place.living_keys()
                rows = [
                    row.body["answer"] for row in session.recorder.journal.rows() if row.kind == "secret.held"
                ]
                assert rows == [Keeping.AGAIN.value]
