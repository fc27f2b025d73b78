"""Asking DNS servers: one connected UDP socket a server for all queries at once, TCP where UDP is too small.

A socket that is connected takes datagrams from its server only (the kernel drops others); an answer must
also carry the random id and the question of a query that is open. Whatever is lost, late, refused or
unreadable comes back as a failed Answer with its reason; nothing here ever turns silence into “not there”.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
import socket
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count
from types import TracebackType

from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.wire import (
    CUT_SHORT,
    SILENT,
    AnswerState,
    DnsAnswer,
    NotLoaded,
    failed,
    query_bytes,
    read_answer,
)
from workbench.core.errors import HostError

# A query is not sent again sooner than this, however quick its zone is: a busy host needs a moment too.
_SHORTEST_WAIT = 0.15


class AnswerRhythm:
    """How long answers of one zone take, after RFC 6298: it sets how soon a query is sent again."""

    __slots__ = ("_deviation", "_mean")

    def __init__(self) -> None:
        self._mean = 0.0
        self._deviation = 0.0

    def heard(self, seconds: float) -> None:
        """Take the time that one answer took."""
        if not self._mean:
            self._mean, self._deviation = seconds, seconds / 2
            return
        self._deviation += (abs(seconds - self._mean) - self._deviation) / 4
        self._mean += (seconds - self._mean) / 8

    def patience(self, longest: float) -> float:
        """Return the seconds to wait before sending again: at most ``longest``, which holds before any answer."""
        if not self._mean:
            return longest
        return min(longest, max(_SHORTEST_WAIT, self._mean + 4 * self._deviation))


# Datagrams taken in one go before other tasks get their turn.
_BATCH = 256
_LARGEST = 65535
_BUFFER = 1 << 20
# Ids of answered queries are kept apart for a while, so that a second, different answer is noticed and a
# late one never meets a new query. A quarter of all ids leaves enough to draw from at random.
_MOST_RETIRED = 1 << 14
_LONGER_EACH_TIME = 3

Contradiction = Callable[[object, DnsAnswer], None]
Resent = Callable[[object], None]


class _Query:
    """One question on its way; ``homes`` are the channels and ids under which it was sent."""

    __slots__ = ("answer", "attempt", "done", "homes", "question", "rhythm", "started", "token")

    def __init__(
        self,
        question: bytes,
        token: object,
        rhythm: AnswerRhythm,
        done: Callable[[DnsAnswer], None],
        now: float,
    ) -> None:
        self.question = question
        self.token = token
        self.rhythm = rhythm
        self.done = done
        self.started = now
        self.attempt = 0
        self.homes: list[tuple[_Channel, int]] = []
        self.answer: DnsAnswer | None = None


class _Channel:
    """The socket to one server."""

    def __init__(
        self, server: ResolverAddress, arrived: Callable[[_Query, DnsAnswer], None], second: Contradiction
    ) -> None:
        self.server = server
        self.heard = False
        self.refused = False
        self._arrived = arrived
        self._second = second
        self._open: dict[int, _Query] = {}
        self._retired: dict[int, _Query] = {}
        family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            self._socket.connect((server.host, server.port))
            asyncio.get_running_loop().add_reader(self._socket.fileno(), self._drain)
        except OSError as error:
            self._socket.close()
            raise HostError(
                f"The DNS server {server} cannot be reached from this host ({error.strerror}).",
                "No blocklist can be asked through it.",
                "Check the network, or name another server with --resolver.",
            ) from error

    def adopt(self, query: _Query) -> int:
        """Give the query an id of this channel that nobody uses, and return it."""
        while True:
            number = secrets.randbits(16)
            if number not in self._open and number not in self._retired:
                self._open[number] = query
                query.homes.append((self, number))
                return number

    def send(self, number: int, question: bytes) -> None:
        """Send a datagram. A full buffer or a refusal counts as a loss: the query is sent again later."""
        try:
            self._socket.send(query_bytes(number, question))
        except ConnectionRefusedError:
            self.refused = True
        except OSError:
            # ENOBUFS, EAGAIN, ENETUNREACH: like a datagram lost on the way; the time-out decides.
            return

    def retire(self, number: int) -> None:
        """Close an id: a further answer to it can only confirm or contradict."""
        query = self._open.pop(number, None)
        if query is None:
            return
        self._retired[number] = query
        if len(self._retired) > _MOST_RETIRED:
            del self._retired[next(iter(self._retired))]

    def close(self) -> None:
        """Stop listening and close the socket."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def _drain(self) -> None:
        receive = self._socket.recv
        for _ in range(_BATCH):
            try:
                data = receive(_LARGEST)
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionRefusedError:
                # An ICMP “port unreachable” for some datagram sent before.
                self.refused = True
                continue
            except OSError:
                return
            self.refused = False
            self.heard = True
            self._take(data)

    def _take(self, data: bytes) -> None:
        if len(data) < 12:
            return
        query = self._asked(int.from_bytes(data[:2]))
        if query is None:
            return
        try:
            answer = read_answer(data, query.question, on_loop=True)
        except NotLoaded:
            reading = asyncio.get_running_loop().run_in_executor(None, read_answer, data, query.question)
            reading.add_done_callback(lambda read: self._read_beside(data, read))
            return
        self._answered(query, answer)

    def _asked(self, number: int) -> _Query | None:
        """Return the query of an id, one that is answered already among them; None where nobody asked."""
        query = self._open.get(number)
        if query is None and (held := self._retired.get(number)) is not None and held.answer is not None:
            return held
        return query

    def _read_beside(self, data: bytes, read: asyncio.Future[DnsAnswer | None]) -> None:
        """Take what a thread has read; meanwhile the query may be over, and the look-up too."""
        query = self._asked(int.from_bytes(data[:2]))
        if query is not None and self._socket.fileno() >= 0 and not read.cancelled():
            self._answered(query, read.result())

    def _answered(self, query: _Query, answer: DnsAnswer | None) -> None:
        if answer is None:
            return
        if query.answer is None:
            self._arrived(query, answer)
        elif _contradict(query.answer, answer):
            self._second(query.token, answer)


