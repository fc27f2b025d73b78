"""What a group keeps beside its counts, where its caps are, and what an operator is told of a reading."""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import timedelta

import pytest

from tests.unit.domain.logs import START, accepted, fate, page, table
from workbench.domain.forensics import attribution
from workbench.domain.forensics.attribution import (
    KINDS,
    MOST_NAMES,
    OTHER,
    Attribution,
    Group,
    GroupKey,
    StoredMessage,
    _count,
)
from workbench.mailgun.log_entries import LogEntry, LogPage

AT = START + timedelta(hours=30)
TEXT = "2026-11-17T06:00:00.000Z"


def only(found: Attribution) -> Group:
    (group,) = found.rows()
    return group


def test_a_group_is_named_by_all_that_an_accepted_entry_tells() -> None:
    found = table()
    found.take(page(accepted(AT)))
    assert only(found).key == GroupKey(
        "main", "acme.example", "key:k1", "192.0.2.1", "http", "app@acme.example", "your order #"
    )
    bare = table()
    bare.take(page({"event": "accepted", "@timestamp": TEXT}))
    group = only(bare)
    assert (group.key.account, group.key.domain, group.key.address, group.key.method) == ("", "", "", "")
    assert (group.key.sender, group.key.shape, group.example, group.kept) == ("", "", "", None)
    assert group.accepted == 1 and group.first == group.last == TEXT


def test_what_a_message_brings_along_is_counted_beside_it() -> None:
    found = table()
    more = {
        "tags": ["shop", "sale"],
        "mailing-list": {"address": "All@Acme.example"},
        "storage": {"key": "s1", "url": "https://storage.example/s1"},
    }
    first = accepted(AT, **more)
    found.take(page(first, accepted(AT + timedelta(minutes=1), tags=["shop"])))
    group = only(found)
    assert (group.tags, group.lists) == ({"shop": 2, "sale": 1}, {"all@acme.example": 1})
    assert group.sending == {"198.51.100.1": 2}
    name = first["message"]["headers"]["message-id"]
    assert group.kept == StoredMessage(TEXT, name, "s1", "https://storage.example/s1")
    assert (group.example, group.scheduled) == ("Your order 12", 0)


def test_of_what_is_stored_the_newest_is_kept_in_whatever_order_it_comes() -> None:
    found = table()
    for minutes, key in ((5, "middle"), (9, "newest"), (1, "oldest"), (9, "as new")):
        at = AT + timedelta(minutes=minutes)
        found.take(page(accepted(at, storage={"key": key, "url": "u"})))
    kept = only(found).kept
    assert kept is not None and kept.key == "as new"
    found.take(page(accepted(AT + timedelta(minutes=30), storage={"url": "without a key"})))
    assert only(found).kept == kept


def test_a_scheduled_message_and_an_example_that_shows_no_secret() -> None:
    found = table()
    later = accepted(AT, subject="Reset: 3f9c1b7a0d2e4f2a3f9c1b7a0d2e4f2a-1111aaaa-2222bbbb")
    later["message"]["scheduled-for"] = 1_764_000_000.0
    found.take(page(later))
    group = only(found)
    assert group.scheduled == 1
    assert group.example.startswith("Reset: ") and "3f9c1b7a0d2e" not in group.example
    long = table()
    long.take(page(accepted(AT, subject="word " * 100)))
    assert len(only(long).example) == 200


def test_outcomes_are_counted_by_their_kind_with_what_they_tell() -> None:
    found = table()
    sent = [accepted(AT) for _ in range(3)]
    found.take(page(*sent))
    rows = [
        fate(sent[0], "delivered", recipient="a@inbox.example"),
        fate(sent[1], "delivered", recipient="b@inbox.example"),
        fate(sent[2], "failed", severity="temporary"),
        fate(sent[2], "failed", severity="permanent"),
        fate(sent[0], "opened"),
        fate(sent[0], "clicked", url="https://Evil.example/login/77?x=1"),
        fate(sent[1], "clicked", url="https://Evil.example/login/78?x=2"),
        fate(sent[1], "clicked", url="mailto:x@y.example"),
        fate(sent[0], "clicked"),
        fate(sent[0], "complained"),
        fate(sent[0], "unsubscribed"),
        fate(sent[0], "rejected"),
        {"id": "odd"},
    ]
    found.take(page(*rows))
    group = only(found)
    assert [group.count(kind) for kind in KINDS] == [3, 2, 1, 1, 1, 4, 1, 1]
    assert (group.providers, group.reached.count) == ({"Gmail": 2}, 2)
    assert sum(group.links.values()) == 3 and group.links["(no web address)"] == 1
    assert found.events == dict(zip(KINDS, (3, 2, 1, 1, 1, 4, 1, 1), strict=True)) | {
        "rejected": 1,
        "(none)": 1,
    }
    assert found.entries == 16 and not found.unjoined and not found.shared


