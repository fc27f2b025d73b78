"""Compressed files, opened without trusting them: bounded output, bounded ratio, bounded memory.

A zip bomb turns a kilobyte into gigabytes; a reader here stops at a ratio and a size no log reaches and says so.
What is one stream lies here, and zip archives; ``archives`` opens archives inside archives with it.
"""

from __future__ import annotations

import bz2
import importlib.util
import lzma
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import cache
from typing import BinaryIO, Protocol

from workbench.leaks.model import UnpackError

BLOCK = 1 << 20
# Text logs compress 1:20, the dullest about 1:120; deflate's ceiling is 1:1032.
MOST_RATIO = 250
FREE_OUTPUT = 64 << 20
MOST_OUTPUT = 4 << 30
MOST_MEMBERS = 60_000
_MOST_DIRECTORY = 16 << 20
_LZMA_MEMORY = 80 << 20

_ZSTD_WINDOW = 64 << 20
_ZSTD_PIECE = 1024
GZIP, BZIP2, XZ, ZIP = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
_MAGIC = (
    (GZIP, "gzip"),
    (BZIP2, "bzip2"),
    (XZ, "xz"),
    (ZIP, "zip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"%PDF-", "pdf"),
    (b"bplist00", "plist"),
    (b"!<arch>\n", "ar"),
    (b"PGDMP", "pgdump"),
)
BROTLI = ".br"
# What no text holds: a text in Breton may be called .br too.
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")
# One stream of bytes after the other, as opposed to archives with members.
STREAMS = frozenset({"gzip", "bzip2", "xz", "lzma", "zstd", "lz4", "brotli"})


class BombError(UnpackError):
    """The output grew past every plausible ratio or size; what came before it was searched."""


class BrokenError(UnpackError):
    """The compressed data is damaged, encrypted or of an unknown method; what came before it was searched."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...


class _Bounded(_Decompressor, Protocol):
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Unbounded(_Decompressor, Protocol):
    def decompress(self, data: bytes) -> bytes: ...


def packing(head: bytes, name: str = "") -> str:
    """Return how a file is packed by its first bytes: one of STREAMS, zip, 7z, tar, pdf, plist or nothing.

    Brotli has no first bytes of its own: only the ``name`` of the file tells it.
    """
    for magic, how in _MAGIC:
        if head.startswith(magic):
            return how
    if head[257:262] == b"ustar":
        return "tar"
    # The old form of xz has no magic: its properties byte, a dictionary of a usual size, a length that may be.
    if head[:3] == b"]\0\0" and len(head) > 13 and (head[5:13] == b"\xff" * 8 or head[9:13] == b"\0" * 4):
        return "lzma"
    return "brotli" if name.endswith(BROTLI) and _CONTROL.search(head) else ""


# Which library opens what Python's own does not; a bare install is without them.
_LIBRARIES = {"zstd": "zstandard", "lz4": "lz4", "brotli": "brotli", "7z": "py7zr", "pdf": "pypdf"}
_CALLED = {
    "zstd": "Zstandard file",
    "lz4": "LZ4 file",
    "brotli": "Brotli file",
    "7z": "7z archive",
    "pdf": "text of a PDF",
}


@cache
def lacking(how: str) -> str:
    """Return why something packed in this way is not opened here, ``""`` where it is: its library is not installed."""
    library = _LIBRARIES.get(how)
    if library is None or importlib.util.find_spec(library) is not None:
        return ""
    return f"{_CALLED[how]}, not read: type {sys.executable} -m pip install 'mailgun-workbench[archives]'"


def unpacked(blocks: Iterable[bytes], how: str) -> Iterator[bytes]:
    """Yield the decompressed blocks of a stream (STREAMS), several members one after the other.

    Raises BombError when the bounds are passed and BrokenError when the data is damaged or cut short.
    """
    source = iter(blocks)
    taken = given = 0
    pending = b""
    try:
        while True:
            if not pending:
                pending = next(source, b"")
                taken += len(pending)
            if not pending.strip(b"\0"):
                return
            one = _Member(how)
            while not one.eof:
                out = one.feed(pending)
                pending = b""
                given += len(out)
                if given > MOST_OUTPUT or (given > FREE_OUTPUT and given > taken * MOST_RATIO):
                    raise BombError
                if out:
                    yield out
                elif not one.eof:
                    pending = next(source, b"")
                    taken += len(pending)
                    if not pending:
                        raise BrokenError
            pending = one.rest
    except _damage(how) as error:
        raise BrokenError from error


def _damage(how: str) -> tuple[type[Exception], ...]:
    """Return what damaged data raises; the libraries behind it are only imported where they are needed."""
    usual = (zlib.error, lzma.LZMAError, OSError, EOFError, MemoryError, ValueError)
    if how == "zstd":
        from zstandard import ZstdError

        return (*usual, ZstdError)
    if how == "brotli":
        from brotli import error as brotli_error

        return (*usual, brotli_error)
    return (*usual, RuntimeError) if how == "lz4" else usual


class _Brotli:
    """Brotli's decompressor behind the interface of the others; it is one stream, and nothing may follow it."""

    unused_data = None

    def __init__(self) -> None:
        from brotli import Decompressor

        self._one = Decompressor()

    @property
    def eof(self) -> bool:
        ended: bool = self._one.is_finished()
        return ended

    def decompress(self, data: bytes, max_length: int = BLOCK) -> bytes:
        out: bytes = self._one.process(data, output_buffer_limit=max_length)
        return out


class _Member:
    """One compressed member behind one interface, whichever of the formats it has."""

    def __init__(self, how: str) -> None:
        self._deflate = zlib.decompressobj(31) if how == "gzip" else None
        self._other: _Bounded | None = None
        self._whole: _Unbounded | None = None
        if how == "bzip2":
            self._other = bz2.BZ2Decompressor()
        elif how in ("xz", "lzma"):
            form = lzma.FORMAT_XZ if how == "xz" else lzma.FORMAT_ALONE
            self._other = lzma.LZMADecompressor(form, memlimit=_LZMA_MEMORY)
        elif how == "lz4":
            from lz4.frame import LZ4FrameDecompressor

            self._other = LZ4FrameDecompressor()  # type: ignore[no-untyped-call]
        elif how == "brotli":
            self._other = _Brotli()
        elif how == "zstd":
            from zstandard import ZstdDecompressor

            self._whole = ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._queue = self._trailing = b""

    @property
    def eof(self) -> bool:
        """Whether the member ended."""
        one: _Decompressor | None = self._deflate or self._other or self._whole
        return (one is None or one.eof) and not self._queue

    @property
    def rest(self) -> bytes:
        """What follows the member in the input already fed."""
        one: _Decompressor | None = self._deflate or self._other or self._whole
        return ((one.unused_data or b"") if one else b"") + self._trailing

    def feed(self, data: bytes) -> bytes:
        """Return some output, at most a few blocks; feed ``b""`` to go on with input already given."""
        if self._deflate is not None:
            return self._deflate.decompress(self._deflate.unconsumed_tail + data, BLOCK)
        if self._other is not None:
            return self._other.decompress(data, BLOCK)
        if self._whole is None:
            return b""
        # This library bounds no output: a little input at a time does, at its ceiling of 128 kB a block.
        self._queue += data
        out = b""
        while self._queue and not out and not self._whole.eof:
            piece, self._queue = self._queue[:_ZSTD_PIECE], self._queue[_ZSTD_PIECE:]
            out = self._whole.decompress(piece)
        if self._whole.eof:
            self._trailing, self._queue = self._queue, b""
        return out


def members(file: BinaryIO, size: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield name and decompressed blocks of each file in a zip archive of ``size`` bytes.

    Raises BrokenError for an archive that cannot be read and BombError when its directory or output is out of bounds;
    the blocks of a member raise the same.
    """
    if _directory_size(file, size) > _MOST_DIRECTORY:
        raise BombError
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise BrokenError from error
    with archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise BombError
        budget = [0]
        for info in infos:
            if not info.is_dir():
                yield info.filename, _member(archive, info, size, budget)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, budget: list[int]) -> Iterator[bytes]:
    try:
        with archive.open(info) as source:
            while block := source.read(BLOCK):
                budget[0] += len(block)
                if budget[0] > MOST_OUTPUT or (budget[0] > FREE_OUTPUT and budget[0] > size * MOST_RATIO):
                    raise BombError
                yield block
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        OSError,
        EOFError,
        RuntimeError,  # encrypted members; NotImplementedError (unknown method) is one too
        ValueError,
        struct.error,
    ) as error:
        raise BrokenError from error


def _directory_size(file: BinaryIO, size: int) -> int:
    """Return the size the archive's end record claims for its directory, before anything is loaded."""
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 20:
        raise BrokenError
    claimed: int = struct.unpack_from("<L", tail, at + 12)[0]
    return claimed


# What a value in base64 may open to where it holds something packed: a Helm release, an attachment.
_MOST_INLINE = 8 << 20


def opened(data: bytes) -> bytes:
    """Return what a packed value decoded from text holds, gzip or zip, bounded; any other value as it is.

    Damage and bombs end it early: what came before is returned.
    """
    if data.startswith(GZIP):
        try:
            return zlib.decompressobj(31).decompress(data, _MOST_INLINE)
        except zlib.error:
            return data
    parts: list[bytes] = []
    left, at = _MOST_INLINE, 0
    # Member by member from the front: an encoded archive is often cut short, and then has no directory.
    while data[at : at + 4] == ZIP and len(data) > at + 30 and left > 0:
        method, size, names, extra = (
            *struct.unpack_from("<H", data, at + 8),
            *struct.unpack_from("<L4xHH", data, at + 18),
        )
        parts.append(data[at + 30 : at + 30 + names])
        at += 30 + names + extra
        if method == 0:
            parts.append(data[at : at + min(size, left)])
        elif method == zipfile.ZIP_DEFLATED:
            one = zlib.decompressobj(-15)
            try:
                parts.append(one.decompress(data[at:], left))
            except zlib.error:
                break
            size = size or len(data) - at - len(one.unused_data)
        left -= len(parts[-1])
        at += size
    return b"\n".join(parts) if parts else data


_AR_HEADER = 60


def ar_members(blocks: Iterator[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in an ar archive (a Debian package, a static library), held whole.

    Raises BrokenError for one that is damaged and BombError for a member larger than is held.
    """
    buffer = b""

    def need(size: int) -> bool:
        nonlocal buffer
        while len(buffer) < size and (block := next(blocks, b"")):
            buffer += block
        return len(buffer) >= size

    need(8)
    buffer = buffer[8:]
    while need(_AR_HEADER):
        name, size = buffer[:16].strip(b" /").decode("ascii", "replace"), buffer[48:58].strip()
        if buffer[58:60] != b"`\n" or not size.isdigit():
            raise BrokenError
        length = int(size)
        if length > FREE_OUTPUT:
            raise BombError
        if not need(_AR_HEADER + length):
            raise BrokenError
        yield name, buffer[_AR_HEADER : _AR_HEADER + length]
        buffer = buffer[_AR_HEADER + length :]
        if length % 2 and need(1):
            buffer = buffer[1:]
