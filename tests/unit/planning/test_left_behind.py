"""A key whose mint was answered to nobody: it is ended, and nothing is made in its place."""

from __future__ import annotations

from tests.support.situations import OWN, Story, key, situation
from workbench.core.state_dir import tag_of
from workbench.domain.model.plan import EffectKind
from workbench.planning import contain, keys

PROD = key("prod-web")


def test_a_key_whose_secret_nobody_has_is_deleted_and_not_replaced() -> None:
    mints = [
        e for e in keys.plan_replace(situation([PROD]), [PROD.id]).effects if e.kind is EffectKind.KEY_CREATE
    ]
    story = Story().verified(mints)
    state = story.state()
    kept, left = "new-" + mints[0].id[-6:], "lost-id"
    mark = f"prod-web [{tag_of(state.incident)}-{mints[0].id.rsplit('-', 1)[1]}]"
    there = situation([key(mark, id=kept), key(mark, id=left)], state=state)
    for plan in (keys.plan_replace(there), contain.plan(there, contain.Scope())):
        found = [(e.kind, e.target) for e in plan.effects if OWN not in (e.target, e.params.replaces)]
        assert found == [(EffectKind.KEY_DELETE, left)]


def test_a_mark_of_another_incident_changes_nothing() -> None:
    mints = [
        e for e in keys.plan_replace(situation([PROD]), [PROD.id]).effects if e.kind is EffectKind.KEY_CREATE
    ]
    state = Story().verified(mints).state()
    other = key(f"prod-web [{tag_of('20261121-140207-3f2a')}-{mints[0].id.rsplit('-', 1)[1]}]", id="other")
    kinds = [e.kind for e in keys.plan_replace(situation([other], state=state), ["other"]).effects]
    assert kinds == [EffectKind.KEY_CREATE, EffectKind.KEY_DELETE]
