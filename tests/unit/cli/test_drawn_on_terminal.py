"""``workbench 2>log``: the screen is drawn where somebody sees it, and errors still go where they were sent."""

from __future__ import annotations

import os
import pty
import sys
from pathlib import Path

import pytest

from workbench.cli.screen import drawn_on_terminal
from workbench.core.errors import UsageError


def test_with_standard_error_in_a_file_the_screen_is_drawn_on_the_terminal(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child, terminal = pty.fork()
    if not child:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT, 0o600), 2)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        with drawn_on_terminal():
            os.write(2, b"drawn")
        os.write(2, b"told")
        os._exit(0)
    seen = os.read(terminal, 100)
    os.waitpid(child, 0)
    os.close(terminal)
    assert seen == b"drawn"
    assert log.read_text() == "told"


def test_with_standard_error_closed_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with pytest.raises(UsageError, match="Standard error is closed"), drawn_on_terminal():
        raise AssertionError("drawn")
