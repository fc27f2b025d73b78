"""The parameters of effects: typed, the same in the journal as ever, and never a secret."""

from __future__ import annotations

import ast
import json
from typing import Any

import msgspec
import pytest

from tests.support.effect_forms import FORMS, TARGET, Form
from tests.support.effects import an_effect, params_of
from tests.support.situations import US, Story
from tests.support.sources import PACKAGE, nodes
from workbench.core.redact import Secret
from workbench.domain.model import effect_params
from workbench.domain.model.effect_params import EffectParams, KeyCreateParams, LoginResetParams
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.plan import PARAMS, Effect, EffectKind

MODULE = effect_params.__name__
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
    kept = json.loads(canonical(effect.to_json()))["params"]
    assert {name: kept[name] for name in form.params} == form.params


def test_every_kind_has_its_parameters_and_every_struct_its_kind() -> None:
    assert PARAMS.keys() == set(EffectKind)
    made = {one for one in vars(effect_params).values() if isinstance(one, type) and one.__module__ == MODULE}
    shared = {
        one for one in made if any(one is not kind and issubclass(kind, one) for kind in PARAMS.values())
    }
    parts = {effect_params.ShownUse, effect_params.Rule}
    assert made - shared - parts <= set(PARAMS.values()) <= made


@pytest.mark.parametrize("kind", PARAMS.values())
def test_what_the_form_leaves_out_is_what_stands_for_nothing(kind: type[EffectParams]) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    assert all(fields[name].default in (None, False, ()) for name in kind.LEFT_OUT)


@EACH
def test_no_field_takes_a_secret_into_the_journal(form: Form) -> None:
    params = PARAMS[EffectKind(form.kind)].from_body(form.params)
    for field in msgspec.structs.fields(params):
        for hidden in (
            Secret("hunter2hunter2"),
            (Secret("hunter2hunter2"),),
            {"x": Secret("hunter2hunter2")},
        ):
            with pytest.raises(TypeError, match="Secret") as told:
                msgspec.structs.replace(params, **{field.name: hidden}).body()
            assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("smtp.reset", {"stranger": False}),
        ("smtp.reset", {"domain": 7}),
        ("key.create", {"role": "admin", "kind": "user", "use": {"last_hour": "many"}}),
        ("key.create", {"role": "admin", "kind": "user", "domain_region": "mars"}),
        ("rule.set", {"book": "limits", "rule": {"metric": "m"}}),
        ("limit.set", []),
    ],
)
def test_an_effect_that_cannot_be_read_costs_itself_alone_and_the_row_says_so(kind: str, params: Any) -> None:
    good, other = an_effect(EffectKind.KEY_DELETE, "a"), an_effect(EffectKind.QUEUE_PURGE, "b")
    bad = {**FORMS[0].row, "kind": kind, "params": params}
    story = Story().add("plan.confirmed", effects=[good.to_json(), bad, other.to_json()])
    state = story.add("effect.intent", id=good.id).add("effect.intent", id="gone").state()
    assert list(state.effects) == [good.id, other.id]
    assert state.unread_rows == [1, 3]
    assert state.effects[good.id].open


def test_an_effect_takes_the_parameters_of_its_kind_and_no_others() -> None:
    with pytest.raises(TypeError, match=r"smtp\.reset is not given EffectParams"):
        Effect(EffectKind.LOGIN_RESET, "a@b", US)
    reset = an_effect(EffectKind.LOGIN_RESET, "a@b", domain="b")
    assert reset.given(LoginResetParams).domain == "b"
    with pytest.raises(TypeError, match=r"smtp\.reset is not given KeyCreateParams"):
        reset.given(KeyCreateParams)


def test_what_a_kind_does_not_have_is_answered_with_none() -> None:
    purge = params_of(EffectKind.QUEUE_PURGE)
    assert (purge.name, purge.domain, purge.replaces, purge.credential, purge.cut) == ("", "", "", "", "")
    assert (purge.use, purge.own, purge.stranger, purge.harden) == (None, False, False, False)


def test_one_more_of_a_kind_is_told_apart_by_its_instance_alone() -> None:
    mint = params_of(EffectKind.KEY_CREATE, replaces="old-id", own=True).once_more("2")
    assert (mint.instance, mint.replaces, mint.own) == ("2", "old-id", True)


# ── it stays so ──────────────────────────────────────────────────────────────────────────────────────────


def test_no_module_reads_parameters_by_a_string_or_gives_them_as_a_mapping() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)[:80]}"
        for path, node in nodes(r"\bparams\b")
        # The drill's API calls the parts of a request's address parameters, too.
        if "drill" not in path.parts and isinstance(node, ast.Call | ast.Subscript) and _by_string(node)
    ]
    assert wrong == []


def _by_string(node: ast.Call | ast.Subscript) -> bool:
    if isinstance(node, ast.Subscript):
        return ast.unparse(node.value).endswith("effect.params")
    if ast.unparse(node.func).endswith(".params.get"):
        return True
    given = [word.value for word in node.keywords if word.arg == "params"]
    return ast.unparse(node.func) == "Effect" and any(isinstance(one, ast.Dict) for one in given)
