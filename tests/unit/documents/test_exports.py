"""Exports: Timesketch's three fields, STIX that the STIX library reads, findings with techniques, shipped schemas."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest

from tests.support.situations import NOW, Story, key, situation
from workbench.core.clock import iso
from workbench.documents import exports
from workbench.domain.forensics import attack, timeline
from workbench.domain.forensics.indicators import Indicator, Kind, indicators
from workbench.domain.model.situation import Situation
from workbench.domain.settings_audit.audit import JudgedAge, Swept

_SENDER = {
    "looks": "intruder", "sender": "notice@mg.acme.example", "credential": "key:aaaa-bbbb-cccc4f2a",
    "addresses": ["203.0.113.9", "2001:db8::9", "not an address"], "subjects": ["your parcel # isn't here"],
    "first": "2026-11-21T13:00:00.000Z", "last": "2026-11-21T13:50:00.000Z", "accepted": 900,
}  # fmt: skip


def told() -> Situation:
    """Return a situation in which something of every kind is known."""
    route = Swept("route", "r1", "=cmd()", ("US",), JudgedAge.INSIDE,
                  3, ("forwards to drop.example",), hosts=("drop.example",))  # fmt: skip
    story = Story()
    story.add("incident.opened", incident="20261121-1402-3f2a", drill=True)
    story.add(
        "fact", name="assessment", window={"from": iso(NOW)}, senders=[dict(_SENDER)],
        links=[{"link": "https://parcel.example/track/#?to=#", "domain": "mg.acme.example", "clicks": 7}],
    )  # fmt: skip
    story.add("fact", name="sweep", items=[msgspec.to_builtins(route)], unread=[])
    story.add(
        "fact", name="leaks",
        thefts=[{"address": "198.51.100.7", "agent": "python-requests/2", "key_id": None, "login": None,
                 "sentence": "s", "how_sure": "h", "not_before": None, "not_after": iso(NOW)}],
        exposures=[], open=0, searched=[], failed=[], skipped=[], found=0, closed=[], update_places=[], logs=None,
        people=[], neighbours=[], search_elsewhere=[], verdict="", asked={}, lines=[], places=0,
    )  # fmt: skip
    story.add("finding.decided", finding=route.key, decision="intruder", reason="", who="Ada")
    made = key("prod-web", requestor="margaret.hamilton@acme.example")
    return situation([made], ["app@mg.acme.example"], state=story.state())


@pytest.mark.parametrize("kind", ["indicators", "findings", "stix"])
def test_each_document_keeps_to_its_shipped_schema(kind: str) -> None:
    document = json.loads(exports.made(kind, told(), list))
    jsonschema.validate(document, json.loads(exports.schema(kind)))


def test_the_timeline_has_timesketchs_three_fields_in_both_forms() -> None:
    where = told()
    moments = timeline.timeline(where)
    lines = exports.made("timeline-jsonl", where, lambda: moments).splitlines()
    assert lines
    for line in lines:
        row = json.loads(line)
        jsonschema.validate(row, json.loads(exports.schema("timeline")))
        assert datetime.fromisoformat(row["datetime"]).timestamp() * 1e6 == row["timestamp"]
    rows = list(csv.DictReader(io.StringIO(exports.made("timeline-csv", where, lambda: moments))))
    assert len(rows) == len(lines) and {"message", "datetime", "timestamp_desc"} <= set(rows[0])
    messages = [json.loads(line)["message"] for line in lines]
    assert any("ma…@acme.example" in one for one in messages)
    assert not any("margaret.hamilton@" in one for one in messages)


def test_stix_is_read_by_the_stix_library() -> None:
    stix2 = pytest.importorskip("stix2")
    bundle = stix2.parse(exports.made("stix", told(), list), allow_custom=False)
    kinds = [one.type for one in bundle.objects]
    assert kinds.count("indicator") == len(indicators(told()))
    patterns = {one.pattern for one in bundle.objects if one.type == "indicator"}
    assert "[url:value LIKE 'https://parcel.example/track/%?to=%']" in patterns
    assert (
        "[ipv4-addr:value = '203.0.113.9']" in patterns and "[domain-name:value = 'drop.example']" in patterns
    )
    assert any("T1566.002" in str(one) for one in bundle.objects if one.type == "attack-pattern")


@pytest.mark.parametrize("value", ["it's", "back\\slash", "[a] OR 'x' = 'x'", "100% # free"])
def test_a_hostile_value_stays_inside_its_pattern(value: str) -> None:
    stix2 = pytest.importorskip("stix2")
    text = exports.pattern(Indicator(Kind.SUBJECT, value, "w"))
    stix2.Indicator(pattern=text, pattern_type="stix", valid_from=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_finding_names_its_techniques_and_every_technique_is_named() -> None:
    rows = json.loads(exports.made("findings", told(), list))["findings"]
    (route,) = [row for row in rows if row["kind"] == "route"]
    assert [one["id"] for one in route["attack"]] == ["T1114.003"]
    assert {name for ids in attack._BY_KIND.values() for name in ids} <= set(attack.TECHNIQUES)
    assert attack.techniques("account_webhook") == ("T1567.004",)


def test_no_cell_is_a_formula_and_no_key_id_is_whole() -> None:
    rows = [{"a": value} for value in ("=cmd()", " +1", "@x", "\uff1dx", "-2", "fine")]
    cells = [row[0] for row in list(csv.reader(io.StringIO(exports.table(rows, ["a"]))))[1:]]
    assert [cell.startswith("'") for cell in cells] == [True] * 5 + [False]
    assert "aaaa-bbbb" not in exports.made("indicators-csv", told(), list)
