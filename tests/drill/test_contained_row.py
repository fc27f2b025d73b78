"""That the account is contained is journaled once, by whoever sees it, and on evidence only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ground import Ground, ground, quiet
from tests.support.kills import Fuse, Killed, arm, everything, ready
from workbench.session import Session

ROW = "journal contained before"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    quiet()
    yield


def _rows(session: Session) -> int:
    return sum(row.kind == "contained" for row in session._journal.rows())


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
            await session.connect()
            assert _rows(session) == 0
            await session.read_inventory()
            assert session.state.contained_at
            await session.watch(whole=True)
            assert _rows(session) == 1


async def test_with_a_stranger_s_new_key_there_is_no_evidence_of_it(tmp_path: Path) -> None:
    async with ground(tmp_path) as place:
        await _killed_before_the_row(place)
        main = next(iter(place.drill.world.tenants.values()))
        stolen = next(iter(place.old_keys.values()))
        main.keys[stolen.id] = stolen
        async with place.session() as session:
            await ready(session)
            assert _rows(session) == 0
            del main.keys[stolen.id]
            await session.watch()
            assert session.state.contained_at
            assert _rows(session) == 1
