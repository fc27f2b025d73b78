"""The brakes: what each plan says of the damage it does, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, OLD, US, Story, key, situation, use
from workbench.core.errors import UsageError
from workbench.domain.detection.findings import Finding, findings
from workbench.domain.model.effect_params import LimitSetParams
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision
from workbench.mailgun.models import Domain, Limit, Subaccount
from workbench.planning import allowlist, brakes, contain, own_things, registry
from workbench.planning.catalog import ACTIONS
from workbench.planning.contain import Scope

LOGIN = "a@mg.acme.example"
DOMAIN = "mg.acme.example"


def test_every_effect_of_a_plan_says_what_breaks_and_how_it_is_taken_back() -> None:
    child = Subaccount(id="c1", name="child", status="open")
    where = situation([key("a")], [LOGIN], subaccounts=[child], limits={US: Limit(limit=9000, current=12)})
    plans = [
        registry.build("contain.all", where),
        registry.build("queues.purge", where, [DOMAIN]),
        registry.build("limit.set", where, limit=5000),
        registry.build("subaccounts.disable", where, ["c1"]),
        registry.build("domains.delete", where, [DOMAIN], typed=DOMAIN),
        registry.build("signing_key.renew", where),
        registry.build("public_key.renew", where),
    ]
    for planned in plans:
        for effect in planned:
            assert effect.what, effect.kind
            assert effect.breaks, effect.kind
            assert effect.undo, effect.kind
            assert effect.why, effect.kind


def test_every_planning_action_has_a_builder_and_every_builder_an_action() -> None:
    assert {i for i, a in ACTIONS.items() if a.plans} == set(registry.BUILDERS)


def test_a_purge_names_what_of_our_own_goes_with_it() -> None:
    state = Story().use(**{"key:a-id": use("production", domains=(DOMAIN,))}).state()
    (effect,) = brakes.plan_purge(situation([key("a")], [LOGIN], state=state), [DOMAIN]).effects
    assert "that of a" in effect.breaks
    assert effect.undo.startswith("cannot be undone")
    assert any("no call counts it" in n for n in brakes.plan_purge(situation([], [LOGIN]), [DOMAIN]).notes)


def test_a_limit_below_this_months_use_says_that_it_stops_all_mail() -> None:
    where = situation(limits={US: Limit(limit=90000, current=7000)})
    planned = brakes.plan_limit(where, 5000)
    assert "ALL sending" in planned.effects[0].breaks
    assert planned.effects[0].given(LimitSetParams).previous == 90000
    assert "7,000 used" in planned.notes[0]
    with pytest.raises(UsageError, match="not possible"):
        brakes.plan_limit(where, 999)


def test_the_limit_of_before_is_put_back_and_none_is_none_again() -> None:
    for before, kind in (
        (Limit(limit=90000, current=1), EffectKind.LIMIT_SET),
        (None, EffectKind.LIMIT_CLEAR),
    ):
        where = situation(limits={US: before})
        story = Story().verified(brakes.plan_limit(where, 5000).effects)
        (effect,) = brakes.plan_restore_limit(situation(state=story.state())).effects
        assert effect.kind is kind
        assert effect.params.body()["limit"] == (90000 if before else None)
    with pytest.raises(UsageError, match="has not changed"):
        brakes.plan_restore_limit(situation())


@pytest.mark.parametrize("typed", ["", "mg.acme.exampl", "MG.ACME.EXAMPLE", "other.example"])
def test_a_domain_is_deleted_only_by_its_typed_name(typed: str) -> None:
    with pytest.raises(UsageError):
        brakes.plan_domain_delete(situation([], [LOGIN]), [DOMAIN], typed=typed)


def test_one_domain_at_a_time_and_never_the_sandbox_or_a_disabled_one() -> None:
    sandbox = Domain(name="sandbox1.mailgun.org", type="sandbox", created_at=OLD)
    stopped = Domain(name="stopped.example", is_disabled=True, created_at=OLD)
    where = situation([], [LOGIN, "b@b.example"], domains=[sandbox, stopped])
    with pytest.raises(UsageError, match="one at a time"):
        brakes.plan_domain_delete(where, [DOMAIN, "b.example"], typed=DOMAIN)
    for name in (sandbox.name, stopped.name):
        with pytest.raises(UsageError, match="does not let"):
            brakes.plan_domain_delete(where, [name], typed=name)
    planned = brakes.plan_domain_delete(where, [DOMAIN], typed=DOMAIN)
    assert planned.irreversible == planned.effects


def test_a_subaccount_can_be_switched_again_after_it_was_switched_back() -> None:
    child = Subaccount(id="c1", name="child", status="open")
    first = brakes.plan_subaccounts(situation(subaccounts=[child]), ["c1"])
    story = Story().verified(first.effects)
    off = Subaccount(id="c1", name="child", status="disabled")
    back = brakes.plan_subaccounts(situation(subaccounts=[off], state=story.state()), [], enable=True)
    assert [e.target for e in back] == ["c1"]
    story.verified(back.effects)
    again = brakes.plan_subaccounts(situation(subaccounts=[child], state=story.state()), ["c1"])
    assert again.effects[0].id != first.effects[0].id


def test_a_subaccount_says_what_calls_it_a_strangers_and_never_that_it_was_selected_as_one() -> None:
    made = NOW - timedelta(hours=1)
    child = Subaccount(id="c1", name="child", status="open", created_at=made)
    where = situation(subaccounts=[child])
    (effect,) = brakes.plan_subaccounts(where, ["c1"])
    young = made >= where.background.since
    assert effect.why == (
        f"made {made:%d %b %H:%M}Z, inside the abuse window"
        if young
        else "chosen by hand: no sign calls it a stranger's"
    )
    old = situation(subaccounts=[Subaccount(id="c1", name="child", status="open", created_at=OLD)])
    (effect,) = brakes.plan_subaccounts(old, ["c1"])
    assert effect.why == "chosen by hand: no sign calls it a stranger's"
    old.state.decisions["subaccount:c1"] = Decision("subaccount:c1", "intruder", "", "ann", "")
    (effect,) = brakes.plan_subaccounts(old, ["c1"])
    assert effect.why == "judged the intruder's by ann"


def test_a_plan_for_a_key_nobody_has_is_refused_but_not_a_second_time() -> None:
    where = situation([key("a")], [LOGIN])
    with pytest.raises(UsageError, match="no key"):
        contain.plan(where, Scope(keys=("nothing",)))
    planned = contain.plan(where, Scope(keys=("a-id",)))
    story = Story().verified(planned.effects)
    assert contain.plan(situation([], [LOGIN], state=story.state()), Scope(keys=("a-id",))).effects == ()


def test_not_knowing_our_own_key_is_said_and_not_passed_over() -> None:
    where = situation([key("a")], [LOGIN])
    where.own_key_id = ""
    with pytest.raises(UsageError, match="itself runs on"):
        contain.plan(where)


def test_thousands_of_things_are_judged_once_for_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(there: Situation) -> list[Finding]:
        asked.append(there)
        return findings(there)

    monkeypatch.setattr(own_things, "findings", counted)
    rogue = [Subaccount(id=f"s{n}", name="", status="open", created_at=NOW) for n in range(30)]
    assert len(brakes.plan_stop(situation(subaccounts=rogue))) == 30
    held = [f"198.51.100.{n}" for n in range(30)]
    allowlist.plan_remove(situation(allowlist=held), held, own_address="203.0.113.5")
    assert len(asked) == 2
