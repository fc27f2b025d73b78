"""What must hold of each dialog is tried on an example of each: none may be without one."""

from __future__ import annotations

from tests.support.dialogs import EXAMPLES, kinds


def test_every_dialog_has_an_example() -> None:
    assert kinds() == set(EXAMPLES)
