"""A tunnel through an HTTP proxy for what is not HTTP: CONNECT, then whatever bytes the two ends agree on.

Only for this host's own TLS: what goes through is STARTTLS or TLS from the first byte, so the proxy sees the
name of the server and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

from workbench import __version__
from workbench.core.proxies import Proxy
from workbench.core.redact import visible

_LONGEST = 16_384  # bytes of a proxy's answer


class TunnelRefused(Exception):
    """The proxy gives no tunnel; the text says why, without anything that was sent to it."""


async def open_tunnel(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Return a connected, non-blocking socket that ends at ``host:port`` behind the proxy.

    The proxy resolves the name: inside a company network it is often the only one that can. Raises
    TunnelRefused where the proxy answers anything but yes, OSError where it cannot be reached.
    """
    if proxy.tls:
        raise TunnelRefused(f"the proxy {proxy.url} is itself spoken to over TLS, which works for HTTPS only")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    fault: OSError = OSError(f"no address for the proxy {proxy.host}")
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, address)
        except OSError as error:
            connection.close()
            fault = error
            continue
        try:
            await _ask(loop, connection, proxy, host, port)
        except BaseException:
            connection.close()
            raise
        return connection
    raise fault


async def _ask(
    loop: asyncio.AbstractEventLoop, connection: socket.socket, proxy: Proxy, host: str, port: int
) -> None:
    name = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    lines = [f"CONNECT {name}:{port} HTTP/1.1".encode(), f"Host: {name}:{port}".encode()]
    lines.append(f"User-Agent: mailgun-workbench/{__version__}".encode())
    if allowed := proxy.authorization():
        lines.append(b"Proxy-Authorization: " + allowed)
    await loop.sock_sendall(connection, b"\r\n".join(lines) + b"\r\n\r\n")
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        # Byte by byte: what follows the empty line belongs to the server, which may speak first.
        one = await loop.sock_recv(connection, 1)
        if not one:
            raise TunnelRefused(f"the proxy {proxy.url} closed the connection instead of answering")
        answer += one
        if len(answer) > _LONGEST:
            raise TunnelRefused(f"the proxy {proxy.url} answers like no HTTP proxy")
    first = answer.split(b"\r\n", 1)[0].decode("latin-1")
    parts = first.split(None, 2)
    code = parts[1] if len(parts) > 1 and parts[0].startswith("HTTP/") else ""
    if not code.startswith("2"):
        raise TunnelRefused(
            refusal(proxy, visible(" ".join(parts[1:]) if code else first, 120), f"{host}:{port}")
        )


def refusal(proxy: Proxy, said: str, target: str) -> str:
    """Return in words why a proxy gave no tunnel to a target, from its status and reason (``407 Auth…``)."""
    code = said[:3]
    why = {
        "407": "it wants a login: name it in the proxy's address, http://LOGIN:PASSWORD@HOST:PORT",
        "403": "its rules do not allow that server or port",
        "405": "it does not tunnel (CONNECT) at all, and without a tunnel the key would cross it in clear",
        "501": "it does not tunnel (CONNECT) at all, and without a tunnel the key would cross it in clear",
        "400": "it does not tunnel (CONNECT) to that port",
        "502": "it cannot reach that server itself",
        "503": "it cannot reach that server itself",
        "504": "it cannot reach that server itself",
    }.get(code, "")
    return (
        f"the proxy {proxy.url} gave no tunnel to {target} ({visible(said, 120)}){': ' + why if why else ''}"
    )


def close(connection: socket.socket) -> None:
    """Close a socket that nothing else closes any more."""
    with contextlib.suppress(OSError):
        connection.close()
