"""Access logs on disk: the file named, its rotated and compressed brothers, or every log of a folder."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from workbench.core.redact import visible
from workbench.leaks.accesslog import LogReader
from workbench.leaks.logline import parse
from workbench.leaks.model import LeakError, SearchCoverage
from workbench.leaks.packed import STREAMS, BombError, BrokenError, lacking, packing, unpacked

BLOCK = 4 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ACCESS = re.compile(
    r"(?i)access|other_vhosts|requests?\.log|ssl_request|\.log(?:[.-]\d.*)?(?:\.gz|\.xz|\.bz2)?$"
)
_NOT_ACCESS = re.compile(r"(?i)error|php|slow|mail|auth|syslog|kern|dpkg|debug|laravel")


def log_paths(path: Path, coverage: SearchCoverage | None = None) -> list[Path]:
    """Return the logs ``path`` stands for: itself with ``.1``, ``.2.gz``, ``-20261118`` …, or a folder's.

    In a folder, and in the folders below it, the names of access logs are taken as they are; other files by what
    their first lines are. What is left out is told to ``coverage``. Raises LeakError when there is none. Links are
    followed only for the path named itself.
    """
    if path.is_dir():
        found = _in_folder(path, coverage or SearchCoverage())
    elif path.is_file():
        brothers = re.compile(re.escape(path.name) + r"[.-][\w.-]+")
        found = [path] + [
            one
            for one in sorted(path.parent.iterdir())
            if brothers.fullmatch(one.name) and one.is_file() and not one.is_symlink()
        ]
    else:
        found = []
    if not found:
        raise LeakError(
            f"{visible(path)} holds no access log.",
            "Nothing can be said of who fetched what.",
            "Name the log file or its folder; on shared hosting it is often ~/logs or ~/access-logs.",
        )
    return found


_DEEPEST, _MOST_LOGS = 6, 5000


def _in_folder(path: Path, coverage: SearchCoverage) -> list[Path]:
    found: list[Path] = []
    for name, folders, files in os.walk(path, followlinks=False):
        folders.sort()
        if len(Path(name).relative_to(path).parts) >= _DEEPEST and folders:
            coverage.skip("folders of logs nested too deep", visible(Path(name, folders[0])))
            folders.clear()
        for one in (Path(name, file) for file in sorted(files)):
            if one.is_symlink() or not one.is_file():
                coverage.skip("symbolic link or no regular file, not read as a log", visible(one), gap=False)
            elif len(found) >= _MOST_LOGS:
                coverage.skip("more logs than are read", visible(one))
            elif (_ACCESS.search(one.name) and not _NOT_ACCESS.search(one.name)) or _looks_like_access(one):
                found.append(one)
            else:
                coverage.skip("file that is no access log by its first lines", visible(one), gap=False)
    return found


def _looks_like_access(path: Path) -> bool:
    """Whether any of a file's first lines is a request, whatever the file is called."""
    try:
        with path.open("rb") as file:
            head = file.read(1 << 16)
        how = packing(head, path.name)
        if lacking(how):
            return True  # Nobody can tell: it is named as not read.
        if how in STREAMS:
            head = next(unpacked(iter((head,)), how), b"")
    except (OSError, BombError, BrokenError):
        return False
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.replace(b"\0", b"")
    if b"#Fields:" in head:
        return True
    return any(parse(line) is not None for line in head[:16_384].split(b"\n")[:20] if line)


def read_log(path: Path, reader: LogReader) -> None:
    """Read one log file into ``reader``, compressed or not; what cannot be read is counted there."""
    try:
        fd = os.open(path.resolve(), _FLAGS)
    except OSError as error:
        reader.coverage.skip(f"log not readable: {error.strerror}", visible(path))
        return
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            reader.coverage.skip("log is not a regular file", visible(path))
            return
        head = os.read(fd, BLOCK)
        how = packing(head, path.name)
        if lacks := lacking(how):
            reader.coverage.skip(lacks, visible(path))
            return
        blocks = _blocks(fd, head)
        reader.read(_as_utf8(unpacked(blocks, how) if how in STREAMS else blocks), str(path))
    except BombError:
        reader.coverage.skip("log unpacks to more than any plausible size", visible(path))
    except (BrokenError, OSError):
        reader.coverage.skip("log damaged or cut short", visible(path))
    finally:
        os.close(fd)


def _as_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield blocks of UTF-16 with its mark as UTF-8; anything else as it is, without a byte order mark."""
    first = next(blocks, b"")
    wide = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(first[:2])
    marked = wide is not None
    if not marked and first[:64].count(b"\0") >= 16:
        # Without its mark: which half of each character is empty tells the order.
        wide = "utf-16-be" if first[:64:2].count(b"\0") > first[1:64:2].count(b"\0") else "utf-16-le"
    if wide is None:
        yield first.removeprefix(b"\xef\xbb\xbf")
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    yield decoder.decode(first[2:] if marked else first).encode()
    for block in blocks:
        yield decoder.decode(block).encode()


def _blocks(fd: int, head: bytes) -> Iterator[bytes]:
    # Up to the size it has now: a live log grows while it is read.
    left = os.fstat(fd).st_size - len(head)
    yield head
    while left > 0 and (block := os.read(fd, min(BLOCK, left))):
        left -= len(block)
        yield block
