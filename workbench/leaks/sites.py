"""The operator's own sites, and what asking them shows."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.leaks import wordpress

_HOST = re.compile(
    r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)+|localhost"
)


@dataclass(frozen=True, slots=True)
class OwnSite:
    """A site the operator confirmed as theirs: scheme, host, port, and whether it is this very host."""

    origin: str
    host: str
    loopback: bool


@dataclass(frozen=True, slots=True)
class SiteExposure:
    """Something a site hands out. ``grade`` is P3 (a known secret in the body), P2 (its marker) or P1 (an
    answer of its own that needs an eye); ``proof`` names markers, never values; ``digest`` is the SHA-256 of
    what was read, 16 hex digits; ``todo`` says what to do.
    """

    site: str
    path: str
    kind: str
    grade: str
    proof: tuple[str, ...]
    status: int
    length: int
    digest: str
    at: str
    todo: str


@dataclass(slots=True)
class SiteReport:
    """What one site showed: exposures, answers to look at by hand, WordPress versions, every request made."""

    site: str
    exposures: list[SiteExposure] = field(default_factory=list)
    by_hand: list[SiteExposure] = field(default_factory=list)
    installed: list[wordpress.Installed] = field(default_factory=list)
    # Plugins of which the site says that it has none: without a version.
    not_installed: list[wordpress.Installed] = field(default_factory=list)
    vulnerable: list[wordpress.Vulnerable] = field(default_factory=list)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    usual_sizes: set[int] = field(default_factory=set)
    # What was not read, and where: (reason, path).
    unread: list[tuple[str, str]] = field(default_factory=list)
    # Names that a rule of the server denies to everybody, and answers that did tell something.
    denied: list[str] = field(default_factory=list)
    read: int = 0
    stopped: str = ""


def site(text: str) -> OwnSite:
    """Return the site an operator names: ``example.com``, ``https://example.com:8443``, an IP address.

    Raises UsageError for wildcards, ranges, paths, credentials, and plain HTTP to anything but loopback.
    """
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    loopback = host == "localhost" or (address is not None and address.is_loopback)
    named = address is not None or _HOST.fullmatch(host) is not None
    plain = parts.scheme == "http" and loopback
    if (
        not named
        or parts.username
        or parts.path not in ("", "/")
        or parts.query
        or not (plain or parts.scheme == "https")
    ):
        raise UsageError(
            f"This is no site that can be asked: {visible(text, 120).strip() or 'an empty name'}.",
            "One host is asked at a time, over verified TLS; plain HTTP goes only to this machine.",
            "Give one host name such as www.example.com.",
        )
    shown = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return OwnSite(f"{parts.scheme}://{shown}{port}", host, loopback)
