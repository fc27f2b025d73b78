"""Which way a connection leaves this host: straight, or through an HTTP proxy.

Named by ``--proxy``, else ``proxy`` in ``config.toml``, else the variables other programs read:
``https_proxy``, ``HTTPS_PROXY``, ``all_proxy``, ``ALL_PROXY`` in this order (curl's). ``no_proxy`` and
``NO_PROXY`` say for whom none is used, wherever the proxy was named. ``host:port`` alone is an HTTP proxy, as
other programs read it. This very machine is always reached straight. A proxy is only ever asked for a tunnel
(CONNECT): what passes it is TLS that it cannot read, so no key and no password meets it in clear.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from workbench.core.errors import UsageError
from workbench.core.redact import Secret, visible

# What --proxy and config.toml say to go straight whatever the environment names.
DIRECT = "direct"
_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_PLAIN = ("http_proxy", "HTTP_PROXY")
_EXCEPTIONS = ("no_proxy", "NO_PROXY")
_NO_PORT = "its port is no number from 1 to 65535"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; ``tls`` where it is itself spoken to over TLS, ``source`` is what named it."""

    host: str
    port: int
    tls: bool = False
    login: str = ""
    password: Secret | None = None
    source: str = ""

    @property
    def url(self) -> str:
        """Return its address without login and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        return f"{visible(self.url, 200)} (from {self.source})" if self.source else visible(self.url, 200)

    def authorization(self) -> bytes:
        """Return the value of ``Proxy-Authorization``, empty where the address names nobody."""
        if not self.login and self.password is None:
            return b""
        word = self.password.reveal() if self.password is not None else ""
        return b"Basic " + base64.b64encode(f"{self.login}:{word}".encode())


@dataclass(frozen=True, slots=True)
class Named:
    """One place that names a proxy: whether it is used and, in words, why or why not. No value is repeated."""

    name: str
    used: bool
    why: str


@dataclass(frozen=True, slots=True)
class Routes:
    """The proxy for the world (None: straight), who is excepted, and every place that names a proxy."""

    proxy: Proxy | None = None
    excepted: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()

    def to(self, host: str, port: int) -> Proxy | None:
        """Return the proxy that a connection to a host goes through, None where it goes straight."""
        if self.proxy is None or is_loopback(host) or self.exception(host, port):
            return None
        return self.proxy

    def exception(self, host: str, port: int) -> str:
        """Return the exception that covers a host, ``""`` where none does."""
        return next((one for one in self.excepted if _covers(one, host.lower().rstrip("."), port)), "")

    def unused(self) -> str:
        """Return one sentence on what names a proxy and is not used, ``""`` where there is nothing to say."""
        left = [one for one in self.named if not one.used]
        return "; ".join(f"{one.name} is not used: {one.why}" for one in left)


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this very machine: the only place for plain HTTP."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def choose(
    environ: Mapping[str, str],
    *,
    asked: str | None = None,
    configured: str | None = None,
    excepted: Sequence[str] = (),
) -> Routes:
    """Return the routes: ``asked`` for on the command line, ``configured``, or named by the environment.

    ``excepted`` are the configuration's exceptions, beside the environment's. Raises UsageError where the
    command line or the configuration names no usable proxy; a variable that cannot be used is left alone and
    said in ``named``, since it may be meant for other programs.
    """
    exceptions = (*excepted, *_exceptions(environ))
    proxy: Proxy | None = None
    named: list[Named] = []
    decided = ""
    for name, value in (("--proxy", asked), ("config.toml", configured)):
        if not value:
            continue
        if decided:
            named.append(Named(name, False, f"{decided} goes before it"))
            continue
        decided = name
        if value.strip().lower() == DIRECT:
            named.append(Named(name, True, "no proxy is used"))
            continue
        proxy = parse(value, name)
        named.append(Named(name, True, f"{visible(proxy.url, 200)} is used"))
    for name in _VARIABLES:
        value = environ.get(name, "").strip()
        if not value:
            continue
        why = f"{decided} goes before it" if decided else _unusable(_with_scheme(value))
        if not why:
            decided, proxy = name, parse(_with_scheme(value), name)
            named.append(Named(name, True, f"{visible(proxy.url, 200)} is used"))
        else:
            named.append(Named(name, False, why))
    named += [
        Named(name, False, "it is for plain HTTP, which never leaves this machine")
        for name in _PLAIN
        if environ.get(name, "").strip()
    ]
    return Routes(proxy, exceptions, tuple(named))


def parse(address: str, source: str = "") -> Proxy:
    """Return a proxy from its address; raise UsageError where it is none. It may hold a password: never repeated.

    ``host:port`` is taken for ``http://host:port``. A word alone is none: it is likelier a mistyped ``direct``.
    """
    address = address.strip()
    bare = "://" not in address and not re.search(r":\d+/?$", address)
    address = _with_scheme(address)
    why = "it names no port" if bare else ""
    why = _unusable(address) or why
    if why:
        raise UsageError(
            f"The proxy{f' of {source}' if source else ''} is not named by an address: {why}.",
            "It looks like http://proxy.example.com:3128 or proxy.example.com:3128; direct means none.",
            "Correct the proxy setting.",
        )
    parts = urlsplit(address)
    tls = parts.scheme == "https"
    password = Secret(unquote(parts.password)) if parts.password else None
    return Proxy(
        (parts.hostname or "").lower(),
        parts.port or (443 if tls else 80),
        tls,
        unquote(parts.username or ""),
        password,
        source,
    )


def _unusable(address: str) -> str:
    """Return why an address names no proxy that can be used, ``""`` where it does."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        return _NO_PORT if str(error).startswith("Port") else "it cannot be read"
    if parts.scheme.startswith("socks"):
        return "it is a SOCKS proxy; only HTTP proxies that tunnel (CONNECT) are spoken to"
    if parts.scheme not in {"http", "https"}:
        return "its scheme is neither http nor https"
    if parts.port == 0:
        return _NO_PORT
    if not parts.hostname or re.search(r"[\s\x00-\x1f]", address):
        return "it names no host"
    return ""


def _with_scheme(value: str) -> str:
    # Variables often hold host:port alone; every other program reads that as http.
    return value if "://" in value else f"http://{value}"


def _exceptions(environ: Mapping[str, str]) -> tuple[str, ...]:
    value = next((environ[name] for name in _EXCEPTIONS if environ.get(name)), "")
    return tuple(part for part in re.split(r"[\s,]+", value.lower()) if part)


def _covers(pattern: str, host: str, port: int) -> bool:
    """Return whether one exception covers a host: ``*``, a domain with all below it, an address, a network."""
    pattern = pattern.strip().lower()
    if pattern == "*":
        return True
    named = re.fullmatch(r"(\[[^\]]*\]|[^:]*):(\d+)", pattern)
    if named is not None:
        if int(named[2]) != port:
            return False
        pattern = named[1]
    pattern = pattern.strip("[]")
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        pass  # One of them is a name: then the names are compared.
    bare = pattern.removeprefix("*").removeprefix(".").rstrip(".")
    return bool(bare) and (host == bare or host.endswith(f".{bare}"))