def test_outcomes_that_fit_several_groups_are_kept_under_what_they_share() -> None:
    found = table()
    found.take(page(accepted(AT), accepted(AT, address="203.0.113.9")))
    stray = page(fate(accepted(AT), "delivered"), fate(accepted(AT), "complained"))
    found.take(stray)
    content = ("acme.example", "app@acme.example", "your order #")
    group = found.shared[content]
    assert list(found.shared) == [content]
    assert group.key == GroupKey("", "acme.example", "", "", "", "app@acme.example", "your order #")
    assert (group.count("delivered"), group.count("complained"), len(group.hours)) == (1, 1, 0)
    assert found.group_of(stray.entries[0]) is None, "two fit: nobody is accused"
    assert {one.key.address for one in found.alike_of(stray.entries[0])} == {"192.0.2.1", "203.0.113.9"}
    assert found.alike(("acme.example", "who@else.example", "x")) == []


def test_whose_message_an_entry_is_about_is_told_by_its_id_or_by_content_that_leaves_one() -> None:
    found = table()
    one, other = accepted(AT), accepted(AT, address="203.0.113.9", subject="Win now")
    found.take(page(one, other))
    by_id, by_content = page(
        fate(one, "delivered"), fate(accepted(AT, subject="Win now"), "delivered")
    ).entries
    first, second = found.group_of(by_id), found.group_of(by_content)
    assert first is not None and first.key.address == "192.0.2.1"
    assert second is not None and second.key.address == "203.0.113.9"
    assert found.group_of(LogEntry(event="delivered")) is None
    senderless = fate(one, "delivered", envelope={})
    senderless["message"] = {"headers": {"subject": "Win now"}}
    assert found.group_of(page(senderless).entries[0]) is None


def test_an_outcome_without_a_sender_joins_nothing() -> None:
    found = table()
    found.take(page(accepted(AT)))
    for stray in ({"event": "delivered", "id": "x"}, fate(accepted(AT), "delivered", envelope={})):
        found.take(page(stray))
    assert found.unjoined == {"delivered": 2} and only(found).count("delivered") == 0


def test_hours_are_counted_from_the_one_before_the_start_and_the_ends_take_what_is_outside() -> None:
    found = table(hours=10)
    assert found.size == 13
    assert [found.hour_at(START + timedelta(hours=n)) for n in (-50, -1, 0, 1, 10, 11, 50)] == [
        0,
        0,
        1,
        2,
        11,
        12,
        12,
    ]
    moments = [START - timedelta(hours=2), START, START + timedelta(minutes=59), START + timedelta(hours=9)]
    found.take(page(*(accepted(at) for at in moments)))
    group = only(found)
    assert list(group.hours) == [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert found.outside == 1
    assert (found.oldest, found.newest) == ("2026-11-15T22:00:00.000Z", "2026-11-16T09:00:00.000Z")
    assert (group.first, group.last) == (found.oldest, found.newest)


def test_an_hour_of_grace_on_either_side_is_no_clock_that_is_off() -> None:
    found = table(hours=10)
    hour, moment = timedelta(hours=1), timedelta(seconds=1)
    end = START + timedelta(hours=10)
    found.take(page(accepted(START - hour), accepted(end + hour - moment)))
    assert found.outside == 0
    found.take(page(accepted(START - hour - moment), accepted(end + hour)))
    assert found.outside == 2


def test_a_moment_before_the_start_is_before_it_however_little() -> None:
    found = table(hours=10)
    assert [found.hour_at(START + timedelta(minutes=n)) for n in (-61, -59, -1, 0, 59, 60)] == [
        0,
        0,
        0,
        1,
        1,
        2,
    ]


def test_addresses_beyond_the_most_of_a_credential_are_counted_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attribution, "MOST_ADDRESSES", 2)
    found = table()
    for number in (1, 2, 3, 4, 1, 2):
        found.take(
            page(accepted(AT, address=f"192.0.2.{number}"), accepted(AT, key="k2", address="192.0.2.9"))
        )
    held = {(g.key.credential, g.key.address): g.accepted for g in found.rows()}
    assert held == {
        ("key:k1", "192.0.2.1"): 2,
        ("key:k1", "192.0.2.2"): 2,
        ("key:k1", OTHER): 2,
        ("key:k2", "192.0.2.9"): 6,
    }


