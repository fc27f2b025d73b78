"""Whose request was it? The address of the client, never that of a proxy of one's own.

A proxy writes the client into a header, and so may anybody who likes to be taken for another: a header is believed
only where the connection came from a trusted proxy (a private range, or one the operator names), and then from its
right end, over further trusted proxies, to the first address that is not.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PORT = re.compile(r"^(?:\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|((?:\d{1,3}\.){3}\d{1,3}):\d{1,5})$")
# An address of which a part was taken out.
_MASKED = re.compile(r"\d{1,3}(?:\.(?:\d{1,3}|[xX*]{1,3})){3}")
_FOR = re.compile(r'(?i)^for="?([^";]+)"?')


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks the operator names (addresses or ranges). Raises ValueError for one that is none."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip())


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """Return the address in a field without port, brackets and quotes, ``""`` for a name or no address at all."""
    text = text.strip().strip('"').strip()
    if named := _FOR.match(text):
        text = named.group(1)
    if found := _PORT.match(text):
        text = found.group(1) or found.group(2)
    try:
        one = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(one, "ipv4_mapped", None)
    return str(mapped or one)


def client(remote: str, forwarded: Sequence[str], proxies: Sequence[Network] = ()) -> str:
    """Return the client's address, ``""`` where the log cannot tell it.

    ``remote`` is who connected, ``forwarded`` what the headers say, nearest proxy last; ``proxies`` are trusted
    beside the private ranges.
    """
    connected = plain_address(remote)
    chain = [address for text in forwarded for part in text.split(",") if (address := plain_address(part))]
    if connected and not _trusted(connected, proxies):
        return connected
    for address in reversed(chain):
        if not _trusted(address, proxies):
            return address
    if chain:
        return ""
    if not connected:
        if _MASKED.fullmatch(remote.strip()):
            return ""
        return remote.strip() if re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", remote.strip()) else ""
    # Nobody else is named: a visitor of the inner network, unless it is a proxy by the operator's own word; and this
    # very machine is who passes a request on.
    return (
        ""
        if ipaddress.ip_address(connected).is_loopback or any(_within(connected, one) for one in proxies)
        else connected
    )


def _trusted(address: str, proxies: Sequence[Network]) -> bool:
    return _inner(address) or any(_within(address, one) for one in proxies)


# Ranges of inner networks; the ranges kept for documentation are "private" to Python, and are nobody's proxy.
_INNER = networks(
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1",
        "fc00::/7",
        "fe80::/10",
    ]
)


def is_inner(text: str) -> bool:
    """Return whether a field holds an address of an inner network (or of this machine)."""
    address = plain_address(text)
    return bool(address) and _inner(address)


@lru_cache(maxsize=4096)
def _inner(address: str) -> bool:
    return any(_within(address, one) for one in _INNER)


def _within(address: str, network: Network) -> bool:
    one = ipaddress.ip_address(address)
    return one.version == network.version and one in network
