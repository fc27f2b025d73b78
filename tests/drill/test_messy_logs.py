"""A log with gaps, repeats and nonsense, figures that disagree with it, a host whose clock is off: said, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.drills import opened, running_drill
from workbench.core.clock import ManualClock
from workbench.drill.servers.serve import RunningDrill


def _quieter(drill: RunningDrill) -> None:
    """A part of the traffic shows the same mess in a second."""
    for stream in drill.world.streams.values():
        stream.rate /= 4 if stream.actor == "intruder" else 25


async def test_every_kind_of_mess_is_counted_and_said(tmp_path: Path) -> None:
    async with (
        running_drill(tmp_path, scenario="messy-logs") as drill,
        opened(drill, tmp_path) as session,
    ):
        _quieter(drill)
        await session.account.connect()
        await session.account.read_inventory()
        found = await session.account.investigation.assess()
        table = found.table
        assert table.entries > 1000
        assert table.repeated > 0 and table.undated > 0, table.words()
        said = " / ".join(found.lines())
        for count, words in (
            (table.repeated, "entries that came twice"),
            (table.undated, "with no readable time"),
        ):
            assert f"{count:,} " in said and words in said
        assert "metrics count" in said and "the greater number is the safer one" in said
        # The mess hides nobody: every accepted message is in a group.
        assert sum(group.accepted for group in table.groups.values()) == table.events["accepted"]


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_host_whose_clock_is_off_still_reads_the_accounts_last_hours(
    tmp_path: Path, hours: int
) -> None:
    async with running_drill(tmp_path, scenario="small-plan") as drill:
        _quieter(drill)
        wrong = ManualClock(datetime.fromtimestamp(drill.account.now(), UTC) + timedelta(hours=hours))
        async with opened(drill, tmp_path, clock=wrong) as session:
            await session.account.connect()
            await session.account.read_inventory()
            found = await session.account.investigation.assess()
            now = datetime.fromtimestamp(drill.account.now(), UTC)
            assert abs(found.table.end - now) < timedelta(minutes=2)
            newest = datetime.fromisoformat(found.table.newest.replace("Z", "+00:00"))
            assert now - newest < timedelta(hours=1)
            assert found.window.hours[-1].start == now.replace(minute=0, second=0, microsecond=0) - timedelta(
                hours=1
            )
            way = "behind" if hours < 0 else "ahead of"
            assert any(f"3 hours {way} the account's" in line for line in found.lines())
