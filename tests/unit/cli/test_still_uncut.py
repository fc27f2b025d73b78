"""What is left after a cut: whatever cannot be told or planned is said, and never ends with 0."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.support.situations import key, situation
from workbench.cli import contain
from workbench.core.errors import UsageError
from workbench.planning.contain import Scope


def test_what_cannot_even_be_planned_any_more_is_said_and_is_not_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = situation(keys=[key("prod")])

    def lost(*_: object) -> None:
        raise UsageError(
            "It is not known which key this is.", "Deleting it would lock us out.", "Say --own-key."
        )

    monkeypatch.setattr(contain, "plan", lost)
    session = SimpleNamespace(situation=lambda: found, state=found.state, inventory=found.inventory)
    assert contain._still_uncut(session, Scope()) == 1  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert "not known which key" in said
    assert said.rstrip().splitlines()[-1].startswith("Not contained: "), "how far it is stands last"
