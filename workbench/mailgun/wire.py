"""One connection to a server over asyncio's own transports: what a mass reset sends a thousand calls through.

What is hard about HTTP is h11's: what a request may look like, where an answer ends, whether the connection may be used
again. Ours is how its bytes get to asyncio and back. Connections through a proxy are the HTTP library's
(``library_line``).
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from typing import cast
from urllib.parse import quote, urlsplit

import h11

from workbench.mailgun.calls import Timeouts
from workbench.mailgun.lines import Asked, Body, Broken, NotReached, Reply

# Seconds an idle connection is kept.
_KEPT = 30.0
# Bytes that wait to be read before the server is made to wait.
_MOST_UNREAD = 1024 * 1024
# Bytes of an answer that are taken in at once, and the most its head may have.
_PIECE, _MOST_HEAD = 64 * 1024, 100 * 1024
# What stands in the address of a request as it is.
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"#<>\\^`{|}')


class Line:
    """A connection to one server, opened at the first call and again where the server closed it; one call at a time."""

    def __init__(self, server: str, context: ssl.SSLContext, waits: Timeouts) -> None:
        parts = urlsplit(server)
        self.context = context
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._path = parts.path
        self._waits = waits
        self._wire: _Wire | None = None
        self._http = h11.Connection(h11.CLIENT)
        self._idle_since = 0.0

    async def exchange(self, asked: Asked, most: int) -> Reply:
        """Return what answers, its body of at most so many bytes. Raises NotReached, Broken and TooMuch."""
        wire = await self._opened()
        status: int | None = None
        try:
            wire.transport.write(self._written(asked))
            await wire.drained(self._waits.read)
            while not isinstance(answer := await self._next(wire), h11.Response):
                pass  # More may be said before the answer itself, such as that it will take a while.
            status, headers = answer.status_code, answer.headers.raw_items()
            body = Body(status, headers, most)
            while isinstance(event := await self._next(wire), h11.Data):
                body.add(bytes(event.data))
            reply = Reply(status, headers, body.whole())
        except (OSError, h11.ProtocolError) as fault:
            self._drop()
            raise Broken(str(fault), status) from fault
        except BaseException:
            self._drop()
            raise
        self._settle(wire)
        return reply

    def _written(self, asked: Asked) -> bytes:
        """Return a request as bytes, head and body in one piece."""
        name = f"[{self._host}]" if ":" in self._host else self._host
        port = "" if self._port == (443 if self._tls else 80) else f":{self._port}"
        headers = [
            (b"host", name.encode("ascii" if name.isascii() else "idna") + port.encode()),
            *asked.headers,
        ]
        if asked.body or asked.method in {"POST", "PUT", "PATCH"}:
            headers.append((b"content-length", b"%d" % len(asked.body)))
        # Addresses come in answers too, and not each is quoted as it must be.
        target = quote(self._path + asked.target, safe=_PLAIN)
        head = h11.Request(method=asked.method, target=target, headers=headers)
        events: tuple[h11.Event, ...] = (head, h11.Data(data=asked.body), h11.EndOfMessage())
        return b"".join(self._http.send(event) or b"" for event in events)

    async def _next(self, wire: _Wire) -> h11.Event | type[h11.PAUSED]:
        """Return what comes next of the answer."""
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return cast("h11.Event | type[h11.PAUSED]", event)
            data = await wire.read(self._waits.read)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise ConnectionResetError("the server closed the connection without an answer")
            self._http.receive_data(data)

    def _settle(self, wire: _Wire) -> None:
        """Keep the connection for the next call where both sides are done with this one, else close it."""
        http = self._http
        # What came beyond the answer was asked by nobody: it must not pass for the answer to the next call.
        if http.our_state is h11.DONE and http.their_state is h11.DONE and not http.trailing_data[0]:
            http.start_next_cycle()
            self._idle_since = asyncio.get_running_loop().time()
        else:
            self._wire = None
            wire.transport.close()

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.transport.abort()

    async def _opened(self) -> _Wire:
        """Return the connection, a new one where the old one is of use no more. Raises NotReached."""
        held = self._wire
        if held is not None:
            if not held.spent() and asyncio.get_running_loop().time() - self._idle_since <= _KEPT:
                return held
            await self.aclose()
        try:
            self._wire = await self._connected()
        except (OSError, UnicodeError) as fault:  # A name too long for a host is no text of one.
            raise NotReached(str(fault)) from fault
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        return self._wire

    async def _connected(self) -> _Wire:
        wire, loop = _Wire(), asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._waits.connect):
                await loop.create_connection(lambda: wire, self._host, self._port, happy_eyeballs_delay=0.25)
        except (socket.gaierror, TimeoutError):
            raise
        except OSError as error:
            # Each address that was tried has a text of its own; what an operator needs is that none answered.
            raise OSError("All connection attempts failed") from error
        if not self._tls:
            return wire
        self.context.set_alpn_protocols(["http/1.1"])
        # A fresh one: what came in clear before the handshake passes for no answer.
        behind = _Wire()
        with contextlib.ExitStack() as failed:
            failed.callback(wire.transport.abort)
            async with asyncio.timeout(self._waits.connect):
                upgraded = await loop.start_tls(
                    wire.transport, behind, self.context, server_hostname=self._host
                )
            if upgraded is None:
                raise ConnectionResetError("closed during the TLS handshake")
            failed.pop_all()
        behind.transport = upgraded
        return behind

    async def aclose(self) -> None:
        """Close the connection at once."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.transport.close()
            await asyncio.sleep(0)
            wire.transport.abort()
            await asyncio.sleep(0)


class _Wire(asyncio.Protocol):
    """What came and is not read yet, and whether the connection stands."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.unread = bytearray()
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

    async def drained(self, seconds: float) -> None:
        """Wait until what was sent found room on its way. A server that hung up meanwhile may have answered before."""
        if self.full and not self.ended:
            async with asyncio.timeout(seconds):
                while self.full and not self.ended:
                    await self._moved()

    async def read(self, seconds: float) -> bytes:
        """Return what came, ``b""`` at the end. Raises OSError where the connection broke before it ended."""
        if not self.unread and not self.ended:
            async with asyncio.timeout(seconds):
                await self._moved()
        if not self.unread and self._fault is not None:
            raise self._fault
        data = bytes(self.unread[:_PIECE])
        del self.unread[:_PIECE]
        if self._paused and len(self.unread) <= _MOST_UNREAD:
            self._paused = False
            self.transport.resume_reading()
        return data

    def spent(self) -> bool:
        """Return whether an idle connection is of use no more: it ended, or something came that nobody asked for.

        What the loop did not take in yet counts too: a good-bye must not meet the next call.
        """
        number = self.transport.get_extra_info("socket").fileno()
        if self.ended or self.unread or number < 0:
            return True
        asked = select.poll()
        asked.register(number, select.POLLIN)
        return bool(asked.poll(0))

    async def _moved(self) -> None:
        """Wait until something came, the way out is free again, or the connection ended."""
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _tell(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
