"""The log counted into groups: what is joined, what is capped, and that nothing is lost without being said."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.logs import START, accepted, fate, page, table
from workbench.domain.forensics import attribution
from workbench.domain.forensics.attribution import OTHER, Attribution
from workbench.domain.forensics.subjects import Shapes, shape_of
from workbench.mailgun.log_entries import read_page

AT = START + timedelta(hours=30)


def test_a_group_is_credential_address_method_sender_and_subject_shape() -> None:
    found = table()
    found.take(
        page(
            accepted(AT, subject="Your order 12"),
            accepted(AT, subject="Your order 99"),
            accepted(AT, subject="Reset your password"),
            accepted(AT, address="203.0.113.9"),
            accepted(AT, key="", method="smtp", sender="crm@acme.example"),
        )
    )
    assert sorted((g.key.credential, g.key.address, g.key.shape, g.accepted) for g in found.rows()) == [
        ("key:k1", "192.0.2.1", "reset your password", 1),
        ("key:k1", "192.0.2.1", "your order #", 2),
        ("key:k1", "203.0.113.9", "your order #", 1),
        ("smtp:crm@acme.example", "192.0.2.1", "your order #", 1),
    ]


def test_outcomes_find_their_message_by_its_id_although_they_name_no_credential() -> None:
    found = table()
    mine, theirs = accepted(AT), accepted(AT, address="203.0.113.9", subject="Win now")
    found.take(page(mine, theirs))
    found.take(
        page(
            fate(theirs, "failed", severity="permanent"), fate(mine, "delivered"), fate(theirs, "complained")
        )
    )
    by_address = {g.key.address: g for g in found.rows()}
    assert by_address["203.0.113.9"].count("failed") == 1
    assert by_address["203.0.113.9"].count("complained") == 1
    assert by_address["192.0.2.1"].count("delivered") == 1
    assert by_address["192.0.2.1"].reached.count == 1


def test_a_temporary_failure_is_not_a_refusal() -> None:
    found = table()
    sent = accepted(AT)
    found.take(page(sent, fate(sent, "failed", severity="temporary")))
    group = next(found.rows())
    assert (group.count("failed"), group.count("temporary")) == (0, 1)


def test_a_page_that_comes_twice_counts_once_and_is_said() -> None:
    found = table()
    once = page(accepted(AT), accepted(AT))
    found.take(once)
    found.take(once)
    assert sum(g.accepted for g in found.rows()) == 2
    assert found.repeated == 2
    assert any("came twice" in line for line in found.words())


def test_pages_out_of_order_lead_to_the_same_groups_and_times() -> None:
    rows = [page(accepted(AT + timedelta(minutes=m), subject=f"News {m}")) for m in range(90)]
    forward, backward = table(), table()
    for one in rows:
        forward.take(one)
    for one in reversed(rows):
        backward.take(one)
    (a,), (b,) = list(forward.rows()), list(backward.rows())
    assert (a.first, a.last, a.hours) == (b.first, b.last, b.hours)
    assert a.first == "2026-11-17T06:00:00.000Z"


def test_an_outcome_without_its_message_joins_by_content_where_only_one_group_fits() -> None:
    found = table()
    found.take(page(accepted(AT, subject="Invoice 7")))
    stray = fate(accepted(AT, subject="Invoice 8"), "delivered")
    found.take(page(stray))
    assert next(found.rows()).count("delivered") == 1
    assert not found.unjoined


def test_an_outcome_that_fits_several_groups_belongs_to_none_of_them_alone() -> None:
    found = table()
    found.take(page(accepted(AT), accepted(AT, address="203.0.113.9")))
    found.take(page(fate(accepted(AT), "delivered")))
    assert all(g.count("delivered") == 0 for g in found.rows())
    assert [g.count("delivered") for g in found.shared.values()] == [1]


def test_an_outcome_of_an_unknown_message_is_counted_as_such() -> None:
    found = table()
    found.take(page(fate(accepted(AT, sender="who@else.example"), "delivered")))
    assert found.unjoined == {"delivered": 1}
    assert any("whose acceptance was not seen" in line for line in found.words())


def test_missing_and_odd_fields_keep_the_rest_of_the_entry() -> None:
    found = table()
    bare = {"event": "accepted"}
    odd = accepted(AT) | {"envelope": "nonsense", "tags": 7}
    body = msgspec.json.encode(
        {"items": [bare, odd, 17, accepted(AT)], "pagination": {"next": "n", "total": 4}}
    )
    got = read_page(body)
    assert got is not None
    assert (got.odd, got.unreadable, got.next, got.total, len(got.entries)) == (1, 1, "n", 4, 3)
    found.take(got)
    assert sum(g.accepted for g in found.rows()) == 3
    assert found.undated == 1
    words = " ".join(found.words())
    assert "could not be read" in words
    assert "no readable time" in words


def test_bytes_that_are_no_page_are_told_apart_from_an_empty_page() -> None:
    assert read_page(b"<html>") is None
    assert read_page(b"") is None
    empty = read_page(b'{"items": null}')
    assert empty is not None
    assert empty.entries == []


def test_a_clock_that_is_off_is_said_and_the_message_still_counts() -> None:
    found = table()
    found.take(page(accepted(START - timedelta(days=400)), accepted(START + timedelta(days=400))))
    assert found.outside == 2
    assert sum(g.accepted for g in found.rows()) == 2
    assert any("clock is off" in line for line in found.words())


def test_a_moment_with_an_offset_counts_in_its_hour() -> None:
    found = table()
    found.take(page(accepted(AT) | {"@timestamp": "2026-11-17T08:00:00+02:00"}))
    group = next(found.rows())
    assert group.first == "2026-11-17T06:00:00.000Z"
    assert group.hours[found.hour_at(AT)] == 1


def test_an_intruder_who_varies_every_subject_fills_other_not_the_memory() -> None:
    found = table()
    words = ["".join(chr(97 + (n >> shift) % 26) for shift in (0, 2, 4, 6, 8, 10)) for n in range(9000)]
    for start in range(0, 9000, 100):
        found.take(page(*(accepted(AT, subject=f"{w} {w[::-1]}") for w in words[start : start + 100])))
    shapes = {g.key.shape for g in found.rows()}
    assert len(found.groups) <= attribution.MOST_SHAPES + 1
    assert OTHER in shapes
    assert sum(g.accepted for g in found.rows()) == 9000
    assert found.other == 9000 - attribution.MOST_SHAPES
    assert any("lumped as other" in line for line in found.words())


def test_an_intruder_with_thousands_of_addresses_and_senders_is_capped_too() -> None:
    found = table()
    for n in range(0, 6000, 50):
        found.take(
            page(
                *(
                    accepted(AT, address=f"10.{i % 7}.{i // 256}.{i % 256}", sender=f"x{i}@acme.example")
                    for i in range(n, n + 50)
                )
            )
        )
    assert len(found.groups) <= attribution.MOST_GROUPS + 1
    assert sum(g.accepted for g in found.rows()) == 6000


def test_an_empty_log_says_so() -> None:
    assert "retention" in " ".join(table().words())


def test_shapes_drop_what_varies() -> None:
    assert shape_of("Order 1 of 22") == shape_of("Order 300 of 4")
    assert shape_of("Code A1B2C3D4E5F6") == shape_of("Code 00ff11ee22dd")
    assert shape_of("Hi ann@x.example, news") == shape_of("Hi bob@y.example, news")
    assert shape_of("Reset your password") != shape_of("Confirm your wallet")


@given(st.lists(st.sampled_from([*"afDz19#@ \t_-é٣", "abcdefab", "\u00a0", "x@y"]), max_size=16).map("".join))
def test_a_shape_is_what_the_plain_rule_makes_of_a_subject(subject: str) -> None:
    # Digits first, then whatever word holds one, an address, hexadecimal letters: said in two slow steps.
    plain = re.sub(r"\S*#\S*|\S+@\S+|\b[0-9A-Fa-f]{8,}\b", "#", re.sub(r"\d+", "#", subject))
    assert shape_of(subject) == plain[:80].strip().lower()
    # Shapes are remembered by a subject in which every digit is the same.
    shapes = Shapes()
    shapes.of(re.sub("[0-9]", "7", subject))
    assert shapes.of(subject) == shape_of(subject)


@given(
    st.lists(st.lists(st.sampled_from(["e1", "e2", "e3", "e4", "e5", "e6", None]), max_size=5), max_size=5)
)
def test_an_entry_counts_once_in_whatever_pages_it_comes_and_one_without_an_id_always(
    pages: list[list[str | None]],
) -> None:
    found = table()
    for ids in pages:
        found.take(page(*(accepted(AT, id=name) for name in ids)))
    given_ids = [name for ids in pages for name in ids]
    named = [name for name in given_ids if name is not None]
    assert found.repeated == len(named) - len(set(named))
    assert sum(g.accepted for g in found.rows()) == len(given_ids) - found.repeated


def test_what_is_held_to_join_outcomes_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five million entries stream through: only the latest ids are held, and near outcomes still find their message."""
    monkeypatch.setattr(attribution, "_HELD", 300)
    made = Attribution(START, START + timedelta(days=2))
    most = 0
    for number in range(200):
        at = START + timedelta(minutes=number)
        entries = [accepted(at) for _ in range(30)]
        made.take(page(*entries))
        made.take(page(*(fate(entry, "delivered") for entry in entries)))
        most = max(most, sum(map(len, made._seen)), sum(map(len, made._near)))
    assert made.entries == 12_000 and made.repeated == 0
    assert most <= 2 * (300 + 60)
    [group] = made.groups.values()
    assert (group.accepted, group.count("delivered")) == (6000, 6000)
