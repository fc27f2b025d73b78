"""The connections to the vendor's servers: the one place that touches the HTTP library."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from workbench import __version__
from workbench.core import certificates
from workbench.core.errors import Unreachable
from workbench.core.network import Network, http_proxy
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
_AGENT = f"mailgun-workbench/{__version__}"


class Pool:
    """The connections to all servers of an account: the only place that touches the HTTP library."""

    def __init__(
        self, timeouts: Timeouts, network: Network, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._timeouts = timeouts
        self._network = network
        self._transport = transport
        self._idle: dict[str, list[httpx.AsyncClient]] = {}
        self._all: list[httpx.AsyncClient] = []

    def _take(self, server: str) -> httpx.AsyncClient:
        """Return a client of one connection that nobody uses: the last used, else a new one.

        The limiter bounds how many there are. One client for all would search and poll every connection of
        its pool at each call, which costs a third of the processor time of a mass reset.
        """
        idle = self._idle.setdefault(server, [])
        if idle:
            return idle.pop()
        client = self._build(server)
        self._all.append(client)
        return client

    def _build(self, server: str) -> httpx.AsyncClient:
        import httpx  # Heavy: not before the first frame is on the screen.

        if not self._all:
            # It logs each address it calls at INFO, query string included; operators may log at that level.
            logging.getLogger("httpx").setLevel(logging.WARNING)
            logging.getLogger("httpcore").setLevel(logging.WARNING)
        times = self._timeouts
        host = urlsplit(server).hostname or ""
        proxy = http_proxy(self._network, server)
        return httpx.AsyncClient(
            verify=False if is_loopback(host) else self._network.trust.context(),
            proxy=httpx.Proxy(**proxy) if proxy is not None else None,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(times.read, connect=times.connect, pool=None),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30),
            headers={"user-agent": _AGENT, "accept": "application/json", "accept-encoding": "gzip"},
            transport=self._transport,
        )

    async def exchange(self, call: Call) -> Answer:
        """Send a call and return whatever answers; raise Unreachable, CutShort or UnreadableAnswer else."""
        import httpx

        headers = {b"authorization": call.credential.header}
        if call.subaccount is not None:
            headers[b"x-mailgun-on-behalf-of"] = quote(call.subaccount).encode()
        target, content_type, body, _ = call.request
        if content_type is not None:
            headers[b"content-type"] = content_type.encode()
        if call.accept:
            headers[b"accept"] = call.accept.encode()
        client = self._take(call.server)
        response, sound = None, True
        try:
            request = client.build_request(call.method, call.server + target, headers=headers, content=body)
            async with asyncio.timeout(self._timeouts.total):
                response = await client.send(request, stream=True)
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
                raise cut_short(call.where, response.status_code, _reason(fault)) from None
            raise unreachable(
                call.where, _reason(fault), sent=True, host=urlsplit(call.server).netloc
            ) from None
        finally:
            if sound:
                self._idle.setdefault(call.server, []).append(client)
            else:
                # httpcore keeps the place of a tunnel that failed: the next call would wait for it without end.
                self._all.remove(client)
                await client.aclose()
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
        reason = _reason(fault)
        if proxy is not None and isinstance(fault, httpx.ProxyError):
            reason = refusal(proxy, reason, f"{host}:{port}")
        elif proxy is not None:
            reason = f"{reason} (by the proxy {proxy})"
        elif left := self._network.routes.unused():
            reason = f"{reason} ({left})"
        return unreachable(call.where, reason, sent=False, host=parts.netloc)

    async def aclose(self) -> None:
        """Close every connection, all at once; one that does not say good-bye in time is dropped.

        Raises what a client raised in closing, once all are closed.
        """
        clients, self._all = self._all, []
        self._idle.clear()
        closing = [asyncio.create_task(client.aclose()) for client in clients]
        if closing:
            _, late = await asyncio.wait(closing, timeout=_GOOD_BYE)
            for task in late:
                task.cancel()
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _reason(fault: Exception) -> str:
    return str(fault) or type(fault).__name__


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
