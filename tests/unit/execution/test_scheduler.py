"""What comes next, what must wait, and what can never run: bookkeeping without a network."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from workbench.domain.model.plan import RANK_ABUSE, Effect, EffectKind, EffectState, Place
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


def test_what_sends_abuse_is_urgent_until_it_is_sent_or_over() -> None:
    for end in ("sent", "verified", "left"):
        abuse, rest = _delete("a", rank=RANK_ABUSE + 1), _delete("b", rank=RANK_ABUSE)
        agenda = Agenda()
        agenda.add(_state(rest)[1].values())
        assert (agenda.urgent, agenda.any_ready, agenda.urgent_ready) == (False, True, False)
        agenda.add(_state(abuse)[1].values())
        assert (agenda.urgent, agenda.any_ready, agenda.urgent_ready) == (True, True, True)
        getattr(agenda, end)(abuse.id)
        assert agenda.urgent is False, end


def test_what_is_done_needs_a_proof_only_and_hurries_nobody() -> None:
    _, records = _state(_delete("a", rank=RANK_ABUSE + 1))
    for record in records.values():
        record.state = EffectState.DONE
    agenda = Agenda()
    agenda.add(records.values())
    assert (agenda.urgent, agenda.urgent_ready) == (False, True)
    assert _popped(agenda) == ["a"]
    assert (agenda.any_ready, agenda.urgent_ready) == (False, False)


def test_an_agenda_knows_what_is_in_it_until_it_is_over() -> None:
    a, b = _delete("a"), _delete("b")
    _, records = _state(a)
    agenda = Agenda()
    agenda.add(records.values())
    agenda.add(records.values())
    assert (a.id in agenda, b.id in agenda, len(agenda)) == (True, False, 1)
    assert _popped(agenda) == ["a"], "once, however often it is added"
    agenda.push_back(records[a.id])
    agenda.verified(a.id)
    assert (a.id in agenda, len(agenda), agenda.pop()) == (False, 0, None)
    agenda.verified(a.id)
    assert agenda.left(a.id) == [], "twice does no harm"


def test_those_that_come_next_are_named_by_kind_and_stay_where_they_are() -> None:
    low, high, mint = _delete("low", rank=1), _delete("high", rank=9), _mint("m", 5)
    _, records = _state(low, high, mint)
    agenda = Agenda()
    agenda.add(records.values())
    names = [r.effect.target for r in agenda.upcoming(EffectKind.KEY_DELETE, 3)]
    assert names == ["high", "low"]
    assert [r.effect.target for r in agenda.upcoming(EffectKind.KEY_DELETE, 2)] == ["high"]
    assert [r.effect.target for r in agenda.upcoming(EffectKind.KEY_CREATE, 9)] == ["m"]
    agenda.left(high.id)
    assert [r.effect.target for r in agenda.upcoming(EffectKind.KEY_DELETE, 9)] == ["low"]
    assert _popped(agenda) == ["m", "low"]


def test_what_waits_for_two_goes_after_both_and_falls_with_either() -> None:
    one, two = _mint("1"), _mint("2")
    last = _delete("x", one, two)
    behind = _delete("y", last)
    _, records = _state(one, two, last, behind)
    agenda = Agenda()
    agenda.add(records.values())
    assert _popped(agenda) == ["1", "2"]
    agenda.verified(one.id)
    assert agenda.pop() is None
    beside = _delete("z", two)
    agenda.add(_state(beside)[1].values())
    assert [r.effect.target for r in agenda.left(two.id)] == ["x", "y", "z"]
    assert agenda.pop() is None and len(agenda) == 0
    agenda.verified(two.id)
    assert agenda.pop() is None, "what fell is not released by what comes late"


def test_what_was_begun_does_not_fall_with_what_it_waited_for() -> None:
    """Whatever became of the other: the account is asked about it."""
    mint = _mint("a")
    begun = _delete("a", mint)
    _, records = _state(mint, begun)
    agenda = Agenda()
    agenda.add([records[mint.id]])
    records[begun.id].open = True
    agenda.add([records[begun.id]])
    assert agenda.left(mint.id) == []
    assert begun.id in agenda


def test_a_parked_key_frees_the_deletes_that_cut_now_and_no_other_effect() -> None:
    mint = _mint("a")
    other = an_effect(EffectKind.LOGIN_RESET, "l", PLACE, after=(mint.id,))
    cut, kept = _delete("now", mint), _delete("kept", mint, cut="first")
    own_now = an_effect(EffectKind.KEY_DELETE, "own", PLACE, own=True, cut="now", after=(mint.id,))
    _, records = _state(mint, other, kept, own_now, cut)
    agenda = Agenda()
    agenda.add(records.values())
    assert _popped(agenda) == ["a"]
    assert [r.effect.target for r in agenda.park(mint.id)] == ["now"]
    assert agenda.parked == [records[mint.id]]
    assert _popped(agenda) == ["now"]
    agenda.drop_parked()
    assert agenda.parked == [] and agenda.unpark() == 0
    agenda.verified(mint.id)
    assert sorted(_popped(agenda)) == ["kept", "l", "own"]


def test_a_parked_key_without_a_delete_frees_nothing() -> None:
    mint = _mint("a")
    _, records = _state(mint)
    agenda = Agenda()
    agenda.add(records.values())
    assert agenda.pop() is records[mint.id]
    assert agenda.park(mint.id) == []
    assert agenda.unpark() == 1
    assert agenda.pop() is records[mint.id]


def test_what_waits_for_what_is_barred_is_barred_however_they_are_listed() -> None:
    mint = _mint("a")
    first = _delete("a", mint)
    second = _delete("b", first)
    state, records = _state(second, first, mint)
    records[mint.id].state = EffectState.FAILED
    found = barred(state, [records[second.id], records[first.id]])
    assert [(r.effect.target, cause.effect.target) for r, cause in found] == [("a", "a"), ("b", "a")]


def test_what_was_begun_or_done_is_barred_by_nothing() -> None:
    mint = _mint("a")
    waits, begun, done = (_delete(name, mint) for name in ("waits", "begun", "done"))
    state, records = _state(mint, begun, done, waits)
    records[mint.id].state = EffectState.FAILED
    records[begun.id].open = True
    records[done.id].state = EffectState.DONE
    assert barred(state, due(state, records.values())) == [(records[waits.id], records[mint.id])]


def test_what_waits_for_what_is_verified_or_unknown_is_barred_by_nothing() -> None:
    mint = _mint("a")
    delete = _delete("a", mint, _mint("never planned"))
    state, records = _state(mint, delete)
    records[mint.id].state = EffectState.VERIFIED
    assert barred(state, due(state, records.values())) == []
