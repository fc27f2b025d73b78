"""Connections are closed all at once, and none keeps the others, or the journal behind them, waiting."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.patient_loop import PatientLoop
from tests.unit.mailgun.fakes import START
from workbench.core.clock import ManualClock
from workbench.core.errors import Unreachable
from workbench.core.network import Network
from workbench.core.proxies import choose
from workbench.core.redact import Secret
from workbench.mailgun import pool as pool_module
from workbench.mailgun.calls import Timeouts
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import from_base_url
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


async def test_the_http_library_is_loaded_beside_the_loop_where_a_proxy_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def noted(*modules: str) -> None:
        asked.extend(modules)

    monkeypatch.setattr(pool_module, "loaded", noted)
    # Nothing listens there: what counts is what was loaded before anything was tried.
    through = Network(choose({}, asked="http://127.0.0.1:1"))
    for network, server in ((through, "https://api.mailgun.net"), (Network(), "http://127.0.0.1:1")):
        client = Mailgun(from_base_url(server), Secret("key"), clock=ManualClock(START), network=network)
        with pytest.raises(Unreachable):
            await client.call("GET", "/a", repeat_safe=False)
        await client.aclose()
    assert asked == ["workbench.mailgun.library_line"]
