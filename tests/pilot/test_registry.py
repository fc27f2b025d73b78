"""One table of actions: keys, palette, help and footer agree with it and with each other."""

from __future__ import annotations

import asyncio
import re

from textual.binding import Binding

from tests.pilot.conftest import Running, app_of, screen_text, settle
from tests.pilot.fake_session import FakeSession
from workbench.planning.catalog import ACTIONS, Action, Pane
from workbench.tui.incident_port import Incident
from workbench.tui.keymap import BOUND_BY_TEXTUAL, FOOTER_KEYS, footer_hints, key_name, pane_actions
from workbench.tui.palette import ActionProvider
from workbench.tui.screens.connect import Door
from workbench.tui.screens.help import help_pieces
from workbench.tui.widgets.table.keys import TABLE_BINDINGS


def table_keys() -> set[str]:
    """Return the keys every table binds."""
    return {k for b in TABLE_BINDINGS if isinstance(b, Binding) for k in b.key.split(",")}


async def test_every_action_with_a_key_is_bound_where_it_works(running: Running) -> None:
    async with running(FakeSession(), (160, 50)) as pilot:
        app = app_of(pilot)
        for pane in Pane:
            app.main.go(pane)
            await pilot.pause()
            active = pilot.app.screen.active_bindings
            for action in ACTIONS.values():
                if not action.key or not (action.everywhere or pane in action.panes):
                    continue
                bound = active[action.key].binding
                if action.id in BOUND_BY_TEXTUAL:
                    assert "palette" in bound.action
                elif action.key == "enter":
                    assert bound.id == "table.open", "the table opens the row, the runbook does it"
                else:
                    assert (bound.id, bound.action) == (action.id, f"app.do({action.id!r})"), (
                        pane,
                        action.id,
                    )


def test_no_key_means_two_things_in_one_pane() -> None:
    for pane in Pane:
        keys = [a.key for a in ACTIONS.values() if a.key and (a.everywhere or pane in a.panes)]
        assert len(keys) == len(set(keys)), pane
        # Esc leaves a range first, Enter opens: both are meant.
        assert set(keys) & table_keys() <= {"enter", "escape"}, pane


def test_a_key_that_plans_a_change_means_nothing_else_in_any_pane() -> None:
    # Whoever has replaced and deleted with r and x presses them by habit, whatever list is in front.
    plans = {a.key: a.id for a in ACTIONS.values() if a.key and a.plans}
    assert {"r", "R", "x", "X", "p", "C"} <= set(plans)
    assert not [a.id for a in ACTIONS.values() if a.key in plans and plans[a.key] != a.id]


async def test_the_palette_holds_every_action(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        provider = ActionProvider(pilot.app.screen)
        entries = {action.id: reason for action, reason in provider.entries()}
        assert set(entries) == set(ACTIONS) - {"palette"}
        assert entries["stop"] == "no plan is running"
        assert "share-safe is on" in entries["secret.reveal"]
        assert entries["contain.all"] == ""
        shown = [hit async for hit in provider.discover()]
        assert [hit.text for hit in shown] == [a.title for a in ACTIONS.values() if a.id != "palette"]
        dimmed = next(hit for hit in shown if hit.text == ACTIONS["stop"].title)
        assert "not now: no plan is running" in str(dimmed.help)


def test_titles_are_area_and_verb() -> None:
    for action in ACTIONS.values():
        assert action.id == "quit" or re.fullmatch(r"[a-z]+: \S.*", action.title), action.id


def test_help_names_every_action_and_every_table_key() -> None:
    everything = ""
    for pane in Pane:
        text = "".join(piece for piece, _ in help_pieces(pane, "About."))
        assert text.startswith("About.")
        for action in ACTIONS.values():
            if action.everywhere or pane in action.panes:
                assert action.title in text, (pane, action.id)
                assert action.does in text
        for action in pane_actions(pane):
            if action.key:
                assert f"{key_name(action.key):<12} {action.title}" in text
        everything += text
    assert all(action.title in everything for action in ACTIONS.values())
    assert "Mark the row and step down" in everything


def test_the_footer_is_drawn_from_the_same_tables() -> None:
    ids = {b.id for b in TABLE_BINDINGS if isinstance(b, Binding)}
    for pane in Pane:
        for running in (False, True):
            hints = footer_hints(pane, running=running)
            assert 0 < len(hints) <= FOOTER_KEYS
            for hint in hints:
                assert hint.id in ids or hint.id in ACTIONS
                if hint.id in ACTIONS:
                    action = ACTIONS[hint.id]
                    assert hint.key == key_name(action.key)
                    assert action.everywhere or pane in action.panes
            assert {"help", "quit"} <= {hint.id for hint in hints}
        assert footer_hints(pane, running=True)[0].id == "stop"


async def test_every_action_can_be_done(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        assert app_of(pilot).controllers.dispatcher.known() == set(ACTIONS)


async def test_every_action_answers_before_there_is_a_session(running: Running) -> None:
    session = FakeSession()
    opening = asyncio.Event()

    async def door() -> Door:
        await opening.wait()
        return Door()

    async with running(session, wait=False, door=door) as pilot:
        app = app_of(pilot)
        for action in ACTIONS.values():
            if action.id in ("quit", "refresh", "palette"):
                continue
            app.controllers.dispatcher.do(action.id)
            await pilot.pause()
            while len(app.screen_stack) > 1:
                app.pop_screen()
        assert session.asked == []


async def test_palette_runs_an_action(running: Running) -> None:
    async with running(FakeSession()) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        assert "contain: cut all access now" in screen_text(pilot)
        await pilot.press(*"go: users")
        await pilot.pause(0.4)
        await pilot.press("enter")
        await settle(pilot)
        assert app_of(pilot).main.current is Pane.USERS


async def test_what_an_action_is_about_is_the_selection_else_the_row_under_the_cursor(
    running: Running,
) -> None:
    async with running(FakeSession()) as pilot:
        app = app_of(pilot)
        planned: list[tuple[str, list[str]]] = []

        def plan(action: Action, marked: list[str], session: Incident) -> None:
            planned.append((action.id, marked))

        app.controllers.dispatcher._questions.planned = plan  # type: ignore[method-assign]
        await pilot.press("2", "r")
        under = app.main.cursor_key(Pane.CREDENTIALS)
        assert planned == [("keys.replace", [under])]
        # A key is no login: it says so, and does not mean all of them.
        await pilot.press("R")
        assert len(planned) == 1 and "highlighted row is not an SMTP login" in screen_text(pilot)
        await pilot.press("space", "space", "end", "r")
        assert len(planned[1][1]) == 2 and under in planned[1][1]
        # In the domains it is about the logins of the highlighted one.
        await pilot.press("3", "R")
        name = app.main.cursor_key(Pane.DOMAINS)
        assert planned[2][0] == "logins.reset" and planned[2][1]
        assert all(login.endswith(f"@{name}") for login in planned[2][1])
        # The guide means all that is left.
        await pilot.press("1")
        app.do("keys.replace")
        assert planned[3] == ("keys.replace", [])
