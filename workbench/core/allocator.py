"""What is freed goes back to the system, also after a block of 32 MB.

glibc learns from what is freed: once a large block was, blocks up to its size come from the heap instead of being
mapped each on its own, and the heap's end is given back only when twice as much of it is free (mallopt(3),
``M_MMAP_THRESHOLD``). The word lists that judge a passphrase are such blocks, and scrypt frees 32 MB at every unlock of
the vault. From then on, whatever a reading needed at its height would stay with the process for good.
"""

from __future__ import annotations

import ctypes
from functools import cache

_M_MMAP_THRESHOLD = -3  # malloc.h
_MAPPED_FROM = 128 * 1024  # bytes; what glibc begins with


@cache
def keep_thresholds() -> bool:
    """Have glibc keep the thresholds that it begins with; return whether it does (another C library has none)."""
    try:
        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM))
    except (OSError, AttributeError):
        return False
