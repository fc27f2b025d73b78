"""A connection over asyncio's own transports: what is sent together, when it is opened anew, how it breaks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from tests.support.company import Authority
from tests.support.patience import HANGS
from workbench.mailgun.wire import Line

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Served = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Counts its connections and does with each what a test says."""

    def __init__(self, serve: Served, context: ssl.SSLContext | None = None) -> None:
        self._serve, self._context = serve, context
        self.connections = 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0, ssl=self._context)
        scheme = "https" if self._context is not None else "http"
        self.base = f"{scheme}://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def asked(line: Line, base: str, body: bytes = b"", read: float = HANGS) -> bytes:
    """Make a call and return the body of its answer."""
    waits = {"connect": HANGS, "read": read, "write": HANGS, "pool": None}
    request = httpx.Request("PUT", f"{base}/a", content=body, extensions={"timeout": waits})
    answer = await line.handle_async_request(request)
    try:
        return b"".join([part async for part in answer.aiter_bytes()])
    finally:
        await answer.aclose()


async def request(reader: asyncio.StreamReader) -> bytes:
    """Read one request and return its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    size = next(int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length"))
    return await reader.readexactly(size)


async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await request(reader)
        writer.write(OK)


def plain() -> ssl.SSLContext:
    return httpx.create_ssl_context(verify=False, trust_env=False)


async def test_calls_share_a_connection_and_a_request_leaves_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            pieces.append(piece)
            writer.write(OK)

    async with Server(serve) as server:
        line = Line(server.base, plain())
        assert [await asked(line, server.base, b"password=x") for _ in range(3)] == [b"ok"] * 3
        await line.aclose()
    assert server.connections == 1
    assert [piece[-10:] for piece in pieces] == [b"password=x"] * 3


@pytest.mark.parametrize("last", [b"", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
async def test_a_connection_that_the_server_gave_up_while_it_was_idle_is_opened_anew(last: bytes) -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        await writer.drain()
        writer.write(last)
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with Server(serve) as server:
        line = Line(server.base, plain())
        for _ in range(2):
            ended.clear()
            assert await asked(line, server.base) == b"ok"
            await asyncio.wait_for(ended.wait(), HANGS)
        await line.aclose()
    assert server.connections == 2


async def test_a_large_request_and_a_large_answer_come_whole() -> None:
    large = bytes(range(256)) * 40_000

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()

    async with Server(serve) as server:
        line = Line(server.base, plain())
        assert await asked(line, server.base, large) == large
        await line.aclose()


async def test_what_breaks_is_named_as_the_library_names_it() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await reader.read()

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.transport.abort()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK[:-1])

    for serve, wait, error in (
        (silent, 0.01, httpx.ReadTimeout),
        (rude, HANGS, httpx.RemoteProtocolError),
        (half, HANGS, httpx.RemoteProtocolError),
        (reset, HANGS, httpx.TransportError),
    ):
        async with Server(serve) as server:
            line = Line(server.base, plain())
            with pytest.raises(error):
                await asked(line, server.base, read=wait)
            await line.aclose()
    gone = Line(server.base, plain())
    with pytest.raises(httpx.ConnectError, match="All connection attempts failed"):
        await asked(gone, server.base)
    await gone.aclose()


async def test_tls_is_verified_and_nothing_is_sent_to_whom_nobody_vouches_for(tmp_path: Path) -> None:
    company = Authority(tmp_path)
    met: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            met.append(await request(reader))
            writer.write(OK)

    async with Server(serve, company.server("localhost")) as server:
        trusting = Line(server.base, ssl.create_default_context(cafile=company.file))
        assert [await asked(trusting, server.base, b"one") for _ in range(2)] == [b"ok", b"ok"]
        await trusting.aclose()
        careful = Line(server.base, ssl.create_default_context())
        with pytest.raises(httpx.ConnectError) as caught:
            await asked(careful, server.base, b"two")
        assert isinstance(caught.value.__cause__.__cause__, ssl.SSLCertVerificationError)  # type: ignore[union-attr]
        await careful.aclose()
    assert met == [b"one", b"one"]


async def test_what_comes_in_clear_before_the_handshake_is_no_answer(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await reader.read()

    async with Server(serve) as server:
        base = server.base.replace("http:", "https:")
        line = Line(base, plain())
        with pytest.raises(httpx.ConnectError):
            await asked(line, base)
        await line.aclose()


async def test_a_call_that_is_cancelled_leaves_the_line_to_the_next() -> None:
    met = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await request(reader)
        met.set()
        if body == b"first":
            await reader.read()
        writer.write(OK)

    async with Server(serve) as server:
        line = Line(server.base, plain())
        first = asyncio.create_task(asked(line, server.base, b"first"))
        await asyncio.wait_for(met.wait(), HANGS)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert await asked(line, server.base, b"second") == b"ok"
        await line.aclose()
    assert server.connections == 2
