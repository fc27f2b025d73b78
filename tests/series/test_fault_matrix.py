"""A small seeded slice of the fault matrix; ``make fault-matrix`` plays 150 runs (``tests/support/fault_matrix``)."""

from __future__ import annotations

import pytest

from tests.support.fault_matrix import play


@pytest.mark.parametrize("seed", [1, 3])
def test_whatever_the_line_does_nothing_is_claimed_and_the_same_command_finishes(seed: int) -> None:
    met = play(1, seed=seed)
    assert met.wrong == []
    assert met.faults.total() > 0
