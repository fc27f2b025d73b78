"""Connections are closed all at once, and none keeps the others, or the journal behind them, waiting."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.patient_loop import PatientLoop
from workbench.core.network import Network
from workbench.mailgun.calls import Timeouts
from workbench.mailgun.pool import Pool


class Connection:
    """Stands for a client: it says what became of it."""

    def __init__(self, *, answers: bool = True, fault: str = "") -> None:
        self._answers, self._fault = answers, fault
        self.state = "open"

    async def aclose(self) -> None:
        self.state = "closing"
        try:
            await (asyncio.sleep(0) if self._answers else asyncio.Event().wait())
        finally:
            self.state = "closed"
        if self._fault:
            raise OSError(self._fault)


def closed(*connections: Connection) -> float:
    """Close a pool of these connections and return the seconds that took."""

    async def close() -> float:
        pool = Pool(Timeouts(), Network(), None)
        pool._all.extend(connections)  # type: ignore[arg-type]
        try:
            await pool.aclose()
        finally:
            assert {one.state for one in connections} <= {"closed"}
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(close())


def test_a_connection_that_never_closes_keeps_none_open() -> None:
    assert closed(Connection(answers=False), Connection(), Connection(answers=False)) == pytest.approx(2.0)


def test_connections_that_close_take_no_time() -> None:
    assert closed(*(Connection() for _ in range(30))) == 0


def test_nothing_to_close_is_fine() -> None:
    assert closed() == 0


def test_a_fault_in_closing_one_is_told_once_all_are_closed() -> None:
    with pytest.raises(OSError, match="first"):
        closed(Connection(fault="first"), Connection(), Connection(answers=False))