def test_what_is_lumped_is_said_as_messages() -> None:
    found = table()
    found.take(page(accepted(AT)))
    rest = GroupKey(*(OTHER,) * 7)
    for count, words in ((1, "1 message lumped as"), (2, "2 messages lumped as")):
        found.groups[rest] = Group(rest, only_hours(found))
        found.groups[rest].counts[0] = count
        assert found.words() == [f"{words} other: more groups than are held"]
    found.groups[rest].counts[0] = 0
    found.repeated, found.unjoined = 1, Counter(opened=1)
    assert found.words() == [
        "1 entry that came twice, counted once",
        "1 outcome of messages whose acceptance was not seen",
    ]


def test_a_reading_of_no_time_at_all_has_room_for_its_ends() -> None:
    assert table(hours=0).size == 3
    assert Attribution(START, START - timedelta(hours=9)).size == 1


def test_the_busiest_come_first_and_the_rest_last() -> None:
    found = table()
    found.take(page(*(accepted(AT, key="b") for _ in range(2)), accepted(AT, key="c"), accepted(AT, key="a")))
    rest = GroupKey(*(OTHER,) * 7)
    group = found.groups[rest] = Group(rest, only_hours(found))
    group.counts[0] = 99
    assert [one.key.credential for one in found.rows()] == ["key:b", "key:a", "key:c", OTHER]
    assert found.other == 99


def only_hours(found: Attribution) -> array[int]:
    """Return hours of the kind that every group of a table has."""
    return next(iter(found.groups.values())).hours[:]


def test_names_beyond_the_most_are_counted_as_other() -> None:
    found = table()
    group_names = [f"tag{number}" for number in range(MOST_NAMES + 3)]
    found.take(page(accepted(AT, tags=[*group_names, "tag0", "tag41"])))
    tags = only(found).tags
    assert len(tags) == MOST_NAMES + 1
    assert (tags["tag0"], tags[f"tag{MOST_NAMES - 1}"], tags[OTHER]) == (2, 1, 4)
    _count(tags, OTHER)
    assert tags[OTHER] == 5


def test_all_that_is_missing_is_said_with_its_number() -> None:
    found = table()
    found.gaps.append("the log of EU was not read")
    found.take(LogPage(page(accepted(AT)).entries, "", None, odd=2, unreadable=1))
    found.undated, found.outside, found.repeated = 3, 1, 2
    found.unjoined.update({"delivered": 1, "opened": 1})
    assert found.words() == [
        "the log of EU was not read",
        "1 log entry could not be read and not counted",
        "2 log entries with a field of an unexpected kind, the rest of it counted",
        "3 accepted messages with no readable time",
        "1 accepted message outside the hours asked for: a clock is off",
        "2 entries that came twice, counted once",
        "2 outcomes of messages whose acceptance was not seen",
    ]
    assert table().words() == ["the log holds nothing of this time (retention can be one day)"]


def test_a_moment_that_cannot_be_read_costs_only_its_hour() -> None:
    found = table()
    found.take(
        page(
            accepted(AT) | {"@timestamp": "never"}, accepted(AT) | {"@timestamp": "2026-99-99T00:00:00.000Z"}
        )
    )
    group = only(found)
    assert (group.accepted, found.undated, sum(group.hours)) == (2, 1, 1)
