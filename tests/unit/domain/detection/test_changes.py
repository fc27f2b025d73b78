"""What the watch calls a change, and what it leaves alone because this incident did it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.support.situations import NOW, OWN, US, Story, key, situation, use
from workbench.core.clock import as_moment, iso
from workbench.core.state_dir import tag_of
from workbench.domain.detection import changes, sender_changes
from workbench.domain.model.inventory import Gap
from workbench.domain.model.plan import Effect, EffectKind
from workbench.domain.model.situation import Situation
from workbench.mailgun.models import Domain, Limit, Route, Subaccount
from workbench.planning import brakes, keys, logins

LATER = NOW + timedelta(minutes=1)
LOGIN = "a@mg.acme.example"


def _baseline(before: Situation, story: Story | None = None) -> Story:
    return (story or Story()).add("snapshot.stored", **_stored(before))


def _stored(before: Situation) -> dict[str, Any]:
    return {"part": "0a", "file": "f", "sha256": "0", "baseline": changes.baseline(before.inventory).body()}


def _texts(now: Situation, story: Story) -> list[str]:
    return [c.text for c in changes.unexplained(now.inventory, story.state(), LATER)]


def _mark(story: Story, mint: Effect) -> str:
    return f"[{tag_of(story.state().incident)}-{mint.id.rsplit('-', 1)[1]}]"


def test_nothing_changed_is_no_alarm() -> None:
    before = situation([key("a")], [LOGIN], allowlist=["192.0.2.1"], limits={US: Limit(limit=5000)})
    assert _texts(before, _baseline(before)) == []


def test_what_appears_is_named_once() -> None:
    before = situation([key("a")], [LOGIN])
    story = _baseline(before)
    now = situation([key("a"), key("ci-helper")], [LOGIN, "b@mg.acme.example"], allowlist=["203.0.113.9"])
    found = changes.unexplained(now.inventory, story.state(), LATER)
    assert {c.kind for c in found} == {"keys", "logins", "allowlist"}
    assert all(changes.REMEDIES[c.kind] for c in found)
    for change in found:
        story.add("alarm.raised", id=change.id, kind=change.kind, target=change.target, text=change.text)
    assert _texts(now, story) == []


def test_what_a_short_list_left_out_of_the_baseline_did_not_appear_when_a_date_shows_it_is_older() -> None:
    before = situation([key("a")])
    before.inventory.gaps["keys US"] = Gap("keys", US, "2 of 4 were listed")
    story = Story().add("incident.opened", incident="i").add("snapshot.stored", **_stored(before))
    opened = as_moment(story.state().opened_at)
    assert opened is not None
    old = key("old", created_at=opened - timedelta(days=30))
    new = key("new", created_at=opened + timedelta(seconds=1))
    undated = key("undated", created_at=None)
    assert _texts(situation([key("a"), old]), story) == []
    assert len(_texts(situation([key("a"), old, new, undated]), story)) == 2
    # Of a list that was whole, nothing was there that it did not show.
    assert len(_texts(situation([key("a"), old]), _baseline(situation([key("a")])))) == 1


def test_our_own_key_under_way_is_not_an_alarm_but_somebody_elses_is() -> None:
    before = situation([key("a")])
    story = _baseline(before)
    planned = keys.plan_replace(before)
    mint = planned.effects[0]
    story.add("plan.confirmed", title="t", effects=[e.to_json() for e in planned])
    story.add("effect.intent", id=mint.id)
    ours = key(f"ops {_mark(story, mint)}", id="just-made")
    assert _texts(situation([key("a"), ours]), story) == []
    assert len(_texts(situation([key("a"), key("ops [wb-3f2a-0000000000]", id="x")]), story)) == 1


def test_what_a_lost_answer_left_behind_is_no_alarm_in_a_list_that_was_asked_for_before_it_was_deleted() -> (
    None
):
    before = situation([key("a")])
    story = _baseline(before)
    mint = next(e for e in keys.plan_replace(before).effects if e.kind is EffectKind.KEY_CREATE)
    story.verified([mint])
    left = key(f"ops {_mark(story, mint)}", id="left-behind")
    made = key(f"ops {_mark(story, mint)}", id=next(iter(story.state().created_keys)))
    shown = situation([key("a"), made, left]).inventory
    told = [
        [c.target for c in changes.unexplained(shown, story.state(), asked) if c.kind == "keys"]
        for asked in (NOW - timedelta(seconds=20), NOW + timedelta(minutes=5))
    ]
    assert told == [[], ["left-behind"]], "once it is deleted it stays away, or somebody copied the mark"


def test_what_we_deleted_and_is_back_is_an_alarm_unless_the_reading_is_older() -> None:
    before = situation([], [LOGIN])
    story = _baseline(before).verified([logins.removal(before, before.inventory.logins[LOGIN])])
    assert any("again" in text for text in _texts(before, story))
    old = changes.unexplained(before.inventory, story.state(), NOW - timedelta(minutes=1))
    assert not [c for c in old if c.id.startswith("back:")]


def test_a_key_of_ours_that_vanishes_and_an_allowlist_entry_that_goes() -> None:
    before = situation([key("a")], allowlist=["192.0.2.1", "192.0.2.2"])
    story = _baseline(before).verified(keys.plan_replace(before, ["a-id"]).effects)
    now = situation([], allowlist=["192.0.2.1"])
    texts = _texts(now, story)
    assert any("made by this incident, is gone" in text for text in texts)
    assert any("192.0.2.2 is gone" in text for text in texts)


def test_a_subaccount_opened_again_after_our_disable_and_not_after_our_enable() -> None:
    child = Subaccount(id="c", name="child", status="open")
    before = situation(subaccounts=[child])
    story = _baseline(before).verified(brakes.plan_subaccounts(before, ["c"]).effects)
    assert any("open again" in text for text in _texts(before, story))
    disabled = situation(subaccounts=[Subaccount(id="c", status="disabled")], state=story.state())
    story.at = NOW + timedelta(seconds=1)
    story.verified(brakes.plan_subaccounts(disabled, ["c"], enable=True).effects)
    assert _texts(before, story) == []


def test_a_limit_raised_or_removed_is_an_alarm_lowered_or_ours_is_not() -> None:
    before = situation(limits={US: Limit(limit=5000)})
    story = _baseline(before)
    for limit, alarmed in ((Limit(limit=5001), True), (None, True), (Limit(limit=4000), False)):
        assert bool(_texts(situation(limits={US: limit}), story)) is alarmed
    ours = brakes.plan_limit(before, 9000)
    story.verified(ours.effects)
    assert _texts(situation(limits={US: Limit(limit=9000)}), story) == []
    assert _texts(situation(limits={US: None}), story)


def test_domain_settings_are_compared_and_never_kept_in_clear() -> None:
    before = situation(domains=[Domain(name="d.example", archive_to="https://ours.example/?token=s3cret")])
    story = _baseline(before)
    assert "s3cret" not in str(story.rows)
    now = situation(domains=[Domain(name="d.example", archive_to="https://theirs.example/")])
    assert _texts(now, story) == ["archive_to of domain d.example was changed, not by this incident"]


def test_an_edited_route_has_no_date_and_is_seen_all_the_same() -> None:
    before = situation()
    before.inventory.routes = {"r": Route(id="r", expression="catch_all()", actions=("stop()",))}
    before.inventory.read_at["routes"] = NOW
    story = _baseline(before)
    now = situation()
    now.inventory.routes = {"r": Route(id="r", expression="catch_all()", actions=('forward("x")',))}
    assert any("was changed" in text for text in _texts(now, story))


def test_a_sender_that_wakes_or_outlives_its_cut_is_an_alarm() -> None:
    before = situation([key("a"), key("b")])
    story = _baseline(before).use(**{"key:a-id": use("both")})
    story.add("baseline.added", baseline=sender_changes.senders(story.state()).body())
    assert _texts(before, story) == []
    story.use(**{"key:a-id": use("both"), "key:b-id": use("intruder")})
    (told,) = [text for text in _texts(before, story) if "has begun to send" in text]
    assert told.startswith("API key “b” …b-id has begun to send"), "by its name, a tail tells nobody which"
    story.verified(e for e in keys.plan_replace(before, ["a-id"]) if e.target != OWN)
    story.use(**{"key:a-id": use("both", last_used=iso(NOW + timedelta(minutes=5)))})
    gone = situation([key("b")])
    gone.inventory.keys.update({k: key("new", id=k) for k in story.state().created_keys})
    assert any("goes on sending after it was cut" in text for text in _texts(gone, story))


def _cut_login(at: datetime) -> tuple[Situation, Story]:
    """Return an account whose abused login was reset at ``at`` by this host's clock, with the story so far."""
    before = situation(logins=[LOGIN])
    story = _baseline(before).use(**{f"smtp:{LOGIN}": use("both")})
    story.add("baseline.added", baseline=sender_changes.senders(story.state()).body())
    story.at = at
    story.verified(logins.plan_reset(before, [LOGIN]))
    return before, story


