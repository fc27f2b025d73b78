"""In every drill exactly the planted users are strangers, and their keys are nobody's to replace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, UserItem
from workbench.domain.model.plan import Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.domain.runbook import users
from workbench.domain.runbook.verdict import Verdict
from workbench.drill.world.options import DrillOptions
from workbench.drill.world.scenarios import SCENARIOS
from workbench.drill.world.story import Story, tell
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, User

START = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
US = Place(Region.US)


def account(story: Story) -> Situation:
    """Return the situation that the API would show of a story, before anything else is known."""
    inventory = Inventory()
    for one in story.users:
        user = User(
            id=one.id,
            email=one.email,
            name=one.name,
            is_master=one.is_owner,
            password_updated_at=one.password_set,
        )
        inventory.users[one.id] = UserItem(user, US)
    for made in story.domains:
        inventory.domains[made.name] = DomainItem(
            Domain(name=made.name, type=made.kind, created_at=made.created), US
        )
    for held in story.keys:
        key = Key(
            id=held.id,
            kind=held.kind,
            created_at=held.created,
            requestor=held.requestor,
            user_name=held.user_name,
        )
        inventory.keys[held.id] = KeyItem(key, US)
    inventory.read_at["users"] = START
    return Situation(inventory, State(), START)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_exactly_the_planted_users_are_strangers(name: str, seed: int) -> None:
    story = tell(DrillOptions(scenario=name, seed=seed), START)
    found = account(story)
    planted = {user.id for user in story.users if user.planted}
    assert {i.id for i in found.inventory.users.values() if found.of_user(i).likely} == planted
    step = users.strangers(found)
    assert (step.verdict is Verdict.DONE) is not bool(planted)
    strange = {key.id for key in story.keys if key.planted}
    assert {i.id for i in found.inventory.keys.values() if found.of_key(i).likely} == strange


@pytest.mark.parametrize(
    ("name", "suffix"), [("british", "co.uk"), ("brazilian", "com.br"), ("stolen-env", "example")]
)
def test_customers_sit_under_suffixes_of_every_sort(name: str, suffix: str) -> None:
    story = tell(DrillOptions(scenario=name), START)
    assert story.company_domain == f"acme.{suffix}"
    assert all(d.name.endswith(f".acme.{suffix}") for d in story.domains if d.kind == "custom")
    assert story.users[0].email.endswith(f"@acme.{suffix}")
    assert story.site_host.endswith(".example")


def test_the_cast_of_the_hard_cases() -> None:
    def people(name: str) -> tuple[str, list[str]]:
        users = tell(DrillOptions(scenario=name), START).users
        return users[0].email.partition("@")[2], [u.email.partition("@")[2] for u in users if u.planted]

    assert people("webmail-owner") == ("gmail.com", ["gmail.com"])
    owner, strange = people("colluding")
    assert len(strange) == 2 and len(set(strange)) == 1 and strange[0] != owner
    assert len(people("brazilian")[1]) == 2
    for name in ("british", "brazilian", "webmail-owner", "colluding"):
        story = tell(DrillOptions(scenario=name), START)
        mails = {user.email for user in story.users if user.planted}
        assert {key.requestor for key in story.keys if key.planted} <= mails
