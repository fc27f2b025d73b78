"""How fast the line is held to be: what it carries, however it reads, and never what a terminal that stopped took."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.tui.terminal.writer import CHUNK, TerminalWriter

ROOM = 4 * CHUNK  # what this terminal's buffer holds
SLOWLY = 8_000.0
FOR_EVER = 1e9


class Line:
    """A terminal on a clock of its own: a buffer, and what reads it: ``reads(moment)`` bytes by that moment in all.

    It stands in for ``os``, ``select`` and ``time`` in the writer.
    """

    def __init__(self, reads: Callable[[float], float]) -> None:
        self.now = 0.0
        self.reads = reads
        self.held = 0.0
        self._read_at = 0.0
        self.writer = TerminalWriter(0, lambda stopped: None)

    def monotonic(self) -> float:
        """Return this clock's time."""
        return self.now

    def write(self, fd: int, data: memoryview) -> int:
        """Take it all, once there is room for it; the clock moves by what that took."""
        del fd
        self.passed(0.0002)
        while self.held + len(data) > ROOM:
            self.passed(0.001)
        self.held += len(data)
        return len(data)

    def select(
        self, read: object, write: object, error: object, timeout: float = 0
    ) -> tuple[object, object, object]:
        """Return the descriptor where there is room."""
        del read, error, timeout
        return (), write if self.held + CHUNK <= ROOM else (), ()

    def passed(self, seconds: float) -> None:
        """Let time pass, in which the terminal reads."""
        self.now += seconds
        taken = self.reads(self.now) - self.reads(self._read_at)
        self._read_at = self.now
        self.held = max(0.0, self.held - taken)

    def paints(self, size: int) -> None:
        """Have a picture of so many bytes written."""
        self.writer._write(b"x" * size)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[float], float]], Line]:
    """Return what makes a line and puts it between the writer and the terminal."""

    def made(reads: Callable[[float], float]) -> Line:
        it = Line(reads)
        for name in ("os", "select", "time"):
            monkeypatch.setattr(f"workbench.tui.terminal.writer.{name}", it)
        return it

    return made


Made = Callable[[Callable[[float], float]], Line]


def stops(begin: float, end: float, then: float, before: float = FOR_EVER) -> Callable[[float], float]:
    """Return a terminal that reads at one speed, not at all for a while, and then at another."""
    return lambda now: before * min(now, begin) + then * max(0.0, now - end)


def test_a_slow_line_is_known_by_its_first_large_picture(line: Made) -> None:
    it = line(lambda now: SLOWLY * now)
    it.paints(ROOM + 8 * CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.05)


@pytest.mark.parametrize("gulp", [2_048, 4_096])
def test_one_that_reads_in_gulps_is_as_fast_as_what_it_reads(line: Made, gulp: int) -> None:
    it = line(lambda now: gulp * int(now * SLOWLY / gulp))
    it.paints(ROOM + 20 * CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.2)


def test_small_pictures_one_behind_the_other_tell_it_too(line: Made) -> None:
    it = line(lambda now: SLOWLY * now)
    for _ in range(20):
        it.paints(CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.05)


def test_what_the_line_carries_while_nothing_is_painted_is_not_forgotten_time(line: Made) -> None:
    it = line(lambda now: SLOWLY * now)
    it.paints(ROOM + 8 * CHUNK)
    for _ in range(5):
        it.passed(60)
        it.paints(ROOM + 2 * CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.05)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0, 2.9, 3.5, 24.0])
def test_a_terminal_that_stopped_and_goes_on_fast_is_no_slow_line(line: Made, seconds: float) -> None:
    it = line(stops(1.0, 1.0 + seconds, FOR_EVER))
    it.passed(1.0)
    it.paints(ROOM + 8 * CHUNK)
    for _ in range(10):
        it.paints(3 * CHUNK)
    assert it.now >= 1.0 + seconds and it.writer.rate is None


def test_one_that_stops_again_and_again_is_none_either(line: Made) -> None:
    it = line(lambda now: FOR_EVER * (now // 5 * 3 + min(now % 5, 3)))  # reads 3 s of 5
    for _ in range(8):
        it.passed(-it.now % 5 + 3)
        it.paints(ROOM + 8 * CHUNK)
    assert it.now > 35 and it.writer.rate is None


def test_a_slow_line_that_stopped_is_as_slow_as_it_is(line: Made) -> None:
    it = line(stops(1.0, 3.0, SLOWLY))
    it.passed(1.0)
    it.paints(ROOM + 8 * CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.05)


def test_a_stop_in_the_middle_of_a_picture_is_left_out(line: Made) -> None:
    it = line(lambda now: SLOWLY * (min(now, 1.0) + max(0.0, now - 3.5)))
    it.paints(ROOM + 20 * CHUNK)
    assert it.now > 3.5 and it.writer.rate == pytest.approx(SLOWLY, rel=0.05)


def test_a_line_that_became_fast_is_fast_once_it_makes_somebody_wait(line: Made) -> None:
    it = line(lambda now: SLOWLY * min(now, 10.0) + 40 * SLOWLY * max(0.0, now - 10.0))
    it.paints(ROOM + 8 * CHUNK)
    assert it.writer.rate == pytest.approx(SLOWLY, rel=0.05)
    it.passed(10)
    it.paints(200 * CHUNK)
    assert it.writer.rate is not None and it.writer.rate > 20 * SLOWLY


def test_a_fast_terminal_never_says_anything(line: Made) -> None:
    it = line(lambda now: FOR_EVER * now)
    for _ in range(50):
        it.paints(20 * CHUNK)
    assert it.writer.rate is None
