"""The parameters of effects: the same in the journal as ever, whatever they are in memory."""

from __future__ import annotations

import json

import pytest

from tests.support.effect_forms import FORMS, TARGET, Form
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.plan import Effect, EffectKind

EACH = pytest.mark.parametrize("form", FORMS, ids=[f"{form.kind}-{n}" for n, form in enumerate(FORMS)])


def test_every_kind_of_effect_has_its_form_pinned() -> None:
    assert {form.kind for form in FORMS} == {kind.value for kind in EffectKind}


@EACH
def test_a_row_of_before_is_read_and_written_as_it_was(form: Form) -> None:
    effect = Effect.from_json(form.row)
    assert (effect.kind.value, effect.target) == (form.kind, TARGET)
    assert json.loads(canonical(effect.to_json())) == form.row


@EACH
def test_the_id_is_made_of_what_it_was_made_of(form: Form) -> None:
    assert Effect.from_json(form.row).id == f"{form.kind}-{form.digits}"


@EACH
def test_what_a_later_version_adds_costs_nothing(form: Form) -> None:
    row = {**form.row, "params": {**form.params, "not known yet": [1, {"x": 2}]}}
    effect = Effect.from_json(row)
    assert effect.id == f"{form.kind}-{form.digits}"
    kept = effect.to_json()["params"]
    assert {name: kept[name] for name in form.params} == form.params
