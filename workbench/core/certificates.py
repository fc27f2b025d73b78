"""A certificate that does not verify, explained: who issued it, what is likelier, what to do.

Verification fails inside the TLS library, which names the rule and not the issuer. So the certificate is
fetched once more over a connection that carries nothing: it is read, and the connection is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.core.proxies import Proxy
from workbench.core.redact import visible
from workbench.core.tunnel import TunnelRefused, open_tunnel

_SECONDS = 5.0
# OpenSSL's verdicts (x509_vfy.h).
_NOT_YET, _EXPIRED, _OTHER_NAME, _SELF_SIGNED = 9, 10, (62, 64), 18
# Authorities whose roots every store has: where one of them does not verify, the store is to blame, or a liar.
_PUBLIC = (
    "digicert",
    "let's encrypt",
    "google trust",
    "sectigo",
    "globalsign",
    "amazon",
    "godaddy",
    "entrust",
    "isrg",
)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a certificate says of itself; nothing of it is believed. Names are made harmless."""

    subject: str
    issuer: str
    begins: datetime
    ends: datetime

    @property
    def self_signed(self) -> bool:
        """Return whether it names itself as its issuer."""
        return self.subject == self.issuer


@dataclass(frozen=True, slots=True)
class Explained:
    """Three sentences for an error: what happened, what it means, what to do."""

    what: str
    means: str
    todo: str


def read(der: bytes) -> Presented | None:
    """Return what a DER certificate says, None where it cannot be read."""
    from cryptography import x509

    try:
        found = x509.load_der_x509_certificate(der)
        return Presented(
            _named(found.subject), _named(found.issuer), found.not_valid_before_utc, found.not_valid_after_utc
        )
    except ValueError:
        return None


async def presented(host: str, port: int, proxy: Proxy | None) -> Presented | None:
    """Return the certificate that answers at ``host:port``, None where it cannot be had. Sends nothing."""
    context = inspecting()
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TunnelRefused, TimeoutError, ValueError):
        async with asyncio.timeout(_SECONDS):
            if proxy is None:
                transport, _ = await loop.create_connection(
                    asyncio.Protocol, host, port, ssl=context, server_hostname=host
                )
            else:
                tunnel = await open_tunnel(proxy, host, port)
                transport, _ = await loop.create_connection(
                    asyncio.Protocol, sock=tunnel, ssl=context, server_hostname=host
                )
            try:
                der = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                transport.abort()
            return read(der) if der else None
    return None


def inspecting() -> ssl.SSLContext:
    """Return a context that believes nobody and judges nobody: to read a certificate, never to send anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def failure(fault: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the verification error behind a library's own, None where it is another fault."""
    seen = 0
    while fault is not None and seen < 10:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return fault
        fault, seen = fault.__cause__ or fault.__context__, seen + 1
    return None


def explain(
    host: str,
    fault: ssl.SSLCertVerificationError,
    shown: Presented | None,
    proxy: Proxy | None,
    now: datetime | None = None,
) -> Explained:
    """Return what a failed verification means for the operator, and what to do."""
    code, rule = fault.verify_code, visible(fault.verify_message or "it does not verify", 120)
    issuer = f'It was issued by "{shown.issuer}". ' if shown is not None else ""
    what = f"The certificate of {visible(host, 200)} does not verify: {rule}. {issuer}Nothing was sent."
    if code in (_NOT_YET, _EXPIRED) and shown is not None:
        return _out_of_time(what, shown, now or datetime.now(UTC))
    return Explained(what, _likelier(code, shown, proxy), _remedy(code, shown))


def _out_of_time(what: str, shown: Presented, now: datetime) -> Explained:
    term = f"It is valid from {shown.begins:%Y-%m-%d} to {shown.ends:%Y-%m-%d}; "
    term += f"this host's clock says {now:%Y-%m-%d %H:%M}Z."
    return Explained(
        what,
        f"{term} A wrong clock of this host is likelier than an attack.",
        "Look at the clock (date -u) and set it. If it is right, somebody shows an old certificate: do not go on "
        "from this network.",
    )


def _likelier(code: int, shown: Presented | None, proxy: Proxy | None) -> str:
    if code in _OTHER_NAME:
        return "It belongs to another name: a sign-in page of the network, or somebody in the way, is likely."
    if shown is not None and any(name in shown.issuer.lower() for name in _PUBLIC):
        return (
            "It names a public authority that this host does not know: its store is old or empty, or somebody uses "
            "the name."
        )
    if code == _SELF_SIGNED or (shown is not None and shown.self_signed):
        return "It vouches for itself: a sign-in page of the network or an attack is likelier than a company's proxy."
    way = (
        f"The way goes through the proxy {proxy.url}, so that"
        if proxy is not None
        else "A company network that opens TLS"
    )
    rest = (
        "it signs anew with a company's own authority is likelier than an attack"
        if proxy is not None
        else "does so with an authority of its own; so does an attacker in the way"
    )
    return f"{way} {rest}. Ask your administrator whether that issuer is theirs."


def _remedy(code: int, shown: Presented | None) -> str:
    if code in _OTHER_NAME:
        return "Sign in to the network, correct the address, or go on from another network."
    if shown is not None and any(name in shown.issuer.lower() for name in _PUBLIC):
        return "Install or update this host's certificate store (the package ca-certificates), or use another host."
    return (
        "If the issuer is your company's: name its certificate with --ca-file FILE (ca_file in config.toml, "
        "SSL_CERT_FILE), or put it into the system's store. Otherwise go on from another network. Verification is "
        "never switched off."
    )


def _named(name: object) -> str:
    """Return a distinguished name as people say it: the common name, else the organisation, else all of it."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    assert isinstance(name, x509.Name)  # noqa: S101 - what the library hands out
    parts: list[str] = []
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        parts += [visible(one.value, 100) for one in name.get_attributes_for_oid(kind)]
    return ", ".join(dict.fromkeys(parts)) or visible(name.rfc4514_string(), 200) or "nobody named"
