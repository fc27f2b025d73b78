"""Replacement keys may do no more than the old ones were seen to need."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, OLD, Story, key, situation, use
from workbench.core.errors import UsageError
from workbench.domain.model.effect_params import KeyCreateParams, KeyDeleteParams
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.mailgun.endpoints import Region
from workbench.planning import contain, grants, keys
from workbench.planning.grants import Grant

LOGIN = "a@mg.acme.example"
OTHER = "b@news.acme.example"


def _mints(where: Situation, name: str = "a-id", **options: object) -> list[KeyCreateParams]:
    planned = keys.plan_replace(where, **options)  # type: ignore[arg-type]
    return [e.given(KeyCreateParams) for e in planned if e.kind is EffectKind.KEY_CREATE and e.target == name]


def test_a_key_that_only_sends_becomes_a_sending_key_for_each_domain() -> None:
    state = (
        Story()
        .use(**{"key:a-id": use("production", domains=("mg.acme.example", "news.acme.example"))})
        .state()
    )
    where = situation([key("a")], [LOGIN, OTHER], state=state)
    mints = _mints(where)
    assert [(m.kind, m.role, m.domain_name) for m in mints] == [
        ("domain", "sending", "mg.acme.example"),
        ("domain", "sending", "news.acme.example"),
    ]
    planned = keys.plan_replace(where)
    made = [e for e in planned if e.target == "a-id"]
    assert len({e.id for e in made}) == 3
    delete = next(e for e in made if e.kind is EffectKind.KEY_DELETE)
    assert set(delete.after) == {e.id for e in made if e.kind is EffectKind.KEY_CREATE}


def test_the_end_of_a_sending_key_says_where_it_can_be_proven() -> None:
    """A sending key answers at its own domain only, and only there shows whether it is dead."""
    sender = key("a", kind="domain", role="sending", domain_name="mg.acme.example")
    for where, region in ((situation([sender], [LOGIN]), Region.US), (situation([sender]), None)):
        (delete,) = keys.plan_delete(where, ["a-id"]).effects
        given = delete.given(KeyDeleteParams)
        assert (given.kind, given.domain_name, given.domain_region) == ("domain", "mg.acme.example", region)
        assert KeyDeleteParams.from_body(given.body()) == given
    (delete,) = keys.plan_delete(situation([key("b")]), ["b-id"]).effects
    assert not {"domain_name", "domain_region"} & delete.params.body().keys(), (
        "other keys' rows stay as they were"
    )


def test_an_unknown_use_keeps_the_role() -> None:
    where = situation([key("a", role="developer")], [LOGIN])
    assert [(m.kind, m.role) for m in _mints(where)] == [("user", "developer")]


def test_what_the_intruder_alone_did_with_it_says_nothing_about_its_need() -> None:
    state = Story().use(**{"key:a-id": use("intruder", domains=("mg.acme.example",))}).state()
    assert _mints(situation([key("a")], [LOGIN], state=state))[0].kind == "user"


def test_the_operator_can_widen_the_grant() -> None:
    state = Story().use(**{"key:a-id": use("production", domains=("mg.acme.example",))}).state()
    where = situation([key("a")], [LOGIN], state=state)
    chosen = {"a-id": Grant("developer", (), 86400, "chosen")}
    (mint,) = _mints(where, grants=chosen)
    assert (mint.role, mint.kind, mint.expiration) == ("developer", "user", 86400)
    assert _mints(where, grants="same")[0].role == "admin"


def test_a_length_of_life_is_renewed() -> None:
    item = key("a", created_at=OLD, expires_at=OLD + timedelta(days=90))
    assert grants.same(item) == Grant("admin", (), 90 * 86400, "role admin, as before")


def test_too_many_domains_or_our_own_key_stay_as_they_are() -> None:
    names = tuple(f"d{n}.example" for n in range(7))
    state = Story().use(**{"key:a-id": use("production", domains=names)}).state()
    where = situation([key("a")], [f"x@{n}" for n in names], state=state)
    (mint,) = _mints(where)
    assert mint.kind == "user"


def test_sending_keys_that_the_plan_refused_are_planned_around() -> None:
    story = Story().use(**{"key:a-id": use("production", domains=("mg.acme.example",))})
    where = situation([key("a")], [LOGIN], state=story.state())
    planned = keys.plan_replace(where)
    story.add("plan.confirmed", title="t", effects=[e.to_json() for e in planned])
    refused = next(e for e in planned if isinstance(e.params, KeyCreateParams) and e.params.lesser)
    story.add("effect.intent", id=refused.id)
    story.add("effect.failed", id=refused.id, what="Sending keys are not in this plan.")
    again = _mints(situation([key("a")], [LOGIN], state=story.state()))
    assert [(m.kind, m.role) for m in again] == [("user", "admin")]
    assert NOW


@pytest.mark.parametrize("words", ["nobody=admin", "a-id=sending:nowhere.example"])
def test_rights_for_what_is_not_in_the_account_are_refused(words: str) -> None:
    where = situation([key("a")], [LOGIN])
    missing = words.split("=")[0] if "nobody" in words else "nowhere.example"
    with pytest.raises(UsageError, match=f"There is no (key|domain) {missing} in the account"):
        contain.plan(where, contain.Scope(grants=grants.of_words([words])))


def test_rights_for_a_key_that_this_incident_ended_are_no_mistake() -> None:
    given = contain.Scope(grants=grants.of_words(["a-id=admin"]))
    story = Story().verified(contain.plan(situation([key("a")]), given).effects)
    now = situation([], state=story.state())
    assert not [e for e in contain.plan(now, given) if e.target == "a-id"]
