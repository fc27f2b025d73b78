"""While the incident is open nobody else moves unseen: the drill's intruder comes back, the watch says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.drills import opened, running_drill
from workbench.actions.contain import Scope, plan
from workbench.drill.records import Allowed
from workbench.drill.serve import RunningDrill
from workbench.session import Session
from workbench.watcher import BUDGET, Watcher


async def _contained(session: Session, scope: Scope | None = None) -> None:
    await session.connect()
    await session.read_inventory()
    await session.read_rate(whole=True)
    await session.read_use()
    summary = await session.run(plan(session.situation(), scope or Scope()))
    assert summary.complete, summary.line()
    await session.watch(whole=True)


async def _pass_time(drill: RunningDrill, session: Session, rounds: int, seconds: float) -> None:
    """Let simulated time pass; after each stretch every slice has had its turn of the watch."""
    for _ in range(rounds):
        drill.clock.advance(seconds)
        drill.intruder.advance()
        for _ in range(3):
            await session.watch()


def _returns(drill: RunningDrill) -> set[str]:
    return {comeback.id for comeback in drill.world.intruder.comebacks}


async def test_every_return_of_the_intruder_raises_an_alarm(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        # The stranger among the panel's users stays: no call can delete a user.
        await _contained(session)
        assert not session.state.alarms
        await _pass_time(drill, session, rounds=8, seconds=300)
        returns = _returns(drill)
        kinds = {comeback.kind for comeback in drill.world.intruder.comebacks}
        assert kinds >= {"key"}
        assert len(returns) >= 1
        assert returns <= {alarm.target for alarm in session.state.alarms.values()}
        alarmed = {f.id: f for f in session.findings()}
        for comeback in drill.world.intruder.comebacks:
            if comeback.kind == "key":
                assert alarmed[comeback.id].remedy == "keys.delete"


async def test_keys_deleted_again_and_again_are_each_an_alarm(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _contained(session)
        for _ in range(4):
            await _pass_time(drill, session, rounds=1, seconds=600)
            strangers = [key for key in session.inventory.keys if not session.situation().minted_here(key)]
            if strangers:
                await session.run(session.plan("keys.delete", strangers))
            logins = [c.id for c in drill.world.intruder.comebacks if c.kind == "credential"]
            logins = [login for login in logins if login in session.inventory.logins]
            if logins:
                await session.run(session.plan("logins.delete", logins))
        kinds = {comeback.kind for comeback in drill.world.intruder.comebacks}
        assert kinds >= {"key", "route"}
        assert _returns(drill) <= {alarm.target for alarm in session.state.alarms.values()}


async def test_a_reserve_that_wakes_is_seen_although_it_is_old(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-key") as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.connect()
        await session.read_inventory()
        await session.read_rate(whole=True)
        await session.read_use()
        stolen = drill.story.stolen_key
        assert stolen is not None
        await session.run(plan(session.situation(), Scope(keys=(stolen.id,))))
        await session.watch(whole=True)
        await _pass_time(drill, session, rounds=2, seconds=400)
        returns = _returns(drill)
        assert returns
        assert returns <= {alarm.target for alarm in session.state.alarms.values()}


async def test_what_we_did_ourselves_is_no_alarm(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login") as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _contained(session, Scope(limit=500_000))
        await session.watch(whole=True)
        await _pass_time(drill, session, rounds=2, seconds=60)
        assert session.state.alarms == {}


@pytest.mark.parametrize("change", ["archive_to", "wildcard", "role", "allowlist", "route", "limit"])
async def test_a_changed_setting_is_an_alarm(tmp_path: Path, change: str) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login") as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        main = drill.account.main
        area = main.regions["us"]
        area.custom_limit = 900_000
        if change == "allowlist":
            # In use, and this host is on it: otherwise the first entry would shut us out.
            main.allowlist.append(Allowed("0.0.0.0/0", "everybody"))
        await _contained(session)
        domain = next(iter(area.domains.values()))
        match change:
            case "archive_to":
                domain.archive_to = "https://collect.example/x"
            case "wildcard":
                domain.wildcard = not domain.wildcard
            case "role":
                next(u for u in main.users.values() if u.role != "admin").role = "admin"
            case "allowlist":
                main.allowlist.append(Allowed("203.0.113.9", "vpn"))
            case "route":
                next(iter(area.routes.values())).actions = ['forward("https://collect.example/in")']
            case "limit":
                area.custom_limit = None
        drill.account.changed(urgent=True)
        await _pass_time(drill, session, rounds=2, seconds=10)
        texts = " ".join(alarm.text for alarm in session.state.alarms.values())
        assert len(session.state.alarms) == 1, texts


async def test_a_cycle_keeps_to_its_budget_and_reaches_everything_in_turn(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="agency") as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.connect()
        await session.read_inventory()
        seen: list[str] = []
        watcher = Watcher(session.api, session.inventory, session.clock, seen.append)
        calls = 0

        def count(_seen: object) -> None:
            nonlocal calls
            calls += 1

        session.api._shared.on_call = count
        for _ in range(10):
            calls = 0
            reckoned = await watcher.cycle()
            assert calls <= BUDGET
            assert calls == reckoned
        logins = {name for name in watcher._last if name.startswith("logins ")}
        assert len(logins) == len(session.inventory.domains)
