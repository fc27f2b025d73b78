"""What was ours and is gone, not by us: somebody else administers the account, and production may have nothing left."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OLD, OWN, US, Story, key, situation
from workbench.domain.detection.alarms import open_alarms, remedy, vanished
from workbench.domain.detection.changes import unexplained
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.adoption import replacements
from workbench.mailgun.models import Domain, Subaccount
from workbench.planning import contain

LOGIN = "app@mg.acme.example"
OTHER = "app@shop.acme.example"
LATER = NOW + timedelta(hours=2)
NEW = "new-1"


def _story(**baseline: list[str]) -> Story:
    held = {"keys": [OWN, "prod-id"], "domains": ["mg.acme.example", "shop.acme.example"], **baseline}
    story = Story().add("snapshot.stored", part="0a", sha256="x", baseline=held)
    effects = [
        an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True),
        an_effect(EffectKind.KEY_CREATE, "prod-id", US, replaces="prod-id", name="prod", cut="now"),
        an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example"),
        an_effect(EffectKind.LOGIN_RESET, OTHER, US, domain="shop.acme.example"),
    ]
    return story.verified(effects, **{OWN: {"key_id": OWN}, "prod-id": {"key_id": NEW}})


def _seen(story: Story, *, keys: bool = True, logins: tuple[str, ...] = (LOGIN, OTHER)) -> Situation:
    posts = [f"postmaster@{login.partition('@')[2]}" for login in logins]
    found = situation(
        keys=[key("prod", id=NEW)] if keys else [], logins=[*logins, *posts], state=story.state()
    )
    found.now = LATER
    return found


def _alarmed(story: Story, seen: Situation) -> Situation:
    story.at = LATER
    for change in unexplained(seen.inventory, seen.state, LATER):
        body = {"id": change.id, "kind": change.kind, "target": change.target, "text": change.text}
        story.add("alarm.raised", **body)
    return Situation(seen.inventory, story.state(), LATER, OWN)


def test_with_all_there_nothing_is_told() -> None:
    story = _story()
    assert not open_alarms(_alarmed(story, _seen(story)))


SHOP = situation(logins=[OTHER]).inventory.domains["shop.acme.example"]
POST = "postmaster@shop.acme.example"


def test_a_login_of_this_incident_that_is_gone_is_told_until_it_is_there_again() -> None:
    story = _story()
    seen = _seen(story, logins=(LOGIN,))
    seen.inventory.domains["shop.acme.example"] = SHOP
    seen.inventory.logins[POST] = situation(logins=[POST]).inventory.logins[POST]
    found = _alarmed(story, seen)
    (alarm,) = open_alarms(found)
    assert alarm.target == OTHER and "is gone, not deleted here" in alarm.text
    found.inventory.logins[OTHER] = situation(logins=[OTHER]).inventory.logins[OTHER]
    assert not open_alarms(found)


def test_a_list_of_logins_without_its_postmaster_is_not_the_list() -> None:
    story = _story()
    seen = _seen(story, logins=(LOGIN,))
    seen.inventory.domains["shop.acme.example"] = SHOP
    assert not open_alarms(_alarmed(story, seen))


@pytest.mark.parametrize(("of_the_subaccount", "told"), [(True, False), (False, True)])
def test_a_domain_of_a_subaccount_that_is_closed_is_not_listed_and_so_not_gone(
    of_the_subaccount: bool, told: bool
) -> None:
    story = _story()
    there = Place(US.region, "sub-1") if of_the_subaccount else US
    story.verified([an_effect(EffectKind.LOGIN_RESET, OTHER, there, domain="shop.acme.example")])
    seen = _seen(story, logins=(LOGIN,))
    seen.inventory.subaccounts = {"sub-1": Subaccount(id="sub-1", name="x", status="disabled")}
    assert bool(open_alarms(_alarmed(story, seen))) is told


def test_a_domain_that_is_gone_is_told_once_and_not_each_of_its_logins() -> None:
    story = _story()
    (alarm,) = open_alarms(_alarmed(story, _seen(story, logins=(LOGIN,))))
    assert alarm.kind == "domains" and alarm.target == "shop.acme.example"


@pytest.mark.parametrize("part", ["domains", "logins"])
def test_from_a_list_with_a_gap_nothing_is_gone(part: str) -> None:
    story = _story()
    seen = _seen(story, logins=(LOGIN,))
    seen.inventory.domains["shop.acme.example"] = situation(
        domains=[Domain(name="shop.acme.example", created_at=OLD)]
    ).inventory.domains["shop.acme.example"]
    seen.inventory.gaps[part] = Gap(part, None, "refused")
    assert not open_alarms(_alarmed(story, seen))


def test_what_this_incident_deleted_is_not_told() -> None:
    story = _story()
    story.verified(
        [
            an_effect(EffectKind.LOGIN_DELETE, OTHER, US, domain="shop.acme.example"),
            an_effect(EffectKind.DOMAIN_DELETE, "shop.acme.example", US),
        ]
    )
    assert not open_alarms(_alarmed(story, _seen(story, logins=(LOGIN,))))


def test_a_key_of_this_incident_that_is_gone_is_made_once_more_and_then_the_alarm_is_over() -> None:
    story = _story()
    found = _alarmed(story, _seen(story, keys=False))
    (alarm,) = open_alarms(found)
    assert vanished(found) == {NEW}
    assert remedy(found, alarm) == "contain.all"
    (mint,) = _mints(found)
    assert mint.target == "prod-id"
    assert mint.id not in found.state.effects, "a mint of its own"
    story.verified([mint], **{"prod-id": {"key_id": "new-2"}})
    seen = situation(keys=[key("prod", id="new-2")], logins=[LOGIN, OTHER], state=story.state())
    after = Situation(seen.inventory, story.state(), LATER, OWN)
    assert not open_alarms(after) and not _mints(after)
    # The one that is gone is nobody's to hand over any more.
    waiting = [one.id for one in replacements(after) if one.name.startswith("key")]
    assert waiting == [mint.id]
    assert after.state.effects[mint.id].state is EffectState.VERIFIED


def _mints(found: Situation) -> list[Effect]:
    return [effect for effect in contain.plan(found) if effect.kind is EffectKind.KEY_CREATE]
