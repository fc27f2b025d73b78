"""Places for sessions: as many as help while the loop is free, few while it is not, and none is ever lost."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime

import pytest

from workbench.core.clock import ManualClock
from workbench.smtp.slots import AT_FIRST, FEW, LONG_TURN, SessionSlots

START = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
MOST = 40


class TurnsOf(ManualClock):
    """A clock by which every turn of the loop takes so many seconds."""

    def __init__(self, turn: float) -> None:
        super().__init__(START)
        self.turn = turn

    def monotonic(self) -> float:
        """Return the time, a turn later at each look."""
        self.advance(self.turn)
        return super().monotonic()


async def used(slots: SessionSlots, times: int) -> None:
    """Have so many short sessions, one after the other."""
    for _ in range(times):
        async with slots:
            await asyncio.sleep(0)


class Sessions:
    """Sessions that last until they are told to end."""

    def __init__(self, slots: SessionSlots) -> None:
        self.slots = slots
        self.begun: list[int] = []
        self.ends: dict[int, asyncio.Event] = {}

    async def one(self, number: int) -> None:
        self.ends[number] = asyncio.Event()
        async with self.slots:
            self.begun.append(number)
            await self.ends[number].wait()


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_a_free_loop_has_all_of_them_under_way() -> None:
    slots = SessionSlots(MOST, ManualClock(START))
    assert slots.allowed == AT_FIRST
    await used(slots, 200)
    assert slots.allowed == MOST


async def test_long_turns_leave_a_few() -> None:
    slots = SessionSlots(MOST, TurnsOf(LONG_TURN * 2))
    await used(slots, 200)
    assert slots.allowed == FEW


async def test_it_follows_the_loop_both_ways() -> None:
    clock = TurnsOf(LONG_TURN * 2)
    slots = SessionSlots(MOST, clock)
    await used(slots, 50)
    clock.turn = 0.0
    await used(slots, 200)
    assert slots.allowed == MOST
    clock.turn = LONG_TURN * 2
    await used(slots, 200)
    assert slots.allowed == FEW


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_less_than_a_few_stays_less(most: int) -> None:
    slots = SessionSlots(most, TurnsOf(LONG_TURN * 2))
    await used(slots, 50)
    assert slots.allowed == most


async def test_no_more_begin_than_are_allowed_and_in_their_order() -> None:
    slots = SessionSlots(MOST, TurnsOf(LONG_TURN * 2))
    await used(slots, 50)
    sessions = Sessions(slots)
    tasks = [asyncio.create_task(sessions.one(number)) for number in range(12)]
    await settled()
    assert sessions.begun == list(range(FEW))
    for number in range(12):
        await settled()
        assert len(sessions.begun) == min(12, FEW + number)
        sessions.ends[number].set()
    await asyncio.gather(*tasks)
    assert sessions.begun == list(range(12))


async def test_one_that_is_cancelled_anywhere_leaves_its_place_to_the_next() -> None:
    for turns in itertools.count():
        slots = SessionSlots(1, ManualClock(START))
        sessions = Sessions(slots)
        first = asyncio.create_task(sessions.one(0))
        await settled()
        second = asyncio.create_task(sessions.one(1))
        third = asyncio.create_task(sessions.one(2))
        await settled()
        sessions.ends[0].set()
        for _ in range(turns):
            await asyncio.sleep(0)
        over = 1 in sessions.begun
        second.cancel()
        await settled()
        assert sessions.begun[-1] == 2, turns
        sessions.ends[2].set()
        await asyncio.gather(first, third)
        if over:
            break
    assert turns > 1, "it was cancelled while it waited, when it was handed over, and when it had begun"
