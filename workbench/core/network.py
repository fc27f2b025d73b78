"""How this host reaches the world: by which proxy, believing whom. Made once a command, handed to every client."""

from __future__ import annotations

import socket
import ssl
import sys
from dataclasses import dataclass, field
from typing import TypedDict
from urllib.parse import urlsplit

from workbench.core.proxies import Routes
from workbench.core.trust import CertificateTrust

# At several steps of every call the HTTP library asks whether trio runs it, by importing a package that is not
# installed here: each time every folder of modules is searched in vain, a tenth of a call's processor time. Nothing
# here runs on trio, and a name that is known to be missing is not searched.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]
# Nor does anybody here run the HTTP library's own command, which it imports with itself wherever click happens to be
# installed, with lexers and progress bars: 3.4 MB and half of the time that takes. It does without where they are not.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Network:
    """Routes and trust. The default goes straight and believes the host's own store."""

    routes: Routes = field(default_factory=Routes)
    trust: CertificateTrust = field(default_factory=CertificateTrust)


class HttpProxy(TypedDict):
    """A proxy as ``httpx.Proxy`` takes it."""

    url: str
    auth: tuple[str, str] | None
    ssl_context: ssl.SSLContext | None


def http_proxy(network: Network, server: str) -> HttpProxy | None:
    """Return the proxy of a server's address, None where it is reached straight. Holds the proxy's password."""
    parts = urlsplit(server)
    proxy = network.routes.to(parts.hostname or "", parts.port or 443)
    if proxy is None:
        return None
    password = proxy.password.reveal() if proxy.password is not None else ""
    return {
        "url": proxy.url,
        "auth": (proxy.login, password) if proxy.login or password else None,
        "ssl_context": network.trust.context("proxy") if proxy.tls else None,
    }


def why(fault: BaseException) -> str:
    """Return why a server was not reached: in words where the network says what it is, else as the library tells it."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            silent = cause.errno == socket.EAI_AGAIN
            return "no name server answered this host" if silent else "the name does not resolve"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        cause = cause.__cause__ or cause.__context__
    late = isinstance(fault, TimeoutError) or type(fault).__name__.endswith("Timeout")
    return str(fault) or ("no answer in time" if late else type(fault).__name__)
