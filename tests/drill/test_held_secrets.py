"""A secret that cannot be stored: held under a loud notice, other places offered, nothing dependent goes ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked

from tests.support.ground import DictKeyring, Ground, ground
from tests.support.kills import PLANS, everything, ready, resumed
from tests.support.promise import at_rest
from workbench.core.errors import VaultError
from workbench.core.redact import Secret
from workbench.core.state_dir import tag_of
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.execution.context import Held, Keeping
from workbench.execution.progress import ProgressNotice, Summary
from workbench.session.events import Event
from workbench.session.session import Session
from workbench.vault import vault
from workbench.vault.backends import SystemKeyring
from workbench.vault.entries import EntryName

pytestmark = pytest.mark.usefixtures("quiet_servers")
Ask = Callable[[Held], Awaitable[Keeping]]


def _lock(keyring: DictKeyring) -> None:
    def locked(call: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    keyring.trouble = locked


def _unlock(keyring: DictKeyring) -> None:
    keyring.trouble = lambda call, username: None


async def _locked_run(
    place: Ground, session: Session, kind: str, ask: Ask | None
) -> tuple[Summary, list[Event]]:
    """Run one kind of plan with the keyring locked from the start."""
    assert place.keyring is not None
    await ready(session)
    planned = PLANS[kind](session)
    await session.account.preserve()
    if ask is not None:
        session.attend(ask)
    told: list[Event] = []
    session.recorder.subscribe(told.append)
    _lock(place.keyring)
    return await session.run(planned), told


def _loud(told: list[Event]) -> list[str]:
    return [event.text for event in told if isinstance(event, ProgressNotice) and event.loud]


def _minted(place: Ground, session: Session) -> list[str]:
    return [i for i, k in place.living_keys().items() if tag_of(session.recorder.incident) in k.description]


@pytest.mark.parametrize("kind", ["own key", "key.create"])
async def test_without_a_screen_the_minted_key_is_deleted_again(kind: str, tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = DictKeyring()
        async with place.session() as session:
            summary, _ = await _locked_run(place, session, kind, None)
            _unlock(place.keyring)
            assert summary.failed == 1
            assert isinstance(summary.halted, VaultError)
            assert _minted(place, session) == []
            assert place.living_keys().keys() == place.old_keys.keys()
            mint, delete = session.state.effects.values()
            assert "locked" in mint.failure["what"]
            assert delete.state is EffectState.PLANNED
            assert not delete.attempts
        assert await at_rest(place) == []
        assert await resumed(place, PLANS[kind]) == []


@pytest.mark.parametrize("kind", ["own key", "key.create", "smtp.reset"])
async def test_with_a_screen_it_is_held_until_there_is_a_place_for_it(kind: str, tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = keyring = DictKeyring()
        asked: list[Held] = []

        async def unlock_at_the_third(held: Held) -> Keeping:
            asked.append(held)
            # Whoever is asked sees that the old credential is still there and nothing has run ahead.
            assert place.old_keys.keys() <= place.living_keys().keys()
            assert place.old_passwords == {c.login: c.password for c in place.credentials()}
            if len(asked) == 3:
                _unlock(keyring)
            return Keeping.AGAIN

        async with place.session() as session:
            summary, told = await _locked_run(place, session, kind, unlock_at_the_third)
            assert summary.complete, summary.line()
        assert len(asked) == 3
        assert "locked" in asked[0].error.what
        notices = _loud(told)
        assert len(notices) == 3
        assert all("NOT STORED" in text and asked[0].secret.reveal() not in text for text in notices)
        assert asked[0].secret.reveal() in keyring.entries.values()
        assert asked[0].secret.reveal() not in repr(asked[0])
        assert await resumed(place, PLANS[kind]) == []


async def test_given_up_the_minted_key_is_deleted_again(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = DictKeyring()

        async def give_up(held: Held) -> Keeping:
            return Keeping.GIVE_UP

        async with place.session() as session:
            summary, told = await _locked_run(place, session, "own key", give_up)
            _unlock(place.keyring)
            assert not summary.complete
            assert _loud(told)
            assert _minted(place, session) == []
        assert await resumed(place, PLANS["own key"]) == []


async def test_quitting_while_it_is_held_leaves_an_open_intent_that_the_next_run_clears(
    tmp_path: Path,
) -> None:
    async with ground(tmp_path) as place:
        place.keyring = DictKeyring()

        class Quit(BaseException):
            pass

        async def quit_now(held: Held) -> Keeping:
            raise Quit

        async with place.session() as session:
            with pytest.raises(Quit):
                await _locked_run(place, session, "own key", quit_now)
            _unlock(place.keyring)
            assert len(_minted(place, session)) == 1
            assert [r.open for r in session.state.effects.values()] == [True, False]
        assert await at_rest(place) == []
        assert await resumed(place, PLANS["own key"]) == []


async def test_several_are_asked_about_one_after_the_other(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = keyring = DictKeyring()
        asking = most = times = 0

        strangers: set[str] = set()

        async def unlock(held: Held) -> Keeping:
            nonlocal asking, most, times
            asking += 1
            times += 1
            most = max(most, asking)
            # What needs no secret does not wait for the one who is asked.
            for _ in range(3000):
                if not strangers & set(place.living_keys()):
                    break
                await asyncio.sleep(0.01)
            assert not strangers & set(place.living_keys())
            _unlock(keyring)
            asking -= 1
            return Keeping.AGAIN

        async with place.session() as session:
            await ready(session)
            # One sign alone deletes nothing unasked: somebody says whose the key is.
            likely = [k.id for k in session.inventory.keys.values() if session.situation().of_key(k).likely]
            for key_id in likely:
                await session.recorder.decide(f"key:{key_id}", "intruder", "made by nobody of ours")
            planned = everything(session)
            replaced = {e.target for e in planned if e.kind is EffectKind.KEY_CREATE}
            strangers |= {e.target for e in planned if e.kind is EffectKind.KEY_DELETE} - replaced
            assert strangers
            await session.account.preserve()
            session.attend(unlock)
            _lock(keyring)
            summary = await session.run(planned)
            assert summary.complete, summary.line()
        assert most == times == 1
        assert await resumed(place, everything) == []


async def test_written_down_by_hand_the_old_key_goes_and_the_journal_says_who_said_so(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = DictKeyring()
        asked: list[Held] = []

        async def write_it_down(held: Held) -> Keeping:
            asked.append(held)
            return Keeping.WRITTEN

        async with place.session() as session:
            summary, _ = await _locked_run(place, session, "key.create", write_it_down)
            # The deletion looked for the secret without the keyring, too.
            assert summary.complete, summary.line()
            _unlock(place.keyring)
            mint, delete = session.state.effects.values()
            assert mint.effect.target not in place.living_keys()
            assert (
                asked[0].paper and asked[0].secret.reveal() == place.living_keys()[mint.result.key_id].secret
            )
            assert asked[0].secret.reveal() not in place.keyring.entries.values()
            assert "written down by hand" in mint.evidence[0] and not mint.entry
            said = [row.body for row in session.recorder.journal.rows() if row.kind == "secret.held"]
            assert [(row["effect"], row["answer"]) for row in said] == [
                (mint.effect.id, "written down by hand")
            ]
            assert delete.state is EffectState.VERIFIED
        async with place.session() as session:
            await ready(session)
            found = await session.prove_again()
            assert len(found.untold) == 1 and not found.against
            assert mint.result.key_id in place.living_keys()


@pytest.mark.parametrize("stored_first", [False, True])
async def test_moved_to_a_file_of_our_own_the_plan_goes_on_and_the_next_start_finds_both(
    stored_first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ground(tmp_path) as place:
        place.keyring = keyring = DictKeyring()
        async with place.session() as session:
            if stored_first:
                await ready(session)
                await session.account.preserve()
                assert (await session.run(PLANS["own key"](session))).complete
            else:
                (session._options.home.vault_file).unlink(missing_ok=True)
            asked = 0

            async def move(held: Held) -> Keeping:
                nonlocal asked
                asked += 1
                assert session.recorder.may_move_secrets()
                await session.recorder.move_secrets(Secret("pelican orbit 41 varnish"))
                return Keeping.AGAIN

            summary, _ = await _locked_run(place, session, "key.create", move)
            assert summary.complete, summary.line()
            assert asked == 1 and not session.recorder.may_move_secrets()
            moved = [row for row in session.recorder.journal.rows() if row.kind == "vault.moved"]
            assert len(moved) == 1 and "vault.json" in moved[0].body["to"]
            home = session._options.home
            entries = [EntryName(session.state.vault_service, name) for name in session.state.entries]
        _unlock(keyring)

        async def answering() -> SystemKeyring:
            return SystemKeyring(keyring, "Secret Service")

        monkeypatch.setattr(vault, "answering", answering)
        again = await vault.Vault.unlock_file(home.vault_file, Secret("pelican orbit 41 varnish"))
        held = [await again.fetch(name) for name in entries]
        assert len(held) == 1 + stored_first and None not in held
        again.close()


async def test_our_own_key_is_never_kept_on_paper(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        place.keyring = DictKeyring()

        async def write_it_down(held: Held) -> Keeping:
            assert not held.paper
            return Keeping.WRITTEN

        async with place.session() as session:
            summary, _ = await _locked_run(place, session, "own key", write_it_down)
            assert not summary.complete
            assert _minted(place, session) == []
