"""A containment while the API answers otherwise: what is left alive is never called cut, and everything else is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.drills import opened, running_drill
from workbench.core.errors import UsageError
from workbench.domain.runbook import coverage
from workbench.domain.runbook.containment_state import containment
from workbench.domain.runbook.runbook import Verdict
from workbench.drill.api.moods import NAMES, split
from workbench.drill.servers.serve import RunningDrill
from workbench.planning.contain import not_cut, plan
from workbench.session.session import Session

# Moods under which every credential can still be cut; under the others something stays alive and must be named.
CAN_BE_CUT = {"short-pages"}


def alive(drill: RunningDrill) -> list[str]:
    """Return which old logins still open their SMTP server: the account's own truth."""
    return [
        login.login
        for login in drill.story.logins
        if drill.account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
    ]


async def cut(session: Session) -> None:
    await session.account.connect()
    await session.account.read_inventory()
    planned = plan(session.situation())
    if planned.effects:
        await session.run(planned)
    await session.account.read_inventory()


@pytest.mark.parametrize("mood", sorted(NAMES))
async def test_what_stays_alive_is_never_called_cut(mood: str, tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, faults=mood, domains=3, credentials=6) as drill,
        opened(drill, tmp_path) as session,
    ):
        before = {key.id for tenant in drill.account.world.tenants.values() for key in tenant.keys.values()}
        await cut(session)
        situation = session.situation()
        after = {key.id for tenant in drill.account.world.tenants.values() for key in tenant.keys.values()}
        left = sorted(before & after) + alive(drill)
        steps = {step.id: step.verdict for step in session.steps()}
        said = coverage.not_cut(situation) or not_cut(plan(situation)) or plan(situation).effects
        if left:
            assert said, f"{left} still work and nothing says so"
            assert not containment(situation).contained
            assert not {steps["1"], steps["2"]} <= {Verdict.DONE, Verdict.NOT_APPLICABLE}
        if mood in CAN_BE_CUT:
            assert not left


def test_a_mood_is_for_some_paths_where_they_are_named() -> None:
    moods, rest = split("short-pages@/v5/users,status-503*3:0.1,odd-elements")
    assert rest == "status-503*3:0.1"
    assert [mood.name for mood in moods] == ["short-pages", "odd-elements"]
    assert moods[0].about.search("GET /v5/users")
    assert not moods[0].about.search("GET /v4/domains")
    with pytest.raises(UsageError):
        split("short-pages@[")
