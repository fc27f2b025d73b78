"""While the incident is open nobody else moves unseen: the drill's intruder comes back, the watch says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.drills import SMALL, opened, running_drill
from workbench.domain.detection.alarms import open_alarms, remedy
from workbench.domain.model.inventory import Gap
from workbench.domain.runbook.containment_state import LASTS
from workbench.drill.activity.intruder import TURNS
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import Allowed
from workbench.planning.contain import Scope, plan
from workbench.readers.change_watcher import BUDGET, Watcher
from workbench.readers.change_watcher import TURNS as TURNS_OF_THE_WATCH
from workbench.session.session import Session


async def _contained(session: Session, scope: Scope | None = None) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    await session.account.read_rate(whole=True)
    await session.account.read_use()
    summary = await session.run(plan(session.situation(), scope or Scope()))
    assert summary.complete, summary.line()
    await session.account.watch(whole=True)


async def _pass_time(drill: RunningDrill, session: Session, rounds: int, seconds: float) -> None:
    """Let simulated time pass; after each stretch every slice has had its turn of the watch."""
    for _ in range(rounds):
        drill.clock.advance(seconds)
        drill.intruder.advance()
        for _ in range(3):
            await session.account.watch()


def _returns(drill: RunningDrill) -> set[str]:
    return {comeback.id for comeback in drill.world.intruder.comebacks}


async def _taken_care_of(session: Session) -> set[str]:
    """Plan what each open alarm asks for and run it, as pressing Enter in the list does; return the remedies."""
    done = set()
    while waiting := open_alarms(session.situation()):
        alarm = waiting[-1]
        action = remedy(session.situation(), alarm)
        assert action, f"nothing is proposed: {alarm.text}"
        came = alarm.target not in (session.state.baseline.keys or ())
        assert not (came and action == "keys.replace"), "a replacement for the intruder's own key"
        found = next(f for f in session.findings() if f.id == alarm.target)
        assert found.severity == "high" and found.remedy.split(".")[0] in (action.split(".")[0], ""), found
        if action == "leftovers.remove":
            await session.account.investigation.sweep()
        again = {"again": True} if action == "logins.reset" else {}
        summary = await session.run(session.plan(action, [alarm.target], **again))
        assert summary.total and summary.complete, summary.line()
        done.add(action)
    return done


async def _come_back(drill: RunningDrill, session: Session, rounds: int) -> set[str]:
    """Let the intruder come back so often, each time caught, judged and thrown out; return the kinds of return."""
    for _ in range(rounds):
        before = _returns(drill)
        # A few minutes: whoever plays the drill sees it while the containment is still on the screen.
        for _ in range(3):
            await _pass_time(drill, session, rounds=1, seconds=100)
            fresh = _returns(drill) - before
            alarmed = {alarm.target for alarm in session.state.alarms.values()}
            if fresh and fresh <= alarmed:
                break
        assert fresh, "a way is open and nobody came"
        assert fresh <= alarmed, fresh - alarmed
        await _taken_care_of(session)
    return {comeback.kind for comeback in drill.world.intruder.comebacks}


async def test_through_a_stranger_in_the_panel_every_kind_of_return_is_caught(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        # The stranger among the panel's users stays: no call can delete a user.
        await _contained(session)
        assert not session.state.alarms
        kinds = await _come_back(drill, session, TURNS)
        assert kinds == {"key", "route", "credential", "webhook"}
        for user in drill.story.users:
            if user.planted:
                del drill.account.main.users[user.id]
        assert {kind for kind, _ in drill.intruder.ways()} <= {"queue"}


async def test_through_a_planted_key_that_was_left_the_return_is_caught(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        main = drill.account.main
        planted = [key for key in drill.story.keys if key.planted]
        left = next(key for key in planted if main.keys[key.secret[33:]].role == "admin")
        for user in drill.story.users:
            if user.planted:
                del main.users[user.id]
        keys = [key for key in main.keys if key != left.secret[33:]]
        logins = [
            c.login
            for area in main.regions.values()
            for d in area.domains.values()
            for c in d.credentials.values()
        ]
        await _contained(session, Scope(keys=tuple(keys), logins=tuple(logins)))
        assert await _come_back(drill, session, 1) >= {"key"}
        assert "key" not in {kind for kind, _ in drill.intruder.ways()}, "it was taken care of"


async def test_through_a_route_that_reads_reset_mails_the_return_is_caught(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="panel-session", **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        main = drill.account.main
        for user in drill.story.users:
            if user.planted:
                del main.users[user.id]
        await _contained(session)
        tapped = next(user for user in main.users.values() if "@mg." in user.email)
        drill.account.mail_sent(tapped)
        assert await _come_back(drill, session, 1) >= {"key"}


@pytest.mark.parametrize("left", ["login", "subaccount key"])
async def test_a_planted_reserve_that_was_left_is_caught_when_it_wakes(tmp_path: Path, left: str) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        tenants = drill.world.tenants.values()
        for user in drill.story.users:
            if user.planted:
                del drill.account.main.users[user.id]
        keys = {key for tenant in tenants for key in tenant.keys}
        areas = [area for tenant in tenants for area in tenant.regions.values()]
        logins = {login for area in areas for d in area.domains.values() for login in d.credentials}
        if left == "login":
            waiting = next(login.login for login in drill.story.logins if login.planted)
        else:
            waiting = next(key for tenant in tenants if tenant.parent for key in tenant.keys)
        scope = Scope(keys=tuple(keys - {waiting}), logins=tuple(logins - {waiting}))
        await _contained(session, scope)
        assert {ref for kind, ref in drill.intruder.ways() if kind == "sender"} == {waiting}
        await _come_back(drill, session, 1)
        assert waiting in {alarm.target for alarm in session.state.alarms.values()}
        assert {kind for kind, _ in drill.intruder.ways()} <= {"queue"}, "it was taken care of"


async def test_a_reserve_that_wakes_is_seen_although_it_is_old(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-key", **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        await session.account.read_rate(whole=True)
        await session.account.read_use()
        stolen = drill.story.stolen_key
        assert stolen is not None
        await session.run(plan(session.situation(), Scope(keys=(stolen.id,))))
        await session.account.watch(whole=True)
        await _pass_time(drill, session, rounds=2, seconds=400)
        returns = _returns(drill)
        assert returns
        assert returns <= {alarm.target for alarm in session.state.alarms.values()}


async def test_what_we_did_ourselves_is_no_alarm(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login", **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await _contained(session, Scope(limit=500_000))
        await session.account.watch(whole=True)
        await _pass_time(drill, session, rounds=2, seconds=60)
        assert session.state.alarms == {}


def _change(drill: RunningDrill, what: str) -> None:
    """Change a setting of the account as somebody else would."""
    main = drill.account.main
    area = main.regions["us"]
    domain = next(iter(area.domains.values()))
    match what:
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


async def test_a_changed_setting_is_an_alarm(tmp_path: Path) -> None:
    """Each of them one of its own, in an account that was contained once."""
    async with (
        running_drill(tmp_path, scenario="stolen-login", **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        main = drill.account.main
        main.regions["us"].custom_limit = 900_000
        # In use, and this host is on it: otherwise the first entry would shut us out.
        main.allowlist.append(Allowed("0.0.0.0/0", "everybody"))
        await _contained(session)
        for change in ("archive_to", "wildcard", "role", "allowlist", "route", "limit"):
            before = set(session.state.alarms)
            _change(drill, change)
            await _pass_time(drill, session, rounds=2, seconds=10)
            fresh = [alarm.text for key, alarm in session.state.alarms.items() if key not in before]
            assert len(fresh) == 1, (change, fresh)


@pytest.mark.parametrize("domains", [3, 13, 260])
async def test_what_the_watch_reads_by_turns_stays_fresh_for_hours_and_so_does_the_answer(
    tmp_path: Path, domains: int
) -> None:
    async with (
        running_drill(tmp_path, **{**SMALL, "domains": domains, "credentials": domains, "users": 3}) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        inventory, clock = session.inventory, session.clock
        for _ in range(3 * TURNS_OF_THE_WATCH):
            drill.clock.advance(60)
            await session.account.watch()
            for name in ("keys", "users", "domains", "logins", "subaccounts"):
                age = clock.now() - inventory.read_at[name]
                assert age <= timedelta(seconds=60 * (TURNS_OF_THE_WATCH + 1)) < LASTS, (name, age)
        for name, item in inventory.domains.items():
            assert clock.now() - inventory.parts[f"logins of {name} {item.place}"] <= LASTS
        # Where nobody reads, it is as old as its oldest part says: not as the last that was read.
        oldest = min(
            inventory.parts[f"logins of {name} {item.place}"] for name, item in inventory.domains.items()
        )
        assert inventory.read_at["logins"] == oldest


async def test_logins_that_cannot_be_read_are_a_gap_and_make_no_other_domain_old(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        dark = next(iter(session.inventory.domains.values()))
        part = f"logins of {dark.name} {dark.place}"
        session.inventory.gaps[part] = Gap(f"logins of {dark.name}", dark.place, "no answer")
        session.inventory.parts[part] -= timedelta(hours=1)
        parts = [name for name in session.inventory.parts if name.startswith("logins of ")]
        session.inventory.date("logins", parts)
        assert session.clock.now() - session.inventory.read_at["logins"] < timedelta(minutes=1)
        del session.inventory.gaps[part]
        session.inventory.date("logins", parts)
        assert session.clock.now() - session.inventory.read_at["logins"] >= timedelta(hours=1)


async def test_a_cycle_keeps_to_its_budget_and_reaches_everything_in_turn(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="agency") as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        seen: list[str] = []
        watcher = Watcher(session.account.api, session.inventory, session.clock, seen.append)
        calls = 0

        def count(_seen: object) -> None:
            nonlocal calls
            calls += 1

        session.account.api._shared.on_call = count
        for _ in range(10):
            calls = 0
            reckoned = await watcher.cycle()
            # An agency has more parts than the usual budget reads in time.
            assert calls <= BUDGET + 8
            assert calls == reckoned
        logins = {name for name in watcher._last if name.startswith("logins of ")}
        assert len(logins) == len(session.inventory.domains)
