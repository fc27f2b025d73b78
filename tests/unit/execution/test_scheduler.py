"""What comes next, what must wait, and what can never run: bookkeeping without a network."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place
from workbench.domain.model.state import EffectRecord, State
from workbench.execution.scheduler import Agenda, barred, due
from workbench.mailgun.endpoints import Region

PLACE = Place(Region.US)


def _mint(name: str, rank: int = 0) -> Effect:
    return an_effect(EffectKind.KEY_CREATE, name, PLACE, replaces=name, rank=rank)


def _delete(name: str, *after: Effect, rank: int = 0, cut: str = "now") -> Effect:
    params = {"cut": cut, "own": cut == "own"}
    return an_effect(
        EffectKind.KEY_DELETE, name, PLACE, **params, after=tuple(e.id for e in after), rank=rank
    )


def _state(*effects: Effect) -> tuple[State, dict[str, EffectRecord]]:
    state = State()
    for effect in effects:
        state.effects[effect.id] = EffectRecord(effect)
    return state, {effect.id: state.effects[effect.id] for effect in effects}


def _popped(agenda: Agenda) -> list[str]:
    names = []
    while (record := agenda.pop()) is not None:
        names.append(record.effect.target)
    return names


def test_the_most_harmful_comes_first_and_a_delete_after_its_mint() -> None:
    mint, delete, stranger = _mint("a", 5), _delete("a", _mint("a"), rank=9), _delete("b", rank=7)
    _, records = _state(mint, delete, stranger)
    agenda = Agenda()
    agenda.add(records.values())
    assert _popped(agenda) == ["b", "a"]
    agenda.verified(mint.id)
    assert _popped(agenda) == ["a"]


@pytest.mark.parametrize("how", ["open", "done"])
def test_what_was_begun_waits_for_nothing(how: str) -> None:
    mint, delete = _mint("a"), _delete("a", _mint("a"))
    _, records = _state(mint, delete)
    records[delete.id].open = how == "open"
    if how == "done":
        records[delete.id].state = EffectState.DONE
    agenda = Agenda()
    agenda.add([records[delete.id], records[mint.id]])
    assert [agenda.pop(), agenda.pop()] == [records[delete.id], records[mint.id]]


def test_a_run_brings_along_what_it_waits_for() -> None:
    mint, delete = _mint("a"), _delete("a", _mint("a"))
    state, records = _state(mint, delete)
    records[mint.id].state = EffectState.DONE
    assert [r.effect.id for r in due(state, [records[delete.id]])] == [delete.id, mint.id]
    records[mint.id].state = EffectState.VERIFIED
    assert [r.effect.id for r in due(state, [records[delete.id]])] == [delete.id]


@pytest.mark.parametrize("ended", [EffectState.FAILED, EffectState.SKIPPED])
def test_what_waits_for_what_failed_for_good_is_barred_and_so_is_what_waits_for_that(
    ended: EffectState,
) -> None:
    mint, delete = _mint("a"), _delete("a", _mint("a"))
    behind = _delete("c", delete)
    state, records = _state(mint, delete, behind)
    records[mint.id].state = ended
    taken = due(state, records.values())
    assert [(r.effect.id, cause.effect.id) for r, cause in barred(state, taken)] == [
        (delete.id, mint.id),
        (behind.id, delete.id),
    ]


def test_what_failed_in_passing_is_due_again_and_bars_nobody() -> None:
    mint, delete = _mint("a"), _delete("a", _mint("a"))
    state, records = _state(mint, delete)
    records[mint.id].state, records[mint.id].open = EffectState.FAILED, True
    taken = due(state, state.unfinished)
    assert {r.effect.id for r in taken} == {mint.id, delete.id}
    assert barred(state, taken) == []


def test_a_full_quota_frees_the_delete_of_others_never_our_own() -> None:
    ours, theirs = _mint("own"), _mint("other")
    deletes = _delete("own", ours, cut="own"), _delete("other", theirs)
    _, records = _state(ours, theirs, *deletes)
    agenda = Agenda()
    agenda.add(records.values())
    assert _popped(agenda) == ["own", "other"]
    assert agenda.park(ours.id) == []
    assert [r.effect.target for r in agenda.park(theirs.id)] == ["other"]
    assert agenda.pop() is records[deletes[1].id]
    assert agenda.unpark() == 2
    assert _popped(agenda) == ["own", "other"]
