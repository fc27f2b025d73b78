"""While a plan is carried out the guide never offers to plan what that plan is doing."""

from __future__ import annotations

from pathlib import Path

from tests.support.breaking import quiet
from tests.support.ground import ground
from tests.support.kills import everything, ready
from workbench.domain.runbook import guide
from workbench.execution.progress import EffectMoved
from workbench.planning import registry
from workbench.session.events import Event


async def test_the_guide_plans_nothing_beside_a_plan(tmp_path: Path) -> None:
    quiet()
    async with ground(tmp_path) as place, place.session() as session:
        await ready(session)
        await session.account.preserve()
        await session.recorder.attest("0", "opening message sent to Support")
        planned = everything(session)
        assert session.lead().action in registry.BUILDERS
        offered: set[str] = set()

        def listen(event: Event) -> None:
            if isinstance(event, EffectMoved):
                offered.add(session.lead().action)

        session.recorder.subscribe(listen)
        await session.run(planned)
        assert offered
        assert not offered & {*registry.BUILDERS, guide.FINISH}
