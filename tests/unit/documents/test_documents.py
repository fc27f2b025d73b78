"""The command line's documents: plain JSON, named by schema and incident, with every promised field."""

from __future__ import annotations

import json

from tests.support.situations import NOW, Story, key, situation
from workbench.core.clock import iso
from workbench.documents import documents
from workbench.domain.model.plan import EffectKind
from workbench.domain.runbook.runbook import Order
from workbench.planning import keys

PROD = key("prod-web")


def test_every_document_begins_with_its_schema_and_the_incident() -> None:
    assert list(documents.head("plan", None).items()) == [("schema", "workbench.plan/1"), ("incident", None)]


def test_a_status_is_plain_json_with_every_slice() -> None:
    story = Story().add("incident.opened", incident="2026-11-21-a1b2")
    place = situation([PROD], ["app@mg.acme.example"], state=story.state())
    document = json.loads(json.dumps(documents.status(place, ["note"])))
    assert list(document)[:2] == ["schema", "incident"]
    assert document["incident"] == "2026-11-21-a1b2"
    assert document["as_of"] == iso(NOW)
    assert {row["id"]: row["in_use_here"] for row in document["keys"]} == {
        "0000aaaa-0000aaaa": True,
        PROD.id: False,
    }
    assert [row["login"] for row in document["credentials"]] == ["app@mg.acme.example"]
    assert [row["name"] for row in document["domains"]] == ["mg.acme.example"]
    assert [row["id"] for row in document["steps"]] == [order.value for order in Order]
    assert document["sending"] is None, "what was not measured is not said"
    assert document["vault"] is None, "whose vault is open is not said where nobody asked"


def test_a_status_tells_keys_that_this_incident_made() -> None:
    plan = keys.plan_replace(situation([PROD]), [PROD.id])
    state = Story().verified(plan).state()
    made = next(iter(state.created_keys))
    document = documents.status(situation([key("new", id=made)], state=state), [])
    assert {row["id"] for row in document["keys"] if row["made_here"]} == {made}
    assert {row["state"] for row in document["effects"]} == {"verified"}


def test_a_plan_that_was_not_run_says_what_each_change_is_and_needs() -> None:
    plan = keys.plan_replace(situation([PROD]), [PROD.id])
    document = json.loads(json.dumps(documents.plan(plan, "i")))
    mint, delete = document["effects"]
    assert (mint["kind"], delete["kind"]) == ("key.create", "key.delete")
    assert {row["state"] for row in document["effects"]} == {"planned"}
    assert delete["after"] == [mint["id"]]
    assert delete["grant"] is None
    assert mint["grant"] == {"role": "admin", "kind": "user", "domain_name": None, "expiration": None}
    assert all(row["what"] and row["breaks"] and row["undo"] for row in document["effects"])


def test_no_document_of_effects_holds_more_than_the_record() -> None:
    plan = keys.plan_replace(situation([PROD]), [PROD.id])
    state = Story().verified(plan).state()
    rows = documents.effects(state.of_kind(EffectKind.KEY_CREATE))
    assert set(rows[0]) == {
        "id", "kind", "target", "region", "subaccount", "state", "evidence", "vault", "key_id", "at",
    }  # fmt: skip
