"""What appears and is not ours: in the top line, as a toast, in a list with the remedy of each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from textual.pilot import Pilot

from tests.pilot.conftest import SIZES, Running, app_of, on_top, screen_text, settle
from tests.pilot.fake_session import START, US, FakeSession
from tests.support.effects import an_effect
from workbench.core.clock import iso
from workbench.domain.detection.alarms import open_alarms, remedy
from workbench.domain.model.inventory import KeyItem
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import Alarm, EffectRecord
from workbench.mailgun.models import Key
from workbench.tui.screens.lists import ListScreen
from workbench.tui.screens.plan import PlanScreen
from workbench.tui.screens.texts import TextScreen

STRANGER = "beef0001-12345678-9abc0000"


def alarm(session: FakeSession, kind: str, target: str, text: str, name: str = "") -> None:
    name = name or f"{kind}:{target}"
    session.state.alarms[name] = Alarm(name, iso(START), text, kind, target)
    session.changed("alarms")


def intruder_returns(session: FakeSession) -> None:
    """Let the intruder make a key."""
    session.inventory.keys[STRANGER] = KeyItem(
        Key(id=STRANGER, description="ci-helper", kind="user", role="admin", created_at=START), US
    )
    alarm(session, "keys", STRANGER, "API key “ci-helper” appeared, not created here")


async def look(pilot: Pilot[int]) -> None:
    app_of(pilot).controllers.monitor.look()
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_an_alarm_stands_in_the_top_line_and_is_told_once(
    running: Running, size: tuple[int, int]
) -> None:
    session = FakeSession()
    async with running(session, size) as pilot:
        assert "ALARM" not in screen_text(pilot)
        intruder_returns(session)
        await look(pilot)
        assert "1 ALARM: A" in screen_text(pilot).splitlines()[0]
        assert "shows what to do." in screen_text(pilot)
        app_of(pilot).clear_notifications()
        await look(pilot)
        assert "shows what to do." not in screen_text(pilot)


async def test_enter_on_an_alarm_shows_the_plan_of_its_remedy(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        intruder_returns(session)
        await look(pilot)
        await pilot.press("A")
        await settle(pilot)
        assert on_top(pilot, ListScreen)
        assert "ci-helper" in screen_text(pilot) and "keys: delete strangers" in screen_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert on_top(pilot, PlanScreen)
        assert ("plan", "keys.delete", (STRANGER,), {}) in session.asked
        await pilot.press("1", "enter")
        await settle(pilot)
        assert any(asked[0] == "run" for asked in session.asked)


async def test_what_somebody_makes_again_and_again_is_taken_away_in_one_plan(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        intruder_returns(session)
        login = next(name for name, item in session.inventory.logins.items() if not item.is_postmaster)
        alarm(session, "logins", login, f"SMTP login {login} appeared, not created here")
        await settle(pilot)
        await pilot.press("A", "enter")
        await settle(pilot)
        asked = [one for one in session.asked if one[0] == "plan"]
        assert [one[1] for one in asked] == ["leftovers.remove"], asked


async def test_where_no_plan_knows_what_changed_the_settings_are_read_first(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = FakeSession()
    reasons = {"leftovers.remove": "The settings are not swept yet."}
    monkeypatch.setattr(session, "unavailable", lambda action_id, *_: reasons.get(action_id, ""))
    async with running(session) as pilot:
        name = next(iter(session.inventory.domains))
        await session.decide(f"domain:{name}", "intruder", "not one of ours")
        alarm(
            session,
            "domain-field",
            name,
            f"skip_verification of domain {name} was changed, not by this incident",
        )
        await settle(pilot)
        await pilot.press("A", "enter")
        await settle(pilot)
        assert ("sweep",) in session.asked and not on_top(pilot, PlanScreen)


async def test_enter_on_an_alarm_in_the_log_leads_to_its_remedy(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        intruder_returns(session)
        session.log("ALARM: API key “ci-helper” appeared, not created here", "bad", f"keys:{STRANGER}")
        # The same words as of the key: what a line tells of is known by its id, never by its text.
        alarm(session, "routes", "r1", "API key “ci-helper” appeared, not created here")
        session.log("ALARM: API key “ci-helper” appeared, not created here", "bad", "routes:r1")
        session.log("something else")
        await settle(pilot)
        await pilot.press("6", "home", "enter")
        await settle(pilot)
        assert on_top(pilot, TextScreen), "a plain line is shown in full"
        await pilot.press("escape", "down", "down", "enter")
        await settle(pilot)
        assert on_top(pilot, ListScreen)
        await pilot.press("enter")
        await settle(pilot)
        assert on_top(pilot, PlanScreen)
        assert ("plan", "keys.delete", (STRANGER,), {}) in session.asked
        await pilot.press("escape")
        await settle(pilot)
        await session.decide(f"key:{STRANGER}", "ours", "known")
        await pilot.press("enter")
        await settle(pilot)
        assert on_top(pilot, TextScreen), "an alarm that is over is only a line of the log"


async def test_an_alarm_ends_when_it_is_explained_or_taken_care_of(running: Running) -> None:
    session = FakeSession()
    async with running(session) as pilot:
        intruder_returns(session)
        await look(pilot)
        await pilot.press("A", "y")
        await settle(pilot)
        await look(pilot)
        assert "ALARM" not in screen_text(pilot).splitlines()[0]
        assert any(asked[0] == "decide" and asked[2] == "ours" for asked in session.asked)
        await pilot.press("A")
        await settle(pilot)
        assert "no alarm is open" in screen_text(pilot)


def test_what_ends_an_alarm() -> None:
    session = FakeSession()
    session.fill()
    intruder_returns(session)
    assert [a.target for a in open_alarms(session.situation())] == [STRANGER]
    cut = EffectRecord(an_effect(EffectKind.KEY_DELETE, STRANGER, US))
    session.state.effects[cut.effect.id] = cut
    cut.state, cut.done_at = EffectState.VERIFIED, iso(START - timedelta(seconds=1))
    assert open_alarms(session.situation()), "an effect from before the alarm explains nothing"
    cut.done_at = iso(START + timedelta(seconds=1))
    assert open_alarms(session.situation()) == []
    alarm(session, "users", "user-1", "user appeared")
    assert open_alarms(session.situation())
    del session.inventory.users["user-1"]
    assert open_alarms(session.situation()) == [], "a stranger deleted in the control panel"


@pytest.mark.parametrize(
    ("kind", "target", "name", "wanted"),
    [
        ("keys", "held", "", "keys.delete"),
        ("keys", "held", "sends:key:held:", "keys.replace"),
        ("keys", "absent", "gone:keys:absent", ""),
        ("logins", "app2@mg0.acme.example", "", "logins.delete"),
        ("logins", "app2@mg0.acme.example", "sends:smtp:x", "logins.reset"),
        ("logins", "postmaster@mg0.acme.example", "", "logins.reset"),
        ("users", "user-1", "", "pane.users"),
        ("limits", "US", "limits:US:None", "limit.set"),
        ("routes", "r1", "", "leftovers.remove"),
    ],
)
def test_each_alarm_has_its_remedy(kind: str, target: str, name: str, wanted: str) -> None:
    session = FakeSession()
    session.fill()
    target = list(session.inventory.keys)[1] if target == "held" else target
    alarm(session, kind, target, "something", name)
    assert remedy(session.situation(), next(iter(session.state.alarms.values()))) == wanted
