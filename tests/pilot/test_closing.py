"""People, hand-over, hardening and report on the screen; and that share-safe keeps its promise everywhere."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import pytest

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import PERSON, SECRET, START, US, FakeSession
from tests.support.effects import an_effect
from workbench.core.clock import iso
from workbench.core.redact import Secret
from workbench.domain.hardening import measures
from workbench.domain.model.plan import EffectKind, EffectState, Plan
from workbench.domain.model.state import Alarm, EffectRecord
from workbench.domain.runbook.adoption import TOLD
from workbench.planning.catalog import Pane
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.choices import Choice
from workbench.tui.screens.lists import ListScreen
from workbench.tui.screens.texts import TextScreen


class Written:
    """What the app wrote to the terminal."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def clipboard(self) -> list[str]:
        """Return the texts offered by OSC 52."""
        found = re.findall(r"\x1b\]52;c;([A-Za-z0-9+/=]*)", "".join(self.parts))
        return [base64.b64decode(one).decode() for one in found]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    found = Written()
    original = WorkbenchApp.copy_to_clipboard

    def copy(self: WorkbenchApp, text: str) -> None:
        driver: Any = self._driver
        monkeypatch.setattr(driver, "write", found.parts.append)
        original(self, text)

    monkeypatch.setattr(WorkbenchApp, "copy_to_clipboard", copy)
    return found


def cut(session: FakeSession) -> None:
    """Say that access was cut an hour ago."""
    session.state.first_cut_at = session.state.last_cut_at = iso(session.clock.now() - timedelta(hours=1))


async def test_a_message_is_copied_and_its_link_counted_down(running: Running, written: Written) -> None:
    session = FakeSession(users=3)
    cut(session)
    async with running(session) as pilot:
        app = app_of(pilot)
        app.main.go(Pane.USERS)
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(app.screen, TextScreen)
        shown = screen_text(pilot)
        assert "Forgot password" in shown and "dies after 20 minutes" in shown
        assert PERSON not in shown
        await pilot.press("enter")
        await settle(pilot)
        assert len(written.clipboard()) == 1
        assert not session.state.timers, "copying it is not sending it"
        await pilot.press("down", "enter")
        await settle(pilot)
        assert [name for name in session.state.timers if name.startswith("link:")]
        app.main.renew()
        await settle(pilot)
        assert "open, link" in screen_text(pilot)
        users: Any = app.main.panes[Pane.USERS]

        def note() -> str:
            return str(users.view_rows(session)[0].cells[-1].text)

        assert "link dies in 20 min" in note()
        session.clock.advance(21 * 60)
        assert "link dead: m sends again" in note()


async def test_measures_left_for_later_are_recorded_by_name(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app_of(pilot).controllers.dispatcher.do("harden.show")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ListScreen)
        await pilot.press("l")
        await settle(pilot)
        said = [asked for asked in session.asked if asked[0] == "attest"]
        assert said and all(one[1] == "11" and one[3].startswith("later:") for one in said)
        # No number is typed for it: it says nothing of how they stand, and is said and taken back like all the rest.
        assert f"{len(said)} measures left for later" in screen_text(pilot)
        assert "u in Activity (6)" in screen_text(pilot)


async def test_enter_alone_reads_the_open_measures_and_goes_on_without_a_word_recorded(
    running: Running,
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app_of(pilot).controllers.dispatcher.do("harden.show")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, ListScreen)
        by_id = {item.id: item for item in measures.items(session.situation())}
        open_ = list(screen.table.marked_keys)
        assert screen.table.cursor_key == open_[0] and not measures.settled(by_id[open_[0]])
        text = " ".join(screen_text(pilot).split())
        assert f"protects against: {by_id[open_[0]].protects}"[:40] in text
        await pilot.press("enter")
        assert screen.table.cursor_key == open_[1]
        screen.table.move_cursor(open_[-1])
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.screen is app_of(pilot).main
        assert "are asked again in 10 minutes." in screen_text(pilot)
        assert not [asked for asked in session.asked if asked[0] in ("attest", "decide")]


