"""After a kill: the row that says contained is not lost, and each open intent is accounted for in words."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.support.ground import Ground, ground
from tests.support.kills import Fuse, Killed, arm, everything, ready
from workbench.cli.contain import contain as command
from workbench.cli.parser import build_parser
from workbench.domain.runbook.containment_state import containment
from workbench.session.session import Session

pytestmark = pytest.mark.usefixtures("quiet_servers")
ROW = "journal contained before"


def _rows(session: Session) -> int:
    return sum(row.kind == "contained" for row in session.recorder.journal.rows())


async def _killed_before_the_row(place: Ground) -> None:
    async with place.session() as session:
        await ready(session)
        killed: list[str] = []

        def at_the_row(label: str) -> BaseException | None:
            if label != ROW:
                return None
            killed.append(label)
            return Killed(label)

        arm(session, Fuse(trouble=at_the_row))
        with pytest.raises(Killed):
            await session.run(everything(session))
        assert killed == [ROW]
        assert not session.state.contained_at


async def test_a_kill_right_before_the_row_does_not_lose_it(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        await _killed_before_the_row(place)
        async with place.session() as session:
            await session.account.connect()
            assert _rows(session) == 0
            # What is queued and who sends belong to the evidence as much as the credentials do.
            await session.account.read_inventory()
            assert _rows(session) == 0
            await session.account.read_rate(whole=True)
            await session.account.watch(whole=True)
            assert session.state.contained_at
            assert _rows(session) == 1


async def test_with_a_stranger_s_new_key_there_is_no_evidence_of_it(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        await _killed_before_the_row(place)
        main = next(iter(place.drill.world.tenants.values()))
        stolen = next(iter(place.old_keys.values()))
        main.keys[stolen.id] = stolen
        async with place.session() as session:
            await session.account.connect()
            await session.account.read_rate(whole=True)
            await session.account.read_inventory()
            assert _rows(session) == 0
            assert "API key" in containment(session.situation()).words
            del main.keys[stolen.id]
            await session.account.watch()
            assert session.state.contained_at
            assert _rows(session) == 1


async def test_the_next_run_says_of_each_open_intent_what_became_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with ground(tmp_path) as place:
        with contextlib.suppress(Killed):
            async with place.session() as session:
                await ready(session)
                # Killed with the answers of the first calls on their way: some arrived, none is recorded.
                fuse = Fuse(
                    trouble=lambda label: Killed(label) if label == "journal effect.done before" else None
                )
                arm(session, fuse)
                await session.run(everything(session))
        capsys.readouterr()
        options = build_parser().parse_args(["contain", "--yes", "--json"])
        async with place.session() as session:
            opened = len(session.state.open_intents)
            assert opened
            assert await command(session, options) == 0
            rows = [
                row.body["line"] for row in session.recorder.journal.rows() if row.kind == "effect.reconciled"
            ]
        err = capsys.readouterr().err
        assert f"An earlier run was interrupted: 0 changes proven, {opened} begun" in err
        said = [line for line in err.splitlines() if line.startswith("after the interruption")]
        assert len(said) == len(rows) == opened
        assert all(any(row in line for line in said) for row in rows)
