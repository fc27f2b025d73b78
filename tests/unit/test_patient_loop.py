"""The loop of the tests themselves: time passes for those who wait, and for nobody who works."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.patient_loop import PatientLoop


def run(coroutine: object) -> object:
    """Return what a coroutine gives on a patient loop."""
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        return runner.run(coroutine)  # type: ignore[arg-type]


def stall() -> None:
    """Hold the whole process up for longer than the test's time-out."""
    time.sleep(0.05)


def test_a_machine_that_stops_takes_no_time() -> None:
    async def busy() -> str:
        async with asyncio.timeout(0.01):
            stall()  # Five times as long as there is; the answer is there all the same.
            await asyncio.sleep(0)
            return "answered"

    assert run(busy()) == "answered"


def test_who_waits_in_vain_is_told_so_at_once() -> None:
    async def silent() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 3600)
        return loop.time() - began

    assert run(silent()) == pytest.approx(3600)


def test_what_is_on_its_way_comes_before_the_time_is_up() -> None:
    async def asked() -> bytes:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.read(4))
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"word")
            async with asyncio.timeout(0.001):
                said = await reader.read(4)
            writer.close()
            await writer.wait_closed()
            return said

    assert run(asked()) == b"word"
