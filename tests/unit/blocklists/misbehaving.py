"""A DNS server on loopback whose every answer a test decides: UDP and TCP on one port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from workbench.blocklists.resolvers import ResolverAddress

Sent = list[tuple[float, bytes]]
Behaviour = Callable[[dns.message.Message, int], Sent]


def nxdomain(query: dns.message.Message) -> bytes:
    """Return a plain NXDOMAIN."""
    return code(query, dns.rcode.NXDOMAIN)


def code(query: dns.message.Message, rcode: dns.rcode.Rcode) -> bytes:
    """Return an empty answer with an rcode."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(rcode)
    return response.to_wire()


def listed(query: dns.message.Message, *addresses: str, ttl: int = 300, text: str = "because") -> bytes:
    """Return A records (or the reason, where TXT is asked)."""
    question = query.question[0]
    response = dns.message.make_response(query, recursion_available=True)
    if question.rdtype == dns.rdatatype.TXT:
        response.answer.append(dns.rrset.from_text(question.name, ttl, "IN", "TXT", f'"{text}"'))
    else:
        response.answer.append(dns.rrset.from_text(question.name, ttl, "IN", "A", *addresses))
    return response.to_wire()


def truncated(query: dns.message.Message) -> bytes:
    """Return an empty answer marked as cut short."""
    response = dns.message.make_response(query, recursion_available=True)
    response.flags |= dns.flags.TC
    return response.to_wire()


def healthy(query: dns.message.Message) -> bytes | None:
    """Return the answer a sound list gives to the RFC 5782 test entries; None for any other name."""
    name = query.question[0].name.to_text()
    if name.startswith(("2.0.0.127.", "test.")):
        return listed(query, "127.0.0.2")
    if name.startswith(("1.0.0.127.", "invalid.")):
        return nxdomain(query)
    return None


class Misbehaving:
    """The server. ``udp`` and ``tcp`` map (query, how often this name and type was asked) to what is sent.

    A UDP behaviour returns (delay in seconds, datagram) pairs, so it can answer twice, late or never. The
    test entries are answered soundly unless ``sound_tests`` is False.
    """

    def __init__(self) -> None:
        self.udp: Behaviour = lambda query, _: [(0, nxdomain(query))]
        self.tcp: Callable[[dns.message.Message], bytes] | None = None
        self.sound_tests = True
        self.asked: Counter[tuple[str, str]] = Counter()
        self.log: list[tuple[float, str, str]] = []
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    @property
    def address(self) -> ResolverAddress:
        """Return where it listens."""
        assert self._udp is not None
        host, port = self._udp.get_extra_info("sockname")[:2]
        return ResolverAddress(host, port)

    async def start(self) -> None:
        """Listen on a free port, UDP and TCP."""
        while self._udp is None:
            self._tcp = await asyncio.start_server(self._serve_tcp, "127.0.0.1", 0)
            with contextlib.suppress(OSError):  # Free for TCP it may be somebody's for UDP: then another.
                await self._listen(self._tcp.sockets[0].getsockname()[1])
            if self._udp is None:
                self._tcp.close()
                await self._tcp.wait_closed()

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), ("127.0.0.1", port))

    async def stop(self) -> None:
        """Close everything."""
        assert self._udp is not None and self._tcp is not None
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()
        self._stranger.close()

    def from_a_stranger(self, data: bytes, to: tuple[str, int]) -> None:
        """Send a datagram from another address than the server's."""
        self._stranger.sendto(data, to)

    def received(self, data: bytes, client: tuple[str, int]) -> None:
        """Take one query and send what the behaviour says."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        self.asked[name, kind] += 1
        loop = asyncio.get_running_loop()
        self.log.append((loop.time(), name, kind))
        sound = healthy(query) if self.sound_tests else None
        answers = [(0.0, sound)] if sound is not None else self.udp(query, self.asked[name, kind])
        self.client = client
        for delay, answer in answers:
            if delay:
                loop.call_later(delay, self._send, answer, client)
            else:
                self._send(answer, client)

    def _send(self, data: bytes, client: tuple[str, int]) -> None:
        if self._udp is not None and not self._udp.is_closing():
            self._udp.sendto(data, client)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(2), "big")
        query = dns.message.from_wire(await reader.readexactly(size))
        if self.tcp is not None:
            data = self.tcp(query)
            writer.write(len(data).to_bytes(2, "big") + data)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Misbehaving) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.received(data, addr)
