"""Plans as data: stable ids, JSON there and back, joining and narrowing without dangling dependencies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.effect_forms import FORMS
from tests.support.effects import params_of
from workbench.domain.model.plan import PARAMS, Effect, EffectKind, EffectState, Place, Plan
from workbench.mailgun.endpoints import Region

texts = st.text(max_size=30)
places = st.builds(Place, st.sampled_from(Region), st.one_of(st.none(), texts.filter(bool)))


@st.composite
def an_effect(draw: st.DrawFn) -> Effect:
    """Return an effect of any kind with the parameters that a journal once held."""
    form = draw(st.sampled_from(FORMS))
    kind = EffectKind(form.kind)
    params = PARAMS[kind].from_body(form.params)
    if draw(st.booleans()):
        params = params.once_more(draw(texts))
    return Effect(
        kind=kind,
        target=draw(texts),
        place=draw(places),
        params=params,
        after=tuple(draw(st.lists(texts, max_size=2))),
        rank=draw(st.integers(0, 100)),
        what=draw(texts),
        breaks=draw(texts),
        undo=draw(texts),
        why=draw(texts),
    )


effects = an_effect()
plans = st.lists(effects, max_size=8).map(
    lambda found: Plan("title", tuple({e.id: e for e in found}.values()))
)


@given(effects)
def test_an_effect_survives_the_journal(effect: Effect) -> None:
    again = Effect.from_json(json.loads(json.dumps(effect.to_json())))
    assert again == effect
    assert again.id == effect.id


@given(effects, texts, texts)
def test_the_id_says_what_is_done_and_to_what_and_nothing_else(effect: Effect, what: str, why: str) -> None:
    assert replace(effect, what=what, why=why, rank=effect.rank + 1, after=("other",)).id == effect.id
    assert replace(effect, target=effect.target + "x").id != effect.id
    assert replace(effect, params=effect.params.once_more("\0another")).id != effect.id
    other = EffectKind.KEY_DELETE if effect.kind is not EffectKind.KEY_DELETE else EffectKind.KEY_CREATE
    params = params_of(other, instance=effect.params.instance)
    assert replace(effect, kind=other, params=params).id != effect.id


@given(plans, plans)
def test_joined_plans_hold_each_effect_once_in_order(first: Plan, second: Plan) -> None:
    joined = first.joined("both", [second])
    ids = [effect.id for effect in joined]
    assert len(ids) == len(set(ids))
    assert set(ids) == {e.id for e in first} | {e.id for e in second}
    assert ids[: len(first)] == [e.id for e in first]


@given(plans, st.data())
def test_a_narrowed_plan_waits_for_nothing_that_was_left_out(plan: Plan, data: st.DataObject) -> None:
    ids = [effect.id for effect in plan]
    linked = Plan("t", tuple(replace(e, after=tuple(ids[:n])) for n, e in enumerate(plan)))
    keep = set(data.draw(st.lists(st.sampled_from(ids)))) if ids else set()
    narrowed = linked.only(keep)
    assert {e.id for e in narrowed} == keep
    assert all(set(effect.after) <= keep for effect in narrowed)


@given(plans)
def test_the_same_effects_make_the_same_plan(plan: Plan) -> None:
    assert Plan("other words", plan.effects, ("left",), ("note",)).id == plan.id
    assert all(e.undo.startswith("cannot") for e in plan.irreversible)


@pytest.mark.parametrize("broken", [{"kind": "nothing.known"}, {"region": "mars"}])
def test_a_row_of_another_shape_is_refused(broken: dict[str, str]) -> None:
    document = Effect(
        EffectKind.KEY_DELETE, "id", Place(Region.US), params_of(EffectKind.KEY_DELETE)
    ).to_json()
    with pytest.raises(ValueError, match="not a valid"):
        Effect.from_json({**document, **broken})


def test_only_verified_and_skipped_are_settled_and_a_place_names_itself() -> None:
    settled = {state for state in EffectState if state.settled}
    assert settled == {EffectState.VERIFIED, EffectState.SKIPPED}
    assert (str(Place(Region.EU)), str(Place(Region.US, "sub"))) == ("EU", "US/sub")