async def test_marked_measures_are_planned_and_what_asks_first_goes_alone(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        planned: list[tuple[str, list[str]]] = []
        app.controllers.plans.make = lambda action, marked, **_: planned.append((action.id, marked))  # type: ignore[method-assign]
        app.controllers.dispatcher.do("harden.show")
        await settle(pilot)
        screen: Any = pilot.app.screen
        screen.table.set_marks(["alerts", "domain-tls"])
        await pilot.press("p")
        await settle(pilot)
        assert [(name, sorted(marked)) for name, marked in planned] == [
            ("harden.apply", ["alerts", "domain-tls"])
        ]
        app.controllers.dispatcher.do("harden.show")
        await settle(pilot)
        screen = pilot.app.screen
        screen.table.set_marks(["sending-limit"])
        await pilot.press("p")
        await settle(pilot)
        assert "messages a month" in screen_text(pilot), "the limit is asked for first"
        assert len(planned) == 1


async def test_what_judges_one_is_about_the_row_under_the_cursor_whatever_is_selected(
    running: Running,
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        for name in ("r1", "r2"):
            session.state.alarms[name] = Alarm(
                name, "2026-11-21T14:05:00Z", f"route {name} appeared", "routes", name
            )
        app_of(pilot).controllers.dispatcher.do("findings.judge")
        await settle(pilot)
        screen: Any = pilot.app.screen
        keys = [line.key for line in screen._lines]
        assert len(keys) > 1 and set(screen.table.marked_keys) >= {keys[0]}
        await pilot.press("down", "d")
        await settle(pilot)
        second = next(f for f in session.findings() if f.key == keys[1])
        assert f"Whose is it? {second.title}"[:40] in screen_text(pilot)


async def test_esc_leaves_every_list_without_a_record(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        session.state.alarms["a1"] = Alarm("a1", "2026-11-21T14:05:00Z", "a route appeared", "routes", "r1")
        for action in ("findings.judge", "harden.show", "people.message"):
            app.controllers.dispatcher.do(action)
            await settle(pilot)
            assert len(app.screen_stack) == 2, action
            await pilot.press("escape")
            await settle(pilot)
            assert len(app.screen_stack) == 1
        assert not [one for one in session.asked if one[0] in ("attest", "decide")]


async def test_notes_errors_and_copies_shorten_addresses_while_share_safe(
    running: Running, written: Written
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        app.tell(f"about {PERSON}")
        app.show_error(RuntimeError(PERSON), f"asking {PERSON}", "run")
        await settle(pilot)
        assert PERSON not in screen_text(pilot)
        assert not [n for n in app._notifications if PERSON in n.message]
        while len(app.screen_stack) > 1:
            app.pop_screen()
        app.controllers.monitor.show_text("To somebody", f"Dear {PERSON}", "", None)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert written.clipboard() == ["Dear ma…@acme.example"]


async def test_a_strangers_address_in_plans_and_questions_is_shortened_while_share_safe(
    running: Running,
) -> None:
    session, gone = FakeSession(), "mallory@evil.example"
    session.state.alarms["a"] = Alarm("a", "2026-11-21T14:00:00Z", f"a key of {gone}", "keys", "k")
    why = f"asked for by {gone}, who is not among the users"
    effect = an_effect(EffectKind.KEY_DELETE, "k", US, what=f"delete the key of {gone}", why=why)
    async with running(session) as pilot:
        app = app_of(pilot)
        app.controllers.plans.show(Plan(f"Delete what {gone} made", (effect,), notes=(why,), left_out=(why,)))
        await settle(pilot)
        assert gone not in screen_text(pilot) and screen_text(pilot).count("ma…@evil.example") >= 4
        await pilot.press("escape")
        choices = [Choice("one", gone, gone)]
        app.controllers.questions.pick(f"Whose is what {gone} made?", why, choices, lambda _: None)
        await settle(pilot)
        assert gone not in screen_text(pilot) and screen_text(pilot).count("ma…@evil.example") == 4


async def test_a_secret_is_copied_only_with_share_safe_off_and_a_warning(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(FakeSession()) as pilot:
        app = app_of(pilot)
        sent: list[str] = []
        driver: Any = app._driver
        monkeypatch.setattr(driver, "write", sent.append)
        app.copy_secret(Secret(SECRET))
        await settle(pilot)
        assert not [part for part in sent if "]52;" in part]
        assert any("Not copied" in n.message for n in app._notifications)
        app.set_look(share_safe=False)
        app.copy_secret(Secret(SECRET))
        await settle(pilot)
        assert [part for part in sent if base64.b64encode(SECRET.encode()).decode() in part]
        assert any("tmux keep it" in n.message for n in app._notifications)


async def test_enter_hands_the_list_of_all_over_and_a_selected_row_alone(
    running: Running, written: Written
) -> None:
    session = FakeSession()
    session.fill()
    logins = list(session.inventory.logins)[2:4]
    for login in logins:
        record = EffectRecord(an_effect(EffectKind.LOGIN_RESET, login, US))
        record.state, record.done_at, record.entry = EffectState.VERIFIED, iso(START), f"SMTP {login}"
        session.state.effects[record.effect.id] = record
    async with running(session) as pilot:
        await pilot.press("H")
        await settle(pilot)
        # The question about the place of the leak opens on what records nothing.
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "New credentials into the applications" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert all(login in written.clipboard()[-1] for login in logins)
        assert not any(asked[0] == "attest" and asked[3] == TOLD for asked in session.asked), "only copied"
        await pilot.press("y")
        await settle(pilot)
        assert any(asked[0] == "attest" and asked[3] == TOLD for asked in session.asked)
        await pilot.press("H", "space", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TextScreen) and "To a pipe" in screen_text(pilot)
