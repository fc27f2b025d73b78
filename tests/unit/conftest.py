"""What a unit test makes go wrong is said in sentences, what a step of the runbook says can be read and done.

Each error and each judgement of a step is looked at as it is made, whatever else its test is about.
"""

from __future__ import annotations

import re
import sys
from types import FrameType
from typing import Any

import pytest

from workbench.core.errors import WorkbenchError
from workbench.domain.runbook.verdict import Found
from workbench.planning.catalog import ACTIONS

_MADE, _FOUND = WorkbenchError.__init__, Found.__init__
# Begins as a sentence, or with a name (of a domain, a login, a path, a program).
_BEGINS = re.compile(r"[^\sa-z]|[a-z]\w*[./@:-]|age |gpg ")
_ENDS = re.compile(r"""[.?!)"'…]$""")
_GARBLED = re.compile(r"XX|[A-Z]{2,} [A-Z]{2,} [A-Z]{2,}")
_unsaid: list[str] = []


def _noting(self: WorkbenchError, what: str, means: str = "", todo: str = "") -> None:
    """Make the error, and note where it is none to be read: to raise here would end a thread others wait for."""
    _MADE(self, what, means, todo)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name == "__init__":
        frame = frame.f_back
    maker = "" if frame is None else frame.f_globals.get("__name__", "")
    if not maker.startswith("workbench.") or maker.startswith("workbench.planning."):
        return  # A test's own error says what it likes; a plan's lists what cannot be planned, item by item.
    if not what or not all(map(_readable, (what, means, todo))):
        _unsaid.append(repr((what, means, todo)))


def _readable(text: object) -> bool:
    if not isinstance(text, str):
        return False
    # How another's words end, or a command, is theirs.
    ended = ": " in text or _ENDS.search(text)
    return not text or bool(_BEGINS.match(text) and ended and not _GARBLED.search(text))


def _judging(self: Found, *given: Any, **named: Any) -> None:
    """Make the judgement, and note where its words cannot be read or its next action is none."""
    _FOUND(self, *given, **named)
    lines = (*self.evidence, self.happens, self.waits)
    legible = all(isinstance(line, str) and not _GARBLED.search(line) for line in lines)
    if not legible or (self.happens and not _readable(self.happens)) or "" in self.evidence:
        _unsaid.append(repr(lines))
    if self.action and self.action not in ACTIONS:
        _unsaid.append(repr(self.action))


def pytest_configure() -> None:
    """Have every error and every judgement looked at."""
    WorkbenchError.__init__ = _noting  # type: ignore[method-assign]
    Found.__init__ = _judging  # type: ignore[method-assign]


def pytest_runtest_setup() -> None:
    """Forget what tests of other folders said in the same process."""
    _unsaid.clear()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail the test in which something was said that nobody can read, once it is over."""
    found, _unsaid[:] = list(_unsaid), []
    assert not found, f"it is read by people: {found}"
