"""Which server is asked: the one the operator names, or the host's own."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from workbench.core.errors import HostError, UsageError
from workbench.core.redact import visible

# resolv.conf(5): at most three name servers count, and without any the local machine is asked.
_MOST_SERVERS = 3


@dataclass(frozen=True, slots=True)
class ResolverAddress:
    """A DNS server: a numeric address and a port."""

    host: str
    port: int = 53

    @classmethod
    def parse(cls, text: str) -> ResolverAddress:
        """Return the server that ``192.0.2.53``, ``192.0.2.53:5353`` or ``[::1]:5353`` names."""
        stripped = text.strip()
        host, port = stripped, "53"
        if stripped.startswith("["):
            host, _, rest = stripped[1:].partition("]")
            port = rest.removeprefix(":") or "53"
        elif stripped.count(":") == 1:
            host, _, port = stripped.partition(":")
        try:
            ipaddress.ip_address(host)
            number = int(port)
        except ValueError:
            number = 0
        if not 1 <= number <= 65535:
            raise UsageError(
                f"“{visible(text, 80)}” is not a DNS server.",
                "A numeric address is needed, with a port where it is not 53.",
                "For example --resolver 192.0.2.53 or --resolver [::1]:5353.",
            )
        return cls(host, number)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 53 else f"{host}:{self.port}"


def system_resolvers(path: Path = Path("/etc/resolv.conf")) -> tuple[ResolverAddress, ...]:
    """Return the host's DNS servers in their order (resolv.conf); raise HostError where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    except OSError as error:
        raise HostError(
            f"The host's list of DNS servers cannot be read ({error.strerror}).",
            "Without a DNS server no blocklist can be asked.",
            "Name a server with --resolver.",
        ) from error
    servers = []
    for line in lines:
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver":
            try:
                ipaddress.ip_address(words[1])
            except ValueError:
                continue
            servers.append(ResolverAddress(words[1]))
    return tuple(servers[:_MOST_SERVERS]) or (ResolverAddress("127.0.0.1"),)
