"""How this host reaches the world: by which proxy, believing whom. Made once a command, handed to every client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.core.proxies import Routes
from workbench.core.trust import Trust

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Network:
    """Routes and trust. The default goes straight and believes the host's own store."""

    routes: Routes = field(default_factory=Routes)
    trust: Trust = field(default_factory=Trust)


def http_proxy(network: Network, server: str) -> httpx.Proxy | None:
    """Return the proxy as the HTTP library wants it, None where a server is reached straight."""
    import httpx

    parts = urlsplit(server)
    proxy = network.routes.to(parts.hostname or "", parts.port or 443)
    if proxy is None:
        return None
    password = proxy.password.reveal() if proxy.password is not None else ""
    return httpx.Proxy(
        proxy.url,
        auth=(proxy.login, password) if proxy.login or password else None,
        ssl_context=network.trust.context("proxy") if proxy.tls else None,
    )