class Transport:
    """Open queries to one or more servers. Use it as an asynchronous context manager.

    ``timeout`` is the longest wait for one question in seconds, over all ``tries``; each try waits three
    times as long as the one before and goes to the next server, the last one waits until the time-out.
    ``resent`` is told the token of each query that is sent again; ``contradicted`` gets the token and the
    second answer where two answers differ.
    """

    def __init__(
        self,
        servers: Sequence[ResolverAddress],
        *,
        timeout: float,
        tries: int,
        resent: Resent,
        contradicted: Contradiction,
    ) -> None:
        self._timeout = timeout
        self._tries = tries
        self._longest_first = timeout / sum(_LONGER_EACH_TIME**attempt for attempt in range(tries))
        self._servers = tuple(servers)
        self._channels: list[_Channel] = []
        # (due, running number, query), soonest first; those answered meanwhile are dropped on the way.
        self._due: list[tuple[float, int, _Query]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._resent = resent
        self._contradicted = contradicted

    async def __aenter__(self) -> Transport:
        for server in self._servers:
            self._channels.append(_Channel(server, self._finish, self._contradicted))
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for channel in self._channels:
            channel.close()

    @property
    def mute(self) -> bool:
        """Return whether no datagram ever answered: the way for them may be shut, and the one for TCP open."""
        return not any(channel.heard for channel in self._channels)

    def ask(
        self, question: bytes, token: object, rhythm: AnswerRhythm, done: Callable[[DnsAnswer], None]
    ) -> None:
        """Send a question; ``done`` is called once with the answer, a failure being an answer too.

        ``rhythm`` belongs to the zone: it learns from the answer and sets when the query is sent again.

        A callback and no future: the next query leaves as soon as an answer is read, not two turns of the
        event loop later, which keeps the queries in flight at their limit.
        """
        self._send(_Query(question, token, rhythm, done, self._loop.time()))

    async def ask_tcp(self, question: bytes) -> DnsAnswer:
        """Ask over TCP, for an answer that did not fit into a datagram; tries each server once."""
        answer = CUT_SHORT
        for server in self._servers:
            answer = await self._ask_tcp(server, question)
            if answer.state in {AnswerState.FOUND, AnswerState.ABSENT}:
                break
        return answer

    async def _ask_tcp(self, server: ResolverAddress, question: bytes) -> DnsAnswer:
        number = secrets.randbits(16)
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await asyncio.open_connection(server.host, server.port)
                try:
                    message = query_bytes(number, question)
                    writer.write(len(message).to_bytes(2) + message)
                    await writer.drain()
                    data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except (OSError, EOFError, TimeoutError):
            return failed("the answer was cut short, and the server gave no whole one over TCP")
        # Whatever is too large for a datagram is seldom plain.
        ours = data[:2] == number.to_bytes(2)
        answer = await asyncio.to_thread(read_answer, data, question) if ours else None
        if answer is None or answer.state is AnswerState.TRUNCATED:
            return failed("the answer was cut short, and the one over TCP cannot be used")
        return answer

    def _send(self, query: _Query) -> None:
        channel = self._channels[query.attempt % len(self._channels)]
        number = next((number for home, number in query.homes if home is channel), None)
        if number is None:
            number = channel.adopt(query)
        due = query.started + self._timeout
        if query.attempt + 1 < self._tries:
            patience = query.rhythm.patience(self._longest_first)
            due = min(due, self._loop.time() + patience * _LONGER_EACH_TIME**query.attempt)
        heappush(self._due, (due, next(self._numbers), query))
        channel.send(number, query.question)
        if due < self._timer_at:
            self._arm(due)

    def _arm(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._sweep)

    def _sweep(self) -> None:
        """Send again, or give up, whatever is due; then set the timer for the next that will be."""
        self._timer_at = math.inf
        now = self._loop.time()
        waiting = self._due
        while waiting and (waiting[0][2].answer is not None or waiting[0][0] <= now):
            _, _, query = heappop(waiting)
            if query.answer is not None:
                continue
            if query.attempt + 1 < self._tries:
                query.attempt += 1
                self._resent(query.token)
                self._send(query)
            else:
                self._finish(query, failed(self._silence(query)))
        if waiting and waiting[0][0] < self._timer_at:
            self._arm(waiting[0][0])

    def _silence(self, query: _Query) -> str:
        refused = all(channel.refused for channel, _ in query.homes)
        port = " (nothing listens there)" if refused else ""
        return f"{SILENT} {self._timeout:g} s{port}"

    def _finish(self, query: _Query, answer: DnsAnswer) -> None:
        query.answer = answer
        if not query.attempt and answer.state is not AnswerState.FAILED:
            # An answer to a query that was sent again may belong to either (Karn's rule): it teaches nothing.
            query.rhythm.heard(self._loop.time() - query.started)
        for channel, number in query.homes:
            channel.retire(number)
        query.done(answer)


def _contradict(first: DnsAnswer, second: DnsAnswer) -> bool:
    """Return whether two answers to one question say different things (a failure says nothing)."""
    said = {AnswerState.FOUND, AnswerState.ABSENT}
    if first.state not in said or second.state not in said:
        return False
    return first.state is not second.state or set(first.addresses) != set(second.addresses)
