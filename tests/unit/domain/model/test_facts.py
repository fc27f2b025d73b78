"""Facts of the journal: typed, the same on disk as ever, and a damaged one costs itself alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.situations import Story
from workbench.domain.model import fact_kinds
from workbench.domain.model.credential_use import CredentialUses, RecordedUse
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.state import State

AT = "2026-11-21T14:00:00Z"
KINDS = pytest.mark.parametrize("kind", fact_kinds.KINDS.values(), ids=list(fact_kinds.KINDS))


@KINDS
def test_a_row_without_a_field_opens_with_what_stands_for_not_told(kind: type[RecordedFact]) -> None:
    assert kind.from_body({"name": kind.__struct_config__.tag}, AT) == kind(at=AT)


@KINDS
def test_what_is_written_is_read_again(kind: type[RecordedFact]) -> None:
    written = json.loads(canonical(kind().body()))
    assert "at" not in written, "when a fact was taken in is the row's to say"
    assert fact_kinds.read({**written, "not known yet": [1, {"x": 2}]}, AT) == kind(at=AT)


def test_the_journal_keeps_the_names_and_shapes_it_always_had() -> None:
    use = RecordedUse(last_hour=3, looks="both", strange=("192.0.2.1",))
    body: dict[str, Any] = json.loads(canonical(CredentialUses({"key:a": use}, sampled=True).body()))
    assert body["name"] == "credential_use"
    assert body["by_credential"]["key:a"]["strange"] == ["192.0.2.1"]
    assert body["sampled"] is True and body["gaps"] == []


def test_a_fact_that_cannot_be_read_costs_itself_alone_and_the_one_before_it_stands() -> None:
    story = Story().add("fact", name="credential_use", by_credential={"key:a": {"last_hour": 4}})
    story.add("fact", name="credential_use", by_credential={"key:a": {"last_hour": "many"}})
    state = story.add("fact", name="credential_use", by_credential=[]).state()
    assert state.unread_rows == [2, 3]
    assert state.known(CredentialUses).by_credential["key:a"].last_hour == 4
    assert state.last_seq == 3


def test_a_kind_of_fact_of_a_later_version_is_left_alone() -> None:
    state = Story().add("fact", name="of tomorrow", n=[1]).state()
    assert (state.unread_rows, state.last_seq) == ([], 1)


def test_nothing_read_and_nothing_found_are_told_apart() -> None:
    state = State()
    assert state.fact(CredentialUses) is None
    assert state.known(CredentialUses) == CredentialUses()
    state.learn(CredentialUses())
    assert state.fact(CredentialUses) is not None
