"""Whatever a unit test makes go wrong, the workbench says it in sentences: each error is looked at as it is made."""

from __future__ import annotations

import re
import sys
from types import FrameType

import pytest

from workbench.core.errors import UsageError, WorkbenchError

_MADE = WorkbenchError.__init__
# Begins as a sentence, or with a name (of a domain, a login, a path, a program).
_BEGINS = re.compile(r"[^\sa-z]|[a-z]\w*[./@:-]|age |gpg ")
_ENDS = re.compile(r"""[.?!)"'…]$""")
_GARBLED = re.compile(r"^XX|XX$|[A-Z]{2,} [A-Z]{2,} [A-Z]{2,}")
_unsaid: list[str] = []


def _noting(self: WorkbenchError, what: str, means: str = "", todo: str = "") -> None:
    """Make the error, and note where it is none to be read: to raise here would end a thread others wait for."""
    _MADE(self, what, means, todo)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name == "__init__":
        frame = frame.f_back
    if frame is None or not frame.f_globals.get("__name__", "").startswith("workbench."):
        return  # A test's own error says what it likes.
    if isinstance(self, UsageError):
        return  # It lists what cannot be planned, item by item.
    if not what or not all(map(_readable, (what, means, todo))):
        _unsaid.append(repr((what, means, todo)))


def _readable(text: object) -> bool:
    if not isinstance(text, str):
        return False
    # How another's words end, or a command, is theirs.
    ended = ": " in text or _ENDS.search(text)
    return not text or bool(_BEGINS.match(text) and ended and not _GARBLED.search(text))


def pytest_configure() -> None:
    """Have every error of the workbench looked at."""
    WorkbenchError.__init__ = _noting  # type: ignore[method-assign]


def pytest_runtest_setup() -> None:
    """Forget what tests of other folders said in the same process."""
    _unsaid.clear()


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail the test whose error was no sentence, once it is over."""
    found, _unsaid[:] = list(_unsaid), []
    assert not found, f"errors are read by people: {found}"
