"""Secrets made safe ahead: few before the first cut, many after it, and one that is at fault holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.accounts import Bench
from tests.support.effects import an_effect
from workbench.core.errors import VaultError
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.state import EffectRecord
from workbench.execution import secret_prefetch
from workbench.execution.effects.base import PlainHandler
from workbench.execution.scheduler import Agenda
from workbench.execution.secret_prefetch import CHUNK, FIRST_CHUNK, Stock


class Keeper:
    """Makes an entry for each login but those at ``fault``; none is needed for those that are ``bare``."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.contexts: list[Any] = []
        self.fault: set[str] = set()
        self.bare: set[str] = set()
        self.gate: asyncio.Event | None = None

    async def prepare(self, ctx: Any, records: Sequence[EffectRecord]) -> dict[str, str]:
        names = [record.effect.target for record in records]
        self.asked.append(names)
        self.contexts.append(ctx)
        if self.gate is not None:
            await self.gate.wait()
        if self.fault & set(names):
            raise VaultError("The keyring refused an entry.")
        return {r.effect.id: f"entry {r.effect.target}" for r in records if r.effect.target not in self.bare}


class Shelf:
    """A stock with its agenda and handlers; ``began`` counts how often storing was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.keeper = Keeper()
        handlers = dict.fromkeys(EffectKind, self.keeper) | {EffectKind.KEY_DELETE: PlainHandler()}
        monkeypatch.setattr(secret_prefetch, "HANDLERS", handlers)
        self.ctx = Bench().ctx
        self.stock, self.agenda = Stock(self.ctx), Agenda()
        self.began = 0

    def add(self, *names: str, kind: EffectKind = EffectKind.LOGIN_RESET) -> list[EffectRecord]:
        made = [EffectRecord(an_effect(kind, name)) for name in names]
        self.agenda.add(made)
        return made

    def begins(self) -> None:
        self.began += 1

    async def entry(self, record: EffectRecord) -> str:
        return await self.stock.entry(record, self.agenda, self.begins)


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(monkeypatch)


async def test_one_store_serves_those_that_come_next_of_the_same_kind(shelf: Shelf) -> None:
    first, second, third = shelf.add("a", "b", "c")
    shelf.add("m", kind=EffectKind.KEY_CREATE)
    assert shelf.agenda.pop() is first
    assert await shelf.entry(first) == "entry a"
    assert shelf.keeper.asked == [["a", "b", "c"]]
    assert shelf.keeper.contexts == [shelf.ctx]
    assert (await shelf.entry(second), await shelf.entry(third)) == ("entry b", "entry c")
    assert (len(shelf.keeper.asked), shelf.began) == (1, 1)


async def test_the_first_cut_waits_for_few_and_what_follows_comes_in_bulk(shelf: Shelf) -> None:
    records = shelf.add(*(f"l{n}" for n in range(FIRST_CHUNK + CHUNK + 9)))
    shelf.agenda.pop()
    await shelf.entry(records[0])
    assert len(shelf.keeper.asked[0]) == FIRST_CHUNK + 1
    for _ in range(FIRST_CHUNK + 1):
        popped = shelf.agenda.pop()
    assert popped is not None
    await shelf.entry(popped)
    assert len(shelf.keeper.asked[1]) == CHUNK + 1
    shelf.stock.clear()
    await shelf.entry(records[0])
    # What comes next there is counted as before the first cut again.
    assert len(shelf.keeper.asked[2]) == FIRST_CHUNK + 1
    assert shelf.keeper.asked[2][0] == "l0"


async def test_what_needs_no_secret_waits_for_no_keyring(shelf: Shelf) -> None:
    (login,), (key,) = shelf.add("a"), shelf.add("k", kind=EffectKind.KEY_DELETE)
    shelf.keeper.gate = asyncio.Event()
    slow = asyncio.ensure_future(shelf.entry(login))
    await asyncio.sleep(0)
    assert await shelf.entry(key) == ""
    assert shelf.began == 1
    shelf.keeper.gate.set()
    assert await slow == "entry a"


async def test_two_that_come_at_once_are_stored_once(shelf: Shelf) -> None:
    first, second = shelf.add("a", "b")
    found = await asyncio.gather(shelf.entry(first), shelf.entry(second))
    assert list(found) == ["entry a", "entry b"]
    assert len(shelf.keeper.asked) == 1


async def test_one_entry_that_is_at_fault_holds_up_no_other(shelf: Shelf) -> None:
    first, second, bad = shelf.add("a", "b", "bad")
    shelf.keeper.fault = {"bad"}
    assert await shelf.entry(first) == "entry a"
    assert shelf.keeper.asked == [["a", "b", "bad"], ["a"]]
    assert shelf.keeper.contexts == [shelf.ctx] * 2
    assert await shelf.entry(second) == "entry b"
    for _ in range(3):
        shelf.agenda.pop()
    with pytest.raises(VaultError):
        await shelf.entry(bad)
    assert shelf.keeper.asked[-1] == ["bad"], "alone it is not tried twice"
    assert len(shelf.keeper.asked) == 5


async def test_one_that_fails_by_itself_too_says_so(shelf: Shelf) -> None:
    first, _ = shelf.add("a", "b")
    shelf.keeper.fault = {"a"}
    with pytest.raises(VaultError):
        await shelf.entry(first)
    assert shelf.keeper.asked == [["a", "b"], ["a"]]
    shelf.keeper.fault = set()
    assert await shelf.entry(first) == "entry a", "what was not stored is stored by the next try"


async def test_an_effect_without_an_entry_of_its_own_has_none_and_is_not_asked_for_again(
    shelf: Shelf,
) -> None:
    first, second = shelf.add("a", "b")
    shelf.keeper.bare = {"a", "b"}
    assert [await shelf.entry(first), await shelf.entry(second), await shelf.entry(first)] == ["", "", ""]
    assert len(shelf.keeper.asked) == 1
