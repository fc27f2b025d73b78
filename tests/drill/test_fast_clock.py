"""A drill whose hours pass in minutes: the workbench keeps its time, and nothing rings that was before the cut."""

from __future__ import annotations

from pathlib import Path

from tests.support.drills import SMALL, opened, running_drill
from workbench.core.clock import ShiftedClock
from workbench.domain.model.credential_use import CredentialUses
from workbench.drill.servers.serve import RunningDrill
from workbench.drill.world.records import SimulatedCredential
from workbench.planning.contain import Scope, plan
from workbench.session.session import Session


def _apart(drill: RunningDrill, session: Session) -> float:
    return abs((drill.clock.now() - session.clock.now()).total_seconds())


def _logins(drill: RunningDrill) -> list[SimulatedCredential]:
    areas = [area for tenant in drill.world.tenants.values() for area in tenant.regions.values()]
    return [c for area in areas for domain in area.domains.values() for c in domain.credentials.values()]


def _sends_on(session: Session) -> list[str]:
    return [alarm.text for alarm in session.state.alarms.values() if alarm.id.startswith("sends:")]


async def test_hours_that_pass_in_a_second_ring_no_false_alarm_and_hide_no_real_one(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="stolen-login") as drill,
        opened(drill, tmp_path, clock=ShiftedClock()) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        await session.account.read_rate(whole=True)
        await session.account.read_use()
        drill.clock.advance(1800)
        await session.account.read_use()
        assert _apart(drill, session) < 3
        before = {c.login: c.password for c in _logins(drill)}
        stolen = {stream.ref for stream in drill.account.streams("intruder") if stream.kind == "login"}
        assert stolen
        # The abuse goes on for half an hour that this host does not see pass, right up to the cut.
        drill.clock.advance(1800)
        summary = await session.run(plan(session.situation(), Scope()))
        assert summary.complete, summary.line()
        for _ in range(3):
            drill.clock.advance(60)
            await session.account.read_use()
            await session.account.watch(whole=True)
        assert _apart(drill, session) < 3
        assert _sends_on(session) == []
        # Somebody gives a login its old password back: now it does send on, and that must ring.
        for credential in _logins(drill):
            if credential.login in stolen:
                credential.password = before[credential.login]
        drill.account.touch(urgent=True)
        drill.clock.advance(600)
        await session.account.watch()
        await session.account.read_use()
        await session.account.watch(whole=True)
        assert len(_sends_on(session)) == len(stolen)


async def test_after_each_of_two_cuts_within_one_second_who_sends_is_read_again(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, **SMALL) as drill,
        opened(drill, tmp_path, clock=drill.clock) as session,
    ):
        await session.account.connect()
        await session.account.read_inventory()
        await session.account.read_rate(whole=True)
        await session.account.read_use()
        drill.clock.stand_still()
        for domain in list(session.inventory.domains)[:2]:
            summary = await session.run(plan(session.situation(), Scope(domains=(domain,))))
            assert summary.total and summary.complete, summary.line()
            use = session.state.known(CredentialUses)
            assert session.state.after_cut(use, use.since), domain
            await session.account.read_inventory()
