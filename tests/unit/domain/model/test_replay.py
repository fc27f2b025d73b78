"""The state is a fold over the journal: any kill point, any order of effects, always the same state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.effects import an_effect
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place
from workbench.domain.model.replay import apply, fold
from workbench.domain.model.state import State
from workbench.domain.runbook.recorded import ReportWritten
from workbench.mailgun.endpoints import Region


@dataclass(frozen=True)
class Line:
    """A journal row."""

    seq: int
    kind: str
    body: dict[str, Any] = field(default_factory=dict)
    at: str = "2026-11-21T14:02:07Z"


KINDS = (EffectKind.LOGIN_RESET, EffectKind.KEY_CREATE, EffectKind.KEY_DELETE)
EFFECTS = [an_effect(kind, f"target-{n}", Place(Region.US)) for n, kind in enumerate(KINDS * 2)]
PROVEN = ("effect.verified", "effect.unproven")
NOT_DONE = ("effect.failed", "effect.skipped", "effect.reset")
SETTLED = ("effect.verified", "effect.skipped")


def rows(written: Sequence[tuple[str, dict[str, Any]]]) -> list[Line]:
    """Return numbered rows."""
    return [
        Line(seq, kind, body, f"2026-11-21T14:{seq % 60:02d}:00Z")
        for seq, (kind, body) in enumerate(written, 1)
    ]


def confirmed(*effects: Effect) -> tuple[str, dict[str, Any]]:
    """Return the row of a confirmed plan."""
    return "plan.confirmed", {"plan": "p", "title": "t", "effects": [e.to_json() for e in effects]}


@st.composite
def journals(draw: st.DrawFn) -> list[Line]:
    """Return a journal in which each effect begins, may be done, and may end, in any interleaving."""
    stories: list[list[tuple[str, dict[str, Any]]]] = []
    for effect in EFFECTS:
        body = {"id": effect.id}
        story: list[tuple[str, dict[str, Any]]] = []
        for _ in range(draw(st.integers(0, 2))):
            story.append(("effect.intent", {**body, "entry": f"entry {effect.target}"}))
            done = draw(st.booleans())
            if done:
                story.append(
                    ("effect.done", {**body, "evidence": ["yes"], "result": {"key_id": effect.target}})
                )
            end = draw(st.sampled_from(PROVEN if done else NOT_DONE))
            story.append(
                (end, {**body, "why": "w", "what": "f", "unknown": draw(st.booleans()), "evidence": ["e"]})
            )
            if end in SETTLED:
                break
        stories.append(story)
    written = [("incident.opened", {"incident": "i"}), confirmed(*EFFECTS)]
    while any(stories):
        story = draw(st.sampled_from([s for s in stories if s]))
        written.append(story.pop(0))
    return rows(written)


@given(journals(), st.data())
def test_a_kill_anywhere_and_the_rest_lead_to_the_same_state(
    journal: list[Line], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(journal)))
    resumed = fold(journal[:cut])
    for row in journal[cut:]:
        apply(resumed, row)
    assert resumed == fold(journal)
    assert resumed.last_seq == len(journal)


@given(journals())
def test_what_is_settled_open_and_unfinished_never_contradict(journal: list[Line]) -> None:
    state = fold(journal)
    assert set(state.effects) == {effect.id for effect in EFFECTS}
    for record in state.effects.values():
        assert not (record.state.settled and record.open)
        assert (record in state.unsettled) != record.state.settled
        assert not record.open or record in state.unfinished
    assert set(state.created_keys) <= {e.target for e in EFFECTS if e.kind is EffectKind.KEY_CREATE}
    cut = any(row.kind == "effect.done" for row in journal)
    assert bool(state.last_cut_at) <= cut
    assert not state.first_cut_at or state.first_cut_at <= state.last_cut_at or len(journal) >= 60


def test_rows_of_an_unknown_kind_are_left_alone() -> None:
    state = fold(rows([("incident.opened", {"incident": "i"}), ("from.the.future", {"x": 1})]))
    assert (state.incident, state.last_seq) == ("i", 2)


def test_a_failed_effect_confirmed_again_starts_fresh_and_keeps_its_history() -> None:
    effect = EFFECTS[0]
    body = {"id": effect.id}
    state = fold(
        rows(
            [
                ("incident.opened", {"incident": "i"}),
                confirmed(effect),
                ("effect.intent", {**body, "entry": "e"}),
                ("effect.failed", {**body, "what": "no", "unknown": True}),
                confirmed(effect),
            ]
        )
    )
    record = state.effects[effect.id]
    assert (record.state, record.attempts, record.entry) == (EffectState.PLANNED, 1, "e")
    assert record.open  # whether it happened is still to be asked


def test_decisions_alarms_facts_and_attestations_are_kept() -> None:
    written: list[tuple[str, dict[str, Any]]] = [
        ("finding.decided", {"finding": "key:a", "decision": "ours", "who": "x"}),
        ("finding.decided", {"finding": "key:a", "decision": "intruder", "who": "y", "reason": "r"}),
        ("alarm.raised", {"id": "a", "text": "t", "kind": "keys", "target": "a"}),
        ("alarm.seen", {"id": "a"}),
        ("alarm.seen", {"id": "not there"}),
        ("fact", {"name": "report", "sha256": "1"}),
        ("fact", {"name": "report", "sha256": "2"}),
        ("attested", {"step": "0", "who": "x", "text": "said"}),
        ("contained", {}),
        ("contained", {}),
    ]
    state: State = fold(rows(written))
    assert state.decisions["key:a"].decision == "intruder"
    assert state.alarms["a"].seen
    assert state.known(ReportWritten).sha256 == "2"
    assert [a.text for a in state.attestations] == ["said"]
    assert state.contained_at == "2026-11-21T14:09:00Z"
