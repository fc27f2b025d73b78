"""Killed or refused where an earlier try or an earlier failure left something open.

``tests/series/test_kill_points.py`` kills at every point of every kind, and in random lives.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.breaking import BREAKING
from tests.support.ground import ground
from tests.support.kills import (
    PLANS,
    Fuse,
    arm,
    killed_run,
    lost_connection,
    ready,
    refusal,
    resumed,
    some,
    unfinished,
)
from tests.support.promise import at_rest
from workbench.domain.model.plan import EffectState

pytestmark = BREAKING


# ── a refusal that hides what an earlier try did ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "kind, call", [("key.delete", "DELETE /v1/keys/"), ("smtp.reset", "PUT /v3/domains/")]
)
async def test_a_refused_repetition_says_nothing_about_the_call_whose_answer_was_lost(
    kind: str, call: str, tmp_path: Path
) -> None:
    """The first call is carried out and its answer lost; the client makes it again and meets a 403."""
    met: list[str] = []

    def trouble(label: str) -> BaseException | None:
        if call not in label or len(met) == 2 or label.endswith("before") != (len(met) == 1):
            return None
        met.append(label)
        return refusal(label) if met[1:] else lost_connection(label)

    async with ground(tmp_path) as place:
        place.faults = True
        async with place.session() as session:
            await ready(session)
            arm(session, Fuse(0, trouble))
            summary = await session.run(PLANS[kind](session))
            assert len(met) == 2, met
            assert summary.complete, summary.line()
            assert await unfinished(session, PLANS[kind]) == []
        assert await at_rest(place) == []


# ── a kill between a failure and the rows of those who waited for it ───────────────────────────────────────


async def test_a_delete_whose_mint_failed_for_good_is_skipped_by_the_next_run(tmp_path: Path) -> None:
    async with ground(tmp_path) as place, place.session() as session:
        await session.account.connect()
        await session.account.read_inventory()
        planned = PLANS["key.create"](session)
        mint, delete = planned.effects
        body = {"plan": planned.id, "title": "t", "effects": [e.to_json() for e in planned]}
        await session.recorder.ledger.record("plan.confirmed", body)
        failed = {"id": mint.id, "what": "w", "means": "m", "todo": "t", "unknown": False}
        await session.recorder.ledger.record("effect.failed", failed)
        # Killed here, before the delete that waited for this mint got its own row.
        await session.run(None)
        assert session.state.effects[delete.id].state is EffectState.SKIPPED
        assert delete.target in place.living_keys()
        # The same command again plans both once more, and now they go through.
        summary = await session.run(planned)
        assert summary.complete, summary.line()
        assert delete.target not in place.living_keys()


async def test_several_kinds_in_one_plan(tmp_path: Path) -> None:
    build = some(["own key", "smtp.reset", "queue.purge"])
    async with ground(tmp_path) as place:
        assert await killed_run(place, build, Fuse(30))
        assert await resumed(place, build) == []
