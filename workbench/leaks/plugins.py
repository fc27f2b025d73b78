"""WordPress plugins with known flaws in a folder. Light at the top: most folders hold no WordPress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.leaks.wordpress import Vulnerable


def vulnerable_in(path: Path) -> list[Vulnerable]:
    """Return the plugins in a tree whose versions the shipped list knows as flawed."""
    if not any((path / name).exists() for name in ("wp-content", "wp-includes")) and not _below(path):
        return []
    from workbench.leaks import wordpress

    found: list[Vulnerable] = []
    for root in wordpress.roots_in(path):
        for one in wordpress.installed_in(root):
            # In full: the same plugin of two sites in one folder is two places.
            found += wordpress.vulnerable(replace(one, where=str(root / one.where)))
    return found


def _below(path: Path) -> bool:
    """Whether a WordPress may lie one or two levels down; kept cheap, every search pays for it."""
    return (
        next(path.glob("*/wp-content"), None) is not None
        or next(path.glob("*/*/wp-content"), None) is not None
    )
