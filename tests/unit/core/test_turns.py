"""Long work that lets others in."""

from __future__ import annotations

import asyncio

from workbench.core.turns import in_turns


async def test_every_item_comes_in_order_and_others_have_their_turn_between() -> None:
    seen: list[str] = []

    async def work() -> None:
        async for number in in_turns(range(5), 2):
            seen.append(str(number))

    async def other() -> None:
        for _ in range(2):
            seen.append("other")
            await asyncio.sleep(0)

    await asyncio.gather(work(), other())
    assert seen == ["0", "1", "other", "2", "3", "other", "4"]
