"""What was done once and is wanted again is an effect of its own: the first one's record must not swallow it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, US, Story, key, situation
from workbench.core.errors import UsageError
from workbench.domain.model.effect_params import LimitSetParams
from workbench.domain.model.plan import Effect, EffectKind, Place, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import containment
from workbench.domain.runbook.adoption import replacements
from workbench.domain.runbook.handover import FIRST, kept
from workbench.domain.runbook.handover import NOW as NOW_WAY
from workbench.domain.runbook.verdict import Verdict
from workbench.execution.reverification import lasting
from workbench.mailgun.models import Limit
from workbench.planning import brakes, contain, cut_order, handover, keys, logins
from workbench.planning.ranking import NothingToDo

LOGIN = "news@mg.acme.example"


def _ids(plan: Plan) -> list[str]:
    return [effect.id for effect in plan]


def _after(story: Story) -> Situation:
    return situation(logins=[LOGIN], state=story.state())


def test_a_second_reset_is_its_own_effect_and_one_that_is_begun_is_not_doubled() -> None:
    story = Story()
    first = logins.plan_reset(situation(logins=[LOGIN]), [LOGIN])
    story.verified(first)
    with pytest.raises(NothingToDo):
        logins.plan_reset(_after(story), [LOGIN])
    second = logins.plan_reset(_after(story), [LOGIN], again=True)
    assert _ids(second) != _ids(first)
    # Confirmed, begun, not over: planned once more it is still the same one.
    story.add("plan.confirmed", title="t", effects=[e.to_json() for e in second])
    assert _ids(logins.plan_reset(_after(story), [LOGIN], again=True)) == _ids(second)
    story.add("effect.failed", id=second.effects[0].id, what="down", unknown=True)
    assert _ids(logins.plan_reset(_after(story), [LOGIN], again=True)) == _ids(second)
    story.verified(second)
    third = logins.plan_reset(_after(story), [LOGIN], again=True)
    assert len({*_ids(first), *_ids(second), *_ids(third)}) == 3


def test_an_end_that_was_left_out_of_a_plan_is_what_the_next_plan_holds() -> None:
    before = situation([key("prod")], state=Story().use().state())
    whole = keys.plan_replace(before, ["prod-id"], ways=NOW_WAY)
    mints = [one.id for one in whole if one.kind is EffectKind.KEY_CREATE]
    story = Story().use().verified(whole.only(mints))
    rest = keys.plan_replace(situation([key("prod")], state=story.state()), ways=cut_order.PROPOSED)
    assert [(one.kind, one.target) for one in rest if one.target != OWN] == [
        (EffectKind.KEY_DELETE, "prod-id")
    ]
    # Replaced first it is kept for its hand-over: its end is no part of that plan.
    kept = keys.plan_replace(before, ["prod-id"], ways=FIRST)
    there = situation([key("prod")], state=Story().use().verified(kept).state())
    with pytest.raises(NothingToDo):
        keys.plan_replace(there, ["prod-id"], ways=cut_order.PROPOSED)


def test_a_replacement_that_was_refused_is_planned_again_although_the_old_key_is_gone() -> None:
    before = situation([key("prod")], state=Story().use().state())
    mint, end = (one for one in keys.plan_replace(before, ["prod-id"], ways=NOW_WAY) if one.target != OWN)
    story = Story().use().add("plan.confirmed", title="t", effects=[mint.to_json(), end.to_json()])
    story.add("effect.intent", id=mint.id).add(
        "effect.failed", id=mint.id, what="all the keys its plan allows"
    )
    story.verified([end])
    there = situation(state=story.state())
    step = containment.keys(there)
    assert step.verdict is Verdict.IN_PROGRESS and "1 replacement not proven yet" in step.evidence[0]
    assert [one.id for one in keys.plan_replace(there) if one.target != OWN] == [mint.id]
    # Refused once more it is for somebody else: the step says why, and the next one goes on.
    story.add("plan.confirmed", title="t", effects=[mint.to_json()])
    story.add("effect.intent", id=mint.id).add(
        "effect.failed", id=mint.id, what="all the keys its plan allows"
    )
    own = an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True)
    story.verified([own], **{OWN: {"key_id": OWN}})
    assert containment.keys(situation(state=story.state())).verdict is Verdict.BLOCKED


def test_only_the_present_password_is_proven_again_and_waited_for() -> None:
    story = Story()
    story.verified(logins.plan_reset(situation(logins=[LOGIN]), [LOGIN]))
    second = logins.plan_reset(_after(story), [LOGIN], again=True)
    story.at = NOW + timedelta(minutes=1)
    story.verified(second)
    state = story.state()
    assert [r.effect.id for r in lasting(state)] == _ids(second)
    assert [one.id for one in replacements(_after(story))] == _ids(second)


def test_a_queue_that_filled_again_is_purged_again_but_not_by_the_same_command() -> None:
    story = Story()
    there = situation(logins=[LOGIN])
    first = brakes.plan_purge(there, ["mg.acme.example"])
    story.verified(first)
    assert _ids(brakes.plan_purge(_after(story), ["mg.acme.example"])) != _ids(first)
    scope = contain.Scope(logins=(LOGIN,), purge=("mg.acme.example",))
    story.verified(logins.plan_reset(there, [LOGIN]))
    assert _ids(contain.plan(_after(story), scope)) == []


def test_a_login_that_was_deleted_and_came_back_is_deleted_again() -> None:
    story = Story()
    there = situation(logins=[LOGIN])
    first: list[Effect] = list(logins.plan_delete(there, [LOGIN]))
    story.verified(first)
    # The inventory may only be old: without an alarm the delete that is proven is enough.
    assert _ids(logins.plan_delete(_after(story), [LOGIN])) == [first[0].id]
    done_at = story.state().effects[first[0].id].done_at
    story.add("alarm.raised", id=f"back:logins:{LOGIN}:{done_at}", kind="logins", target=LOGIN, text="back")
    assert _ids(logins.plan_delete(_after(story), [LOGIN])) != [first[0].id]


def test_a_login_that_was_reset_and_is_replaced_first_then_waits_and_is_ended_once_more() -> None:
    story = Story().verified(logins.plan_reset(situation(logins=[LOGIN]), [LOGIN]))
    second = logins.plan_reset(_after(story), [LOGIN], again=True, replace_first=[LOGIN])
    [made] = second.effects
    assert made.kind is EffectKind.LOGIN_CREATE
    story.verified(second)
    there = situation(logins=[LOGIN, made.target], state=story.state())
    assert [one.target for one in kept(there)] == [LOGIN]
    # It waits already: asked for again nothing further is made.
    with pytest.raises(NothingToDo):
        logins.plan_reset(there, [LOGIN], again=True, replace_first=[LOGIN])
    [end] = handover.plan_finish(there).effects
    assert end.kind is EffectKind.LOGIN_RESET and end.id not in there.state.effects
    story.verified([end])
    assert kept(situation(logins=[LOGIN, made.target], state=story.state())) == []


def _limited(story: Story, limit: int | None, *, read: bool = True) -> Situation:
    limits: dict[Place, Limit | None] = (
        {US: Limit(limit=limit) if limit is not None else None} if read else {}
    )
    there = situation(state=story.state(), limits=limits)
    there.inventory.read_at["limits"] = NOW + timedelta(hours=1)
    return there


def test_a_limit_that_was_put_back_or_changed_by_somebody_is_set_again_and_one_that_stands_is_not() -> None:
    first = brakes.plan_limit(_limited(Story(), 50_000), 5_000)
    story = Story().verified(first)
    assert _ids(brakes.plan_limit(_limited(story, 5_000), 5_000)) == _ids(first)
    raised = brakes.plan_limit(_limited(story, 900_000), 5_000)
    assert _ids(raised) != _ids(first)
    story.verified(brakes.plan_restore_limit(_limited(story, 5_000)))
    with pytest.raises(UsageError, match="not changed"):
        brakes.plan_restore_limit(_limited(story, 50_000))
    again = brakes.plan_limit(_limited(story, 50_000), 5_000)
    assert _ids(again) != _ids(first)
    story.verified(again)
    assert _ids(brakes.plan_limit(_limited(story, 5_000), 5_000)) == _ids(again)
    back = brakes.plan_restore_limit(_limited(story, 5_000))
    assert back.effects[0].given(LimitSetParams).limit == 50_000


def test_a_limit_that_could_not_be_read_is_not_taken_for_none() -> None:
    plan = brakes.plan_limit(_limited(Story(), None, read=False), 5_000)
    assert "limit now none" not in plan.notes[0] and "no limit" not in plan.effects[0].undo
    story = Story().verified(plan)
    with pytest.raises(UsageError, match="not known what the sending limit was"):
        brakes.plan_restore_limit(_limited(story, 5_000))
    unlimited = brakes.plan_limit(_limited(Story(), None), 5_000)
    [cleared] = brakes.plan_restore_limit(_limited(Story().verified(unlimited), 5_000)).effects
    assert cleared.kind is EffectKind.LIMIT_CLEAR


@pytest.mark.parametrize("kind", ["domains", "keys"])
def test_a_domain_or_key_that_was_deleted_and_came_back_is_deleted_again(kind: str) -> None:
    target = "mg.acme.example" if kind == "domains" else "prod-id"

    def build(there: Situation) -> Plan:
        if kind == "keys":
            return keys.plan_delete(there, [target])
        return brakes.plan_domain_delete(there, [target], typed=target)

    there = situation([key("prod")], [LOGIN])
    [first] = build(there).effects
    story = Story().verified([first])
    back = situation([key("prod")], [LOGIN], state=story.state())
    assert _ids(build(back)) == [first.id]
    done_at = story.state().effects[first.id].done_at
    story.add("alarm.raised", id=f"back:{kind}:{target}:{done_at}", kind=kind, target=target, text="back")
    assert _ids(build(situation([key("prod")], [LOGIN], state=story.state()))) != [first.id]


def test_an_old_key_is_not_ended_on_the_word_of_a_replacement_that_somebody_deleted() -> None:
    before = situation([key("prod")], state=Story().use().state())
    kept_first = keys.plan_replace(before, ["prod-id"], ways=FIRST)
    story = Story().use().verified(kept_first)
    made = next(k for k, r in story.state().created_keys.items() if r.effect.params.replaces == "prod-id")
    story.at += timedelta(minutes=5)
    story.add("alarm.raised", id=f"gone:keys:{made}", kind="keys", target=made, text="gone")
    cut = keys.plan_replace(
        situation([key("prod")], state=story.state()), ["prod-id"], ways={"key:prod-id": NOW_WAY}
    )
    mint, end = cut.effects
    assert (mint.kind, end.kind) == (EffectKind.KEY_CREATE, EffectKind.KEY_DELETE)
    assert mint.id not in story.state().effects and end.after == (mint.id,)


def test_a_kept_key_is_not_ended_once_somebody_deleted_what_replaces_it_unless_it_is_used_by_others() -> None:
    before = situation([key("prod")], [LOGIN], state=Story().use().state())
    both = keys.plan_replace(before, ["prod-id"], ways=FIRST).joined(
        "both", [logins.plan_reset(before, [LOGIN], ways=FIRST)]
    )
    story = Story().use().verified(both)
    made = next(k for k, r in story.state().created_keys.items() if r.effect.params.replaces == "prod-id")
    [second] = story.state().passwords

    def ends(*, remove: bool = False) -> list[str]:
        there = situation([key("prod")], [LOGIN], state=story.state())
        return [effect.target for effect in handover.plan_finish(there, remove=remove)]

    assert ends() == ["prod-id", LOGIN]
    story.at += timedelta(minutes=5)
    for kind, name in (("keys", made), ("logins", second)):
        story.add("alarm.raised", id=f"gone:{kind}:{name}", kind=kind, target=name, text="gone")
    # A login gets a new password, which is in the vault; deleted, nothing would be left of it.
    assert ends() == [LOGIN]
    with pytest.raises(NothingToDo) as nothing:
        ends(remove=True)
    assert all("somebody deleted its replacement" in line for line in nothing.value.left_out)
    story.add("alarm.raised", id="sends:prod-id", kind="keys", target="prod-id", text="sends from elsewhere")
    assert ends() == ["prod-id", LOGIN]


def test_what_several_plans_say_alike_is_said_once_and_in_their_order() -> None:
    first = Plan("a", left_out=("x", "y", "x"), notes=("n",))
    whole = first.joined("both", [Plan("b", left_out=("z", "y"), notes=("m", "n"))])
    assert (whole.left_out, whole.notes) == (("x", "y", "z"), ("n", "m"))
