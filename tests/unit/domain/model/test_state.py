"""The next start says where an interrupted run stands, from the journal alone."""

from __future__ import annotations

from tests.support.situations import Story, situation
from workbench.domain.model.state import interrupted
from workbench.planning import logins

LOGINS = [f"{name}@mg.acme.example" for name in "abcde"]


def test_what_is_under_way_unproven_and_not_begun_is_counted_apart() -> None:
    effects = list(logins.plan_reset(situation(logins=LOGINS)))
    story = Story().verified(effects[:1])
    assert interrupted(story.state()) == ""
    story.add("plan.confirmed", title="t", effects=[e.to_json() for e in effects])
    story.add("effect.intent", id=effects[1].id, entry="x")
    story.add("effect.intent", id=effects[2].id, entry="y").add(
        "effect.done", id=effects[2].id, evidence=["done"]
    )
    assert interrupted(story.state()) == (
        "An earlier run was interrupted: 1 change proven, 1 begun, outcome not known (the account is asked first), "
        "1 done and not proven, 2 not begun."
    )
