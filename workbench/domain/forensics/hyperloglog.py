"""How many different ones, without keeping them: HyperLogLog with 1,024 registers, about 3 % off."""

from __future__ import annotations

import math
from collections.abc import Iterable

_BITS = 10
_SIZE = 1 << _BITS
_SHIFT = 64 - _BITS
# Few are counted exactly: the estimate is poor there, and a small number will be read as exact.
_EXACT = 256


class Distinct:
    """Counts different texts in constant memory: exact up to 256, then about 3 % off."""

    __slots__ = ("_few", "_registers")

    def __init__(self) -> None:
        self._few: set[int] | None = set()
        self._registers: bytearray | None = None

    def add(self, text: str) -> None:
        """Take one text in."""
        # The builtin hash is salted per process but well mixed; only counts leave this object.
        self._put(hash(text) & 0xFFFFFFFFFFFFFFFF)

    def _put(self, value: int) -> None:
        if self._few is not None:
            self._few.add(value)
            if len(self._few) <= _EXACT:
                return
            few, self._few = self._few, None
            self._registers = bytearray(_SIZE)
            for held in few:
                self._register(held)
            return
        self._register(value)

    def _register(self, value: int) -> None:
        registers = self._registers
        if registers is None:
            return
        # SipHash is fine, but multiply once more so that the top bits depend on all of it.
        value = (value * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        place = value >> _SHIFT
        rank = _SHIFT - (value & ((1 << _SHIFT) - 1)).bit_length() + 1
        if rank > registers[place]:
            registers[place] = rank

    @property
    def exact(self) -> bool:
        """Return whether the count is exact."""
        return self._few is not None

    @property
    def count(self) -> int:
        """Return how many different texts were added."""
        if self._few is not None:
            return len(self._few)
        assert self._registers is not None  # noqa: S101 - one of the two always stands
        return _estimate(self._registers)

    @classmethod
    def union(cls, parts: Iterable[Distinct]) -> Distinct:
        """Return what counts the texts of all parts, each once."""
        whole = cls()
        registers = bytearray(_SIZE)
        exact: set[int] | None = set()
        for part in parts:
            if part._few is not None:
                if exact is not None:
                    exact |= part._few
                keep, whole._registers = whole._registers, registers
                for value in part._few:
                    whole._register(value)
                whole._registers = keep
            elif part._registers is not None:
                exact = None
                registers = bytearray(map(max, registers, part._registers))
        if exact is not None and len(exact) <= _EXACT:
            whole._few = exact
        else:
            whole._few, whole._registers = None, registers
        return whole


def _estimate(registers: bytearray) -> int:
    alpha = 0.7213 / (1 + 1.079 / _SIZE)
    raw = alpha * _SIZE * _SIZE / sum(2.0**-rank for rank in registers)
    empty = registers.count(0)
    if raw <= 2.5 * _SIZE and empty:
        return round(_SIZE * math.log(_SIZE / empty))
    return round(raw)
