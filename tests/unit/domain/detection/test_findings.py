"""What is shown for judgement: in words, gravest first, decided last, and never what we made ourselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.situations import NOW, US, Story, key, situation
from workbench.domain.detection.findings import Finding, findings, meant, undecided
from workbench.domain.model.inventory import UserItem
from workbench.domain.model.sending_volume import Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import State
from workbench.mailgun.models import Domain, Subaccount, User
from workbench.planning import keys

YESTERDAY = NOW - timedelta(days=1)
PLANTED = key("planted", created_at=YESTERDAY, requestor="eve@evil.example")


def by_id(found: list[Finding], name: str) -> Finding:
    """Return the one finding about a thing."""
    [one] = [finding for finding in found if finding.id == name]
    return one


def test_an_old_account_without_strangers_has_no_findings() -> None:
    assert findings(situation([key("prod-web")], ["app@mg.acme.example"])) == []


def test_a_planted_key_is_named_by_the_apis_id_with_every_reason() -> None:
    place = situation([PLANTED])
    place.inventory.users = {"u0": UserItem(User(id="u0", email="boss@acme.example", is_master=True), US)}
    place.volume = Volume((), 0.0, 0.0, YESTERDAY, 0.0, NOW)
    found = by_id(findings(place), PLANTED.id)
    assert (found.kind, found.severity, found.remedy) == ("key", "high", "keys.delete")
    assert "inside the abuse window" in found.why[0]
    assert "eve@evil.example" in found.why[1]


def test_what_this_incident_made_itself_is_no_finding() -> None:
    plan = keys.plan_replace(situation([key("prod-web")]), ["prod-web-id"])
    story = Story().verified(plan)
    made = next(iter(story.state().created_keys))
    ours = key("prod-web [wb-1]", id=made, created_at=NOW)
    assert findings(situation([ours], state=story.state())) == []


@pytest.mark.parametrize(("role", "severity"), [("admin", "high"), ("analyst", "medium")])
def test_a_stranger_among_the_users_is_graver_as_an_admin(role: str, severity: str) -> None:
    place = situation()
    team = [User(id=f"u{n}", email=f"{name}@acme.example", role="admin") for n, name in enumerate("abc")]
    changed = YESTERDAY if role == "admin" else None
    stranger = User(id="s", email="eve@evil.example", role=role, password_updated_at=changed)
    place.inventory.users = {u.id: UserItem(u, US) for u in (*team, stranger)}
    found = by_id(findings(place), "s")
    assert found.severity == severity
    assert any("control panel" in line for line in found.why)


def test_domains_and_subaccounts_of_the_window_are_found() -> None:
    domain = Domain(name="acme-billing.example", created_at=YESTERDAY)
    child = Subaccount(id="sub1", name="bulk", status="open", created_at=YESTERDAY)
    closed = Subaccount(id="sub2", name="gone", status="closed", created_at=YESTERDAY)
    found = findings(situation(logins=["a@mg.acme.example"], domains=[domain], subaccounts=[child, closed]))
    assert by_id(found, "acme-billing.example").kind == "domain"
    assert by_id(found, "sub1").remedy == "subaccounts.disable"
    assert not [one for one in found if one.id == "sub2"]


def watched(state: State) -> Situation:
    """Return the account with the planted key in that state."""
    return situation([PLANTED], state=state)


def test_a_judgement_stays_beside_the_finding_and_moves_it_to_the_end() -> None:
    grave = key("second", id="second-id", created_at=YESTERDAY)
    story = Story().add(
        "finding.decided", finding=f"key:{PLANTED.id}", decision="intruder", reason="r", who="ops"
    )
    place = situation([PLANTED, grave], state=story.state())
    found = findings(place)
    assert [one.decision for one in found] == ["", "intruder"]
    assert found[-1].to_json()["decision"] == "intruder"
    assert [one.id for one in undecided(place)] == ["second-id"]


def test_an_alarm_makes_its_finding_grave_and_stands_alone_where_there_is_none() -> None:
    mild = key("sign-in", kind="web")
    story = Story()
    story.add("alarm.raised", id="a1", text="key changed", kind="key", target=mild.id)
    story.add("alarm.raised", id="a2", text="a route appeared", kind="route", target="r-9")
    found = findings(situation([mild], state=story.state()))
    assert by_id(found, mild.id).severity == "high"
    assert by_id(found, mild.id).why[0].startswith("alarm ")
    alone = by_id(found, "r-9")
    assert (alone.key, alone.severity, alone.title) == ("alarm:a2", "high", "a route appeared")


def test_an_alarm_that_was_seen_makes_nothing_graver() -> None:
    mild = key("sign-in", kind="web")
    story = Story().add("alarm.raised", id="a1", text="key changed", kind="key", target=mild.id)
    story.add("alarm.seen", id="a1")
    assert by_id(findings(situation([mild], state=story.state())), mild.id).severity == "low"


def test_the_document_of_a_finding_says_null_until_it_is_judged() -> None:
    document = by_id(findings(watched(State())), PLANTED.id).to_json()
    assert set(document) == {"id", "kind", "title", "where", "severity", "why", "decision"}
    assert document["decision"] is None


def test_a_finding_is_meant_by_its_key_its_id_or_how_its_title_begins() -> None:
    found = [
        Finding(f"route:{n}", n, "route", title, ("US",), "high", ())
        for n, title in (
            ("r1", "route “archive”"),
            ("r2", "route “sync”"),
            ("route", "webhook of mg.acme.example"),
        )
    ]
    assert [f.id for f in meant(found, "route:r1")] == [f.id for f in meant(found, "r1")] == ["r1"]
    assert [f.id for f in meant(found, "Webhook of MG")] == ["route"]
    # An id that is met whole goes before any title; a beginning of two titles means both, and is asked about.
    assert [f.id for f in meant(found, "route")] == ["route"]
    assert [f.id for f in meant(found, "route “")] == ["r1", "r2"]
    assert meant(found, "") == meant(found, "nothing") == []
