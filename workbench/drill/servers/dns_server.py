"""The drill's DNS server: blocklist zones over UDP and TCP on one loopback port, nothing else.

Zones answer as RFC 5782 says (A for the code, TXT for the reason, test entries); what is listed comes from
the simulated account. Every other name does not exist. Zones can misbehave, for tests and for show.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from workbench.core.registered_names import registrable
from workbench.drill.servers.dns_zones import DnsZone, ZoneContents, catalogue_zones

PARKED = "198.51.100.199"  # documentation range: where a parked zone sends everybody
BLOCKED = "127.255.255.254"


class DnsServer:
    """Answers for ``zones`` (by default the catalogue's) from ``listings``; ``asked`` counts the queries.

    ``texts`` are TXT records of other names, in lower case, such as ``_dmarc.acme.example``. Every registered name
    is a zone of its own unless ``apexes`` is false: so answers a resolver that knows nobody's domain.
    """

    def __init__(self, listings: ZoneContents | None = None, zones: Iterable[DnsZone] | None = None) -> None:
        self.listings = listings
        self.zones: dict[str, DnsZone] = {
            zone.name: zone for zone in (catalogue_zones() if zones is None else zones)
        }
        self.texts: dict[str, str] = {}
        self.apexes = True
        self.asked: Counter[tuple[str, str]] = Counter()
        self.port = 0
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, zone: DnsZone) -> None:
        """Serve one more zone, or serve it differently from now on."""
        self.zones[zone.name] = zone

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1, UDP and TCP on the same port, and return it. Raises OSError."""
        loop = asyncio.get_running_loop()
        for attempt in range(8):
            self._tcp = await asyncio.start_server(self._client, "127.0.0.1", port, backlog=256)
            self.port = int(self._tcp.sockets[0].getsockname()[1])
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=("127.0.0.1", self.port)
                )
            except OSError:
                # The free TCP port is somebody's UDP port: let the system choose another.
                self._tcp.close()
                if port or attempt == 7:
                    raise
                continue
            break
        return self.port

    async def close(self) -> None:
        """Stop listening and forget what is still to be answered."""
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def datagram(self, data: bytes, peer: Any, transport: asyncio.DatagramTransport) -> None:
        """Answer one UDP packet, at once or after the zone's delay."""
        for delay, packet in self.answer(data, udp=True):
            if not delay:
                transport.sendto(packet, peer)
                continue
            task = asyncio.create_task(_later(delay, transport, packet, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def answer(self, data: bytes, *, udp: bool) -> list[tuple[float, bytes]]:
        """Return the packets to send for a query, each with its delay in seconds; none for no answer."""
        try:
            query = dns.message.from_wire(data)
        except (dns.exception.DNSException, ValueError):
            return []
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            return []
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked[(name, kind)] += 1
        zone, labels = self._zone(name)
        response = dns.message.make_response(query)
        if kind == "TXT" and name in self.texts:
            response.answer.append(
                dns.rrset.from_text(question.name, 60, dns.rdataclass.IN, "TXT", f'"{self.texts[name]}"')
            )
            return [(0.0, response.to_wire())]
        if zone is None:
            # Every registered name of the world is a zone of its own, whatever stands in it.
            if kind == "SOA" and self.apexes and name == registrable(name):
                response.answer.append(_start_of_authority(name, 60))
            else:
                response.set_rcode(dns.rcode.NXDOMAIN)
            return [(0.0, response.to_wire())]
        if zone.behaviour == "silent":
            return []
        if zone.behaviour == "garbled":
            return [(zone.delay, data[:2] + b"\x80\x00\xff\xff")]
        if zone.behaviour in {"servfail", "refused"}:
            response.set_rcode(dns.rcode.SERVFAIL if zone.behaviour == "servfail" else dns.rcode.REFUSED)
            return [(zone.delay, response.to_wire())]
        response.flags |= dns.flags.AA
        if zone.behaviour == "truncated" and udp:
            response.flags |= dns.flags.TC
            return [(zone.delay, response.to_wire())]
        self._fill(response, zone, labels, question)
        packets = [(zone.delay, response.to_wire())]
        if zone.behaviour == "spoofed" and udp:
            packets.insert(0, (zone.delay, self._lie(data)))
        return packets

    def _zone(self, name: str) -> tuple[DnsZone | None, Sequence[str]]:
        labels = name.split(".")
        for cut in range(len(labels)):
            zone = self.zones.get(".".join(labels[cut:]))
            if zone is not None:
                return zone, labels[:cut]
        return None, labels

    def _fill(
        self, response: dns.message.Message, zone: DnsZone, labels: Sequence[str], question: dns.rrset.RRset
    ) -> None:
        found = self._look(zone, labels, question)
        if found is None:
            if labels:
                response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(_start_of_authority(zone.name, zone.ttl))
            return
        codes, reason = found
        if question.rdtype == dns.rdatatype.A:
            response.answer.append(
                dns.rrset.from_text(question.name, zone.ttl, dns.rdataclass.IN, "A", *codes)
            )
        elif question.rdtype == dns.rdatatype.TXT and reason:
            safe = reason.replace("\\", "\\\\").replace('"', '\\"')[:255]
            response.answer.append(
                dns.rrset.from_text(question.name, zone.ttl, dns.rdataclass.IN, "TXT", f'"{safe}"')
            )

    def _look(
        self, zone: DnsZone, labels: Sequence[str], question: dns.rrset.RRset
    ) -> tuple[Sequence[str], str] | None:
        if not labels:
            return None
        if zone.behaviour == "wildcard":
            return (zone.test_code,), "listed"
        if zone.behaviour == "blocked":
            return (BLOCKED,), "Error: open resolver"
        if zone.behaviour == "outside":
            return (PARKED,), "this domain is for sale"
        found = zone.find(labels, self.listings)
        if zone.behaviour == "contradicting" and found is not None:
            asked = self.asked[(question.name.to_text(omit_final_dot=True).lower(), "A")]
            return found if asked % 2 else None
        return found

    def _lie(self, data: bytes) -> bytes:
        """Return an answer that says *not there* under another id, as somebody guessing would send."""
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.NXDOMAIN)
        response.id = (query.id + 1) & 0xFFFF
        return bytes(response.to_wire())

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        self._tasks.add(task)
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                for delay, packet in self.answer(await reader.readexactly(size), udp=False):
                    if delay:
                        await asyncio.sleep(delay)
                    writer.write(len(packet).to_bytes(2, "big") + packet)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            # The client has what it came for, or the server closes: either way this connection is over.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)


@lru_cache(maxsize=1_000)
def _start_of_authority(name: str, ttl: int) -> dns.rrset.RRset:
    """Return a zone's SOA record, by which *not listed* may be kept: reading its text is half of an answer's cost."""
    soa = f"ns.{name}. hostmaster.{name}. 1 3600 600 86400 {ttl}"
    return dns.rrset.from_text(f"{name}.", ttl, "IN", "SOA", soa)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: the selector loop's transport is no subclass of DatagramTransport in 3.11.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if self._transport is not None:
            self._server.datagram(data, addr, self._transport)


async def _later(delay: float, transport: asyncio.DatagramTransport, packet: bytes, peer: Any) -> None:
    await asyncio.sleep(delay)
    transport.sendto(packet, peer)
