"""Lines of the HTTP library: they answer and break as our own do."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.unit.mailgun.fakes import FakeApi, text
from workbench.mailgun.calls import Timeouts
from workbench.mailgun.library_line import LibraryLine
from workbench.mailgun.lines import Asked, Broken, NotReached, Reply, TooMuch

ASKED = Asked("GET", "https://api.mailgun.net", "/a?x=1", [(b"accept", b"application/json")], b"")


async def exchanged(answer: httpx.Response | Exception, most: int = 1000) -> Reply:
    line = LibraryLine(FakeApi([answer]), Timeouts())
    try:
        return await line.exchange(ASKED, most)
    finally:
        await line.aclose()


async def test_an_answer_is_handed_back_with_its_headers_and_unpacked() -> None:
    packed = httpx.Response(202, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"a" * 900))
    status, headers, body = await exchanged(packed)
    assert (status, body) == (202, b"a" * 900)
    assert (b"Content-Encoding", b"gzip") in headers


async def test_an_answer_that_is_too_large_is_given_up() -> None:
    with pytest.raises(TooMuch):
        await exchanged(text("x" * 1001))


@pytest.mark.parametrize(
    ("fault", "by_proxy"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout(""), False),
        (httpx.UnsupportedProtocol("ftp"), False),
        (httpx.ProxyError("407 Proxy Authentication Required"), True),
    ],
)
async def test_what_was_surely_not_sent_is_told_apart(fault: Exception, by_proxy: bool) -> None:
    with pytest.raises(NotReached) as caught:
        await exchanged(fault)
    assert caught.value.by_proxy is by_proxy
    assert caught.value.__cause__ is fault


async def test_what_breaks_says_whether_an_answer_had_begun() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"{"
        raise httpx.ReadError("reset")

    with pytest.raises(Broken) as before:
        await exchanged(httpx.ReadTimeout(""))
    with pytest.raises(Broken) as within:
        await exchanged(httpx.Response(200, content=broken()))
    assert (before.value.status, within.value.status) == (None, 200)
