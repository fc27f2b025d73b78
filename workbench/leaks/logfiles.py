"""Access logs on disk: the file named, its rotated and compressed brothers, or every log of a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from workbench.core.redact import visible
from workbench.leaks.accesslog import LogReader
from workbench.leaks.model import LeakError
from workbench.leaks.packed import BombError, BrokenError, packing, unpacked

BLOCK = 4 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ACCESS = re.compile(
    r"(?i)access|other_vhosts|requests?\.log|ssl_request|\.log(?:[.-]\d.*)?(?:\.gz|\.xz|\.bz2)?$"
)
_NOT_ACCESS = re.compile(r"(?i)error|php|slow|mail|auth|syslog|kern|dpkg|debug|laravel")


def log_paths(path: Path) -> list[Path]:
    """Return the logs ``path`` stands for: itself with ``.1``, ``.2.gz``, ``-20261118`` …, or a folder's.

    Raises LeakError when there is none. Links are followed only for the path named itself.
    """
    if path.is_dir():
        names = [one for one in sorted(path.iterdir()) if one.is_file() and not one.is_symlink()]
        found = [one for one in names if _ACCESS.search(one.name) and not _NOT_ACCESS.search(one.name)]
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
        how = packing(head)
        blocks = _blocks(fd, head)
        reader.read(unpacked(blocks, how) if how in {"gzip", "bzip2", "xz"} else blocks, str(path))
    except BombError:
        reader.coverage.skip("log unpacks to more than any plausible size", visible(path))
    except (BrokenError, OSError):
        reader.coverage.skip("log damaged or cut short", visible(path))
    finally:
        os.close(fd)


def _blocks(fd: int, head: bytes) -> Iterator[bytes]:
    # Up to the size it has now: a live log grows while it is read.
    left = os.fstat(fd).st_size - len(head)
    yield head
    while left > 0 and (block := os.read(fd, min(BLOCK, left))):
        left -= len(block)
        yield block
