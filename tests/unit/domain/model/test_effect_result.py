"""The results of effects: typed, the same in the journal as ever, and a damaged one costs its row alone."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from tests.support.situations import Story
from workbench.core.redact import Secret
from workbench.domain.model.effect_result import NO_RESULT, EffectResult
from workbench.domain.model.plan import EffectKind

MINT = an_effect(EffectKind.KEY_CREATE, "old-id", replaces="old-id")


@pytest.mark.parametrize("body", [{}, {"key_id": "new-id"}, {"key_id": "new-id", "written_down": True}])
def test_the_journal_keeps_the_form_it_always_had(body: dict[str, object]) -> None:
    assert NO_RESULT.with_body(body).body() == body


def test_a_row_adds_to_what_was_told_before_and_what_a_later_version_adds_is_left_alone() -> None:
    held = EffectResult(key_id="new-id").with_body({"written_down": True, "not known yet": [1]})
    assert held == EffectResult(key_id="new-id", written_down=True)
    assert held.with_body(None) is held


def test_a_result_that_cannot_be_read_costs_its_row_alone() -> None:
    story = Story().add("plan.confirmed", effects=[MINT.to_json()]).add("effect.intent", id=MINT.id)
    story.add("effect.secured", id=MINT.id, entry="API key prod", result={"key_id": "new-id"})
    story.add("effect.done", id=MINT.id, result={"key_id": 7})
    state = story.add("effect.verified", id=MINT.id).state()
    assert state.unread_rows == [4]
    assert state.effects[MINT.id].result == EffectResult(key_id="new-id")


def test_an_effect_that_starts_over_has_no_result() -> None:
    story = Story().verified([MINT], **{"old-id": {"key_id": "new-id"}})
    state = story.add("effect.reset", id=MINT.id).state()
    assert state.effects[MINT.id].result == NO_RESULT and not state.created_keys


def test_no_secret_is_a_result() -> None:
    with pytest.raises(TypeError, match="Secret"):
        EffectResult(key_id=Secret("hunter2hunter2")).body()  # type: ignore[arg-type]
