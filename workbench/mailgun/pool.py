"""The connections to the vendor's servers: the one place that touches the HTTP library."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from workbench import __version__
from workbench.core import certificates
from workbench.core.errors import Unreachable
from workbench.core.network import Network, http_proxy, why
from workbench.core.proxies import is_loopback
from workbench.core.tunnel import refusal
from workbench.mailgun.answers import Answer, cut_short, too_large, unreachable, untrusted
from workbench.mailgun.calls import Call, Timeouts

if TYPE_CHECKING:
    import httpx

# A page of 1,000 credentials is 200 kB; nothing the workbench reads comes near this.
MAX_ANSWER = 32 * 1024 * 1024
# Seconds for connections to be closed in good order; what has not been by then ends with the process.
_GOOD_BYE = 2.0
_AGENT = f"mailgun-workbench/{__version__}".encode()


class Pool:
    """The connections to all servers of an account: the only place that touches the HTTP library."""

    def __init__(
        self, timeouts: Timeouts, network: Network, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._timeouts = timeouts
        self._network = network
        self._transport = transport
        waits = {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.read, "pool": None}
        self._patience = {"timeout": waits}
        self._idle: dict[str, list[httpx.AsyncBaseTransport]] = {}
        self._all: list[httpx.AsyncBaseTransport] = []

    def _take(self, server: str) -> httpx.AsyncBaseTransport:
        """Return a line of one connection that nobody uses: the last used, else a new one.

        The limiter bounds how many there are. One for all would search and poll every connection of
        its pool at each call, which costs a third of the processor time of a mass reset. There is no client of the
        HTTP library around it: it would keep cookies, follow redirects and build each request twice.
        """
        idle = self._idle.setdefault(server, [])
        if idle:
            return idle.pop()
        line = self._transport or self._build(server)
        self._all.append(line)
        return line

    def _build(self, server: str) -> httpx.AsyncBaseTransport:
        import httpx  # Heavy: not before the first frame is on the screen.

        if not self._all:
            # It logs each address it calls at INFO, query string included; operators may log at that level.
            logging.getLogger("httpx").setLevel(logging.WARNING)
            logging.getLogger("httpcore").setLevel(logging.WARNING)
        host = urlsplit(server).hostname or ""
        context = (
            httpx.create_ssl_context(verify=False, trust_env=False)
            if is_loopback(host)
            else self._network.trust.context()
        )
        proxy = http_proxy(self._network, server)
        if proxy is None:
            from workbench.mailgun.wire import Line

            return Line(server, context)
        return httpx.AsyncHTTPTransport(
            verify=context,
            proxy=httpx.Proxy(**proxy),
            trust_env=False,
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30),
        )

    async def exchange(self, call: Call) -> Answer:
        """Send a call and return whatever answers; raise Unreachable, CutShort or UnreadableAnswer else."""
        import httpx

        line = self._take(call.server)
        response, sound = None, True
        try:
            request = httpx.Request(
                call.method,
                call.server + call.request.target,
                headers=_headers(call),
                content=call.request.body,
                extensions=self._patience,
            )
            async with asyncio.timeout(self._timeouts.total):
                response = await line.handle_async_request(request)
                try:
                    received = await _body(response, call.where)
                finally:
                    await response.aclose()
        except TimeoutError:
            host = urlsplit(call.server).netloc
            raise unreachable(
                call.where, f"no end after {self._timeouts.total:g} s", sent=True, host=host
            ) from None
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
        ) as fault:
            sound = False
            raise await self._unreached(call, fault) from None
        except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as fault:
            if response is not None:
                raise cut_short(call.where, response.status_code, why(fault)) from None
            raise unreachable(call.where, why(fault), sent=True, host=urlsplit(call.server).netloc) from None
        finally:
            if sound:
                self._idle.setdefault(call.server, []).append(line)
            else:
                # httpcore keeps the place of a tunnel that failed: the next call would wait for it without end.
                self._all.remove(line)
                await line.aclose()
        return Answer(response.status_code, response.headers.raw, received, call.where)

    async def _unreached(self, call: Call, fault: Exception) -> Unreachable:
        """Return the error for a call that surely was not sent: no way there, no tunnel, or nobody to trust."""
        import httpx

        parts = urlsplit(call.server)
        host, port = parts.hostname or "", parts.port or 443
        proxy = self._network.routes.to(host, port)
        verification = certificates.failure(fault)
        if verification is not None:
            shown = await certificates.presented(host, port, proxy)
            told = certificates.explain(host, verification, shown, proxy)
            return untrusted(call.where, told.what, told.means, told.todo)
        reason = why(fault)
        if proxy is not None and isinstance(fault, httpx.ProxyError):
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


async def _body(response: httpx.Response, where: str) -> bytes:
    """Return the whole body, unpacked, as long as it stays within the cap."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_ANSWER:
            raise too_large(where, response.status_code, MAX_ANSWER)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
