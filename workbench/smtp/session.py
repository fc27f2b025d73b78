"""One SMTP submission session, as far as the answer to AUTH: what is said on the wire and how it is read.

Used by :mod:`workbench.smtp.auth_probe` only. The password leaves this host over TLS alone, and no fault raised here,
nor anything a server answers, carries it further.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from typing import Literal

from workbench.core.proxies import Proxy
from workbench.core.redact import MASK, Secret, visible
from workbench.core.trust import CertificateTrust
from workbench.core.tunnel import TunnelRefused, open_tunnel
from workbench.mailgun.endpoints import HostPort

# Port 465 speaks TLS from the first byte (dossier D).
IMPLICIT_TLS = frozenset({465})
MAX_LINE = 4096
MAX_LINES = 64
# RFC 4954: an initial response that would make the command line too long goes in a line of its own.
MAX_INITIAL_RESPONSE = 480

Cause = Literal["", "unreachable", "tls", "transient", "protocol", "unexpected"]


def is_loopback(host: str) -> bool:
    """Return whether ``host`` names this machine by itself: a loopback address or ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class SmtpTls:
    """How TLS is spoken: always verified, except to loopback; ``implicit`` ports speak it from byte one.

    Verified by ``trust``, which reads the host's certificate store once a server asks for it (some 20 ms), or by
    ``verified`` where that is given.
    """

    trust: CertificateTrust = field(default_factory=CertificateTrust)
    verified: ssl.SSLContext | None = None
    loopback: ssl.SSLContext = field(default_factory=lambda: _unverified_context())
    implicit: frozenset[int] = IMPLICIT_TLS

    def context(self, server: HostPort) -> ssl.SSLContext:
        """Return the TLS context for a server. Raises HostError where the certificate store cannot be read."""
        if is_loopback(server.host):
            return self.loopback
        return self.verified or self.trust.context("smtp")


def _unverified_context() -> ssl.SSLContext:
    # Not create_default_context: reading the host's certificate store takes longer than a whole proof.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class SessionFaultError(Exception):
    """Why a probe learned nothing; ``sent`` tells whether the password had left this host."""

    def __init__(
        self, cause: Cause, reason: str, *, code: int = 0, text: str = "", sent: bool = False
    ) -> None:
        super().__init__(reason)
        self.cause: Cause = cause
        self.reason = reason
        self.code = code
        self.text = text
        self.sent = sent


