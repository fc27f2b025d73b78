"""Text out of documents that keep it otherwise: PDF streams, sheets whose cells lie apart, 7z archives.

Kept apart because each needs a library that nothing else in the search does.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from workbench.leaks.model import UnpackError
from workbench.leaks.packed import BrokenError

_MOST_PDF, _MOST_PAGES = 48 << 20, 1500
_MOST_7Z = 96 << 20
_MOST_PLIST = 16 << 20
_MOST_CELLS = 400_000


class TooMuchError(UnpackError):
    """A document or archive larger than is held in memory; the text says which."""


_STREAM = re.compile(rb"/FlateDecode[^\n]{0,400}?>>\s{0,8}stream\r?\n")
_MOST_STREAM, _MOST_STREAMS = 8 << 20, 20_000
# Pieces of one word in a page's own language: (ab) -20 (cd) as the parts of a shown text.
_KERNED = re.compile(rb"\)\s{0,4}-?[\d.]{0,8}\s{0,4}\(")


def pdf_streams(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield what the deflated streams of a PDF hold, damaged or not, each with its kerned words joined."""
    if size > _MOST_PDF:
        return
    source.seek(0)
    data = source.read()
    for number, found in enumerate(_STREAM.finditer(data)):
        if number >= _MOST_STREAMS:
            raise TooMuchError("PDF with more streams than are read")
        opened = zlib.decompressobj()
        try:
            plain = opened.decompress(data[found.end() : found.end() + _MOST_STREAM], _MOST_STREAM)
        except zlib.error:
            continue
        yield plain + b"\n"
        if b")" in plain and (joined := _KERNED.sub(b"", plain)) != plain:
            yield joined + b"\n"


# PostgreSQL's own form of a dump: a length with its sign before each piece of a table, which is one deflated stream.
_PIECE = re.compile(rb"\x00(?P<size>....)(?=x[\x01\x5e\x9c\xda])", re.DOTALL)
_MOST_PIECE, _WINDOW = 1 << 20, 4 << 20


def unread_tables(source: BinaryIO) -> str:
    """Return why the tables of a PostgreSQL dump are not read, ``""`` where they are deflated or plain."""
    source.seek(0)
    head = source.read(12)
    # Since version 1.15 of the form a byte says how: 2 is LZ4, 3 Zstandard.
    packed_otherwise = head[5:7] >= b"\x01\x0f" and head[11:12] in (b"\x02", b"\x03")
    return "PostgreSQL dump packed with LZ4 or Zstandard, its tables not read" if packed_otherwise else ""


def dump_tables(source: BinaryIO) -> Iterator[bytes]:
    """Yield the rows that a PostgreSQL dump keeps deflated, table by table; what is damaged is left out."""
    at = 0
    while True:
        source.seek(at)
        window = source.read(_WINDOW)
        found = _PIECE.search(window)
        if found is None:
            if len(window) < _WINDOW:
                return
            at += len(window) - 16
            continue
        source.seek(at + found.start())
        yield from _table(source)
        at = max(source.tell(), at + found.end())


def _table(source: BinaryIO) -> Iterator[bytes]:
    opened = zlib.decompressobj()
    while len(head := source.read(5)) == 5:
        size = int.from_bytes(head[1:], "little")
        if head[0] or not 0 < size <= _MOST_PIECE:
            break
        piece = source.read(size)
        try:
            while piece:
                yield opened.decompress(piece, _MOST_STREAM)
                piece = opened.unconsumed_tail
        except zlib.error:
            break
    yield b"\n"


def pdf(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the text of a PDF, page by page. Raises BrokenError when it cannot be read, TooMuchError for its size."""
    if size > _MOST_PDF:
        raise TooMuchError("PDF larger than is read, its text not searched")
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        source.seek(0)
        reader = PdfReader(source)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BrokenError
        for number, page in enumerate(reader.pages):
            if number >= _MOST_PAGES:
                raise TooMuchError("PDF with more pages than are read")
            yield page.extract_text().encode("utf-8", "replace") + b"\n"
    except (
        # What a hostile file makes the library raise; its own errors and those of what it is built on.
        PyPdfError, zlib.error, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
        RecursionError, NotImplementedError, AssertionError, EOFError, OSError, ImportError,
    ) as error:  # fmt: skip
        raise BrokenError from error


def plist(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield a binary property list in its XML form, whose names stand beside their values; nothing if it is none.

    The binary form keeps all names first and all values after them. Its bytes are searched as they are in any case.
    """
    import plistlib

    if size > _MOST_PLIST:
        raise TooMuchError("binary property list larger than is read")
    source.seek(0)
    try:
        yield plistlib.dumps(plistlib.loads(source.read()))
    except (plistlib.InvalidFileException, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return


def seven_zip(source: BinaryIO, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file in a 7z archive, held whole in memory.

    Raises BrokenError for one that is damaged or encrypted, TooMuchError for one that unpacks to too much.
    """
    import lzma

    from py7zr import SevenZipFile
    from py7zr.exceptions import ArchiveError
    from py7zr.io import BytesIOFactory

    try:
        source.seek(0)
        with SevenZipFile(source) as archive:
            if archive.needs_password():
                raise BrokenError
            total = sum(one.uncompressed for one in archive.list())
            if total > _MOST_7Z or total > max(size, 1 << 12) * 2000:
                raise TooMuchError("7z archive that unpacks to more than is held")
            factory = BytesIOFactory(_MOST_7Z)
            archive.extractall(factory=factory)
            for name, one in factory.products.items():
                one.seek(0)
                yield name, one.read()
    except (
        ArchiveError, lzma.LZMAError, zlib.error, struct.error, ValueError, LookupError, TypeError, AttributeError,
        EOFError, OSError, RuntimeError, MemoryError, AssertionError,
    ) as error:  # fmt: skip
        raise BrokenError from error


_SHARED = re.compile(rb"<si\b[^>]*>(.*?)</si>", re.DOTALL)
_TEXT = re.compile(rb"<t\b[^>]*>([^<]*)</t>")
_ROW = re.compile(rb"<row\b[^>]*>(.*?)</row>", re.DOTALL)
_CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_NUMBER = re.compile(rb"<v>([^<]*)</v>")


def tables(parts: dict[str, bytes]) -> bytes:
    """Return the sheets of a workbook as lines of cells parted by tabs; ``parts`` are its XML files by name."""
    shared = [
        b"".join(_TEXT.findall(one))
        for name, data in parts.items()
        if "sharedStrings" in name
        for one in _SHARED.findall(data)
    ]
    lines: list[bytes] = []
    cells = 0
    for name, data in sorted(parts.items()):
        if "sharedStrings" in name:
            continue
        for row in _ROW.findall(data):
            line = [_cell(about, body, shared) for about, body in _CELL.findall(row)]
            cells += len(line)
            lines.append(b"\t".join(line))
            if cells > _MOST_CELLS:
                break
    # A workbook without its sheets is still a list of texts.
    text = b"\n".join(lines or shared)
    for named, plain in (
        (b"&lt;", b"<"),
        (b"&gt;", b">"),
        (b"&quot;", b'"'),
        (b"&apos;", b"'"),
        (b"&amp;", b"&"),
    ):
        text = text.replace(named, plain)
    return text + b"\n"


def _cell(about: bytes, body: bytes, shared: list[bytes]) -> bytes:
    if b't="inlineStr"' in about or not (number := _NUMBER.search(body)):
        return b"".join(_TEXT.findall(body))
    value = number.group(1)
    if b't="s"' in about and value.isdigit() and int(value) < len(shared):
        return shared[int(value)]
    return value
