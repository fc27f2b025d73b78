"""The least a reset of many logins can cost here: bare HTTP/1.1 on so many open connections, nothing kept or proven."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from urllib.parse import urlsplit


async def reset_all(base: str, key: str, domain: str, logins: list[str], in_flight: int) -> float:
    """Reset every login over ``in_flight`` connections; return seconds. RuntimeError for an answer that is no 200."""
    host = urlsplit(base)
    numbers = iter(enumerate(logins))
    token = base64.b64encode(f"api:{key}".encode()).decode()
    head = f"Host: {host.netloc}\r\nAuthorization: Basic {token}\r\n"
    began = time.perf_counter()
    await asyncio.gather(
        *(_connection(host.hostname or "", host.port or 80, head, domain, numbers) for _ in range(in_flight))
    )
    return time.perf_counter() - began


async def _connection(
    host: str, port: int, head: str, domain: str, numbers: Iterator[tuple[int, str]]
) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for number, login in numbers:
        body = f"password=raw-client-password-{number:011d}"
        writer.write(
            f"PUT /v3/domains/{domain}/credentials/{login.partition('@')[0]} HTTP/1.1\r\n{head}"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"answered {answer[:60]!r}")
        length = next(
            int(line.split(b":")[1])
            for line in answer.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
