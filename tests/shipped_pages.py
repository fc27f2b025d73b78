"""What a package brings for the system: the manual page and the completions, each where its program looks for it.

``make pages`` writes them below ``share/``, which a wheel installs as it is; a test holds that they are the parser's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import shtab

from workbench.cli.about import manual
from workbench.cli.parser import build_parser

SHARE = Path(__file__).parents[1] / "share"
MANUAL = "man/man1/workbench.1"
COMPLETIONS = {
    "bash": "bash-completion/completions/workbench",
    "zsh": "zsh/site-functions/_workbench",
    "fish": "fish/vendor_completions.d/workbench.fish",
}
PLACES = (MANUAL, *COMPLETIONS.values())


@cache
def pages() -> Mapping[str, str]:
    """Return the text of every file by its place below ``share/``."""
    made = {place: str(shtab.complete(build_parser(), shell=shell)) for shell, place in COMPLETIONS.items()}
    return {MANUAL: manual(build_parser()), **made}


if __name__ == "__main__":
    for place, text in pages().items():
        (SHARE / place).parent.mkdir(parents=True, exist_ok=True)
        (SHARE / place).write_text(text, encoding="utf-8")
