"""Proof of an SMTP credential without sending mail.

One probe: connect, EHLO, STARTTLS (certificate verified), EHLO, AUTH PLAIN, read the code, QUIT; MAIL and
DATA are never said (dossier D). Three outcomes only: 235 *accepted*, 535 *refused*, everything else
*cannot tell*: a 4xx, a blocked port, a hang-up or a TLS fault proves nothing about the password. A refusal
alone does not prove an old password dead either, since an address missing from the IP allowlist sees the
same 535 (dossier A3): see :func:`proves_replaced`.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from workbench.core.certificates import explain, inspecting, read
from workbench.core.clock import Clock
from workbench.core.network import Network
from workbench.core.proxies import Proxy
from workbench.core.redact import Secret, visible
from workbench.mailgun.endpoints import HostPort
from workbench.smtp.session import Cause, SessionFaultError, SmtpSession, SmtpTls
from workbench.smtp.slots import SessionSlots

# Dossier D: submission with STARTTLS on 587 and 2525, implicit TLS on 465. Port 25 is left out: most
# networks block or proxy it.
PORTS = (587, 2525, 465)
# A 235 or a 535 is final; only faults before the password was sent, and 4xx answers, are tried again.
RETRY_PAUSES = (1.0, 3.0)
BLOCKED_FOR = 60.0

# What to do where the ports of SMTP are shut: the proof needs the journal, the vault and another network.
ELSEWHERE = (
    "Prove them on a host that reaches smtp.mailgun.org: carry the state folder there (WORKBENCH_HOME; a vault in a "
    "keyring does not travel, the workbench's own file does) and run `workbench contain --verify`."
)

# What the record of a proof ends with where no server could be asked.
CANNOT_PROVE = "cannot prove from here"

Verdict = Literal["accepted", "refused", "cannot_tell"]


@dataclass(frozen=True)
class AuthProof:
    """What one probe showed.

    ``code`` is the SMTP code of the answer to AUTH (0: none came), ``text`` its text made harmless,
    ``reason`` says in words why nothing can be told, ``cause`` the family of that reason:
    ``unreachable`` (blocked, refused, silent), ``tls``, ``transient`` (4xx, hang-up), ``protocol`` (not an
    SMTP server, or one without TLS or PLAIN), ``unexpected`` (another 5xx). ``at`` is when it was known,
    ``via`` the proxy it was asked through (empty: straight).
    """

    verdict: Verdict
    at: datetime
    server: HostPort | None = None
    code: int = 0
    text: str = ""
    reason: str = ""
    cause: Cause = ""
    via: str = ""

    @property
    def accepted(self) -> bool:
        """Return whether the server answered 235."""
        return self.verdict == "accepted"

    @property
    def refused(self) -> bool:
        """Return whether the server answered 535."""
        return self.verdict == "refused"


def proves_replaced(old: AuthProof, new: AuthProof, within: float = 60.0) -> bool:
    """Return whether an old password is proven dead: old 535, new 235, same server and way, ``within`` seconds.

    Without the positive control a 535 may only mean that this address is not on the IP allowlist.
    """
    # Through a proxy the server sees another address, which the allowlist may hold or not.
    same_place = old.server is not None and (old.server, old.via) == (new.server, new.via)
    return old.refused and new.accepted and same_place and abs((new.at - old.at).total_seconds()) <= within


def submission_servers(host: str) -> tuple[HostPort, ...]:
    """Return the submission ports of a vendor host in the order they are tried: 587, 2525, 465."""
    return tuple(HostPort(host, port) for port in PORTS)


class SmtpRoute(NamedTuple):
    """A server and the proxy it is reached through, None straight."""

    server: HostPort
    proxy: Proxy | None = None

    def __str__(self) -> str:
        return (
            f"{self.server.host}:{self.server.port}{' through the proxy' if self.proxy is not None else ''}"
        )


def ways_to(servers: Sequence[HostPort], network: Network) -> tuple[SmtpRoute, ...]:
    """Return the ways to try, in order: through the proxy where one applies, then straight.

    A proxy says no at once, while a firewall is waited for; and where only the web goes by proxy, mail goes
    straight.
    """
    proxied = [SmtpRoute(one, proxy) for one in servers if (proxy := network.routes.to(*one)) is not None]
    return (*proxied, *(SmtpRoute(one) for one in servers))


@functools.cache
def _default_tls() -> SmtpTls:
    # The host's certificate store is read once a process, not once a proof.
    return SmtpTls()


def tls_of(network: Network) -> SmtpTls:
    """Return how TLS is spoken in a network: verified by its one trust."""
    return SmtpTls(network.trust)


async def _certificate_words(
    way: SmtpRoute, tls: SmtpTls, error: ssl.SSLCertVerificationError, seconds: float
) -> str:
    """Return what a certificate that does not verify means; it is read over a session that says no password."""
    judged = SmtpTls(verified=inspecting(), loopback=inspecting(), implicit=tls.implicit)
    session = SmtpSession(way.server, judged, way.proxy)
    shown = None
    try:
        async with asyncio.timeout(seconds):
            await session.open()
        shown = read(session.certificate())
    except (OSError, SessionFaultError, TimeoutError):
        shown = None  # Then it is explained without the issuer.
    finally:
        session.close()
    told = explain(way.server.host, error, shown, way.proxy)
    return f"{told.what} {told.means} {told.todo}"


def _unsendable(login: str, password: Secret) -> bool:
    """Return whether AUTH PLAIN cannot carry these: a NUL or a lone surrogate."""
    for value in (login, password.reveal()):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            return True
    return not login


async def _attempt(
    way: SmtpRoute, login: str, password: Secret, tls: SmtpTls, seconds: float
) -> tuple[int, str]:
    """Return code and text of the answer to AUTH; raise SessionFaultError for anything else."""
    session = SmtpSession(way.server, tls, way.proxy)
    try:
        async with asyncio.timeout(seconds):
            await session.open()
            answer = await session.authenticate(login, password)
        await session.quit()
        return answer
    except SessionFaultError as fault:
        fault.sent = session.sent
        raise
    except TimeoutError:
        cause: Cause = "transient" if session.greeted else "unreachable"
        raise SessionFaultError(cause, f"no answer within {seconds:g} s", sent=session.sent) from None
    except ssl.SSLCertVerificationError as error:
        why = visible(error.verify_message, 120)
        words = await _certificate_words(way, tls, error, seconds)
        raise SessionFaultError(
            "tls", f"its certificate does not verify ({why}); the password was not sent. {words}"
        ) from None
    except (ssl.SSLError, ssl.CertificateError) as error:
        raise SessionFaultError(
            "tls", f"TLS failed ({visible(error.reason or 'closed', 80)})", sent=session.sent
        ) from None
    except socket.gaierror:
        raise SessionFaultError("unreachable", "the name does not resolve") from None
    except UnicodeError:
        raise SessionFaultError("unreachable", "this is not a host name") from None
    except ConnectionRefusedError:
        raise SessionFaultError("unreachable", "connection refused") from None
    except ConnectionError:
        raise SessionFaultError("transient", "the connection was cut", sent=session.sent) from None
    except OSError as error:
        raise SessionFaultError(
            "unreachable", visible(error.strerror or "no way there", 80), sent=session.sent
        ) from None
    finally:
        session.close()


async def prove(
    server: Sequence[HostPort],
    login: str,
    password: Secret,
    *,
    tls: SmtpTls | None = None,
    clock: Clock,
    timeout: float = 10.0,  # noqa: ASYNC109 - seconds for one server, part of the probe's meaning
) -> AuthProof:
    """Try AUTH on the servers, reached straight, in order; see ``prove_by``."""
    return await prove_by(
        [SmtpRoute(one) for one in server], login, password, tls=tls, clock=clock, seconds=timeout
    )


async def prove_by(
    ways: Sequence[SmtpRoute],
    login: str,
    password: Secret,
    *,
    tls: SmtpTls | None = None,
    clock: Clock,
    seconds: float = 10.0,
) -> AuthProof:
    """Try AUTH on the servers, each by its way, in order and return what the first that answers AUTH says.

    The next server is tried only while the password has not been sent (blocked port, no STARTTLS, bad
    certificate, 421 greeting); ``seconds`` are for each server. Never raises for anything a server
    or the network does: those come back as ``cannot_tell`` with the reason.
    """
    if _unsendable(login, password):
        reason = "AUTH PLAIN cannot carry this login or password (empty, or a NUL or broken character in it)"
        return AuthProof("cannot_tell", clock.now(), reason=reason, cause="protocol")
    policy = tls or _default_tls()
    reasons: list[str] = []
    causes: list[Cause] = []
    last: SmtpRoute | None = None
    for last in ways:
        try:
            code, text = await _attempt(last, login, password, policy, seconds)
        except SessionFaultError as fault:
            reasons.append(f"{last}: {fault.reason}")
            causes.append(fault.cause)
            if fault.sent:
                break
            continue
        return _judge(last, code, text, clock.now())
    # The cause that says most comes first: a server that talked tells more than a port that is blocked.
    order: tuple[Cause, ...] = ("tls", "protocol", "transient", "unreachable")
    cause: Cause = next((c for c in order if c in causes), "unreachable")
    return AuthProof(
        "cannot_tell",
        clock.now(),
        last.server if last is not None else None,
        reason="; ".join(reasons) or "no server to ask",
        cause=cause,
        via=_via(last),
    )


def _via(way: SmtpRoute | None) -> str:
    return way.proxy.url if way is not None and way.proxy is not None else ""


def _judge(way: SmtpRoute, code: int, text: str, at: datetime) -> AuthProof:
    server, via = way.server, _via(way)
    if code == 235:
        return AuthProof("accepted", at, server, code, text, via=via)
    if code == 535:
        return AuthProof("refused", at, server, code, text, via=via)
    where = f"{server.host}:{server.port}"
    if 400 <= code < 500:
        reason = f"{where} answered {code} to AUTH: a temporary fault, it proves nothing about the password"
        return AuthProof("cannot_tell", at, server, code, text, reason, "transient", via)
    reason = f"{where} answered {code} to AUTH: neither 235 nor 535, so it proves nothing"
    return AuthProof("cannot_tell", at, server, code, text, reason, "unexpected", via)


class SmtpProver:
    """Proofs in bulk: at most ``concurrency`` connections, fewer on a busy loop, and a route once learned is kept.

    Each proof takes a connection of its own: after 235 a session may not AUTH again (RFC 4954), and what
    the vendor does with a session after a 535 is not documented. The first proof for a list of servers runs
    alone and finds the port that answers; where none does, the rest are told so at once instead of each
    waiting for its own time-outs, until ``blocked_for`` seconds have passed.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        tls: SmtpTls | None = None,
        network: Network | None = None,
        timeout: float = 10.0,
        concurrency: int = 40,
        blocked_for: float = BLOCKED_FOR,
    ) -> None:
        self._clock = clock
        self._given_tls = tls
        self._network = network
        self._timeout = timeout
        self._slots = SessionSlots(concurrency, clock)
        self._blocked_for = blocked_for
        self._routes: dict[tuple[HostPort, ...], SmtpRoute] = {}
        self._blocked: dict[tuple[HostPort, ...], tuple[float, AuthProof]] = {}
        self._scouts: dict[tuple[HostPort, ...], asyncio.Lock] = {}

    async def prove(self, servers: Sequence[HostPort], login: str, password: Secret) -> AuthProof:
        """Return the proof for one credential on a region's servers; waits for a free slot."""
        key = tuple(servers)
        scout = self._scouts.setdefault(key, asyncio.Lock())
        if key not in self._routes:
            async with scout:
                if key not in self._routes:
                    return self._known_blocked(key) or await self._run(key, login, password)
        return await self._run(key, login, password)

    def _known_blocked(self, key: tuple[HostPort, ...]) -> AuthProof | None:
        since, proof = self._blocked.get(key, (0.0, None))
        if proof is None or self._clock.monotonic() - since >= self._blocked_for:
            return None
        return proof

    async def _run(self, key: tuple[HostPort, ...], login: str, password: Secret) -> AuthProof:
        async with self._slots:
            proof = await self._once(key, login, password)
            for pause in RETRY_PAUSES:
                if proof.cause != "transient":
                    break
                await self._clock.sleep(pause)
                proof = await self._once(key, login, password)
        self._learn(key, proof)
        return proof

    def _learn(self, key: tuple[HostPort, ...], proof: AuthProof) -> None:
        if proof.code and proof.server is not None:
            self._routes[key] = next(
                one for one in self._ways(key) if _place(one) == (proof.server, proof.via)
            )
            self._blocked.pop(key, None)
        elif proof.cause in {"unreachable", "tls"} and self._routes.pop(key, None) is None:
            # Only where no port ever answered: one connection lost in the rush must not void the rest.
            self._blocked[key] = (self._clock.monotonic(), proof)

    async def _once(self, key: tuple[HostPort, ...], login: str, password: Secret) -> AuthProof:
        ways, known = self._ways(key), self._routes.get(key)
        # The way that worked first, the others behind it should it fail.
        order = ways if known is None else (known, *(one for one in ways if one != known))
        return await prove_by(
            order, login, password, tls=self._tls(), clock=self._clock, seconds=self._timeout
        )

    def _ways(self, key: tuple[HostPort, ...]) -> tuple[SmtpRoute, ...]:
        return ways_to(key, self._network or Network())

    def _tls(self) -> SmtpTls:
        if self._given_tls is None:
            # Not before the first proof: reading the authorities takes a while, and may fail in words.
            self._given_tls = _default_tls() if self._network is None else tls_of(self._network)
        return self._given_tls


def _place(way: SmtpRoute) -> tuple[HostPort, str]:
    return way.server, _via(way)
