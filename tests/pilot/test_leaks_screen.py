"""Step 7 on the screen, on a real session on the drill: propose, confirm, search, show, accept, ask a person."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from tests.pilot.conftest import app_of, on_top, screen_text, settle
from tests.support.drills import opened, running_drill
from tests.support.patience import HANGS
from workbench.cli.screen import drill_places
from workbench.domain.leaks import leaks
from workbench.domain.leaks.beside import beside_secrets, search_strings
from workbench.domain.leaks.recorded import LeaksFound, NeighbourSecret
from workbench.session.account import AccountReadings
from workbench.session.session import Session
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.leaks import LeaksScreen, SearchScreen
from workbench.tui.screens.prompts import AskScreen, PickScreen

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def no_blocklists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the look-ups that follow a reading out: they are tested elsewhere and take seconds."""

    async def nothing(account: AccountReadings) -> None:
        del account

    monkeypatch.setattr(AccountReadings, "check_blocklists", nothing)


@asynccontextmanager
async def on_the_drill(
    folder: Path, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[int], Session]]:
    """Run the app on a session of its own drill."""
    async with (
        running_drill(folder, domains=3, credentials=8, users=4) as drill,
        opened(drill, folder, search_places=drill_places(drill.document())) as session,
    ):

        async def open_session() -> Session:
            return session

        app = WorkbenchApp(open_session, drill=True, watch_every=0, rate_every=0)
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot, session


async def _rest(pilot: Pilot[int]) -> None:
    for group in ("leaks", "people", "decide", "attest"):
        await app_of(pilot).work.rest(group, HANGS)
    await settle(pilot)


async def test_the_search_is_proposed_confirmed_shown_and_judged(tmp_path: Path) -> None:
    async with on_the_drill(tmp_path) as (pilot, session):
        app = app_of(pilot)
        app.controllers.dispatcher.do("leaks.search")
        await settle(pilot)
        assert on_top(pilot, SearchScreen)
        for name in ("targets", "logs", "sites"):
            assert app.screen.query_one(f"#leak-{name}", Input).value
        # The drill's own site is known to be ours; another one in its place is nobody's.
        mine = app.screen.query_one("#leak-mine", Input)
        assert mine.value == "mine"
        app.screen.query_one("#leak-sites", Input).focus()
        await pilot.press("end", "x", "backspace")
        assert mine.value == ""
        await pilot.press("enter")
        await settle(pilot)
        # The site is not asked before the word is typed.
        assert on_top(pilot, SearchScreen)
        assert "if the sites are yours" in screen_text(pilot)
        await pilot.press(*"mine", "enter")
        await _rest(pilot)
        assert on_top(pilot, LeaksScreen)
        found = leaks.leaks(session.state)
        assert any(one.exposed and one.live == "live" for one in found)
        shown = screen_text(pilot)
        assert "still exposed" in shown
        stolen = next(one for one in found if one.live == "live" and one.exposed)
        assert stolen.id[-4:] in shown
        before = sum(one.open for one in found)
        await pilot.press("y")
        await settle(pilot)
        assert on_top(pilot, AskScreen)
        await pilot.press(*"known", "enter")
        await _rest(pilot)
        assert sum(one.open for one in leaks.leaks(session.state)) == before - 1
        [decision] = [d for d in session.state.decisions.values() if d.finding.startswith("leak:")]
        assert (decision.decision, decision.reason) == ("accepted", "known")


async def test_without_the_word_the_sites_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_the_drill(tmp_path, (80, 24)) as (pilot, session):
        app_of(pilot).controllers.dispatcher.do("leaks.search")
        await settle(pilot)
        app_of(pilot).screen.query_one("#leak-mine", Input).value = ""
        await pilot.press("enter", "enter")
        await _rest(pilot)
        assert on_top(pilot, LeaksScreen)
        assert leaks.leaks(session.state)
        assert not any("://" in place for one in leaks.leaks(session.state) for place in one.where)
        # The other secrets of the leaked files are their owners' to replace: who did is asked and kept.
        beside = NeighbourSecret("/srv", ".env", "DB_PASSWORD", "database")
        session.state.learn(replace(session.state.known(LeaksFound), neighbours=(beside,)))
        await pilot.press("t")
        await settle(pilot)
        assert on_top(pilot, PickScreen)
        await pilot.press("enter")
        await settle(pilot)
        assert on_top(pilot, AskScreen)
        await pilot.press(*"Ann", "enter")
        await _rest(pilot)
        assert [one.owner for one in beside_secrets(session.state) if one.owner] == ["Ann"]
        # What to look for elsewhere is copied; nothing is sent.
        copied: list[str] = []
        monkeypatch.setattr(app_of(pilot), "copy_to_clipboard", copied.append)
        app_of(pilot).controllers.dispatcher.do("leaks.judge")
        await settle(pilot)
        assert on_top(pilot, LeaksScreen), screen_text(pilot)
        await pilot.press("e")
        await settle(pilot)
        assert copied == ["\n".join(search_strings(session.state))]
        assert copied != [""]


async def test_a_person_is_asked_and_the_answer_attested(tmp_path: Path) -> None:
    async with on_the_drill(tmp_path) as (pilot, session):
        app = app_of(pilot)
        # In the story a stranger planted the keys; here one of the team's names stands on them.
        one = next(
            item for item in session.inventory.users.values() if not session.situation().of_user(item).likely
        )
        held = session.inventory.keys
        planted = next(item for item in held.values() if session.situation().of_key(item).likely)
        import msgspec

        from workbench.domain.model.inventory import KeyItem

        key = msgspec.structs.replace(planted.key, requestor=one.user.email)
        held[planted.id] = KeyItem(key, planted.place)
        app.controllers.dispatcher.do("leaks.person")
        await _rest(pilot)
        assert on_top(pilot, PickScreen)
        assert str(one.user.email) not in screen_text(pilot), "share-safe is on"
        await pilot.press("enter")
        await settle(pilot)
        assert on_top(pilot, AskScreen)
        await pilot.press(*"no", "enter")
        await _rest(pilot)
        [said] = [a for a in session.state.attestations if a.step == leaks.PERSON]
        assert said.subject == one.id
        assert said.text.endswith(" no")
