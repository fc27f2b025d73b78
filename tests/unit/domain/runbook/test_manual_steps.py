"""What only a person can do: named, asked for by its step, and told with who vouched for it."""

from __future__ import annotations

from dataclasses import asdict

from workbench.domain.model.state import Attestation, State
from workbench.domain.runbook.manual_steps import PANEL_ITEMS, asked, done, left, to_json

AT = "2026-11-21T14:30:00Z"


def vouched(*subjects: str) -> State:
    """Return a state in which somebody attested these."""
    state = State()
    state.attestations += [Attestation("x", "ann", AT, "done", subject) for subject in subjects]
    return state


def test_who_vouched_for_what_is_told_and_nothing_else() -> None:
    state = vouched("panel:sessions", "", "u1", "ask:copies")
    assert done(state) == {"panel:sessions": f"ann, {AT}", "ask:copies": f"ann, {AT}"}
    assert done(State()) == {}


def test_what_is_left_is_told_of_one_step_or_of_all() -> None:
    assert left(State()) == list(PANEL_ITEMS)
    state = vouched("panel:sessions")
    assert [item.subject for item in left(state)] == [item.subject for item in PANEL_ITEMS[1:]]
    assert left(state, "3") == []
    assert [item.subject for item in left(State(), "3")] == ["panel:sessions"]
    assert left(State(), "1") == []


def test_questions_are_asked_by_their_step_until_somebody_answers() -> None:
    question = "not answered yet (t records it): Ask who has a copy of what leaked"
    (line,) = asked(State(), "7")
    assert line.startswith(question)
    assert asked(State(), "11") == [], "what is to be done is no question"
    assert asked(vouched("ask:copies"), "7") == []


def test_the_document_holds_each_whole() -> None:
    for row, item in zip(to_json(vouched("panel:sessions")), PANEL_ITEMS, strict=True):
        whole = asdict(item)
        whole["id"] = whole.pop("subject")
        assert row == {**whole, "attested": f"ann, {AT}" if item.subject == "panel:sessions" else None}
