"""What is carried out was confirmed: a plan made anew is asked about again where it holds more than was shown."""

from __future__ import annotations

import pytest

from tests.support.situations import key, situation
from workbench.cli import confirming
from workbench.core.errors import UsageError
from workbench.planning import keys


def _answers(monkeypatch: pytest.MonkeyPatch, *typed: str) -> list[str]:
    left = list(typed)
    monkeypatch.setattr(confirming, "on_terminal", lambda _: True)
    monkeypatch.setattr(confirming, "read_line", lambda: left.pop(0))
    return left


def test_a_plan_that_holds_no_more_than_was_confirmed_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _answers(monkeypatch)
    shown = keys.plan_replace(situation([key("web"), key("mail")]))
    less = keys.plan_replace(situation([key("web")]))
    confirming.confirm_what_is_new(less, shown)
    confirming.confirm_what_is_new(shown, shown)


def test_what_came_since_is_said_counted_and_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = keys.plan_replace(situation([key("web")]))
    more = keys.plan_replace(situation([key("web"), key("mail")]))
    left = _answers(monkeypatch, str(len(more)))
    confirming.confirm_what_is_new(more, shown)
    assert not left
    assert "2 changes were not in that plan" in capsys.readouterr().err
    _answers(monkeypatch, "no")
    with pytest.raises(UsageError, match="Not confirmed") as refused:
        confirming.confirm_what_is_new(more, shown)
    assert "Nothing was done" not in str(refused.value)
