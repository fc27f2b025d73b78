"""What is not asked is said once for each reason, the lists that matter most first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from workbench.domain.model.state import State
from workbench.presentation.listings import overview_lines


def zone(tier: int, title: str, why: str) -> Any:
    return SimpleNamespace(tier=tier, title=title, name=f"{title.lower()}.example", off_reason=why)


def test_lists_that_are_off_for_the_same_reason_share_a_line() -> None:
    off = [zone(1, "Big", "needs a key"), zone(1, "Large", "needs a key"), zone(3, "Small", "needs a key")]
    lines = list(overview_lines(off, {}, (), "", State()))
    assert lines[1:3] == [
        "- tier 1 Big (big.example), Large (large.example): needs a key",
        "- tier 3 Small (small.example): needs a key",
    ]
