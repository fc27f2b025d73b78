"""Outside documents become records: odd values are kept apart, never hidden, never fatal to a list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.errors import UnreadableAnswer
from workbench.core.redact import Secret
from workbench.mailgun import evidence_models, models
from workbench.mailgun.evidence_models import LogEvent, MetricRow
from workbench.mailgun.models import Domain, DomainWebhooks, Key, NewKey, Template, User
from workbench.mailgun.records import Record, read_record, read_records

STEADY = settings(derandomize=True, deadline=None, database=None)
RECORDS = [
    kind
    for module in (models, evidence_models)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
]
HOSTILE = "a\n\x1b[31m\u202e[bold]" + "x" * 4000


def test_unknown_fields_are_ignored_and_missing_ones_have_defaults() -> None:
    key = read_record(Key, {"id": "k1", "brand_new": {"deep": 1}})
    assert key == Key(id="k1")


def test_dates_of_any_format_are_read() -> None:
    user = read_record(User, {"id": "1", "password_updated_at": "2022-12-20T16:52:01.892000"})
    assert user.password_updated_at == datetime(2022, 12, 20, 16, 52, 1, 892000, UTC)
    domain = read_record(Domain, {"name": "d", "created_at": "Wed, 28 May 2025 20:03:05 GMT"})
    assert domain.created_at == datetime(2025, 5, 28, 20, 3, 5, tzinfo=UTC)
    template = read_record(Template, {"name": "t", "createdAt": "Sat, 12 Nov 1955 06:38:00 UTC"})
    assert template.created_at == datetime(1955, 11, 12, 6, 38, tzinfo=UTC)


def test_never_is_no_date_and_no_damage() -> None:
    key = read_record(Key, {"id": "k", "expires_at": "", "created_at": "0001-01-01T00:00:00Z"})
    assert (key.expires_at, key.created_at, key.unreadable) == (None, None, ())


def test_what_cannot_be_read_is_named() -> None:
    key = read_record(Key, {"id": "k", "created_at": "yesterday", "role": ["admin"], "description": "kept"})
    assert key.role is None
    assert key.description == "kept"
    assert set(key.unreadable) == {"created_at", "role"}


def test_a_server_cannot_set_what_was_unreadable() -> None:
    assert read_record(Key, {"id": "k", "unreadable": ["id"]}).unreadable == ()


def test_hostile_values_stay_verbatim() -> None:
    assert read_record(Key, {"id": HOSTILE, "description": HOSTILE}).description == HOSTILE


@pytest.mark.parametrize(
    "item", [None, 7, "text", [], {}, {"id": None}, {"id": ""}, {"id": 7.5}, {"id": True}, {"id": {}}]
)
def test_a_record_without_its_id_is_an_error(item: Any) -> None:
    with pytest.raises(UnreadableAnswer) as caught:
        read_record(Key, item, "GET /v1/keys")
    assert caught.value.where == "GET /v1/keys"


def test_lists() -> None:
    assert [key.id for key in read_records(Key, [{"id": "a"}, {"id": "b"}])] == ["a", "b"]
    odds: tuple[Any, ...] = (None, {}, "text", 7)
    for odd in odds:
        with pytest.raises(UnreadableAnswer):
            read_records(Key, odd)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@STEADY
@given(st.sampled_from(RECORDS), st.data())
def test_any_json_is_read_or_refused_in_one_way(kind: type[Record], data: st.DataObject) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    item = data.draw(st.dictionaries(st.sampled_from(names), json_values))
    try:
        record = read_record(kind, item)
    except UnreadableAnswer:
        return
    assert isinstance(record, kind)


def test_every_record_encodes_for_a_snapshot_but_a_new_key_never_does() -> None:
    event = read_record(LogEvent, {"id": "1", "@timestamp": "2024-07-08T16:30:18.530Z"})
    assert b"2024-07-08T16:30:18.530" in msgspec.json.encode(event)
    with pytest.raises(TypeError):
        msgspec.json.encode(NewKey(key=Key(id="k"), secret=Secret("never-in-a-file")))
    assert "never-in-a-file" not in repr(NewKey(key=Key(id="k"), secret=Secret("never-in-a-file")))


def test_a_log_event_is_reached_through_its_nesting() -> None:
    event = read_record(
        LogEvent,
        {
            "id": "JDhSWf9mT5OFxCkZfpDU5d",
            "event": "accepted",
            "@timestamp": "2024-07-08T16:30:18.530Z",
            "method": "smtp",
            "originating-ip": "198.51.100.7",
            "api-key-id": "0a1b2c3d-4e5f6071",
            "domain": {"name": "mg.acme.example"},
            "envelope": {"sender": "bob@mg.acme.example", "sending-ip": "198.51.100.1"},
            "message": {"headers": {"subject": "Hi", "message-id": "1@x", "from": "b"}, "scheduled-for": 1.5},
            "delivery-status": {"code": 250, "attempt-no": 1},
        },
    )
    assert event.unreadable == ()
    assert event.timestamp == datetime(2024, 7, 8, 16, 30, 18, 530000, UTC)
    assert (event.domain_name, event.sender, event.sending_ip) == (
        "mg.acme.example",
        "bob@mg.acme.example",
        "198.51.100.1",
    )
    assert (event.subject, event.message_id, event.api_key_id) == ("Hi", "1@x", "0a1b2c3d-4e5f6071")
    empty = LogEvent()
    assert [empty.domain_name, empty.sender, empty.sending_ip, empty.subject, empty.message_id] == [None] * 5


def test_small_helpers() -> None:
    assert read_record(Domain, {"name": "sandbox123.mailgun.org"}).is_sandbox
    assert not read_record(Domain, {"name": "mg.acme.example", "type": "custom"}).is_sandbox
    hooks = DomainWebhooks(urls={"opened": ["https://a", "https://b"], "clicked": ["https://a"]})
    assert list(hooks.pairs()) == [("opened", "https://a"), ("opened", "https://b"), ("clicked", "https://a")]
    assert MetricRow(dimensions={}, metrics={"delivered_count": 3.0}).count("delivered_count") == 3
    assert MetricRow(dimensions={}, metrics={}).count("delivered_count") == 0
