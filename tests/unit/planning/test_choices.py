"""What is said of a credential whose way cannot be chosen is what the plan does with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, US, Story, key, situation
from workbench.domain.model.inventory import KeyItem, UserItem
from workbench.domain.model.plan import EffectKind
from workbench.mailgun.models import User
from workbench.planning import keys
from workbench.planning.choices import Choices

# Asked for by somebody nobody knows any more, long before the abuse: production may hang on it.
COLLEAGUES = key("old-shop", requestor="gone@elsewhere.example")
PLANTED = key("night-shift", requestor="gone@elsewhere.example", created_at=NOW - timedelta(minutes=5))


@pytest.mark.parametrize(("item", "replaced"), [(COLLEAGUES, True), (PLANTED, False)])
def test_a_key_is_called_never_replaced_only_where_the_plan_does_not(item: KeyItem, replaced: bool) -> None:
    there = situation([item], state=Story().use().state())
    owner = User(id="u1", email="owner@acme.example", role="admin", is_master=True)
    there.inventory.users["u1"] = UserItem(owner, US)
    chosen = Choices.proposed(there, "keys.replace")
    assert there.of_key(item).likely and chosen.way(f"key:{item.id}") == "now"
    plan = keys.plan_replace(there, [item.id], **chosen.options())
    assert any(effect.kind is EffectKind.KEY_CREATE for effect in plan) is replaced
    assert ("never replaced" in chosen.fixed(f"key:{item.id}")) is not replaced
