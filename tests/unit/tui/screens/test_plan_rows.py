"""The plan screen's first line counts every kind of effect in words."""

from __future__ import annotations

import pytest

from tests.support.effects import an_effect
from workbench.domain.model.plan import EffectKind, Place
from workbench.mailgun.endpoints import Region
from workbench.tui.screens.plan_rows import counted


@pytest.mark.parametrize("kind", list(EffectKind))
def test_every_kind_is_counted_in_words(kind: EffectKind) -> None:
    effect = an_effect(kind, "x", Place(Region.US))
    one, two = counted([effect]), counted([effect, effect])
    assert kind.value not in one
    assert one.startswith("1 ") and two.startswith("2 ") and one[2:] != two[2:]
