"""A UDP proxy in a process of its own: arguments PORT TARGET DELAY_MS LOSE_EVERY [SILENT ZONE…].

Each client address gets a socket of its own towards the target, so that ids never collide.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from collections import deque

BUFFER = 1 << 22
Address = tuple[str, int]


def wire_name(zone: str) -> bytes:
    """Return a zone's labels as they stand in a query."""
    return b"".join(bytes([len(label)]) + label for label in zone.encode().split(b"."))


def main() -> None:
    """Pass datagrams to and fro until the process is ended."""
    port, target = int(sys.argv[1]), int(sys.argv[2])
    delay, lose_every = float(sys.argv[3]) / 1000, int(sys.argv[4])
    silent = [wire_name(zone) for zone in sys.argv[5:]]
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    front.bind(("127.0.0.1", port))
    front.setblocking(False)
    poll = select.epoll()
    poll.register(front.fileno(), select.EPOLLIN)
    towards: dict[Address, socket.socket] = {}
    back: dict[int, tuple[socket.socket, Address]] = {}
    held: deque[tuple[float, bytes, Address]] = deque()
    answers = 0
    while True:
        pause = max(0.0, held[0][0] - time.monotonic()) if held else -1
        for number, _ in poll.poll(pause):
            if number == front.fileno():
                for data, client in received(front):
                    if any(zone in data for zone in silent):
                        continue
                    if client not in towards:
                        upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                        upstream.connect(("127.0.0.1", target))
                        upstream.setblocking(False)
                        poll.register(upstream.fileno(), select.EPOLLIN)
                        towards[client] = upstream
                        back[upstream.fileno()] = (upstream, client)
                    towards[client].send(data)
            else:
                upstream, client = back[number]
                due = time.monotonic() + delay
                for data, _ in received(upstream):
                    answers += 1
                    if not lose_every or answers % lose_every:
                        held.append((due, data, client))
        now = time.monotonic()
        while held and held[0][0] <= now:
            _, data, client = held.popleft()
            front.sendto(data, client)


def received(source: socket.socket) -> list[tuple[bytes, Address]]:
    """Return the datagrams that wait at a socket."""
    found: list[tuple[bytes, Address]] = []
    while True:
        try:
            found.append(source.recvfrom(4096))
        except (BlockingIOError, ConnectionRefusedError):
            return found


if __name__ == "__main__":
    main()
