"""Single questions to the name servers: the next is asked where one is silent or refuses; nothing is cached."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType

from workbench.blocklists.resolvers import ResolverAddress
from workbench.blocklists.transport import AnswerRhythm, Transport
from workbench.blocklists.wire import SILENT, AnswerState, DnsAnswer, failed, question_bytes, wire_labels

_SAID = (AnswerState.FOUND, AnswerState.ABSENT)


class NameServers:
    """Use it as an asynchronous context manager. ``seconds`` is the longest wait for servers that are all silent."""

    def __init__(self, servers: Sequence[ResolverAddress], seconds: float) -> None:
        # A line goes on to the next server where one is silent, the next line begins with it where one refuses.
        self._lines = [
            Transport(
                [*servers[at:], *servers[:at]],
                timeout=seconds,
                tries=max(2, len(servers)),
                resent=lambda _: None,
                contradicted=lambda *_: None,
            )
            for at in range(len(servers))
        ]
        # Servers that no datagram reached are asked by TCP, until one of those calls was in vain too.
        self._by_tcp = True

    async def __aenter__(self) -> NameServers:
        """Open the sockets. Raises HostError where none can be had."""
        for line in self._lines:
            await line.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the sockets."""
        for line in self._lines:
            await line.__aexit__(kind, error, trace)

    async def ask(self, name: str, kind: bytes) -> DnsAnswer:
        """Return the answer of the first server that has one, else the last one's failure. ValueError for no name."""
        question = question_bytes(wire_labels(name), b"", kind)
        answer = failed("no name server is known")
        for line in self._lines:
            answer = await self._asked(line, question)
            if answer.state in _SAID or answer.reason.startswith(SILENT):
                break
        return answer

    async def _asked(self, line: Transport, question: bytes) -> DnsAnswer:
        told: asyncio.Future[DnsAnswer] = asyncio.get_running_loop().create_future()

        def arrived(answer: DnsAnswer) -> None:
            if not told.done():
                told.set_result(answer)

        line.ask(question, None, AnswerRhythm(), arrived)
        answer = await told
        silent = answer.state is AnswerState.FAILED and line.mute and self._by_tcp
        if answer.state is AnswerState.TRUNCATED or silent:
            by_tcp = await line.ask_tcp(question)
            if by_tcp.state in _SAID:
                return by_tcp
            self._by_tcp = self._by_tcp and not silent
        return answer
