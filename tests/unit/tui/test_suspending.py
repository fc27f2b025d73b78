"""ctrl+z while a plan runs: what it would stop is said first, and a second one means it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from workbench.tui.shutdown import Shutdown


def shutdown(*, running: bool) -> tuple[Shutdown, list[str]]:
    """Return the part that is asked, and what was told."""
    told: list[str] = []
    ui: Any = SimpleNamespace(
        plan_running=running,
        plan_progress=(37, 54),
        plan_title="Cut all access",
        tell=lambda text, severity="information": told.append(text),
    )
    app: Any = SimpleNamespace()

    async def closed() -> None:
        return None

    return Shutdown(app, ui, closed), told


def test_a_running_plan_is_named_before_it_is_stopped() -> None:
    ending, told = shutdown(running=True)
    assert not ending.may_suspend()
    assert "Cut all access" in told[0] and "37 of 54" in told[0]
    assert ending.may_suspend() and len(told) == 1


def test_nothing_is_asked_where_nothing_runs() -> None:
    ending, told = shutdown(running=False)
    assert ending.may_suspend() and not told