def _sends(story: Story, account: Situation, last: datetime, strange: datetime) -> bool:
    """Return whether an alarm says that the login sends on, last used so and last by strangers so."""
    fact = {**use("both", last_used=iso(last)), "strange_last_used": iso(strange)}
    story.use(**{f"smtp:{LOGIN}": fact})
    return any("goes on sending" in text for text in _texts(account, story))


def test_what_was_accepted_before_the_cut_and_logged_late_is_no_alarm() -> None:
    account, story = _cut_login(NOW)
    # Read an hour later, and a hundred times: what counts is when it was accepted, and from where.
    assert not _sends(story, account, NOW - timedelta(seconds=1), NOW - timedelta(seconds=1))
    later = NOW + timedelta(minutes=40)
    assert not _sends(story, account, last=later, strange=NOW - timedelta(seconds=1)), (
        "production sends again"
    )
    assert not _sends(story, account, last=later, strange=NOW + timedelta(seconds=20)), "was under way"
    assert _sends(story, account, last=later, strange=NOW + timedelta(seconds=90))


def test_the_account_s_clock_decides_what_came_after_the_cut() -> None:
    account, story = _cut_login(NOW)
    [effect] = story.state().of_kind(EffectKind.LOGIN_RESET)
    ahead = NOW + timedelta(hours=1)
    body = {"id": effect.effect.id, "evidence": ["done"], "result": {}, "account_at": iso(ahead)}
    story.add("effect.done", **body).add("effect.verified", id=effect.effect.id, evidence=["done"])
    just_before = ahead - timedelta(seconds=1)
    assert not _sends(story, account, just_before, just_before), "an hour late only by this host's clock"
    after = ahead + timedelta(minutes=2)
    assert _sends(story, account, after, after)


