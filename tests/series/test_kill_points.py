"""Killed before and after every journal row, vault call, API exchange and proof, then resumed from its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.breaking import BREAKING
from tests.support.ground import direct_ground, ground
from tests.support.kills import (
    PLANS,
    Fuse,
    Stand,
    calm_run,
    every_kill_point,
    everything,
    killed_run,
    named,
    of_its_kind,
    random_life,
    resumed,
    telling,
)
from tests.support.promise import at_rest, violations
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import EffectRecord
from workbench.execution.context import Context
from workbench.execution.effects.base import Reality, Reconciled
from workbench.execution.effects.brakes import SigningKeyRenew
from workbench.execution.effects.keys import KeyCreate
from workbench.execution.effects.logins import LoginReset
from workbench.vault.passphrases import new_smtp_password

pytestmark = BREAKING


@pytest.mark.parametrize("kind", sorted(PLANS))
async def test_killed_at_every_point_it_resumes_and_loses_nothing(kind: str, tmp_path: Path) -> None:
    """At every point that tells kills apart, one kind also before its first intent and after its last proof.

    ``make crash-matrix`` strikes every kind everywhere, the repeated reads too.
    """
    passed = await calm_run(tmp_path, kind, direct_ground)
    numbers = telling(passed) if kind == "own key" else of_its_kind(passed)
    for number in numbers:
        folder = tmp_path / str(number)
        folder.mkdir()
        label, wrong = await every_kill_point(folder, kind, number, direct_ground)
        assert named(label) == named(passed[number - 1])
        assert wrong == [], f"killed at {number}, {label}"
    assert len(telling(passed)) >= 12, passed


async def test_the_whole_containment_survives_kills_all_over(tmp_path: Path) -> None:
    for number in range(20, 330, 61):
        folder = tmp_path / str(number)
        folder.mkdir()
        # As with and without sockets the same is passed, one of them over sockets is enough.
        label, wrong = await every_kill_point(
            folder, "everything", number, ground if number == 20 else direct_ground
        )
        assert wrong == [], f"killed at {number}, {label}"


@pytest.mark.parametrize("stand", [ground, direct_ground])
@pytest.mark.parametrize("seed", range(1, 5))
async def test_random_lives_keep_the_promise(seed: int, stand: Stand, tmp_path: Path) -> None:
    _, wrong = await random_life(tmp_path, seed if stand is ground else seed + 4, stand)
    assert wrong == []


@pytest.mark.parametrize("number", [12, 30, 47, 66, 90, 130])
async def test_with_a_full_quota_our_own_key_never_dies_before_its_replacement(
    number: int, tmp_path: Path
) -> None:
    """There the old key of others goes first, and says so; ours waits for a slot whatever is killed when."""
    stand = ground if number == 12 else direct_ground
    async with stand(tmp_path, scenario="quota-full") as place:
        own = place.drill.story.operator_key.id
        await killed_run(place, everything, Fuse(number))
        wrong = await at_rest(place)
        assert [line for line in wrong if not line.startswith("destroyed") or own in line] == []
        assert await resumed(place, everything) == []


def test_only_a_read_repeated_before_anything_is_written_tells_nothing_new() -> None:
    get, rows, post = "http GET /v1/keys before", "journal fact before", "http POST /v1/keys before"
    assert telling([get, get, rows, rows, get, post, post, get]) == [1, 3, 4, 5, 6, 7, 8]
    assert telling([get, "http GET /v1/keys after", get, "http GET /v4/domains before"]) == [1, 2, 4]


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
