"""Search a stream of any length in bounded memory: blocks with a carried tail, each match reported once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from workbench.leaks.model import Match, UnpackError
from workbench.leaks.patterns import Scanner

BLOCK = 4 << 20
# What is held back at the end of a block until more is known of its right side, and what is carried over
# for context on the left. Both exceed the widest window of the scanner.
_HOLD = 4096
_CARRY = 4096


def scan_blocks(blocks: Iterable[bytes], scanner: Scanner) -> Iterator[Match]:
    """Yield every match in the concatenation of ``blocks``; ``start`` and ``line`` count from its beginning.

    Memory stays below a few blocks however long the stream is. An error of ``blocks`` itself is raised after
    what came before it was searched.
    """
    failure: UnpackError | OSError | None = None
    buffer = b""
    origin = line = settled = 0
    source = iter(blocks)
    while True:
        try:
            block = next(source, b"")
        except (UnpackError, OSError) as error:
            failure = error
            break
        if not block:
            break
        buffer += block
        if len(buffer) < BLOCK:
            continue
        limit = origin + len(buffer) - _HOLD
        yield from _between(scanner.scan(buffer), origin, line, settled, limit)
        settled = limit
        keep = len(buffer) - _HOLD - _CARRY
        line += buffer.count(b"\n", 0, keep)
        origin += keep
        buffer = buffer[keep:]
    if buffer:
        yield from _between(scanner.scan(buffer), origin, line, settled, origin + len(buffer) + 1)
    if failure is not None:
        raise failure


def _between(matches: list[Match], origin: int, line: int, first: int, limit: int) -> Iterator[Match]:
    for match in matches:
        if first <= match.start + origin < limit:
            yield replace(match, start=match.start + origin, line=match.line + line)
