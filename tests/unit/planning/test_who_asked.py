"""A key somebody planted is deleted and never replaced: who asked for it counts as known on a user's own terms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, OLD, US, key, situation
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import EffectKind
from workbench.mailgun.models import User
from workbench.planning.keys import plan_replace


@pytest.mark.parametrize(
    ("boss", "strange"),
    [
        ("boss@acme.co.uk", ("evil@attacker.co.uk",)),
        ("boss@acme.com.br", ("evil@attacker.com.br",)),
        ("boss@acme.example", ("evil@attacker.test", "evil2@attacker.test")),
        ("boss@gmail.com", ("evil@gmail.com",)),
    ],
)
@pytest.mark.parametrize("by", ["email", "id", "name"])
def test_a_planted_key_is_deleted_and_the_owners_is_replaced(
    boss: str, strange: tuple[str, ...], by: str
) -> None:
    users = [User(id="u0", email=boss, name="Boss", is_master=True, password_updated_at=OLD)]
    users += [
        User(id=f"u{n}", email=email, name=f"Evil {n}", password_updated_at=NOW - timedelta(hours=3))
        for n, email in enumerate(strange, start=1)
    ]
    asker = {"email": strange[0], "id": "u1", "name": "Evil 1"}[by]
    young = NOW - timedelta(hours=3)
    planted = key("relay", requestor=asker, created_at=young)
    ours = key("prod-web", requestor=boss, user_name="Boss")
    # Who was there before the abuse may have left since: production may run on that key.
    former = key("cron", requestor=asker)
    found = situation([planted, ours, former])
    found.inventory.users = {user.id: UserItem(user, US) for user in users}
    plan = plan_replace(found)
    made = {(effect.kind, effect.target) for effect in plan.effects}
    assert (EffectKind.KEY_DELETE, planted.id) in made
    assert (EffectKind.KEY_CREATE, planted.id) not in made
    for kept in (ours, former):
        assert {(EffectKind.KEY_CREATE, kept.id), (EffectKind.KEY_DELETE, kept.id)} <= made
    why = next(e.why for e in plan.effects if e.target == planted.id)
    assert "not among the users" in why
