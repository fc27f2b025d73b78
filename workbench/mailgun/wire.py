"""One connection to a server over asyncio's own transports: what a mass reset sends a thousand calls through.

The HTTP library's own connection reaches asyncio by a layer that serves other loops too, and keeps a pool of one around
it; together they take half of a call's processor time. Its parser, its rules for what may be sent again and its errors
stay. Connections through a proxy are left to the library.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, cast

import httpcore
import httpx

# Seconds an idle connection is kept.
_KEPT = 30.0
# Bytes that wait to be read before the server is made to wait.
_MOST_UNREAD = 1024 * 1024
# Bytes of a request that are sent at once, with whatever follows before its answer is waited for.
_TOGETHER = 16 * 1024
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
)


class Line(httpx.AsyncBaseTransport):
    """A connection to one server, opened at the first call and again where the server closed it; one call at a time."""

    def __init__(self, server: str, context: ssl.SSLContext) -> None:
        url = httpx.URL(server)
        port = url.port or (443 if url.scheme == "https" else 80)
        self._origin = httpcore.Origin(url.raw_scheme, url.raw_host, port)
        self.context = context
        self._connection: httpcore.AsyncHTTPConnection | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, its body unread. Raises what the HTTP library raises."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.content,
            extensions=request.extensions,
        )
        connection = await self._opened()
        with _as_httpx():
            answer = await connection.handle_async_request(asked)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_AnswerBody(answer), extensions=answer.extensions
        )

    async def _opened(self) -> httpcore.AsyncHTTPConnection:
        held = self._connection
        if held is not None:
            if held.is_idle() and not held.has_expired():
                return held
            await self.aclose()
        self._connection = httpcore.AsyncHTTPConnection(
            self._origin, self.context, keepalive_expiry=_KEPT, network_backend=_AsyncioBackend()
        )
        return self._connection

    async def aclose(self) -> None:
        """Close the connection."""
        held, self._connection = self._connection, None
        if held is not None:
            await held.aclose()


class _AnswerBody(httpx.AsyncByteStream):
    """The body of an answer, read as it comes."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        for theirs, known in _ERRORS:
            if isinstance(error, theirs):
                raise known(str(error)) from error
        raise


class _AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens connections by asyncio itself."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to a host. Raises ConnectTimeout and ConnectError."""
        wire = _LiveWire()
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                async with asyncio.timeout(timeout):
                    await asyncio.get_running_loop().create_connection(
                        lambda: wire, host, port, happy_eyeballs_delay=0.25
                    )
            except (socket.gaierror, TimeoutError):
                raise
            except OSError as error:
                # Each address that was tried has a text of its own; what an operator needs is that none answered.
                raise OSError("All connection attempts failed") from error
        return _AsyncioStream(wire)


class _AsyncioStream(httpcore.AsyncNetworkStream):
    """A connection as the HTTP library wants it."""

    def __init__(self, wire: _LiveWire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return what came, ``b""`` at the end. Raises ReadTimeout and ReadError."""
        with _told_as(httpcore.ReadTimeout, httpcore.ReadError):
            self._wire.flush()
            if not self._wire.unread and not self._wire.ended:
                async with asyncio.timeout(timeout):
                    await self._wire.moved()
            return self._wire.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Send, or keep a little to be sent with what follows. Raises WriteTimeout and WriteError."""
        wire = self._wire
        wire.unsent += buffer
        if len(wire.unsent) < _TOGETHER:
            return  # The head of a request, and often its body: one packet, before its answer is waited for.
        with _told_as(httpcore.WriteTimeout, httpcore.WriteError):
            wire.flush()
            async with asyncio.timeout(timeout):
                while wire.full and not wire.ended:
                    await wire.moved()
            if wire.ended:
                raise ConnectionResetError("closed by the server")

    async def aclose(self) -> None:
        """Close at once."""
        self._wire.transport.close()
        await asyncio.sleep(0)
        self._wire.transport.abort()
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection behind a handshake. Raises ConnectTimeout and ConnectError."""
        # A fresh one: what came in clear before the handshake passes for no answer.
        wire = _LiveWire()
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError), contextlib.ExitStack() as failed:
            failed.callback(self._wire.transport.abort)
            async with asyncio.timeout(timeout):
                upgraded = await asyncio.get_running_loop().start_tls(
                    self._wire.transport, wire, ssl_context, server_hostname=server_hostname
                )
            if upgraded is None:
                raise ConnectionResetError("closed during the TLS handshake")
            failed.pop_all()
        wire.transport = upgraded
        return _AsyncioStream(wire)

    def get_extra_info(self, info: str) -> Any:
        """Return what the library asks of a connection: its TLS, and whether an idle one is of use no more."""
        if info == "is_readable":
            return self._wire.ended or bool(self._wire.unread) or self._readable()
        known = {
            "ssl_object": "ssl_object",
            "client_addr": "sockname",
            "server_addr": "peername",
            "socket": "socket",
        }
        return self._wire.transport.get_extra_info(known[info]) if info in known else None

    def _readable(self) -> bool:
        """Return whether something came that the loop did not take in yet: a good-bye must not meet the next call."""
        number = self._wire.transport.get_extra_info("socket").fileno()
        if number < 0:
            return True
        asked = select.poll()
        asked.register(number, select.POLLIN)
        return bool(asked.poll(0))


class _LiveWire(asyncio.Protocol):
    """What came and is not read yet, what is to be sent, and whether the connection stands."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.unread = bytearray()
        self.unsent = bytearray()
        self.ended = False
        self.full = False
        self._fault: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the other side."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take in what came; a server that sends more than is read waits."""
        self.unread += data
        if len(self.unread) > _MOST_UNREAD and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        """The server sends no more."""
        self.ended = True
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.ended, self._fault = True, exc
        self._tell()

    def pause_writing(self) -> None:
        """The way out is full."""
        self.full = True

    def resume_writing(self) -> None:
        """The way out is free again."""
        self.full = False
        self._tell()

    async def moved(self) -> None:
        """Wait until something came, the way out is free again, or the connection ended."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def flush(self) -> None:
        """Send what was kept."""
        if self.unsent:
            data, self.unsent = bytes(self.unsent), bytearray()
            self.transport.write(data)

    def take(self, most: int) -> bytes:
        """Return what came, at most so many bytes. Raises OSError where the connection broke before it ended."""
        if not self.unread and self._fault is not None:
            raise self._fault
        data = bytes(self.unread[:most])
        del self.unread[:most]
        if self._paused and len(self.unread) <= _MOST_UNREAD:
            self._paused = False
            self.transport.resume_reading()
        return data

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@contextlib.contextmanager
def _told_as(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Name faults of the network as the HTTP library does; the fault itself stays behind the new one."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
