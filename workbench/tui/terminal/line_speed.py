"""How fast the line to the terminal is, by the writes that waited for room; a terminal that stops is no slow line."""

from __future__ import annotations

# Seconds: a longer wait for a kilobyte is a stop (copy mode, a stopped process, a lost network), no slow line.
_STOP = 1.0
# After so long without a write, and with room, the line may have had nothing to do. Pictures are 16 ms apart.
_REST = 0.01
# What an estimate rests on at least: bytes, seconds.
_BYTES, _SECONDS = 2_000, 0.2


class LineSpeed:
    """Told of every write; ``rate`` is the bytes a second of the newest busy time, None while nothing ever waited.

    A busy time begins where a wait ends: only from then on is it known that the terminal reads. It goes on for as long
    as the line surely has something to carry, and what is taken without a wait in between counts: many terminals read
    in gulps.
    """

    def __init__(self) -> None:
        self.rate: float | None = None
        self._begun: float | None = None
        self._taken = self._since = 0
        self._ended = 0.0

    def wrote(self, size: int, began: float, ended: float, *, full: bool) -> None:
        """Take in one write of ``size`` bytes, in seconds of one clock; ``full``: there was no room when it began."""
        if not full and began - self._ended > _REST:
            self._begun = None
        self._ended = ended
        if not full:
            self._since += size
        elif self._begun is None or ended - began >= _STOP:
            self._begun, self._taken, self._since = ended, 0, 0
        else:
            self._taken, self._since = self._taken + self._since + size, 0
            if self._taken >= _BYTES and (seconds := ended - self._begun) > _SECONDS:
                self.rate = self._taken / seconds
