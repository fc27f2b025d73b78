"""Where the vendor's servers are: hosts and ports of the API, the storage hosts and SMTP submission."""

from __future__ import annotations

from typing import NamedTuple


class HostPort(NamedTuple):
    """A host name (or address) and a TCP port."""

    host: str
    port: int
