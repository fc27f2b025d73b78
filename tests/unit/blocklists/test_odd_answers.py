"""What takes dnspython to read is read beside the loop until that is loaded, and told like any other answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import dns.message
import dns.rrset
import pytest

from tests.support.patience import HANGS
from workbench.blocklists import transport, wire
from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.transport import AnswerRhythm, Transport
from workbench.blocklists.wire import A, AnswerState, DnsAnswer, question_bytes, wire_labels

NAME = "2.0.0.127.zone.example"
QUESTION = question_bytes(wire_labels("2.0.0.127"), wire_labels("zone.example"), A)


class Alias(asyncio.DatagramProtocol):
    """Answers every query by way of an alias, as many times as it is told to."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, sender: object) -> None:
        for address in self._addresses:
            answer = dns.message.make_response(dns.message.from_wire(data))
            answer.answer = [
                dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "other.example."),
                dns.rrset.from_text("other.example.", 60, "IN", "A", address),
            ]
            self.transport.sendto(answer.to_wire(), sender)  # type: ignore[attr-defined]


async def asked(
    addresses: tuple[str, ...],
    told: Callable[[object, DnsAnswer], None],
    times: int = 1,
    second: asyncio.Event | None = None,
) -> list[DnsAnswer]:
    """Return the answers to one question, asked one after the other; wait for a second answer where there is one."""
    loop = asyncio.get_running_loop()
    server, _ = await loop.create_datagram_endpoint(lambda: Alias(*addresses), local_addr=("127.0.0.1", 0))
    port = server.get_extra_info("sockname")[1]
    answers = []
    try:
        async with Transport(
            [ResolverAddress("127.0.0.1", port)],
            timeout=HANGS,
            tries=1,
            resent=lambda token: None,
            contradicted=told,
        ) as line:
            for number in range(times):
                done = loop.create_future()
                line.ask(QUESTION, number, AnswerRhythm(), done.set_result)
                answers.append(await asyncio.wait_for(done, HANGS))
            if second is not None:
                await asyncio.wait_for(second.wait(), HANGS)
    finally:
        server.close()
    return answers


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Forget that dnspython was needed before; return the threads in which answers are read by it."""
    threads: list[int] = []
    read = wire._read_records

    def noted(data: bytes) -> DnsAnswer:
        threads.append(threading.get_ident())
        return read(data)

    monkeypatch.setattr(wire, "_read_records", noted)
    monkeypatch.setattr(wire._Library, "ready", False)
    return threads


async def test_the_first_odd_answer_is_read_in_a_thread_and_the_next_at_once(readers: list[int]) -> None:
    first, second = await asked(("127.0.0.2",), lambda token, answer: None, times=2)
    assert first == second
    assert first.state is AnswerState.FOUND and first.addresses == ("127.0.0.2",)
    here = threading.get_ident()
    assert readers[0] != here and readers[1] == here


async def test_a_second_odd_answer_that_differs_is_told_whichever_thread_read_it(readers: list[int]) -> None:
    differing, second = list[DnsAnswer](), asyncio.Event()

    def told(token: object, answer: DnsAnswer) -> None:
        differing.append(answer)
        second.set()

    (first,) = await asked(("127.0.0.2", "127.0.0.9"), told, second=second)
    assert {first.addresses, differing[0].addresses} == {("127.0.0.2",), ("127.0.0.9",)}


async def test_a_look_up_that_is_over_takes_nothing_more_in(
    monkeypatch: pytest.MonkeyPatch, readers: list[int]
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(transport._Channel, "_answered", lambda *told: taken.append(told))
    channel = transport._Channel(ResolverAddress("127.0.0.1", 53), lambda *a: None, lambda *a: None)
    query = transport._Query(QUESTION, 1, AnswerRhythm(), lambda answer: None, 0.0)
    number = channel.adopt(query)
    read = asyncio.get_running_loop().create_future()
    read.set_result(wire.NOTHING)
    channel._read_beside(number.to_bytes(2), read)
    assert len(taken) == 1
    channel.close()
    channel._read_beside(number.to_bytes(2), read)
    assert len(taken) == 1
