"""What is written is what is known: every row that is durable is in the state, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.accounts import NOW, Rows
from workbench.core.clock import ManualClock
from workbench.core.errors import JournalError
from workbench.domain.model.state import JournalRow
from workbench.journal.ledger import Ledger

SAID = {"step": "1", "who": "ann", "text": "seen to"}


class Slow(Rows):
    """A journal in memory whose rows are durable once its gate is open."""

    def __init__(self) -> None:
        super().__init__(ManualClock(NOW))
        self.gate = asyncio.Event()

    async def append(self, kind: str, body: Mapping[str, Any]) -> JournalRow:
        await self.gate.wait()
        return await super().append(kind, body)


def ledger(journal: Rows, rows: Sequence[JournalRow] = ()) -> tuple[Ledger, list[JournalRow]]:
    made, told = Ledger(journal, rows), list[JournalRow]()
    made.listen(told.append)
    return made, told


async def test_a_row_is_in_the_state_and_told_once_it_is_durable() -> None:
    made, told = ledger(Rows(ManualClock(NOW)))
    row = await made.record("attested", SAID)
    assert told == [row] and (row.kind, row.body) == ("attested", SAID)
    assert [said.who for said in made.state.attestations] == ["ann"]


async def test_a_row_that_finds_no_room_never_was() -> None:
    made, told = ledger(Rows(ManualClock(NOW), full="attested"))
    with pytest.raises(JournalError):
        await made.record("attested", SAID)
    assert not told and not made.state.attestations


async def test_the_state_is_made_of_the_rows_there_are() -> None:
    first = Rows(ManualClock(NOW))
    await first.append("attested", SAID)
    made, told = ledger(first, first.rows)
    assert len(made.state.attestations) == 1 and not told


async def test_a_row_whose_caller_was_cancelled_is_written_and_taken_all_the_same() -> None:
    journal = Slow()
    made, told = ledger(journal)
    caller = asyncio.ensure_future(made.record("attested", SAID))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not made.state.attestations
    resting = asyncio.ensure_future(made.rest())
    await asyncio.sleep(0)
    assert not resting.done()
    journal.gate.set()
    await resting
    assert len(made.state.attestations) == len(told) == 1


@pytest.mark.parametrize("how", ["refused", "cancelled"])
async def test_the_trouble_of_a_row_that_nobody_waits_for_is_printed_nowhere(how: str) -> None:
    journal = Slow()
    journal.full = "attested"
    made, _ = ledger(journal)
    loop, printed = asyncio.get_running_loop(), list[Any]()
    loop.set_exception_handler(lambda _, context: printed.append(context))
    caller = asyncio.ensure_future(made.record("attested", SAID))
    await asyncio.sleep(0)
    caller.cancel()
    if how == "cancelled":
        for task in made._writing:
            task.cancel()
    journal.gate.set()
    await asyncio.gather(caller, return_exceptions=True)
    await made.rest()
    assert not printed and not made._writing


async def test_who_only_reads_takes_each_row_of_the_writer_and_says_what_was_news() -> None:
    journal = Rows(ManualClock(NOW))
    row = await journal.append("attested", SAID)
    made, told = ledger(journal)
    made.take(row)
    assert told == [row] and len(made.state.attestations) == 1


async def test_what_a_reader_cannot_take_is_not_told_as_news() -> None:
    journal = Rows(ManualClock(NOW))
    row = await journal.append("effect.done", {"id": "of a plan that it has not read"})
    made, told = ledger(journal)
    made.take(row)
    assert not told
