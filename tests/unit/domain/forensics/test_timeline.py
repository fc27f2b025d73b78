"""One list of what happened, from every source, filtered and zoomed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.effects import an_effect
from tests.support.situations import NOW, Story
from workbench.domain.forensics.timeline import Moment, MomentKind, between, keep, timeline, zoomed
from workbench.domain.model.inventory import Inventory, KeyItem
from workbench.domain.model.plan import EffectKind, Place
from workbench.domain.model.replay import fold
from workbench.domain.model.settings import PlaceSettings, Settings
from workbench.domain.model.situation import Situation
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Key, Route

US = Place(Region.US)


def _situation() -> Situation:
    story = Story()
    story.add("incident.opened", incident="i1")
    story.verified([an_effect(EffectKind.ROUTE_DELETE, "r1", US, what="delete route “archive”")])
    story.add("alarm.raised", id="a", kind="keys", target="k9", text="key \x1b[2J appeared")
    story.add(
        "fact",
        name="assessment",
        window={"from": "2026-11-21T05:00:00Z", "to": None, "source": "metrics"},
        senders=[
            {"looks": "intruder", "sender": "n@acme.example", "credential": "key:aaaa-bbbb4f2a",
             "first": "2026-11-21T05:03:00.000Z", "last": "2026-11-21T13:00:00.000Z"},
            {"looks": "production", "sender": "p@acme.example", "credential": "key:x",
             "first": "2026-11-20T05:03:00.000Z"},
        ],
    )  # fmt: skip
    inventory = Inventory(places=(US,))
    inventory.keys["k"] = KeyItem(
        Key(id="k-1234", description="ci\n", created_at=NOW - timedelta(hours=8)), US
    )
    return Situation(inventory, fold(story.rows), NOW)


def test_every_source_in_one_order_and_nothing_hostile_in_it() -> None:
    settings = Settings(NOW, NOW - timedelta(days=1))
    settings.places[US] = PlaceSettings(
        US, routes=[Route(id="r1", description="arch\x07ive", created_at=NOW - timedelta(hours=7))]
    )
    extra = Moment(NOW - timedelta(days=2), MomentKind.EXPOSURE, "/.env served to 203.0.113.9", True)
    found = timeline(_situation(), settings, [extra])
    assert [m.at for m in found] == sorted(m.at for m in found)
    assert {m.kind for m in found} == {
        MomentKind.EXPOSURE,
        MomentKind.LOG,
        MomentKind.ACCOUNT,
        MomentKind.SETTING,
        MomentKind.EFFECT,
        MomentKind.INCIDENT,
        MomentKind.ALARM,
    }
    assert all(m.text.isprintable() for m in found)
    texts = " / ".join(m.text for m in found)
    assert "first message of n@acme.example with key …4f2a" in texts
    assert "p@acme.example" not in texts


def test_filters_by_kind_and_time() -> None:
    found = timeline(_situation())
    logs = between(found, kinds=[MomentKind.LOG])
    assert {m.kind for m in logs} == {MomentKind.LOG}
    assert len(logs) == 3
    assert all(m.at >= NOW for m in between(found, start=NOW))
    assert all(m.at < NOW for m in between(found, end=NOW))


def test_zooms_by_the_hour_and_keeps_what_is_suspicious() -> None:
    found = timeline(_situation())
    hours = zoomed(found)
    assert sum(sum(b.counts.values()) for b in hours) == len(found)
    assert all(b.end - b.start == timedelta(hours=1) for b in hours)
    assert any("abuse begins" in text for b in hours for text in b.texts)
    assert len(zoomed(found, timedelta(days=1))) < len(hours)
    with pytest.raises(ValueError, match="longer than nothing"):
        zoomed(found, timedelta(0))


def test_what_was_deleted_keeps_its_name_and_its_suspicion() -> None:
    before = _situation()
    body = keep(before)
    assert body is not None
    story = Story()
    story.add("incident.opened", incident="i1")
    story.add("fact", **body.body())
    gone = Situation(Inventory(places=(US,)), fold(story.rows), NOW)
    [key] = [m for m in timeline(gone) if m.kind is MomentKind.ACCOUNT]
    assert "ci" in key.text and "…1234" in key.text and key.suspicious
    # Seen again: told once, and nothing new is to be kept.
    again = Situation(before.inventory, fold(story.rows), NOW)
    assert sum(m.kind is MomentKind.ACCOUNT for m in timeline(again)) == 1
    assert keep(again) is None
    story.add("finding.decided", finding="key:k-1234", decision="ours", reason="", who="t")
    judged = Situation(Inventory(places=(US,)), fold(story.rows), NOW)
    assert not any(m.suspicious for m in timeline(judged) if m.kind is MomentKind.ACCOUNT)


def test_a_date_of_the_future_is_no_sign() -> None:
    ahead = Moment(NOW + timedelta(days=90), MomentKind.SETTING, "template “x” made", True)
    [told] = [m for m in timeline(_situation(), None, [ahead]) if m.kind is MomentKind.SETTING]
    assert not told.suspicious and "future" in told.text


def test_leaks_and_listings_are_told_when_they_happened() -> None:
    story = Story()
    story.add("incident.opened", incident="i1")
    story.add(
        "fact",
        name="leaks",
        exposures=[
            {"id": "a", "shown": "API key …4f2a", "accepted": False, "seen": "2026-11-21T15:00:00Z",
             "where": [{"root": "", "path": "shop/.env", "author": "dev", "from": "2026-10-02T09:00:00Z"}]}
        ],
        closed=[{"id": "b", "title": "/.env of www.acme.example", "at": "2026-11-21T16:00:00Z"}],
    )  # fmt: skip
    state = fold(story.rows)
    told = [m.text for m in timeline(Situation(Inventory(), state, NOW)) if m.kind is MomentKind.EXPOSURE]
    assert told == [
        "API key …4f2a entered shop/.env by dev",
        "API key …4f2a found in shop/.env",
        "closed: /.env of www.acme.example",
    ]


def test_who_sent_is_told_as_it_was_judged_not_as_it_looked() -> None:
    told = {"first": "2026-11-21T05:03:00.000Z", "last": "2026-11-21T06:00:00.000Z"}
    senders = [
        {"looks": "production", "decision": "intruder", "sender": "quiet@acme.example", **told},
        {"looks": "unclear", "decision": "ours", "sender": "campaign@acme.example", **told},
    ]
    story = Story().add("fact", name="assessment", senders=senders)
    texts = [
        m.text for m in timeline(Situation(Inventory(places=(US,)), fold(story.rows), NOW)) if m.suspicious
    ]
    assert len(texts) == 2 and all("quiet@acme.example" in one for one in texts)
    assert "(judged the intruder's)" in texts[0]


def test_more_dates_than_are_kept_are_journaled_once_and_not_at_each_reading() -> None:
    inventory = Inventory(places=(US,))
    for number in range(1200):
        made = Key(
            id=f"k-{number}", description=f"key {number}", created_at=NOW - timedelta(days=number // 7)
        )
        inventory.keys[made.id] = KeyItem(made, US)
    first = keep(Situation(inventory, fold([]), NOW))
    assert first is not None and len(first.moments) == 1000
    story = Story().add("fact", **first.body())
    assert keep(Situation(inventory, fold(story.rows), NOW)) is None


def test_one_more_place_of_a_secret_is_one() -> None:
    where = [{"root": "/srv/", "path": name, "since": None} for name in ("a", "b")]
    row = {"id": "x", "shown": "a key", "seen": "2026-11-21T05:03:00Z", "where": where}
    story = Story().add("fact", name="leaks", exposures=[row])
    texts = [m.text for m in timeline(Situation(Inventory(places=(US,)), fold(story.rows), NOW))]
    assert "a key found in /srv/a and 1 more place" in texts
