"""A company's network on loopback: an HTTP proxy that tunnels by rules, and opens TLS with the company's own CA.

Names of the outside world are mapped to local servers. What is opened is relayed as HTTP, or as SMTP with
STARTTLS; what is not is a plain tunnel. ``seen`` holds the first line of every request the proxy was sent.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CA_NAME = "Acme Corp Inspection CA"


class Authority:
    """A certificate authority; ``file`` is its certificate, ``server`` a context for a name it vouches for."""

    def __init__(self, folder: Path, name: str = CA_NAME) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme Corp"),
            ]
        )
        self._contexts: dict[str, ssl.SSLContext] = {}
        # Between which days from now it vouches: a host whose clock is off by years sees one long over, or to come.
        self.term = (-2, 300)
        self.file = folder / "company-ca.pem"
        self.file.write_bytes(
            self._sign(self._name, self._key, None).public_bytes(serialization.Encoding.PEM)
        )

    def server(self, host: str, *, days: tuple[int, int] | None = None) -> ssl.SSLContext:
        """Return a server's context with a certificate for a host, valid between two days from now."""
        days = days or self.term
        key = f"{host}-{days[0]}-{days[1]}"
        made = self._contexts.get(key)
        if made is None:
            own = ec.generate_private_key(ec.SECP256R1())
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:60])])
            pem = self._folder / f"{key}.pem"
            pem.write_bytes(
                own.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
                + self._sign(subject, own, host, days).public_bytes(serialization.Encoding.PEM)
            )
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(pem)
            self._contexts[key] = made
        return made

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        host: str | None,
        days: tuple[int, int] = (-2, 300),
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host is not None:
            try:
                general: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                general = x509.DNSName(host)
            builder = builder.add_extension(x509.SubjectAlternativeName([general]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@dataclass
class Rules:
    """What the proxy does. ``places`` maps ``host:port`` to a local port; others are refused with 502."""

    places: dict[str, int] = field(default_factory=dict)
    opens: Authority | None = None
    ports: frozenset[int] | None = None
    login: str = ""
    tunnels: bool = True


class CompanyProxy:
    """The proxy, served on the event loop it is started on."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.seen: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop what is open."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._connection(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The client or the server went away, or the test is over.
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first = head.split("\r\n", 1)[0]
        self.seen.append(first)
        method, target, _ = first.split(" ")
        host, _, port = target.rpartition(":")
        wanted = "Basic " + base64.b64encode(self.rules.login.encode()).decode()
        if self.rules.login and wanted not in head:
            return await _say(writer, "407 Proxy Authentication Required")
        if method != "CONNECT" or not self.rules.tunnels:
            return await _say(writer, "405 Method Not Allowed")
        if self.rules.ports is not None and int(port) not in self.rules.ports:
            return await _say(writer, "403 Forbidden")
        local = self.rules.places.get(target)
        if local is None:
            return await _say(writer, "502 Bad Gateway")
        inner, outer = await asyncio.open_connection("127.0.0.1", local)
        try:
            await _say(writer, "200 Connection established")
            if self.rules.opens is None:
                await _both(reader, writer, inner, outer)
            elif port == "443":
                await writer.start_tls(self.rules.opens.server(host))
                await _http(reader, writer, inner, outer)
            else:
                await _smtp(reader, writer, inner, outer, self.rules.opens.server(host))
        finally:
            outer.transport.abort()
        return None


async def _say(writer: asyncio.StreamWriter, status: str) -> None:
    more = "" if status.startswith("200") else "Content-Length: 0\r\nConnection: close\r\n"
    writer.write(f"HTTP/1.1 {status}\r\n{more}\r\n".encode())
    await writer.drain()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _both(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner: asyncio.StreamReader,
    outer: asyncio.StreamWriter,
) -> None:
    there = asyncio.ensure_future(_pass(reader, outer))
    back = asyncio.ensure_future(_pass(inner, writer))
    try:
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)


async def _http(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner: asyncio.StreamReader,
    outer: asyncio.StreamWriter,
) -> None:
    """Relay requests one by one; the server is told that its client spoke TLS."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        outer.write(head[:-2] + b"X-Forwarded-Proto: https\r\n\r\n")
        outer.write(await _body(reader, head))
        head = await inner.readuntil(b"\r\n\r\n")
        writer.write(head + await _body(inner, head))
        await writer.drain()


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        body = b""
        while True:
            line = await reader.readline()
            size = int(line, 16)
            body += line + await reader.readexactly(size + 2)
            if not size:
                return body
    return await reader.readexactly(int(fields.get(b"content-length", b"0")))


async def _smtp(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner: asyncio.StreamReader,
    outer: asyncio.StreamWriter,
    context: ssl.SSLContext,
) -> None:
    """Relay a dialogue until STARTTLS is answered, then speak TLS with both sides."""
    asked = b""
    back = asyncio.ensure_future(inner.readline())
    while True:
        there = asyncio.ensure_future(reader.readline())
        while not there.done():
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if back.done():
                line = back.result()
                if asked.upper().startswith(b"STARTTLS") and line.startswith(b"220"):
                    there.cancel()
                    await asyncio.gather(there, return_exceptions=True)
                    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    unverified.check_hostname = False
                    unverified.verify_mode = ssl.CERT_NONE
                    await outer.start_tls(unverified)
                    # Nothing is awaited in between: the client's first TLS bytes must meet TLS.
                    writer.write(line)
                    await writer.start_tls(context)
                    return await _both(reader, writer, inner, outer)
                writer.write(line)
                await writer.drain()
                if not line:
                    there.cancel()
                    return None
                back = asyncio.ensure_future(inner.readline())
        asked = there.result()
        if not asked:
            back.cancel()
            return None
        outer.write(asked)


@contextmanager
def company_proxy(rules: Rules) -> Iterator[CompanyProxy]:
    """Serve the proxy from a thread of its own for the time of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()

    def wait(work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    proxy = CompanyProxy(rules)
    wait(proxy.start())
    try:
        yield proxy
    finally:
        with contextlib.suppress(TimeoutError):
            wait(proxy.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
