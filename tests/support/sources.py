"""The package's own source for tests that hold it to a rule: only the modules that can be meant are parsed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "workbench"


@cache
def texts() -> dict[Path, str]:
    """Return the text of every module of the package, read once."""
    return {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def nodes(about: str) -> Iterator[tuple[Path, ast.AST]]:
    """Yield the nodes of every module whose text an expression (``re``) is found in: to parse all takes seconds."""
    for path, text in texts().items():
        if re.search(about, text, re.MULTILINE):
            for node in ast.walk(ast.parse(text)):
                yield path, node
