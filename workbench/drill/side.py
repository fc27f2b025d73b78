"""The drill's servers beside the API: SMTP submission, DNS, the leaky web site, repository and access logs.

``serve.py`` starts the HTTP API of the simulated account and calls :func:`start_side_servers` for the
rest. Everything runs on the caller's event loop; every port is chosen by the system unless told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class Listings(Protocol):
    """What the simulated blocklists hold at this moment."""

    def lookup(self, zone: str, subject: str) -> tuple[Sequence[str], str] | None:
        """Return the A codes and the TXT reason of ``subject`` (an address or a domain) in ``zone``, or None."""


class SideAccount(Protocol):
    """What the side servers ask of the simulated account."""

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

    @property
    def listings(self) -> Listings:
        """Return what the simulated blocklists hold."""


@dataclass(frozen=True)
class SideOptions:
    """How to start the side servers; port 0 lets the system choose."""

    seed: int = 1
    faults: str = ""
    smtp_us_port: int = 0
    smtp_eu_port: int = 0
    dns_port: int = 0
    web_port: int = 0
    soft_404: bool = False


@dataclass
class SideServers:
    """The running side servers, in the shape of the drill's ``endpoints`` document.

    ``smtp_us``, ``smtp_eu`` and ``dns`` are ``host:port``; ``web_url`` is ``http://host:port``.
    """

    smtp_us: str
    smtp_eu: str
    dns: str
    web_url: str
    web_root: Path
    repository: Path
    access_log: Path
    _running: list[Any] = field(default_factory=list, repr=False)

    async def close(self) -> None:
        """Stop every server and release its port."""
        for server in reversed(self._running):
            await server.close()
        self._running.clear()


async def start_side_servers(
    account: SideAccount, story: Any, folder: Path, options: SideOptions | None = None
) -> SideServers:
    """Start SMTP (both regions), DNS and the web site on loopback; write site, repository and logs below ``folder``.

    Files already there for the same story and seed are kept, so that a resumed drill shows what the
    operator already cleaned up. Raises OSError when a port asked for is taken.
    """
    raise NotImplementedError