def test_a_baseline_taken_while_a_region_refuses_calls_nothing_of_that_region_new() -> None:
    before = situation([key("a")], [LOGIN])
    before.inventory.gaps["domains US"] = Gap("domains", US, "this key is refused there")
    before.inventory.read_at["routes"] = NOW
    story = Story().add("incident.opened", incident="i")
    story.add("snapshot.stored", part="0b", file="f", sha256="0", baseline={"settings": {}})
    story.add("baseline.added", baseline=changes.missing(before.inventory, story.state().baseline).body())
    assert not changes.missing(before.inventory, story.state().baseline)
    opened = as_moment(story.state().opened_at)
    assert opened is not None
    now = situation([key("a")], [LOGIN])
    now.inventory.routes = {
        name: Route(id=name, actions=("stop()",), created_at=opened + timedelta(days=days))
        for name, days in (("old", -30), ("new", 1))
    }
    assert [text for text in _texts(now, story) if "“old”" in text] == []
    assert len([text for text in _texts(now, story) if "“new”" in text]) == 1


def test_a_slice_read_late_becomes_the_baseline_without_moving_what_is_one() -> None:
    before = situation([key("a")], allowlist=None)
    story = _baseline(before)
    now = situation([key("a"), key("stranger")], allowlist=["192.0.2.1"])
    added = changes.missing(now.inventory, story.state().baseline).body()
    assert set(added) == {"allowlist"}
    story.add("baseline.added", baseline={**added, "keys": ["tampered"]})
    assert story.state().baseline.keys == tuple(sorted([OWN, "a-id"]))
