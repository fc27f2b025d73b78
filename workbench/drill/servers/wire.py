"""Just enough HTTP/1.1 to find where a request or an answer ends; the bytes themselves stay untouched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


class WireError(Exception):
    """The other side does not speak HTTP/1.1, or went away in the middle of a message."""


@dataclass(frozen=True)
class HttpMessage:
    """One request or answer: ``head`` up to and with the empty line, ``raw`` all of it."""

    start: str
    headers: dict[str, str]
    head: bytes
    raw: bytes
    keep_alive: bool

    @property
    def method(self) -> str:
        """Return a request's method in capitals."""
        return self.start.split(" ", 1)[0].upper()

    @property
    def target(self) -> str:
        """Return a request's path with its query."""
        return self.start.split(" ", 2)[1]


async def read_request(reader: asyncio.StreamReader) -> HttpMessage | None:
    """Return the next request, or None where the client has closed. Raises WireError."""
    head = await _head(reader)
    if head is None:
        return None
    start, headers = _parse(head)
    if len(start.split(" ")) != 3:
        raise WireError("not a request line")
    body = await _body(reader, headers)
    return HttpMessage(start, headers, head, head + body, headers.get("connection", "").lower() != "close")


async def read_response(reader: asyncio.StreamReader, method: str) -> HttpMessage:
    """Return the answer to a request with ``method``, read to its end. Raises WireError."""
    head = await _head(reader)
    if head is None:
        raise WireError("the server closed instead of answering")
    start, headers = _parse(head)
    status = start.split(" ")[1] if " " in start else ""
    keep = headers.get("connection", "").lower() != "close"
    if method == "HEAD" or status in {"204", "304"} or status.startswith("1"):
        body = b""
    elif "content-length" in headers or "transfer-encoding" in headers:
        body = await _body(reader, headers)
    else:
        body, keep = await reader.read(-1), False
    return HttpMessage(start, headers, head, head + body, keep)


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise WireError("closed in the middle of the headers") from None
    except asyncio.LimitOverrunError:
        raise WireError("headers without end") from None


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    start, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return start, headers


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await _chunks(reader)
        size = int(headers.get("content-length", "0"))
        return await reader.readexactly(size) if size else b""
    except asyncio.IncompleteReadError:
        raise WireError("closed in the middle of the body") from None
    except (ValueError, asyncio.LimitOverrunError):
        raise WireError("a body without a usable length") from None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        parts.append(line)
        if size == 0:
            break
        parts.append(await reader.readexactly(size + 2))
    while True:
        trailer = await reader.readuntil(b"\r\n")
        parts.append(trailer)
        if trailer == b"\r\n":
            return b"".join(parts)
