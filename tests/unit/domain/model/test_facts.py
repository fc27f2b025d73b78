"""Facts of the journal: typed, the same on disk as ever, and a damaged one costs itself alone."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from tests.support.situations import Story
from tests.support.sources import PACKAGE, nodes
from workbench.domain.model import fact_kinds
from workbench.domain.model.credential_use import CredentialUses, RecordedUse
from workbench.domain.model.facts import RecordedFact
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.state import State
from workbench.domain.runbook.recorded import DrillParts, ReportWritten

AT = "2026-11-21T14:00:00Z"
KINDS = pytest.mark.parametrize("kind", fact_kinds.KINDS.values(), ids=list(fact_kinds.KINDS))


@KINDS
def test_a_row_without_a_field_opens_with_what_stands_for_not_told(kind: type[RecordedFact]) -> None:
    assert kind.from_body({"name": kind.__struct_config__.tag}, AT) == kind(at=AT)


@KINDS
def test_what_is_written_is_read_again(kind: type[RecordedFact]) -> None:
    written = json.loads(canonical(kind().body()))
    assert "at" not in written, "when a fact was taken in is the row's to say"
    assert fact_kinds.read(written, AT) == kind(at=AT)


def test_what_a_later_version_adds_to_a_kind_is_left_alone() -> None:
    body = {"name": "report", "sha256": "1", "not known yet": [1, {"x": 2}]}
    assert fact_kinds.read(body, AT) == ReportWritten(sha256="1", at=AT)


def test_the_parts_of_the_drill_are_the_body_itself() -> None:
    played = DrillParts(played={"drill.hour": "2026-11-21T13:00:00Z"})
    assert played.body() == {"name": "drill_parts", "drill.hour": "2026-11-21T13:00:00Z"}
    assert fact_kinds.read({**played.body(), "at": "x"}, AT) == DrillParts(played=played.played, at=AT)


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


# ── it stays so ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_kind_is_listed_under_a_name_of_its_own() -> None:
    made = {
        node.name
        for _, node in nodes("RecordedFact")
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "RecordedFact" for base in node.bases)
    }
    assert made == {kind.__name__ for kind in fact_kinds.KINDS.values()}


def test_no_module_asks_for_a_fact_by_a_string_or_writes_one_as_a_mapping() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)[:80]}"
        for path, node in nodes(r"\b(facts|fact|known|record)\b")
        if isinstance(node, ast.Call | ast.Attribute) and _by_string(node)
    ]
    assert wrong == []


def _by_string(node: ast.Call | ast.Attribute) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "facts" and ast.unparse(node.value).endswith("state")
    if not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    first = node.args[0]
    named = isinstance(first, ast.Constant) and isinstance(first.value, str)
    if node.func.attr == "record" and named and ast.unparse(first) == "'fact'":
        return not ast.unparse(node.args[1]).endswith(".body()")
    return node.func.attr in ("known", "fact") and (named or ast.unparse(first).isupper())
