"""The client that one's own sites are asked with: it says who asks, follows nothing and checks certificates."""

from __future__ import annotations

import httpx

from workbench import __version__
from workbench.core.network import Network, http_proxy
from workbench.leaks.signatures import OWN_AGENT
from workbench.leaks.sites import OwnSite

# Seconds without a byte.
_TIMEOUT = 10.0


def client_for(
    one: OwnSite, contact: str, network: Network, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient:
    """Return the client for ``one``; ``contact`` is added to its name, ``transport`` stands in for the network."""
    agent = f"{OWN_AGENT}/{__version__} (leak check by this site's owner{'; ' + contact if contact else ''})"
    proxy = http_proxy(network, one.origin)
    return httpx.AsyncClient(
        base_url=one.origin,
        headers={"User-Agent": agent, "Accept": "*/*", "Accept-Encoding": "identity"},
        timeout=_TIMEOUT,
        follow_redirects=False,
        # Certificates are checked everywhere but on this very machine (the drill's own certificate).
        verify=False if one.loopback else network.trust.context(),
        proxy=httpx.Proxy(**proxy) if proxy is not None else None,
        trust_env=False,
        transport=transport,
    )
