"""Killed before and after every journal row, vault call, API exchange and proof, then resumed from its files."""

from __future__ import annotations

from pathlib import Path

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
from tests.support.promise import at_rest

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
