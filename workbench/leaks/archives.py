"""Archives inside archives, and documents: every stream of bytes a file holds, under bounds that nest.

One budget covers a whole file however its parts are packed, so that a bomb inside an archive inside an archive ends
like a plain one. What is not opened (an encrypted member, a format nobody here reads, too deep, too large) is told by
name, so that silence about it is never taken for a clean bill.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO, BinaryIO

from workbench.leaks.model import UnpackError
from workbench.leaks.packed import (
    BROTLI,
    MOST_OUTPUT,
    STREAMS,
    BombError,
    BrokenError,
    ar_members,
    lacking,
    members,
    packing,
    unpacked,
)

# How deep archives may nest, and how large one that needs to be held whole (zip, 7z, PDF inside another) may be.
DEEPEST = 6
LARGEST_HELD = 64 << 20
_MOST_MEMBERS = 60_000
Skip = Callable[[str, str], None]
"""Receives why something was left out, and its path inside the file."""

# Packed or encrypted in a way that nothing here opens: first bytes, and what to call it.
_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"Rar!\x1a\x07", "RAR archive, not opened"),
    (b"\x1f\x9d", "compress (.Z) file, not opened"),
    (b"LZIP", "lzip file, not opened"),
    (b"\xed\xab\xee\xdb", "RPM package, not opened"),
    (b"MSCF", "CAB archive, not opened"),
    (b"hsqs", "squashfs image, not opened"),
    (b"KDMV", "disk image, not opened"),
    (b"QFI\xfb", "disk image, not opened"),
    (b"Salted__", "encrypted file, not opened"),
    (b"LUKS\xba\xbe", "encrypted disk, not opened"),
    (b"\x03\xd9\xa2\x9a", "KeePass database, not opened"),
    (b"-----BEGIN PGP MESSAGE", "PGP message, not opened"),
    (b"ENCRYPTED\0", "encrypted file, not opened"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document, its text only read as bytes"),
)
_FIRST_BYTES = frozenset(magic[0] for magic, _ in _UNREAD)


def unread(head: bytes) -> str:
    """Return what a file is that nothing here opens, ``""`` for everything else."""
    if not head or head[0] not in _FIRST_BYTES:
        return ""
    return next((name for magic, name in _UNREAD if head.startswith(magic)), "")


class Opener:
    """Opens one file: yields every stream of bytes in it, however deep. ``skip`` is told what is left out."""

    def __init__(self, skip: Skip) -> None:
        self._skip = skip
        self._given = 0
        self._members = 0

    def leaves(
        self,
        blocks: Iterator[bytes],
        inside: str = "",
        depth: int = 0,
        file: tuple[BinaryIO, int] | None = None,
        name: str = "",
    ) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield path inside the file and blocks of each stream; each must be read before the next is asked for.

        ``file`` is the open file itself with its size, for formats that need to seek, ``name`` what it is called.
        Raises BombError when the budget of the whole file is used up; reading the blocks raises it and BrokenError.
        """
        head = next(blocks, b"")
        while len(head) < 512 and (more := next(blocks, b"")):
            head += more
        how = packing(head, name or inside)
        whole = chain((head,), blocks)
        if not how:
            if depth and (called := unread(head)):
                self._skip(called, inside)
            yield inside, whole
            return
        if depth >= DEEPEST:
            self._skip("archives nested too deep", inside)
            return
        if (lacks := lacking(how)) and how != "pdf":
            self._skip(lacks, inside)
            return
        if how in STREAMS:
            within = inside.removesuffix(BROTLI) or how
            yield from self.leaves(self._counted(unpacked(whole, how)), within, depth + 1)
        elif how == "tar":
            yield from self._tar(whole, inside, depth)
        elif how == "ar":
            for name, data in ar_members(whole):
                self._member()
                yield from self.leaves(self._counted(iter((data,))), _joined(inside, name), depth + 1)
        else:
            yield from self._seeking(how, whole, inside, depth, file)

    def _counted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._given += len(block)
            if self._given > MOST_OUTPUT:
                raise BombError
            yield block

    def _member(self) -> None:
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise BombError

    def _tar(self, blocks: Iterator[bytes], inside: str, depth: int) -> Iterator[tuple[str, Iterator[bytes]]]:
        try:
            with tarfile.open(fileobj=_BlockReader(blocks), mode="r|") as archive:
                for info in archive:
                    self._member()
                    source = archive.extractfile(info) if info.isreg() else None
                    if source is not None:
                        yield from self.leaves(_pieces(source), _joined(inside, info.name), depth + 1)
        except (tarfile.TarError, EOFError, ValueError, OSError) as error:
            raise BrokenError from error

    def _seeking(
        self, how: str, blocks: Iterator[bytes], inside: str, depth: int, file: tuple[BinaryIO, int] | None
    ) -> Iterator[tuple[str, Iterator[bytes]]]:
        held = file or self._held(blocks, inside)
        if held is None:
            return
        source, size = held
        if how == "zip":
            yield from self._zip(source, size, inside, depth)
            return
        from workbench.leaks import texts

        try:
            if how == "plist":
                source.seek(0)
                yield inside, _pieces(source)
                yield _joined(inside, "values"), texts.plist(source, size)
            elif how == "pdf":
                source.seek(0)
                yield inside, _pieces(source)
                yield _joined(inside, "streams"), self._counted(texts.pdf_streams(source, size))
                if lacks := lacking(how):
                    self._skip(lacks, inside)
                else:
                    yield _joined(inside, "text"), texts.pdf(source, size)
            elif how == "pgdump":
                source.seek(0)
                yield inside, _pieces(source)
                if lacks := texts.unread_tables(source):
                    self._skip(lacks, inside)
                else:
                    yield _joined(inside, "tables"), self._counted(texts.dump_tables(source))
            else:
                for name, data in texts.seven_zip(source, size):
                    self._member()
                    yield from self.leaves(self._counted(iter((data,))), _joined(inside, name), depth + 1)
        except texts.TooMuchError as error:
            self._skip(str(error), inside)

    def _zip(
        self, source: BinaryIO, size: int, inside: str, depth: int
    ) -> Iterator[tuple[str, Iterator[bytes]]]:
        sheets: dict[str, bytes] = {}
        for name, blocks in members(source, size):
            self._member()
            counted = self._counted(blocks)
            if (
                name.startswith("xl/")
                and name.endswith(".xml")
                and ("sharedStrings" in name or "/sheet" in name)
            ):
                counted = _kept(counted, sheets, name)
            try:
                yield from self.leaves(counted, _joined(inside, name), depth + 1)
            except BrokenError:
                self._skip("archive member damaged or encrypted", _joined(inside, name))
        if sheets:
            from workbench.leaks import texts

            yield _joined(inside, "xl/worksheets"), iter((texts.tables(sheets),))

    def _held(self, blocks: Iterator[bytes], inside: str) -> tuple[BinaryIO, int] | None:
        """Read an archive inside another whole, None where it is larger than may be held."""
        out = io.BytesIO()
        for block in blocks:
            if out.tell() + len(block) > LARGEST_HELD:
                self._skip("archive inside another one, too large to be opened", inside)
                return None
            out.write(block)
        return out, out.tell()


def _kept(blocks: Iterator[bytes], kept: dict[str, bytes], name: str) -> Iterator[bytes]:
    """Pass blocks on and keep them too, up to what a sheet may take."""
    size = 0
    for block in blocks:
        size += len(block)
        if size <= 8 << 20:
            kept[name] = kept.get(name, b"") + block
        yield block


def _joined(inside: str, name: str) -> str:
    return f"{inside}/{name}" if inside else name


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while block := source.read(1 << 20):
        yield block


class _BlockReader(io.RawIOBase):
    """Blocks read like a file, for a reader that never seeks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes; all that is left for a negative size is never asked for."""
        parts = []
        left = max(size, 0)
        while left:
            if not self._rest:
                try:
                    self._rest = memoryview(next(self._blocks, b""))
                except UnpackError as error:
                    # tarfile takes an error of the system for the end of a damaged archive, others it lets through.
                    raise OSError(str(error)) from error
                if not self._rest:
                    break
            parts.append(bytes(self._rest[:left]))
            self._rest = self._rest[left:]
            left -= len(parts[-1])
        return b"".join(parts)
