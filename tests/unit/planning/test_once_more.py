"""What was done once and is wanted again is an effect of its own: the first one's record must not swallow it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, Story, situation
from workbench.domain.model.plan import Effect, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.adoption import replacements
from workbench.execution.reverification import lasting
from workbench.planning import brakes, contain, logins
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
