"""Killed before and after every journal row, vault call, API exchange and proof, then resumed from its files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.kills import (
    PLANS,
    Fuse,
    at_rest,
    every_kill_point,
    ground,
    killed_run,
    quiet,
    random_life,
    resumed,
    some,
    violations,
)
from workbench.effects.base import Context, Reality, Reconciled
from workbench.effects.keys import KeyCreate
from workbench.effects.logins import LoginReset
from workbench.incident.plan import EffectKind, EffectState
from workbench.incident.state import EffectRecord
from workbench.passphrase import new_smtp_password

# A killed process closes no sockets; what its kill leaves open here is collected, which pytest would report.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    quiet()
    yield


# The most that any of these plans has; a run without a checkpoint of that number ends the series.
MOST = 80
# Two halves of each series, so that they run beside each other.
HALVES = (1, 2)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("kind", sorted(PLANS))
async def test_killed_at_every_point_it_resumes_and_loses_nothing(
    kind: str, half: int, tmp_path: Path
) -> None:
    struck: list[str] = []
    for number in range(half, MOST, len(HALVES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        label, wrong = await every_kill_point(folder, kind, number)
        if not label:
            break
        assert wrong == [], f"killed at {number}, {label}"
        struck.append(label)
    else:
        pytest.fail(f"{kind} has more than {MOST} checkpoints: this test stops short of its end")
    assert len(struck) >= 6, struck


async def test_the_whole_containment_survives_kills_all_over(tmp_path: Path) -> None:
    for number in range(20, 330, 61):
        folder = tmp_path / str(number)
        folder.mkdir()
        label, wrong = await every_kill_point(folder, "everything", number)
        assert wrong == [], f"killed at {number}, {label}"


@pytest.mark.parametrize("seed", range(1, 9))
async def test_random_lives_keep_the_promise(seed: int, tmp_path: Path) -> None:
    _, wrong = await random_life(tmp_path, seed)
    assert wrong == []


async def test_killed_again_and_again_at_its_first_points_it_still_ends(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        for number in range(1, 9):
            await killed_run(place, PLANS["own key"], Fuse(number))
            assert await at_rest(place) == []
        assert await resumed(place, PLANS["own key"]) == []


# ── the checks themselves notice what they are for ─────────────────────────────────────────────────────────


async def _all_points(folder: Path, kind: str, numbers: range) -> list[str]:
    found: list[str] = []
    for number in numbers:
        place = folder / str(number)
        place.mkdir()
        found += (await every_kill_point(place, kind, number))[1]
    return found


async def test_an_orphan_left_behind_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(self: KeyCreate, ctx: Context, record: EffectRecord) -> Reconciled:
        return Reconciled(Reality.AGAIN, "nobody looked")

    async def blind(self: KeyCreate, ctx: Context, record: EffectRecord) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(KeyCreate, "reconcile", careless)
    monkeypatch.setattr(KeyCreate, "_sweep", blind)
    found = await _all_points(tmp_path, "key.create", range(4, 10))
    assert any("orphan" in line for line in found), found


async def test_a_password_that_is_not_stored_first_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hasty(self: LoginReset, ctx: Context, records: Any) -> dict[str, str]:
        for record in records:
            ctx.fresh[record.effect.id] = new_smtp_password()
        return {record.effect.id: f"SMTP {record.effect.target}" for record in records}

    monkeypatch.setattr(LoginReset, "prepare", hasty)
    found = await _all_points(tmp_path, "smtp.reset", range(6, 12))
    assert any("lost secret" in line for line in found), found


async def test_a_key_deleted_without_its_replacement_would_be_noticed(tmp_path: Path) -> None:
    async with ground(tmp_path) as place, place.session() as session:
        await session.connect()
        await session.read_inventory()
        planned = PLANS["key.create"](session)
        doomed = next(e for e in planned if e.kind is EffectKind.KEY_CREATE)
        await session.run(planned.only(e.id for e in planned if e.id != doomed.id))
        await session._ledger.record(
            "plan.confirmed", {"plan": "p", "title": "t", "effects": [doomed.to_json()]}
        )
        assert any("destroyed" in line for line in await violations(place, session, finished=False))


# ── a kill between a failure and the rows of those who waited for it ───────────────────────────────────────


async def test_a_delete_whose_mint_failed_for_good_is_skipped_by_the_next_run(tmp_path: Path) -> None:
    async with ground(tmp_path) as place, place.session() as session:
        await session.connect()
        await session.read_inventory()
        planned = PLANS["key.create"](session)
        mint, delete = planned.effects
        body = {"plan": planned.id, "title": "t", "effects": [e.to_json() for e in planned]}
        await session._ledger.record("plan.confirmed", body)
        failed = {"id": mint.id, "what": "w", "means": "m", "todo": "t", "unknown": False}
        await session._ledger.record("effect.failed", failed)
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
