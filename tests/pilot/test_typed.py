"""What must be typed or confirmed before it is planned; what only the control panel can do is attested."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.pilot.conftest import Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import START, FakeSession
from workbench.mailgun.models import AllowEntry
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.prompts import AskScreen, PickScreen

OWN, STRANGE, OFFICE = "192.0.2.10", "203.0.113.66", "192.0.2.99"


def account(*entries: str) -> FakeSession:
    """Return a session whose allowlist holds some entries."""
    session = FakeSession()
    session.fill()
    for entry in entries:
        session.inventory.allowlist[entry] = AllowEntry(ip_address=entry, description="x")
    session.inventory.read_at["allowlist"] = START
    return session


async def do(pilot: Pilot[int], action: str) -> None:
    app_of(pilot).controllers.dispatcher.do(action)
    await settle(pilot)


async def typed(pilot: Pilot[int], text: str) -> None:
    assert on_top(pilot, AskScreen), screen_text(pilot)
    await pilot.press(*text, "enter")
    await settle(pilot)


async def picked(pilot: Pilot[int], down: int) -> None:
    assert on_top(pilot, PickScreen), screen_text(pilot)
    await pilot.press(*["down"] * down, "enter")
    await settle(pilot)


def plans(session: FakeSession) -> list[tuple[object, ...]]:
    return [asked for asked in session.asked if asked[0] == "plan"]


async def test_a_domain_is_deleted_only_by_its_typed_name(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        await pilot.press("3")
        name = app_of(pilot).main.panes[app_of(pilot).main.current].table.cursor_key or ""
        await do(pilot, "domains.delete")
        await typed(pilot, "mg9.acme.example")
        assert f"That is not {name}" in screen_text(pilot) and plans(session) == []
        await pilot.press("ctrl+u", *["backspace"] * 20)
        await typed(pilot, name)
        assert on_top(pilot, PlanScreen)
        assert plans(session) == [("plan", "domains.delete", (name,), {"typed": name})]


async def test_an_entry_goes_only_after_our_own_address_is_confirmed(running: Running) -> None:
    session = account(OWN, STRANGE)
    async with running(session) as pilot:
        await do(pilot, "allowlist.remove")
        await picked(pilot, 1)
        await typed(pilot, OWN)
        assert f"Is {OWN} this host's own address?" in screen_text(pilot)
        await picked(pilot, 0)
        assert plans(session) == [] and not on_top(pilot, PlanScreen)
        await do(pilot, "allowlist.remove")
        await picked(pilot, 1)
        await typed(pilot, OWN)
        await picked(pilot, 1)
        assert plans(session) == [("plan", "allowlist.remove", (STRANGE,), {"own_address": OWN})]
        assert "stays on the list" in screen_text(pilot)


async def test_another_address_asks_for_ours_too(running: Running) -> None:
    session = account(OWN)
    async with running(session) as pilot:
        await do(pilot, "allowlist.add")
        await typed(pilot, "not an address")
        assert "is not an IP address" in screen_text(pilot)
        await pilot.press(*["backspace"] * 20)
        await typed(pilot, OFFICE)
        await picked(pilot, 0)
        await typed(pilot, OWN)
        await picked(pilot, 1)
        assert plans(session) == [("plan", "allowlist.add", (), {"address": OFFICE, "own_address": OWN})]
        assert on_top(pilot, PlanScreen)


async def test_an_empty_list_is_begun_only_after_containment_and_with_every_sender(running: Running) -> None:
    session = account()
    async with running(session) as pilot:
        await do(pilot, "allowlist.add")
        assert "access is cut (step 11)." in screen_text(pilot)
        session.state.contained_at = "2026-11-21T14:10:00Z"
        await do(pilot, "allowlist.add")
        await typed(pilot, OWN)
        await picked(pilot, 1)
        await typed(pilot, "192.0.2.20, 192.0.2.32/28")
        options = {"address": OWN, "own": True, "production": ["192.0.2.20", "192.0.2.32/28"]}
        assert plans(session) == [("plan", "allowlist.add", (), options)]
        assert "3 changes" in screen_text(pilot)


@pytest.mark.parametrize(("step", "subject"), [("3", "panel:sessions"), ("11", "panel:session-timeouts")])
async def test_what_only_the_panel_can_do_is_attested_from_its_step(
    running: Running, step: str, subject: str
) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app = app_of(pilot)
        app.main.runbook.table.move_cursor(step)
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        assert f"Attest what, of step {step}?" in screen_text(pilot)
        await picked(pilot, 0)
        assert "Breaks:" in screen_text(pilot)
        await typed(pilot, "Ada, seen")
        assert ("attest", step, "Ada, seen", subject) in session.asked


async def test_the_step_itself_can_still_be_attested(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        app_of(pilot).main.runbook.table.move_cursor("3")
        await settle(pilot)
        await pilot.press("t")
        await settle(pilot)
        await picked(pilot, 1)
        await typed(pilot, "nothing was queued")
        assert ("attest", "3", "nothing was queued", "") in session.asked
