"""Single questions: the next server is asked where one refuses or is silent, TCP where a datagram is too small.

The servers live on the test's loop: each test takes the fixture whose loop is a patient one, for its time-outs.
"""

from __future__ import annotations

import dns.message
import dns.rcode

from tests.unit.blocklists.misbehaving import Misbehaving, code, listed, nxdomain, truncated
from workbench.blocklists.name_servers import NameServers
from workbench.blocklists.wire import REFUSED, SILENT, TXT, AnswerState, DnsAnswer

SECONDS = 0.3
NAME = "_dmarc.acme.example"


def says(text: str) -> Misbehaving:
    """Return a server that has this text for every name."""
    server = Misbehaving()
    server.udp = lambda query, _: [(0, listed(query, text=text))]
    return server


def refuses() -> Misbehaving:
    """Return a server that cannot tell."""
    server = Misbehaving()
    server.udp = lambda query, _: [(0, code(query, dns.rcode.SERVFAIL))]
    return server


def silent() -> Misbehaving:
    """Return a server whose every datagram is lost."""
    server = Misbehaving()
    server.udp = lambda query, _: []
    return server


async def answer_of(*servers: Misbehaving, name: str = NAME) -> DnsAnswer:
    """Ask them in their order for the texts of a name."""
    for server in servers:
        await server.start()
    try:
        async with NameServers([server.address for server in servers], SECONDS) as them:
            return await them.ask(name, TXT)
    finally:
        for server in servers:
            await server.stop()


async def test_the_first_that_knows_is_believed(misbehaving: Misbehaving) -> None:
    second = says("second")
    answer = await answer_of(says("first"), second)
    assert answer.texts == ("first",) and not second.asked


async def test_one_that_refuses_or_is_silent_is_passed_over(misbehaving: Misbehaving) -> None:
    assert (await answer_of(refuses(), says("second"))).texts == ("second",)
    assert (await answer_of(silent(), says("second"))).texts == ("second",)
    assert (await answer_of(refuses(), refuses(), says("third"))).texts == ("third",)


async def test_no_such_name_is_an_answer(misbehaving: Misbehaving) -> None:
    other = says("second")
    first = Misbehaving()
    first.udp = lambda query, _: [(0, nxdomain(query))]
    answer = await answer_of(first, other)
    assert answer.state is AnswerState.ABSENT and not other.asked


async def test_where_nobody_knows_it_is_said_why(misbehaving: Misbehaving) -> None:
    answer = await answer_of(refuses(), refuses())
    assert answer.state is AnswerState.FAILED and answer.reason.startswith(REFUSED)
    answer = await answer_of(silent(), silent())
    assert answer.state is AnswerState.FAILED and answer.reason.startswith(SILENT)


async def test_what_is_cut_short_is_asked_by_tcp(misbehaving: Misbehaving) -> None:
    server = says("")
    server.udp = lambda query, _: [(0, truncated(query))]
    server.tcp = lambda query: listed(query, text="whole")
    assert (await answer_of(server)).texts == ("whole",)


async def test_a_network_that_lets_no_datagram_through_is_asked_by_tcp(misbehaving: Misbehaving) -> None:
    server = silent()
    server.tcp = lambda query: listed(query, text="by TCP")
    assert (await answer_of(server)).texts == ("by TCP",)


async def test_the_second_of_two_answers_changes_nothing(misbehaving: Misbehaving) -> None:
    server = Misbehaving()

    def twice(query: dns.message.Message, _: int) -> list[tuple[float, bytes]]:
        return [(0, listed(query, text="one")), (0, listed(query, text="two"))]

    server.udp = twice
    assert (await answer_of(server)).texts == ("one",)
