"""Lines of the HTTP library: what goes through a proxy, and whatever stands for the network in its place."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Iterator

import httpx

from workbench.core.network import HttpProxy
from workbench.mailgun.calls import Timeouts
from workbench.mailgun.lines import Asked, Body, Broken, NotReached, Reply

# It logs each address it calls at INFO, query string included; operators may log at that level.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class LibraryLine:
    """Carries calls over a transport of the library. There is no client of the library's around it: it would keep
    cookies, follow redirects and build each request twice."""

    def __init__(self, transport: httpx.AsyncBaseTransport, waits: Timeouts) -> None:
        self._transport = transport
        self._extensions = {
            "timeout": {"connect": waits.connect, "read": waits.read, "write": waits.read, "pool": None}
        }

    async def exchange(self, asked: Asked, most: int) -> Reply:
        """Return what answers, its body of at most so many bytes. Raises NotReached, Broken and TooMuch."""
        with _told():
            request = httpx.Request(
                asked.method,
                asked.server + asked.target,
                headers=asked.headers,
                content=asked.body,
                extensions=self._extensions,
            )
            response = await self._transport.handle_async_request(request)
        try:
            body = Body(response.status_code, response.headers.raw, most)
            with _told(response.status_code):
                # The stream itself: it is unpacked here, within a bound.
                async for part in response.stream:  # type: ignore[union-attr]
                    body.add(part)
            return Reply(response.status_code, response.headers.raw, body.whole())
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()


def through(proxy: HttpProxy, context: ssl.SSLContext, waits: Timeouts) -> LibraryLine:
    """Return a line of one connection through a proxy."""
    transport = httpx.AsyncHTTPTransport(
        verify=context,
        proxy=httpx.Proxy(**proxy),
        trust_env=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30),
    )
    return LibraryLine(transport, waits)


@contextlib.contextmanager
def _told(status: int | None = None) -> Iterator[None]:
    """Name the library's faults as lines do; the fault itself stays behind the new one."""
    try:
        yield
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    ) as fault:
        raise NotReached(str(fault), by_proxy=isinstance(fault, httpx.ProxyError)) from fault
    except (httpx.TransportError, httpx.InvalidURL, httpx.DecodingError) as fault:
        raise Broken(str(fault), status) from fault