class SmtpSession:
    """One SMTP connection, from the greeting to QUIT."""

    def __init__(self, server: HostPort, tls: SmtpTls, proxy: Proxy | None = None) -> None:
        self.server = server
        self.tls = tls
        self.proxy = proxy
        self.greeted = False
        self.sent = False
        self._reader = asyncio.StreamReader(limit=MAX_LINE)
        self._transport: asyncio.Transport | None = None

    async def open(self) -> None:
        """Connect, greet, and go over to TLS; afterwards PLAIN is known to be on offer."""
        implicit = self.server.port in self.tls.implicit
        context = self.tls.context(self.server)
        loop = asyncio.get_running_loop()
        protocol = asyncio.StreamReaderProtocol(self._reader)
        await self._connect(loop, protocol, context if implicit else None)
        if context is self.tls.loopback and not is_loopback(self._peer()):
            raise SessionFaultError("tls", "the name says this machine, the address is elsewhere")
        await self._expect(220, "greeting")
        self.greeted = True
        offers = await self._hello()
        if not implicit:
            if "STARTTLS" not in offers:
                raise SessionFaultError(
                    "protocol", "the server offers no STARTTLS, so the password was not sent"
                )
            self._write(b"STARTTLS\r\n")
            await self._expect(220, "STARTTLS")
            await self._start_tls(loop, context)
            offers = await self._hello()
        if not any(o.startswith("AUTH") and "PLAIN" in re.split(r"[ =]", o) for o in offers):
            raise SessionFaultError("protocol", "the server does not offer AUTH PLAIN over TLS")

    async def _connect(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.StreamReaderProtocol,
        context: ssl.SSLContext | None,
    ) -> None:
        name = self.server.host if context is not None else None
        if self.proxy is None:
            self._transport, _ = await loop.create_connection(
                lambda: protocol,
                self.server.host,
                self.server.port,
                ssl=context,
                server_hostname=name,
                happy_eyeballs_delay=0.25,
            )
            return
        try:
            tunnel = await open_tunnel(self.proxy, self.server.host, self.server.port)
        except TunnelRefused as refused:
            raise SessionFaultError("unreachable", str(refused)) from None
        self._transport, _ = await loop.create_connection(
            lambda: protocol, sock=tunnel, ssl=context, server_hostname=name
        )

    def certificate(self) -> bytes:
        """Return the server's certificate in DER, empty where none was shown."""
        found = self._transport.get_extra_info("ssl_object") if self._transport is not None else None
        return found.getpeercert(binary_form=True) or b"" if found is not None else b""

    async def authenticate(self, login: str, password: Secret) -> tuple[int, str]:
        """Say AUTH PLAIN and return code and text of the answer."""
        size = len(_plain(login, password))
        self.sent = True
        if size <= MAX_INITIAL_RESPONSE:
            self._write(b"AUTH PLAIN " + _plain(login, password) + b"\r\n")
        else:
            self._write(b"AUTH PLAIN\r\n")
            code, lines = await self._reply()
            if code != 334:
                return code, _clean(lines, login, password)
            self._write(_plain(login, password) + b"\r\n")
        code, lines = await self._reply()
        return code, _clean(lines, login, password)

    async def quit(self) -> None:
        """Say QUIT and wait a moment for the goodbye, which nobody needs."""
        self._write(b"QUIT\r\n")
        try:
            async with asyncio.timeout(1.0):
                await self._reply()
        except (TimeoutError, OSError, SessionFaultError):
            return

    def close(self) -> None:
        """Drop the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _peer(self) -> str:
        assert self._transport is not None  # noqa: S101 - set by open()
        return str(self._transport.get_extra_info("peername")[0])

    async def _hello(self) -> list[str]:
        assert self._transport is not None  # noqa: S101 - set by open()
        own = self._transport.get_extra_info("sockname")[0]
        literal = f"IPv6:{own}" if ":" in own else own
        self._write(f"EHLO [{literal}]\r\n".encode())
        lines = await self._expect(250, "EHLO")
        return [line.upper() for line in lines[1:]]

    async def _start_tls(self, loop: asyncio.AbstractEventLoop, context: ssl.SSLContext) -> None:
        assert self._transport is not None  # noqa: S101 - set by open()
        # A fresh reader: whatever somebody on the path slipped in behind the 220 in clear is dropped
        # (RFC 3207), and so cannot pass for an answer that came through TLS.
        self._reader = asyncio.StreamReader(limit=MAX_LINE)
        protocol = asyncio.StreamReaderProtocol(self._reader)
        upgraded = await loop.start_tls(
            self._transport, protocol, context, server_hostname=self.server.host, ssl_shutdown_timeout=1.0
        )
        if upgraded is None:
            raise SessionFaultError("tls", "the connection closed during the TLS handshake")
        self._transport = upgraded
        protocol.connection_made(upgraded)

    def _write(self, data: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - set by open()
        self._transport.write(data)

    async def _expect(self, wanted: int, stage: str) -> list[str]:
        code, lines = await self._reply()
        if code == wanted:
            return lines
        text = visible(" ".join(lines), 200)
        cause: Cause = "transient" if 400 <= code < 500 else "protocol"
        raise SessionFaultError(cause, f"the server answered {code} to {stage}: {text}", code=code, text=text)

    async def _reply(self) -> tuple[int, list[str]]:
        lines: list[str] = []
        for _ in range(MAX_LINES):
            try:
                raw = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                raise SessionFaultError(
                    "transient", "the server hung up in the middle of the dialogue"
                ) from None
            except asyncio.LimitOverrunError:
                raise SessionFaultError(
                    "protocol", "the server sent an over-long line: not an SMTP server"
                ) from None
            match = re.match(rb"([2-5]\d\d)([ -]|(?=\r?\n))(.*)", raw)
            if match is None:
                raise SessionFaultError(
                    "protocol", f"not an SMTP answer: {visible(raw.decode('latin-1').strip(), 60)}"
                )
            lines.append(match[3].decode("utf-8", "replace").strip())
            if match[2] != b"-":
                return int(match[1]), lines
        raise SessionFaultError("protocol", "the server's answer does not end: not an SMTP server")


def _plain(login: str, password: Secret) -> bytes:
    # Built where it is written and never kept in a variable: a traceback with locals must not show it.
    return base64.b64encode(b"\0" + login.encode() + b"\0" + password.reveal().encode())


def _clean(lines: list[str], login: str, password: Secret) -> str:
    """Return a server's text without the password, should a hostile server echo it in any form AUTH has."""
    text = " ".join(lines)
    for form in (
        password.reveal(),
        _plain(login, password).decode(),
        base64.b64encode(password.reveal().encode()).decode(),
    ):
        text = text.replace(form, MASK)
    return visible(text, 200)
