"""Is it over? The four answers, from readings made by hand; and that the claim goes when its ground goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, OWN, Story, key, situation, use
from workbench.core.clock import iso
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.inventory import Gap, UserItem
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.sending_volume import AcceptedHour, Volume
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Attestation
from workbench.domain.runbook.claims import ClaimAnswer, Coverage, Reading, aged, claim
from workbench.domain.runbook.containment_state import LASTS, Containment, Over, containment
from workbench.domain.runbook.runbook import steps
from workbench.domain.runbook.sending import sending
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Route, Subaccount, User

US = Place(Region.US)
LOGIN = "app@mg.acme.example"


def _volume(excess: float = 0.0, *, since: Any = None) -> Volume:
    return Volume((AcceptedHour(NOW, 40),), 40.0, 60.0, None, excess, NOW, measured_from=since)


def _cut_story() -> Story:
    """Cut the one old key and the one login, and read who sends after it."""
    old = key("prod")
    story = Story()
    story.verified(
        [
            an_effect(EffectKind.KEY_DELETE, old.id, US),
            an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example"),
            an_effect(EffectKind.KEY_CREATE, OWN, US, replaces=OWN, own=True),
        ],
        **{OWN: {"key_id": OWN}},
    )
    return story.use().assessed()


def _over(story: Story | None = None, **more: Any) -> Situation:
    found = situation(
        keys=more.pop("keys", ()), logins=[LOGIN], state=(story or _cut_story()).state(), **more
    )
    found.volume = _volume()
    return found


def _stranger(found: Situation) -> None:
    owner = User(id="u1", email="ada@acme.example", name="Ada", role="admin", is_master=True)
    stranger = User(id="u2", email="x@evil.example", name="X", role="admin")
    found.inventory.users = {u.id: UserItem(u, US) for u in (owner, stranger)}


def test_with_everything_shut_and_read_it_is_contained_as_of_the_oldest_reading() -> None:
    found = containment(_over())
    assert found.over is Over.CONTAINED, found.words
    assert found.words.startswith("contained since 21 Nov 14:00Z, as of 21 Nov 14:00Z")
    assert found.claim.answer is ClaimAnswer.YES


@pytest.mark.parametrize("late", [None, 1, 59, 600])
def test_it_is_never_contained_since_a_moment_after_the_one_it_is_told_for(late: int | None) -> None:
    # The row is journaled after the readings, and the last of our own changes may come after some of them.
    story = _cut_story().add("contained")
    found = _over(story)
    for name in found.inventory.read_at:
        found.inventory.read_at[name] -= timedelta(minutes=2)
    if late is not None:
        next(iter(found.state.effects.values())).done_at = iso(found.now - timedelta(seconds=late))
    said = containment(found)
    assert said.over is Over.CONTAINED, said.words
    assert said.since is not None and said.as_of is not None
    assert said.claim.as_of is not None and said.claim.as_of <= said.since <= said.as_of
    done = max(record.done_at for record in found.state.effects.values())
    assert iso(said.since) >= done


def test_with_a_region_s_figures_missing_its_queues_are_not_known_to_be_empty() -> None:
    found = _over(
        Story().verified([an_effect(EffectKind.LOGIN_RESET, LOGIN, US, domain="mg.acme.example")]).use()
    )
    found.volume = replace(_volume(), began=NOW, unread=(Region.US,))
    said = containment(found)
    assert said.over is Over.OPEN
    assert "queued mail in US (the sending figures there could not be read)" in said.words
    step = {view.id: view for view in steps(found)}["3"]
    assert not step.verdict.closed
    assert step.idle and "figures of US" in step.waits


def test_nothing_cut_is_not_contained_and_counts_what_is_open() -> None:
    found = situation(keys=[key("prod"), key("old")], logins=[LOGIN])
    said = containment(found)
    assert said.over is Over.NOT_CONTAINED
    assert "3 API keys from before" in said.words


def test_a_stranger_in_the_panel_is_cut_but_open() -> None:
    found = _over()
    _stranger(found)
    said = containment(found)
    assert said.over is Over.OPEN
    assert said.words.startswith("cut, but open through panel user ")
    assert "evil.example" in said.words


def test_what_could_not_be_read_is_no_all_clear() -> None:
    for name in ("keys", "users", "domains", "logins", "subaccounts"):
        found = _over()
        found.inventory.gaps[name] = Gap(name, None, "403")
        said = containment(found)
        assert said.over is Over.OPEN, name
        assert said.claim.answer is ClaimAnswer.CANNOT_TELL
        assert f"{name}: not readable, 403" in said.words


@pytest.mark.parametrize("mailbox", ["ada@mg.acme.example", "ada@elsewhere.example", ""])
def test_routes_nobody_could_read_may_copy_the_mail_with_which_a_password_is_set(mailbox: str) -> None:
    def seen(**more: Any) -> Containment:
        found = _over()
        owner = User(id="u1", email=mailbox, name="Ada", role="admin", is_master=True, tfa_active=True)
        found.inventory.users = {"u1": UserItem(owner, US)}
        found.inventory.read_at["routes"] = NOW
        if "gap" in more:
            found.inventory.gaps["routes US"] = more["gap"]
        if more.get("unasked"):
            del found.inventory.read_at["routes"]
        if more.get("looked"):
            found.state.attestations.append(Attestation("6", "ada", iso(NOW), "looked in the panel"))
        return containment(found)

    received = not mailbox.endswith("@elsewhere.example")  # A mailbox nobody could read may be there too.
    assert seen().contained
    for unread in ({"gap": Gap("routes", US, "500")}, {"unasked": True}):
        assert seen(**unread).contained is not received, unread
        assert ("routes" in seen(**unread).words) is received
        assert seen(**unread, looked=True).contained
    assert seen(gap=Gap("routes", US, "a field", note=True)).contained


@pytest.mark.parametrize(
    ("odd", "open_"),
    [
        ({"unreadable": ("all but its name",)}, True),
        ({"unreadable": ("actions",), "expression": 'match_recipient("ada@mg.acme.example")'}, True),
        ({"unreadable": ("actions",), "expression": 'match_recipient("bob@mg.acme.example")'}, False),
        ({}, True),
        ({"actions": ("stop()",), "unreadable": ("created_at",)}, False),
    ],
)
def test_a_route_to_nobody_knows_where_is_not_known_to_be_shut(odd: dict[str, Any], open_: bool) -> None:
    found = _over()
    owner = User(id="u1", email="ada@mg.acme.example", name="Ada", role="admin", is_master=True)
    found.inventory.users = {"u1": UserItem(owner, US)}
    found.inventory.read_at["routes"] = NOW
    found.inventory.routes = {"r1": Route(id="r1", **odd)}
    said = containment(found)
    assert said.contained is not open_
    assert ("not all of it could be read" in said.words) is open_


def test_a_route_to_a_strange_host_may_take_the_mail_of_a_mailbox_nobody_could_read() -> None:
    found = _over()
    found.inventory.users = {"u1": UserItem(User(id="u1", role="admin", is_master=True), US)}
    found.inventory.read_at["routes"] = NOW
    found.inventory.routes = {
        "r1": Route(id="r1", expression="catch_all()", actions=('forward("https://evil.example/in")',))
    }
    said = containment(found)
    assert not said.contained and [way.known for way in said.ways if way.kind == "route"] == [False]


def test_what_was_never_asked_is_no_all_clear() -> None:
    found = _over()
    del found.inventory.read_at["users"]
    assert "users: not asked" in containment(found).words
    found = _over(Story().verified([an_effect(EffectKind.KEY_DELETE, "prod-id", US)]))
    assert "who sends: not asked, not since the last cut" in containment(found).words
    found = _over()
    found.volume = None
    assert containment(found).over is Over.OPEN


def test_a_reading_of_who_sends_that_began_before_the_cut_does_not_know_how_it_ended() -> None:
    """It lands after the cut, or is judged anew after it: the row is young, what it tells of is not."""
    last = _cut_story().state().cut_row
    for since, known in ((last - 1, False), (last, True), (last + 1, True)):
        story = _cut_story().add("fact", name="credential_use", by_credential={}, as_of=iso(NOW), since=since)
        found = _over(story)
        assert containment(found).contained is known
        assert known or "who sends: not asked, not since the last cut" in containment(found).words
        told = sending(found.volume, found.state, NOW).text
        assert ("the log is not read since the cut" in told) is not known


def test_a_reading_of_who_sends_is_as_old_as_what_was_read() -> None:
    story = _cut_story()
    early = iso(NOW - timedelta(minutes=11))
    story.add("fact", name="credential_use", by_credential={}, as_of=early, since=len(story.rows))
    assert "what was read too long ago (who sends" in containment(_over(story)).words


def test_a_reading_grown_stale_takes_the_claim_with_it() -> None:
    found = _over()
    assert containment(found).contained
    later = replace(found, now=NOW + LASTS + timedelta(seconds=1), over=None)
    assert containment(later).over is Over.OPEN
    assert "out of date" in containment(later).words


def test_a_key_that_came_back_is_said_with_whom_it_came_through() -> None:
    story = _cut_story().add("contained")
    story.at = NOW + timedelta(minutes=3)
    for name in ("a", "b"):
        story.add(
            "alarm.raised",
            id=f"keys:{name}",
            kind="keys",
            target=f"{name}-id",
            text=f"API key “{name}” appeared",
            through="x@evil.example",
        )
    story.use()
    found = _over(story, keys=[key("a"), key("b")])
    found.now = story.at
    found.inventory.read_at = dict.fromkeys(found.inventory.read_at, story.at)
    found.state.baseline = AccountBaseline(keys=(OWN,))
    _stranger(found)
    said = containment(found)
    assert said.over is Over.BACK
    assert "was contained until 21 Nov 14:03Z: came back through" in said.words
    assert "came back 2 × through panel user x@evil.example" in said.words
    assert said.ways[0].used


@pytest.mark.parametrize("listed", [True, False], ids=["still there", "removed"])
def test_what_came_through_nobody_that_is_named_is_named_itself_and_stays_so(listed: bool) -> None:
    story = _cut_story().add("contained")
    story.at = NOW + timedelta(minutes=3)
    story.add(
        "alarm.raised",
        id="keys:a-id",
        kind="keys",
        target="a-id",
        text="API key “a” …a-id (admin) appeared, not created here",
    )
    story.use()
    said = containment(_over(story, keys=[key("a")] if listed else []))
    assert "came back 1 × through a way not named (API key “a” …a-id (admin))" in said.words


def test_an_old_key_kept_for_its_hand_over_is_a_way_with_its_time_left() -> None:
    old = key("prod")
    mint = an_effect(EffectKind.KEY_CREATE, old.id, US, replaces=old.id, cut="first")
    story = _cut_story()
    story.verified([mint]).use()
    story.add(
        "timer",
        id=f"hand-over:key:{old.id}",
        kind="hand-over",
        subject=f"key:{old.id}",
        text="t",
        due=iso(NOW + timedelta(minutes=29, seconds=30)),
    )
    # The same key is deleted in the story of the cut: here it waits.
    state = story.state()
    state.effects = {i: r for i, r in state.effects.items() if r.effect.kind is not EffectKind.KEY_DELETE}
    found = _over(keys=[old])
    found.state, found.over = state, None
    said = containment(found)
    assert said.over is Over.OPEN
    assert "kept for its hand-over (30 min left)" in said.words


def test_a_route_that_copies_password_mail_is_a_way_until_it_is_called_ours() -> None:
    found = _over()
    user = User(id="u1", email="ada@mg.acme.example", name="Ada", role="admin", is_master=True)
    found.inventory.users = {"u1": UserItem(user, US)}
    found.inventory.routes = {
        "r": Route(id="r", expression="catch_all()", actions=('forward("https://drop.evil.example/in")',))
    }
    assert "copies users' password mail to drop.evil.example" in containment(found).words


def test_after_a_cut_the_last_abusive_message_is_said_with_its_age_and_no_mean() -> None:
    story = Story().use(**{"key:prod-id": use("intruder", 1660, last_used=iso(NOW))})
    story.at = NOW + timedelta(seconds=5)
    story.verified([an_effect(EffectKind.KEY_DELETE, "prod-id", US)])
    state = story.state()
    said = sending(_volume(1660.0), state, NOW + timedelta(seconds=40))
    assert "1,660" not in said.text
    assert said.text.startswith("last abusive message 14:00:00Z, 40 s ago")
    assert "not read since the cut" in said.text
    assert said.tone != "ok"
    story.at = NOW + timedelta(seconds=50)
    story.use()
    after = sending(_volume(0.0, since=NOW), story.state(), NOW + timedelta(minutes=5))
    assert "no abnormal sending since the cut" in after.text and after.tone == "ok"


def test_cannot_tell_is_never_good_and_no_stays_no() -> None:
    read = Reading("keys", NOW)
    dark = Reading("users", None, Coverage.NOT_ASKED)
    assert claim("x", True, [read]).good
    assert claim("x", True, [read, dark]).answer is ClaimAnswer.CANNOT_TELL
    assert not claim("x", True, [read, dark]).good
    assert claim("x", True, []).answer is ClaimAnswer.CANNOT_TELL
    assert claim("x", False, [read, dark]).answer is ClaimAnswer.NO
    assert not aged(read, NOW + timedelta(hours=1), timedelta(minutes=1)).answered


@pytest.mark.parametrize("days", [1, 9, 11, 60])
def test_a_subaccount_of_the_intruder_does_not_grow_old_while_the_incident_goes_on(days: int) -> None:
    made = Subaccount(id="sub1", name="notifications", status="open", created_at=NOW - timedelta(hours=2))
    found = _over(subaccounts=[made])
    found.state.opened_at = iso(NOW)
    found.now = NOW + timedelta(days=days)
    found.inventory.read_at = dict.fromkeys(found.inventory.read_at, found.now)
    assert "subaccount notifications" in containment(found).words
