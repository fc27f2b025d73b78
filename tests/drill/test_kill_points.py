"""Killed before and after journal rows, vault calls, API exchanges and proofs, then resumed from its files.

``tests/series/test_kill_points.py`` kills at every point of every kind, and in random lives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking import BREAKING
from tests.support.ground import direct_ground, ground
from tests.support.kills import (
    PLANS,
    Fuse,
    arm,
    calm_run,
    every_kill_point,
    killed_run,
    lost_connection,
    named,
    of_its_kind,
    ready,
    refusal,
    resumed,
    some,
    telling,
    unfinished,
)
from tests.support.promise import at_rest, violations
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Reality, Reconciled
from workbench.execution.effects.brakes import SigningKeyRenew
from workbench.execution.effects.keys import KeyCreate
from workbench.execution.effects.logins import LoginReset
from workbench.vault.passphrases import new_smtp_password

pytestmark = BREAKING


def test_only_a_read_repeated_before_anything_is_written_tells_nothing_new() -> None:
    get, rows, post = "http GET /v1/keys before", "journal fact before", "http POST /v1/keys before"
    assert telling([get, get, rows, rows, get, post, post, get]) == [1, 3, 4, 5, 6, 7, 8]
    assert telling([get, "http GET /v1/keys after", get, "http GET /v4/domains before"]) == [1, 2, 4]


async def test_killed_all_over_the_making_of_a_replacement_it_resumes_and_loses_nothing(
    tmp_path: Path,
) -> None:
    """A few points of one kind; the series has every point of all kinds."""
    passed = await calm_run(tmp_path, "key.create", direct_ground)
    for number in of_its_kind(passed)[::4]:
        folder = tmp_path / str(number)
        folder.mkdir()
        label, wrong = await every_kill_point(folder, "key.create", number, direct_ground)
        assert named(label) == named(passed[number - 1])
        assert wrong == [], f"killed at {number}, {label}"


async def test_killed_without_sockets_is_killed_at_the_same_points_as_with_them(tmp_path: Path) -> None:
    """The series above leaves the sockets out; what it passes must be what a run over them passes."""
    passed = []
    for name, stand in (("direct", direct_ground), ("sockets", ground)):
        folder = tmp_path / name
        folder.mkdir()
        passed.append({named(label) for label in await calm_run(folder, "key.create", stand)})
    assert passed[0] == passed[1]


async def test_killed_again_and_again_at_its_first_points_it_still_ends(tmp_path: Path) -> None:
    async with direct_ground(tmp_path) as place:
        for number in range(1, 9):
            await killed_run(place, PLANS["own key"], Fuse(number))
            assert await at_rest(place) == []
        assert await resumed(place, PLANS["own key"]) == []


# ── the checks themselves notice what they are for ─────────────────────────────────────────────────────────


async def _killed_at(folder: Path, kind: str, label: str) -> list[str]:
    """Kill where the checkpoint of that name was in a run that went through; return what is wrong then."""
    calm, struck = folder / "calm", folder / "struck"
    calm.mkdir()
    struck.mkdir()
    passed = await calm_run(calm, kind, direct_ground)
    name, wrong = await every_kill_point(struck, kind, passed.index(label) + 1, direct_ground)
    assert name == label
    return wrong


async def test_an_orphan_left_behind_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(self: KeyCreate, ctx: Context, record: EffectRecord) -> Reconciled:
        return Reconciled(Reality.AGAIN, "nobody looked")

    async def blind(self: KeyCreate, ctx: Context, record: EffectRecord) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(KeyCreate, "reconcile", careless)
    monkeypatch.setattr(KeyCreate, "_sweep", blind)
    found = await _killed_at(tmp_path, "key.create", "http POST /v1/keys after")
    assert any("orphan" in line for line in found), found


async def test_a_password_that_is_not_stored_first_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hasty(self: LoginReset, ctx: Context, records: Any) -> dict[str, str]:
        for record in records:
            ctx.fresh[record.effect.id] = new_smtp_password()
        return {record.effect.id: f"SMTP {record.effect.target}" for record in records}

    monkeypatch.setattr(LoginReset, "prepare", hasty)
    found = await _killed_at(tmp_path, "smtp.reset", "journal effect.done before")
    assert any("lost secret" in line for line in found), found


async def test_a_renewal_done_twice_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def again(self: SigningKeyRenew, ctx: Context, record: EffectRecord) -> Reconciled:
        return Reconciled(Reality.AGAIN, "nobody looked")

    monkeypatch.setattr(SigningKeyRenew, "reconcile", again)
    found = await _killed_at(tmp_path, "signing_key", "http POST /v5/accounts/http_signing_key after")
    assert any("double renewal" in line for line in found), found


async def test_a_key_deleted_without_its_replacement_would_be_noticed(tmp_path: Path) -> None:
    async with ground(tmp_path) as place, place.session() as session:
        await session.account.connect()
        await session.account.read_inventory()
        planned = PLANS["key.create"](session)
        doomed = next(e for e in planned if e.kind is EffectKind.KEY_CREATE)
        await session.run(planned.only(e.id for e in planned if e.id != doomed.id))
        await session.recorder.ledger.record(
            "plan.confirmed", {"plan": "p", "title": "t", "effects": [doomed.to_json()]}
        )
        assert any("destroyed" in line for line in await violations(place, session, finished=False))


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
