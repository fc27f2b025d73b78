"""Real processes: the signals that ask, and two at once; ``tests/series/test_sigkill.py`` really kills."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.breaking import BREAKING
from tests.support.cli import Command
from tests.support.ground import ground
from tests.support.kills import everything, resumed
from tests.support.promise import at_rest

pytestmark = BREAKING
CONTAIN = ("contain", "--yes", "--json", "--purge", "all", "--limit", "5000")
# Calls take long: the signal certainly finds some on their way.
SIZES = {"domains": 4, "credentials": 12, "latency_ms": 50.0}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
async def test_a_signal_stops_it_with_128_and_its_number_and_the_same_command_resumes(
    name: str, tmp_path: Path
) -> None:
    async with ground(tmp_path, **SIZES) as place:
        command = Command(place.drill, tmp_path)
        await command.prepare()
        process = await command.start(*CONTAIN)
        reading = asyncio.ensure_future(process.communicate())
        assert await command.wait_for_rows(process, 30)
        process.send_signal(getattr(signal, name))
        _, err = await reading
        assert process.returncode == 128 + getattr(signal, name), err.decode()
        assert "the same command continues" in err.decode()
        assert "Traceback" not in err.decode()
        assert await at_rest(place) == []
        cut = command.state()
        assert cut.effects and cut.unsettled
        code, out, text = await command.run(*CONTAIN)
        assert code == 0, text
        assert set(cut.effects) <= {effect["id"] for effect in json.loads(out)["effects"]}
        assert await resumed(place, everything) == []


async def test_a_second_workbench_says_who_holds_the_incident_and_changes_nothing(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        command = Command(place.drill, tmp_path)
        await command.prepare()
        async with place.session() as holder:
            await holder.account.connect()
            place.answered.clear()
            code, out, err = await command.run(*CONTAIN)
            assert code == 2, (code, out, err)
            document = json.loads(out)
            assert (document["schema"], document["exit"]) == ("workbench.error/1", 2), document
            assert "effects" not in document
            assert "another workbench" in err
            assert f"{holder.recorder.holder_text} holds it" in err and str(os.getpid()) in err, err
            assert "Traceback" not in err
            assert place.answered == [], "asked the account before it knew that it may not write"
        code, _, err = await command.run(*CONTAIN)
        assert code == 0, err
        assert await resumed(place, everything) == []
