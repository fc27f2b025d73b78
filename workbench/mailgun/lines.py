"""What the pool sends calls through: a line carries one call at a time, and says how it broke where it did."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

Headers = Sequence[tuple[bytes, bytes]]
# How zlib is told which of its forms an answer is packed in.
_PACKED = {b"gzip": 16 + zlib.MAX_WBITS, b"x-gzip": 16 + zlib.MAX_WBITS, b"deflate": zlib.MAX_WBITS}


class NotReached(Exception):
    """Nothing was sent: nobody answered, nobody to trust, or (``by_proxy``) a proxy that let nothing through."""

    def __init__(self, reason: str, *, by_proxy: bool = False) -> None:
        super().__init__(reason)
        self.by_proxy = by_proxy


class Broken(Exception):
    """The call may have arrived; ``status`` is the answer's that had begun, None where none had."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class TooMuch(Exception):
    """The answer was larger than anybody wanted to read."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Asked(NamedTuple):
    """One call as it is sent: ``server`` is a base address, ``target`` a quoted path with its query."""

    method: str
    server: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Reply(NamedTuple):
    """What answered: status, headers as they came, the body unpacked."""

    status: int
    headers: Headers
    body: bytes


class Carrier(Protocol):
    """A line of one connection."""

    async def exchange(self, asked: Asked, most: int) -> Reply:
        """Return what answers, its body of at most so many bytes. Raises NotReached, Broken and TooMuch."""

    async def aclose(self) -> None:
        """Close the connection."""


class Body:
    """The body of an answer as it comes: unpacked, and given up as soon as it is too large."""

    __slots__ = ("_most", "_parts", "_size", "_status", "_unpacker")

    def __init__(self, status: int, headers: Headers, most: int) -> None:
        coding = next((value for name, value in headers if name.lower() == b"content-encoding"), b"")
        form = _PACKED.get(coding.strip().lower())
        self._unpacker = zlib.decompressobj(form) if form is not None else None
        self._parts: list[bytes] = []
        self._size, self._most, self._status = 0, most, status

    def add(self, part: bytes) -> None:
        """Take in the next piece. Raises TooMuch, and Broken where it cannot be unpacked."""
        if self._unpacker is not None:
            try:
                # One byte more than is wanted: however tightly it is packed, no more is ever unpacked.
                part = self._unpacker.decompress(part, self._most - self._size + 1)
            except zlib.error as wrong:
                raise Broken(str(wrong), self._status) from wrong
        self._size += len(part)
        if self._size > self._most:
            raise TooMuch(self._status)
        self._parts.append(part)

    def whole(self) -> bytes:
        """Return all of it. Raises Broken where it was packed and its end is missing."""
        if self._unpacker is not None and self._parts and not self._unpacker.eof:
            raise Broken("the packed answer has no end", self._status)
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
