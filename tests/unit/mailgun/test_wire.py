"""A connection over asyncio's own transports: what is sent together, when it is opened anew, how it breaks."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.company import Authority
from tests.support.patience import HANGS
from workbench.mailgun.calls import Timeouts
from workbench.mailgun.lines import Asked, Broken, NotReached, TooMuch
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


MOST = 32 * 1024 * 1024
WAITS = Timeouts(connect=HANGS, read=HANGS, total=HANGS)


async def asked(line: Line, base: str, body: bytes = b"", most: int = MOST, target: str = "/a") -> bytes:
    """Make a call and return the body of its answer."""
    return (await line.exchange(Asked("PUT", base, target, [], body), most)).body


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
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_calls_share_a_connection_and_a_request_leaves_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            pieces.append(piece)
            writer.write(OK)

    async with Server(serve) as server:
        line = Line(server.base, plain(), WAITS)
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
        line = Line(server.base, plain(), WAITS)
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
        line = Line(server.base, plain(), WAITS)
        assert await asked(line, server.base, large) == large
        await line.aclose()


async def test_what_breaks_says_whether_an_answer_had_begun() -> None:
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

    async def stalled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK[:-1])
        await reader.read()

    async def foreign(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await reader.read()

    for serve, wait, status, words in (
        (silent, 0.01, None, "^"),
        (rude, HANGS, None, "closed the connection without an answer"),
        (half, HANGS, 200, "without sending complete message body"),
        (stalled, 0.01, 200, "^"),
        (reset, HANGS, None, "^"),
        (foreign, HANGS, None, "illegal status line"),
    ):
        async with Server(serve) as server:
            line = Line(server.base, plain(), Timeouts(connect=HANGS, read=wait, total=HANGS))
            with pytest.raises(Broken, match=words) as caught:
                await asked(line, server.base)
            assert caught.value.status == status
            await line.aclose()
    gone = Line(server.base, plain(), WAITS)
    with pytest.raises(NotReached, match="All connection attempts failed"):
        await asked(gone, server.base)
    await gone.aclose()


async def test_what_comes_beyond_an_answer_is_no_answer_to_the_next_call() -> None:
    met: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(await request(reader))
        writer.write(OK + OK.replace(b"ok", b"no") if met == [b"one"] else OK)
        await reader.read()

    async with Server(serve) as server:
        line = Line(server.base, plain(), WAITS)
        assert [await asked(line, server.base, body) for body in (b"one", b"two")] == [b"ok", b"ok"]
        await line.aclose()
    assert met == [b"one", b"two"]
    assert server.connections == 2


async def test_a_word_before_the_answer_and_an_answer_in_chunks_are_read() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n")
        await reader.read()

    async with Server(serve) as server:
        line = Line(server.base, plain(), WAITS)
        assert await asked(line, server.base) == b"ok"
        await line.aclose()


async def test_a_server_that_closes_after_each_answer_is_asked_on_a_new_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok")

    async with Server(serve) as server:
        line = Line(server.base, plain(), WAITS)
        assert [await asked(line, server.base) for _ in range(2)] == [b"ok", b"ok"]
        await line.aclose()
    assert server.connections == 2


@pytest.mark.parametrize("coding", [b"gzip", b"X-GZIP"])
async def test_a_packed_answer_is_unpacked_within_its_bound(coding: bytes) -> None:
    packed = gzip.compress(b"a" * 100_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            cut = await request(reader) == b"cut"
            sent = packed[:-20] if cut else packed
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
            writer.write(head % (coding, len(sent)) + sent)

    async with Server(serve) as server:
        line = Line(server.base, plain(), WAITS)
        assert await asked(line, server.base, most=100_000) == b"a" * 100_000
        with pytest.raises(TooMuch) as caught:
            await asked(line, server.base, most=99_999)
        assert caught.value.status == 200
        with pytest.raises(Broken, match="no end") as broken:
            await asked(line, server.base, b"cut")
        assert broken.value.status == 200
        await line.aclose()


async def test_the_host_is_named_and_an_address_that_is_not_quoted_is() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await reader.read()

    async with Server(serve) as server:
        line = Line(f"{server.base}/v3", plain(), WAITS)
        await asked(line, server.base, target="/ü%20 b?page=x&y=%C3#z")
        await line.aclose()
    assert heads[0].startswith(b"PUT /v3/%C3%BC%20%20b?page=x&y=%C3%23z HTTP/1.1\r\nhost: localhost:")
    assert b"content-length: 0\r\n" in heads[0]


async def test_a_name_that_no_host_can_have_is_not_reached() -> None:
    line = Line(f"http://{'x' * 70}.example", plain(), WAITS)
    with pytest.raises(NotReached):
        await asked(line, "")


async def test_tls_is_verified_and_nothing_is_sent_to_whom_nobody_vouches_for(tmp_path: Path) -> None:
    company = Authority(tmp_path)
    met: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            met.append(await request(reader))
            writer.write(OK)

    async with Server(serve, company.server("localhost")) as server:
        trusting = Line(server.base, ssl.create_default_context(cafile=company.file), WAITS)
        assert [await asked(trusting, server.base, b"one") for _ in range(2)] == [b"ok", b"ok"]
        await trusting.aclose()
        careful = Line(server.base, ssl.create_default_context(), WAITS)
        with pytest.raises(NotReached) as caught:
            await asked(careful, server.base, b"two")
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        await careful.aclose()
    assert met == [b"one", b"one"]


async def test_what_comes_in_clear_before_the_handshake_is_no_answer(tmp_path: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await reader.read()

    async with Server(serve) as server:
        base = server.base.replace("http:", "https:")
        line = Line(base, plain(), WAITS)
        with pytest.raises(NotReached):
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
        line = Line(server.base, plain(), WAITS)
        first = asyncio.create_task(asked(line, server.base, b"first"))
        await asyncio.wait_for(met.wait(), HANGS)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert await asked(line, server.base, b"second") == b"ok"
        await line.aclose()
    assert server.connections == 2
