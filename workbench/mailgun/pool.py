"""The connections to the vendor's servers: which are open, which is free, and what became of a call."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from workbench import __version__
from workbench.core import certificates
from workbench.core.errors import Unreachable
from workbench.core.network import Network, http_proxy, why
from workbench.core.proxies import is_loopback
from workbench.core.tunnel import refusal
from workbench.core.turns import loaded
from workbench.mailgun.answers import Answer, cut_short, too_large, unreachable, untrusted
from workbench.mailgun.calls import Call, Timeouts
from workbench.mailgun.lines import Asked, Broken, Carrier, NotReached, TooMuch

if TYPE_CHECKING:
    import httpx

# A page of 1,000 credentials is 200 kB; nothing the workbench reads comes near this.
MAX_ANSWER = 32 * 1024 * 1024
# Seconds for connections to be closed in good order; what has not been by then ends with the process.
_GOOD_BYE = 2.0
_AGENT = f"mailgun-workbench/{__version__}".encode()


class Pool:
    """The connections to all servers of an account. ``transport`` stands for the network in tests."""

    def __init__(
        self, timeouts: Timeouts, network: Network, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._timeouts = timeouts
        self._network = network
        self._transport = transport
        self._idle: dict[str, list[Carrier]] = {}
        self._all: list[Carrier] = []

    def _take(self, server: str) -> Carrier:
        """Return a line of one connection that nobody uses: the last used, else a new one.

        The limiter bounds how many there are. One for all would search and poll every connection of
        its pool at each call, which costs a third of the processor time of a mass reset.
        """
        idle = self._idle.setdefault(server, [])
        if idle:
            return idle.pop()
        line = self._build(server)
        self._all.append(line)
        return line

    def _build(self, server: str) -> Carrier:
        if self._transport is not None:
            from workbench.mailgun.library_line import LibraryLine

            return LibraryLine(self._transport, self._timeouts)
        host = urlsplit(server).hostname or ""
        context = _unjudged() if is_loopback(host) else self._network.trust.context()
        proxy = http_proxy(self._network, server)
        if proxy is None:
            from workbench.mailgun.wire import Line  # Not before the first frame is on the screen.

            return Line(server, context, self._timeouts)
        from workbench.mailgun.library_line import through  # 2 MB, which nobody needs who has no proxy.

        return through(proxy, context, self._timeouts)

    async def exchange(self, call: Call) -> Answer:
        """Send a call and return whatever answers; raise Unreachable, CutShort or UnreadableAnswer else."""
        if (
            call.server not in self._idle
            and self._transport is None
            and http_proxy(self._network, call.server)
        ):
            await loaded(
                "workbench.mailgun.library_line"
            )  # A tenth of a second in which no key would be answered.
        line, sound = self._take(call.server), True
        asked = Asked(call.method, call.server, call.request.target, _headers(call), call.request.body)
        try:
            async with asyncio.timeout(self._timeouts.total):
                reply = await line.exchange(asked, MAX_ANSWER)
        except TimeoutError:
            host = urlsplit(call.server).netloc
            raise unreachable(
                call.where, f"no end after {self._timeouts.total:g} s", sent=True, host=host
            ) from None
        except NotReached as fault:
            sound = False
            raise await self._unreached(call, fault) from None
        except Broken as fault:
            reason = why(fault.__cause__ or fault)
            if fault.status is not None:
                raise cut_short(call.where, fault.status, reason) from None
            raise unreachable(call.where, reason, sent=True, host=urlsplit(call.server).netloc) from None
        except TooMuch as fault:
            raise too_large(call.where, fault.status, MAX_ANSWER) from None
        finally:
            if sound:
                self._idle.setdefault(call.server, []).append(line)
            else:
                # httpcore keeps the place of a tunnel that failed: the next call would wait for it without end.
                self._all.remove(line)
                await line.aclose()
        return Answer(reply.status, reply.headers, reply.body, call.where)

    async def _unreached(self, call: Call, fault: NotReached) -> Unreachable:
        """Return the error for a call that surely was not sent: no way there, no tunnel, or nobody to trust."""
        parts = urlsplit(call.server)
        host, port = parts.hostname or "", parts.port or 443
        proxy = self._network.routes.to(host, port)
        verification = certificates.failure(fault)
        if verification is not None:
            shown = await certificates.presented(host, port, proxy)
            told = certificates.explain(host, verification, shown, proxy)
            return untrusted(call.where, told.what, told.means, told.todo)
        reason = why(fault.__cause__ or fault)
        if proxy is not None and fault.by_proxy:
            reason = refusal(proxy, reason, f"{host}:{port}")
        elif proxy is not None:
            reason = f"{reason} (by the proxy {proxy})"
        elif left := self._network.routes.unused():
            reason = f"{reason} ({left})"
        return unreachable(call.where, reason, sent=False, host=parts.netloc)

    async def aclose(self) -> None:
        """Close every connection, all at once; one that does not say good-bye in time is dropped.

        Raises what a line raised in closing, once all are closed.
        """
        lines, self._all = self._all, []
        self._idle.clear()
        closing = [asyncio.create_task(line.aclose()) for line in lines]
        if closing:
            _, late = await asyncio.wait(closing, timeout=_GOOD_BYE)
            for task in late:
                task.cancel()
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _unjudged() -> ssl.SSLContext:
    """Return how this very machine (the drill) is spoken to: whoever vouches for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _headers(call: Call) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"user-agent", _AGENT),
        (b"accept", call.accept.encode() or b"application/json"),
        (b"accept-encoding", b"gzip"),
        (b"authorization", call.credential.header),
    ]
    if call.subaccount is not None:
        headers.append((b"x-mailgun-on-behalf-of", quote(call.subaccount).encode()))
    if call.request.content_type is not None:
        headers.append((b"content-type", call.request.content_type.encode()))
    return headers
