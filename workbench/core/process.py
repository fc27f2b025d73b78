"""What the operating system does for a process that holds secrets: no core dump, no attaching, locked pages.

Each protection is asked for and none is relied upon: SECURITY.md says what they cannot promise in Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import re
import resource
import sys
import weakref
from collections.abc import Mapping
from functools import cache

_PR_SET_DUMPABLE = 4  # prctl(2)
_PT_DENY_ATTACH = 31  # ptrace(2) of macOS
_MADV_DONTDUMP = 16  # madvise(2) of Linux
# Variables whose value is a secret, or leads to one. A child gets what it needs, and none of these.
_SECRET_NAMES = re.compile(r"(?i)secret|token|passw|passphrase|api_?key|credential|private_?key")


def protect() -> list[str]:
    """Forbid core dumps of this process and debuggers of the same user; return what was refused, in words.

    Without it a crash would write every password in memory to a file, and any program of the same user could
    read them (``/proc/PID/mem``, ptrace). Idempotent; a child that is executed begins without it.
    """
    refused = []
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        refused.append("core dumps could not be forbidden")
    try:
        if sys.platform == "linux" and _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            refused.append("attaching to this process could not be forbidden")
        elif sys.platform == "darwin":
            _libc().ptrace(_PT_DENY_ATTACH, 0, None, 0)
    except (OSError, AttributeError):
        refused.append("attaching to this process could not be forbidden")
    return refused


def child_environment(environ: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
    """Return the environment for a program we start: ours without what holds a secret, and ``more``."""
    held = os.environ if environ is None else environ
    return {name: value for name, value in held.items() if not _SECRET_NAMES.search(name)} | more


class LockedKey:
    """A key in a page of its own, kept out of swap and of dumps where the host allows; zeroed when dropped.

    ``value`` hands out a copy for the moment of a computation: that copy is ordinary memory.
    """

    __slots__ = ("__weakref__", "_page", "_size", "locked")

    def __init__(self, key: bytes) -> None:
        self._size = len(key)
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self.locked = _lock(self._page)  # Before the key is in it.
        self._page[: self._size] = key
        weakref.finalize(self, _wipe, self._page)

    def __repr__(self) -> str:
        return "LockedKey(••••)"

    def value(self) -> bytes:
        """Return a copy of the key; drop it as soon as the computation is done."""
        return self._page[: self._size]


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _lock(page: mmap.mmap) -> bool:
    with contextlib.suppress(OSError, ValueError):
        page.madvise(_MADV_DONTDUMP)
    view = ctypes.c_char.from_buffer(page)
    try:
        return bool(
            _libc().mlock(ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(mmap.PAGESIZE)) == 0
        )
    except (OSError, AttributeError):
        return False
    finally:
        del view  # A view that lives on would keep the page from being unmapped.


def _wipe(page: mmap.mmap) -> None:
    with contextlib.suppress(ValueError, BufferError):
        page[:] = bytes(len(page))
        page.close()
