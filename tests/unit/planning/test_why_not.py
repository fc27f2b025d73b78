"""Whether an action is possible is answered without its plan, and exactly as the plan would answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.situations import NOW, OWN, Story, key, situation, use
from workbench.core.errors import UsageError
from workbench.domain.model.plan import EffectKind
from workbench.domain.model.situation import Situation
from workbench.planning import registry

LOGINS = ["postmaster@mg.acme.example", "app@mg.acme.example", "news@mg.acme.example"]
KEYS = ["web", "mail", "cron"]


def _built(action: str, where: Situation, marked: list[str]) -> str:
    """Return why no plan is made, by making it."""
    try:
        registry.build(action, where, marked)
    except UsageError as error:
        return error.what
    return ""


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Accounts of a few credentials, some of them new, cut in part, read in part."""
    keys = [
        key(name, created_at=NOW - timedelta(days=draw(st.sampled_from((1, 900)))))
        for name in draw(st.sets(st.sampled_from(KEYS)))
    ]
    logins = draw(st.sets(st.sampled_from(LOGINS)))
    story = Story()
    if draw(st.booleans()):
        looks = st.sampled_from(("production", "intruder", "both"))
        by_key: dict[str, Any] = {f"key:{one.id}": use(draw(looks)) for one in keys}
        story.use(**by_key)
    if draw(st.booleans()):
        try:
            effects = list(
                registry.build("contain.all", situation(keys, sorted(logins), state=story.state())).effects
            )
        except UsageError:
            effects = []
        story.verified(effects[: draw(st.integers(0, len(effects)))])
        if draw(st.booleans()):
            gone = {e.target for e in effects if e.kind is EffectKind.KEY_DELETE}
            keys = [one for one in keys if one.id not in gone]
    known = draw(st.sampled_from((OWN, OWN, "")))
    made = situation(keys, sorted(logins), state=story.state())
    return Situation(made.inventory, made.state, NOW, known)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(where=situations(), action=st.sampled_from(sorted(registry.WHY_NOT)), data=st.data())
def test_the_reason_is_empty_exactly_when_building_succeeds(
    where: Situation, action: str, data: st.DataObject
) -> None:
    inventory = where.inventory
    held = {"keys.replace": list(inventory.keys), "logins.reset": list(inventory.logins)}.get(action, [])
    names = [*held, "not-there"] if held else []
    marked = data.draw(st.lists(st.sampled_from(names), max_size=2)) if names else []
    assert registry.unavailable(action, where, marked) == _built(action, where, marked)


@pytest.mark.parametrize("action", sorted(registry.WHY_NOT))
def test_one_effect_is_enough_to_know(action: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many = situation([key(f"k{n}") for n in range(50)], [f"u{n}@mg.acme.example" for n in range(200)])
    made = 0
    for module, name in (("keys", "_mint"), ("logins", "_reset")):
        real = getattr(getattr(registry, module), name)

        def counted(*given: object, real: Any = real, **more: object) -> object:
            nonlocal made
            made += 1
            return real(*given, **more)

        monkeypatch.setattr(f"workbench.planning.{module}.{name}", counted)
    assert registry.unavailable(action, many) == ""
    assert made <= 1
