"""The simulated account's SMTP submission servers, one a region, on loopback.

They answer as the vendor's do in recorded dialogues (dossier D, A3, A5): ``AUTH PLAIN LOGIN`` is offered
before STARTTLS too, a good login is ``235 2.0.0 OK``, everything else (wrong password, unknown login, an
address missing from the IP allowlist, the other region's login) is the same ``535 5.7.0``, and a disabled
domain or account shows only at DATA, with 421. Who may do what is asked of the account, never kept here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, LoginPassword, Session

SIZE_LIMIT = 52_428_800  # dossier D: SIZE in the vendor's EHLO answer
ACCEPTED = "235 2.0.0 OK"
REFUSED = "535 5.7.0 Authentication failed"
TEMPORARY = "454 4.7.0 Temporary authentication failure"


class MailAccount(Protocol):
    """What a submission server asks of the simulated account."""

    def authenticate_smtp(self, region: str, login: str, password: str, peer: str) -> bool:
        """Return whether this login, password and peer address may submit mail in this region (us, eu)."""

    def accept_smtp(
        self,
        region: str,
        login: str,
        peer: str,
        envelope_from: str,
        recipients: Sequence[str],
        data: bytes,
    ) -> tuple[int, str]:
        """Return the SMTP code and text for a submitted message: (250, ...) or (421, ...) when disabled."""


@dataclass
class SmtpFaults:
    """Faults of a submission server, changeable while it runs.

    ``auth_temporary`` is the probability of a 454 to AUTH, ``greeting_busy`` that of a 421 greeting;
    ``next_auth`` holds answers that the next AUTH commands get instead of the real one.
    """

    auth_temporary: float = 0.0
    greeting_busy: float = 0.0
    next_auth: list[str] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(1))

    def auth_answer(self) -> str | None:
        """Return what the next AUTH is answered instead of the truth, or None."""
        if self.next_auth:
            return self.next_auth.pop(0)
        if self.auth_temporary and self.random.random() < self.auth_temporary:
            return TEMPORARY
        return None

    def busy(self) -> bool:
        """Return whether the next connection is greeted with 421."""
        return bool(self.greeting_busy) and self.random.random() < self.greeting_busy


class _Handler:
    """aiosmtpd's hooks for one region."""

    def __init__(self, region: str, account: MailAccount, faults: SmtpFaults) -> None:
        self.region = region
        self.account = account
        self.faults = faults
        self.open: set[asyncio.Transport] = set()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # The vendor's order, where aiosmtpd sorts.
        return ["250-AUTH PLAIN LOGIN" if r.startswith("250-AUTH") else r for r in responses]

    async def handle_AUTH(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, args: list[str]
    ) -> object:
        return self.faults.auth_answer() or MISSING

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.1 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 Sender address accepted"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        login = str(session.auth_data)
        content = envelope.content
        data = content if isinstance(content, bytes) else str(content).encode()
        code, text = self.account.accept_smtp(
            self.region, login, _peer(session), envelope.mail_from or "", list(envelope.rcpt_tos), data
        )
        return f"{code} {text}"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Answer one AUTH; ``handled=False`` makes aiosmtpd send the 535 (else the client would hang)."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False, message=REFUSED)
        login = data.login.decode("utf-8", "replace")
        password = data.password.decode("utf-8", "replace")
        if self.account.authenticate_smtp(self.region, login, password, _peer(session)):
            return AuthResult(success=True, message=ACCEPTED, auth_data=login)
        return AuthResult(success=False, handled=False, message=REFUSED)


class _Submission(SMTP):
    """aiosmtpd's protocol, with a long enough AUTH line and a greeting that can be 421."""

    line_length_limit = 16_384

    def __init__(self, handler: _Handler, context: ssl.SSLContext, hostname: str) -> None:
        self._region = handler
        self._socket: asyncio.Transport | None = None
        super().__init__(
            handler,
            hostname=hostname,
            ident="ESMTP ready",
            data_size_limit=SIZE_LIMIT,
            tls_context=context,
            auth_require_tls=False,  # the vendor offers AUTH before STARTTLS as well
            authenticator=handler.authenticate,
            timeout=60,
            loop=asyncio.get_running_loop(),
        )
        # RFC 4954 asks for AUTH lines of at least 12,288 octets.
        self.command_size_limits["AUTH"] = 12_288

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or turn the client away with 421 where the faults say so; called again after STARTTLS."""
        if self.transport is None:
            assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server gives nothing else
            if self._region.faults.busy():
                transport.write(b"421 4.3.2 Service not available, closing transmission channel\r\n")
                transport.close()
                return
            self._socket = transport
            self._region.open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        if self._socket is None:
            return  # turned away with 421: aiosmtpd never saw this connection
        self._region.open.discard(self._socket)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """Take note that the client has said all it will say."""
        return False if self._socket is None else super().eof_received()

    def data_received(self, data: bytes) -> None:
        """Read, unless the client was turned away."""
        if self._socket is not None:
            super().data_received(data)


class SubmissionServer:
    """One region's submission server on loopback: STARTTLS, or implicit TLS where asked for."""

    def __init__(
        self, region: str, account: MailAccount, context: ssl.SSLContext, faults: SmtpFaults | None = None
    ) -> None:
        self.region = region
        self.faults = faults or SmtpFaults()
        self.port = 0
        self._context = context
        self._handler = _Handler(region, account, self.faults)
        self._hostname = "smtp-drill.localhost" if region == "us" else f"smtp-{region}-drill.localhost"
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0, *, implicit_tls: bool = False) -> int:
        """Listen on 127.0.0.1 and return the port; raises OSError when a port asked for is taken."""
        # aiosmtpd warns about an attribute of its own that it sets itself, once for every login.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Submission(self._handler, self._context, self._hostname),
            "127.0.0.1",
            port,
            backlog=512,
            ssl=self._context if implicit_tls else None,
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening and drop the open connections."""
        if self._server is not None:
            self._server.close()
            for transport in list(self._handler.open):
                transport.abort()
            self._handler.open.clear()
            await self._server.wait_closed()
            self._server = None


def _peer(session: Session) -> str:
    peer = session.peer
    return str(peer[0]) if isinstance(peer, tuple) else ""
