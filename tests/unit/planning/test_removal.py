"""A rogue domain goes with the rest of what the intruder left where a sign and a person agree, else by its own name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, OLD, Story, key, situation
from workbench.core.errors import UsageError
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord
from workbench.mailgun.models import Domain
from workbench.planning import registry

FRESH = Domain(name="mail-acme.example", created_at=NOW)
HELD = Domain(name="mg.acme.example", created_at=OLD)
STRANGE = key("night-shift", created_at=NOW - timedelta(minutes=5))
OWN_PLAN = "deleted in a plan of its own"


def judged(*findings: str, domains: tuple[Domain, ...] = (FRESH,)) -> Situation:
    story = Story()
    for one in findings:
        story.add("finding.decided", finding=one, decision="intruder", who="me", reason="")
    return situation([STRANGE], domains=domains, state=story.state())


def test_one_plan_takes_away_a_key_and_a_domain_and_the_domain_goes_last() -> None:
    plan = registry.build("leftovers.remove", judged(f"key:{STRANGE.id}", f"domain:{FRESH.name}"))
    *before, domain = sorted(plan, key=lambda effect: -effect.rank)
    assert domain.kind is EffectKind.DOMAIN_DELETE and domain.target == FRESH.name
    assert [effect.kind for effect in before] == [EffectKind.KEY_DELETE]
    assert "everything of it" in domain.breaks and domain.undo.startswith("cannot be undone")
    assert not [line for line in plan.left_out if OWN_PLAN in line]


def test_a_domain_alone_is_a_plan_too() -> None:
    assert [e.target for e in registry.build("leftovers.remove", judged(f"domain:{FRESH.name}"))] == [
        FRESH.name
    ]


@pytest.mark.parametrize(
    "domain",
    [
        HELD,  # somebody's word, and no sign
        Domain(name="sandbox1.mailgun.org", created_at=NOW, type="sandbox"),
        Domain(name="off.example", created_at=NOW, state="disabled", is_disabled=True),
    ],
)
def test_every_other_domain_is_left_to_a_plan_of_its_own(domain: Domain) -> None:
    there = judged(f"key:{STRANGE.id}", f"domain:{domain.name}", domains=(domain,))
    plan = registry.build("leftovers.remove", there)
    assert [effect.kind for effect in plan] == [EffectKind.KEY_DELETE]


def test_a_domain_that_nobody_judged_is_left_to_its_name() -> None:
    there = judged(f"key:{STRANGE.id}")
    plan = registry.build("leftovers.remove", there, [f"key:{STRANGE.id}", f"domain:{FRESH.name}"])
    assert [effect.kind for effect in plan] == [EffectKind.KEY_DELETE]
    assert any(FRESH.name in line and OWN_PLAN in line for line in plan.left_out)


def test_a_deletion_that_was_accepted_is_not_planned_once_more() -> None:
    there = judged(f"domain:{FRESH.name}")
    (effect,) = registry.build("leftovers.remove", there)
    there.state.effects[effect.id] = EffectRecord(effect, EffectState.DONE)
    with pytest.raises(UsageError):
        registry.build("leftovers.remove", there)


def test_a_removal_of_everything_says_that_the_settings_were_not_looked_at() -> None:
    plan = registry.build("leftovers.remove", judged(f"key:{STRANGE.id}"))
    assert any("The settings are not swept yet." in line for line in plan.left_out)
    # What was selected is all that is meant.
    chosen = registry.build("leftovers.remove", judged(f"key:{STRANGE.id}"), [STRANGE.id])
    assert not any("not swept" in line for line in chosen.left_out)
