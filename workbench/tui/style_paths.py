"""Where the style sheets are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench.core.errors import HostError

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def styles_dir() -> Path:
    """Return the folder of the style sheets; HostError when the installation lacks it."""
    for folder in (_PACKAGE / "styles", _PACKAGE.parent / "styles"):
        if (folder / "base.tcss").is_file():
            return folder
    raise HostError(
        "The style sheets of the workbench are missing.",
        "The installation is incomplete, so the screen cannot be drawn.",
        "Install the workbench again, or use the commands that need no screen.",
    )


def style_files(*names: str) -> list[Path]:
    """Return the paths of the named style sheets (``base`` for base.tcss)."""
    return [styles_dir() / f"{name}.tcss" for name in names]
