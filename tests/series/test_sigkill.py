"""Real processes, really killed, again and again; ``make crash-matrix`` kills twenty times over."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import pytest

from tests.support.amount import amount
from tests.support.breaking import BREAKING
from tests.support.cli import Command
from tests.support.ground import ground
from tests.support.kills import everything, resumed
from tests.support.promise import at_rest

pytestmark = BREAKING
CONTAIN = ("contain", "--yes", "--json", "--purge", "all", "--limit", "5000")
KILLS = amount(3, whole=10)
# Slow enough that a kill finds calls on their way, and the account large enough for all the kills.
SIZES = {"domains": 4, "credentials": 40, "latency_ms": 4.0}


@pytest.mark.parametrize("seed", [1, 2])
async def test_sigkill_again_and_again_and_the_same_command_ends_it(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    async with ground(tmp_path, **SIZES, seed=seed) as place:
        command = Command(place.drill, tmp_path)
        await command.prepare()
        killed = runs = 0
        while killed < KILLS:
            runs += 1
            assert runs < 2 * KILLS, "the account is too small for so many kills"
            before = command.rows()
            process = await command.start(*CONTAIN)
            reading = asyncio.ensure_future(process.communicate())
            if await command.wait_for_rows(process, before + rng.randint(1, 12)):
                process.kill()
                killed += 1
            await reading
            assert await at_rest(place) == [], f"after {killed} kills, {command.rows()} rows"
        code, out, err = await command.run(*CONTAIN)
        assert code == 0, err
        states = {effect["state"] for effect in json.loads(out)["effects"]}
        assert states == {"verified"}, err
        assert await resumed(place, everything) == []
