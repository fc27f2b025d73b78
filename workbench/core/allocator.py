"""What is freed goes back to the system, also after a block of 32 MB; what stays is not looked through for garbage.

glibc learns from what is freed: once a large block was, blocks up to its size come from the heap instead of being
mapped each on its own, and the heap's end is given back only when twice as much of it is free (mallopt(3),
``M_MMAP_THRESHOLD``). The word lists that judge a passphrase are such blocks, and scrypt frees 32 MB at every unlock of
the vault. From then on, whatever a reading needed at its height would stay with the process for good.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
from functools import cache

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h
_MAPPED_FROM = 128 * 1024  # bytes; what glibc begins with


@cache
def keep_thresholds() -> bool:
    """Have glibc keep the thresholds that it begins with; return whether it does (another C library has none).

    All threads share one heap besides: the interpreter lets one of them allocate at a time, and what each keeps free in
    a heap of its own, where modules are loaded for example, no other thread uses.
    """
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.mallopt(_M_ARENA_MAX, 1)) and bool(libc.mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM))
    except (OSError, AttributeError):
        return False


def look_seldom() -> None:
    """Have Python look for cycles seldom: they are few here, and the usual looks cost a fifteenth of the processor.

    The second look comes after every third first one, at some 15,000 things: after ten it took 17 to 45 ms of a cut, in
    which no key was answered. All of it is looked through as seldom as it would be after a hundred first ones.
    """
    gc.set_threshold(5_000, 2, 33)


def give_back() -> None:
    """Have glibc give back whole pages that are free between others: a large reading leaves a megabyte of them."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def leave_alone() -> None:
    """Have the looks for cycles leave alone whatever is there by now, because it stays.

    A look through everything takes a tenth of a second and more, in which no key is answered.
    """
    gc.freeze()
