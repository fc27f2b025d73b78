"""Long work in short turns, so that whatever else runs on the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from importlib import import_module
from typing import TypeVar

# What a login or a secret costs to make ready is some 50 µs: a turn takes about a millisecond.
A_TURN = 20
T = TypeVar("T")


async def in_turns(items: Iterable[T], a_turn: int = A_TURN) -> AsyncIterator[T]:
    """Yield the items; after every ``a_turn`` of them the loop is let go once, a person's keys among what it does."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % a_turn == 0:
            await asyncio.sleep(0)


async def loaded(*modules: str) -> None:
    """Import modules beside the loop: all of a session takes a quarter of a second in which no key is answered."""
    await asyncio.to_thread(lambda: [import_module(name) for name in modules])
