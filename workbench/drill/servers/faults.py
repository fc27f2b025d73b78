"""Network and server faults on demand: rules, and a TCP proxy that puts them in front of an HTTP server.

The proxy reads just enough HTTP/1.1 to know a request's method and path and where it ends, asks the rules
what shall go wrong with it, and passes everything else on byte for byte. The rules can be changed while it
runs. With one seed and one order of requests, the same requests fail.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.core.clock import Clock, SystemClock
from workbench.core.errors import UsageError
from workbench.drill.servers.wire import HttpMessage, WireError, read_request, read_response

Kind = Literal["refuse", "reset-before", "reset-after", "stall", "truncate", "cut", "html", "status", "slow"]

PORTAL = (
    b"<!DOCTYPE html><html><head><title>Guest network</title></head>"
    b"<body><h1>Welcome</h1><p>Please accept the terms to go online.</p></body></html>"
)
# Bodies as the vendor words them where that is recorded (dossier C): the real 401 is plain text.
BODIES: dict[int, tuple[str, bytes]] = {
    401: ("text/plain", b"Forbidden"),
    403: ("application/json", b'{"message":"Forbidden"}'),
    404: ("application/json", b'{"message":"Not found"}'),
    409: ("application/json", b'{"message":"Conflict"}'),
    429: ("application/json", b'{"message":"Too Many Requests"}'),
}
REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(frozen=True)
class Fault:
    """What goes wrong.

    ``refuse`` closes the listening port for ``seconds`` (0: until :meth:`FaultProxy.accept`);
    ``reset-before`` resets without passing the request on; ``reset-after`` lets the server act and resets
    before its answer; ``stall`` sends half the answer and then nothing for ``seconds`` (0: until the client
    gives up); ``truncate`` promises the whole answer and closes half-way; ``cut`` sends half of it under a
    length that fits, so that only the JSON is broken; ``html`` answers a captive portal with 200;
    ``status`` answers ``status`` with ``body`` and ``headers`` (``acted``: after the server acted); ``slow``
    holds the request for ``seconds``.
    """

    kind: Kind
    seconds: float = 0.0
    status: int = 503
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    acted: bool = False


@dataclass(frozen=True)
class FaultMatch:
    """Which requests a rule is about; an empty field matches every request.

    ``path`` is a regular expression searched in path and query; ``nth`` picks only the n-th request that
    matches so far (from 1); ``probability`` is drawn from the proxy's seeded generator.
    """

    method: str = ""
    path: str = ""
    nth: int = 0
    probability: float = 1.0


@dataclass
class FaultRule:
    """A fault for the requests that match: at most ``times`` of them (None: no end), ``burst`` in a row."""

    match: FaultMatch
    fault: Fault
    times: int | None = 1
    burst: int = 1
    seen: int = 0
    hits: int = 0
    _owed: int = field(default=0, init=False)

    def strikes(self, method: str, target: str, rng: random.Random) -> bool:
        """Return whether this request is struck, and count it."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.match.method and self.match.method.upper() != method:
            return False
        if self.match.path and not re.search(self.match.path, target):
            return False
        self.seen += 1
        if self._owed:
            self._owed -= 1
        elif (self.match.nth and self.seen != self.match.nth) or rng.random() >= self.match.probability:
            return False
        else:
            self._owed = self.burst - 1
        self.hits += 1
        return True


def parse_faults(text: str) -> list[FaultRule]:
    """Return the rules of ``--faults``: ``name[*burst][:probability]`` separated by commas.

    Names: refuse, reset-before, reset-after, stall, truncate, cut, html, slow or slow-SECONDS, status-CODE,
    status-429-bare (no retry fields). Names beginning with ``smtp-`` belong to the SMTP servers and are
    skipped here. Without a probability every request is struck. Raises UsageError for anything else.
    """
    return [
        FaultRule(FaultMatch(probability=probability), _fault(name, part), times=None, burst=burst)
        for part, name, burst, probability in fault_terms(text)
        if not name.startswith("smtp-")
    ]


def fault_terms(text: str) -> list[tuple[str, str, int, float]]:
    """Return (term, name, burst, probability) for each term of ``--faults``. Raises UsageError."""
    terms: list[tuple[str, str, int, float]] = []
    for part in (piece.strip() for piece in text.split(",")):
        if not part:
            continue
        match = re.fullmatch(r"([a-z][a-z0-9.-]*)(?:\*([1-9]\d{0,3}))?(?::(\d*\.?\d+))?", part)
        probability = float(match[3]) if match and match[3] else 1.0
        if match is None or probability > 1.0:
            raise _unknown(part)
        terms.append((part, match[1], int(match[2] or 1), probability))
    return terms


def _fault(name: str, part: str) -> Fault:
    if name in {"reset-before", "reset-after", "stall", "truncate", "cut", "html"}:
        return Fault(name)  # type: ignore[arg-type]
    if name == "refuse":
        return Fault("refuse", seconds=1.0)
    if match := re.fullmatch(r"slow(?:-(\d*\.?\d+))?", name):
        return Fault("slow", seconds=float(match[1] or 2.0))
    if name == "status-429":
        # Dossier C: the three vocabularies of the vendor; the reset is in epoch milliseconds.
        return Fault("status", status=429, body=b'{"retry-seconds": 1}', headers={"Retry-After": "1"})
    if name == "status-429-bare":
        return Fault("status", status=429)
    match = re.fullmatch(r"status-([45]\d\d)", name)
    if match is None:
        raise _unknown(part)
    return Fault("status", status=int(match[1]))


def _unknown(part: str) -> UsageError:
    return UsageError(
        f"--faults does not know {part!r}.",
        "A fault is a name, perhaps *burst, perhaps :probability between 0 and 1.",
        "Example: --faults reset-after:0.05,status-503*3:0.1,slow-2:0.2,smtp-454:0.1",
    )


class FaultProxy:
    """A proxy on loopback in front of ``upstream`` (host, port) that lets the rules spoil requests.

    ``rules`` is a plain list: change it at any time. ``log`` holds (method, target, what happened) for each
    request, in order, ``ok`` where nothing was spoilt.
    """

    def __init__(
        self,
        upstream: tuple[str, int],
        rules: Iterable[FaultRule] = (),
        *,
        seed: int = 1,
        clock: Clock | None = None,
    ) -> None:
        self.upstream = upstream
        self.rules: list[FaultRule] = list(rules)
        self.log: list[tuple[str, str, str]] = []
        self.port = 0
        self._random = random.Random(seed)
        self._clock = clock or SystemClock()
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._reopening: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1 and return the port."""
        self.port = port
        await self.accept()
        return self.port

    async def accept(self) -> None:
        """Listen (again) on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._client, "127.0.0.1", self.port, backlog=256)
            self.port = int(self._server.sockets[0].getsockname()[1])

    async def refuse(self) -> None:
        """Close the listening port: new connections are refused until :meth:`accept`; open ones live on."""
        if self._server is not None:
            server, self._server = self._server, None
            server.close()

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._reopening is not None:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
        await self.refuse()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in a task
        self._clients.add(task)
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            upstream = await asyncio.open_connection(*self.upstream)
            while await self._exchange(reader, writer, *upstream):
                pass
        except (WireError, OSError):
            # Either side went away or spoke no HTTP: as a real network would, drop the other side too.
            reset(writer)
        except asyncio.CancelledError:
            # The proxy closes. asyncio's own callback would report a cancelled connection as an error.
            reset(writer)
        finally:
            writer.close()
            if upstream is not None:
                upstream[1].close()
            self._clients.discard(task)

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> bool:
        """Pass one request and its answer on, spoilt where a rule says so; return whether to go on."""
        request = await read_request(reader)
        if request is None:
            return False
        method, target = request.method, request.target
        fault = self._pick(method, target)
        self.log.append((method, target, "ok" if fault is None else fault.kind))
        if fault is not None and fault.kind == "slow":
            await self._clock.sleep(fault.seconds)
            fault = None
        if fault is not None and not _reaches_server(fault):
            return await self._spoil(fault, reader, writer, None)
        up_writer.write(request.raw)
        await up_writer.drain()
        answer = await read_response(up_reader, method)
        if fault is not None:
            return await self._spoil(fault, reader, writer, answer)
        writer.write(answer.raw)
        await writer.drain()
        return answer.keep_alive and request.keep_alive

    def _pick(self, method: str, target: str) -> Fault | None:
        for rule in self.rules:
            if rule.strikes(method, target, self._random):
                return rule.fault
        return None

    async def _spoil(
        self,
        fault: Fault,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: HttpMessage | None,
    ) -> bool:
        if fault.kind == "refuse":
            await self.refuse()
            reset(writer)
            # One timer only: a second request struck meanwhile must not leave another behind.
            if fault.seconds and (self._reopening is None or self._reopening.done()):
                self._reopening = asyncio.create_task(self._reopen(fault.seconds))
            return False
        if fault.kind in {"html", "status"}:
            writer.write(_answer(fault))
            await writer.drain()
            return True
        if answer is not None and fault.kind == "cut":
            writer.write(_cut(answer))
            await writer.drain()
            return answer.keep_alive
        if answer is not None and fault.kind in {"stall", "truncate"}:
            half = len(answer.head) + max(0, len(answer.raw) - len(answer.head)) // 2
            writer.write(answer.raw[:half])
            await writer.drain()
            if fault.kind == "truncate":
                writer.close()
                return False
            if fault.seconds:
                await self._clock.sleep(fault.seconds)
            else:
                await reader.read(-1)
        reset(writer)
        return False

    async def _reopen(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self.accept()


def _reaches_server(fault: Fault) -> bool:
    if fault.kind == "status":
        return fault.acted
    return fault.kind in {"reset-after", "stall", "truncate", "cut"}


def _cut(answer: HttpMessage) -> bytes:
    """Return the answer with half its body, under headers that say so."""
    body = answer.raw[len(answer.head) :]
    half = body[: len(body) // 2]
    head = re.sub(rb"(?im)^(content-length|transfer-encoding):[^\r]*\r\n", b"", answer.head[:-2])
    return head + b"Content-Length: %d\r\n\r\n" % len(half) + half


def _answer(fault: Fault) -> bytes:
    if fault.kind == "html":
        status, kind, body = 200, "text/html; charset=utf-8", PORTAL
    else:
        status = fault.status
        kind, body = BODIES.get(status, ("application/json", b'{"message":"Internal Server Error"}'))
        body = body if fault.body is None else fault.body
    lines = {"Content-Type": kind, "Content-Length": str(len(body)), **fault.headers}
    head = f"HTTP/1.1 {status} {REASONS.get(status, 'OK')}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode("latin-1") + b"\r\n" + body


def reset(writer: asyncio.StreamWriter) -> None:
    """Drop a connection with RST instead of FIN: what a client sees as *connection reset by peer*."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() != -1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def strike(
    fault: Fault, *, method: str = "", path: str = "", nth: int = 0, times: int | None = 1
) -> FaultRule:
    """Return a rule in one line, for tests: ``proxy.rules.append(strike(Fault("html"), path="/v4/"))``."""
    return FaultRule(FaultMatch(method=method, path=path, nth=nth), fault, times=times)


__all__: Sequence[str] = (
    "Fault",
    "FaultMatch",
    "FaultProxy",
    "FaultRule",
    "fault_terms",
    "parse_faults",
    "reset",
    "strike",
)
