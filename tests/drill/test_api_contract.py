"""The drill against the vendor's own OpenAPI description: every route exists there, every answer fits its schema.

What deliberately differs is listed here with its reason; where recorded behaviour and description disagree, the
recording wins (dossier, conventions).
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from workbench.drill.api.app import endpoints

# Routes, statuses and field types of the description, without its words; see docs/vendor-facts.md, sources.
SHAPES = Path(__file__).with_name("vendor_description.json")

# Routes the description does not have, each used by official clients or documents (dossier, "in neither").
EXTRA_ROUTES = {
    "GET /v3/domains": "the older list still answers (dossier B2)",
    "POST /v3/domains": "as the older list: SDKs before v4 create through it",
    "GET /v3/domains/{}": "as the older list",
    "PUT /v3/domains/{}": "as the older list",
    "PUT /v3/domains/{}/verify": "as the older list",
    "GET /v3/{}/events/{}": "paging links of the event log lead here (recorded)",
    "GET /v4/templates": "account templates: used by official clients, missing in the description",
    "POST /v4/templates": "account templates",
    "GET /v4/templates/{}": "account templates",
    "PUT /v4/templates/{}": "account templates",
    "DELETE /v4/templates/{}": "account templates",
    "GET /v4/templates/{}/versions": "account templates",
    "POST /v4/templates/{}/versions": "account templates",
    "GET /v4/templates/{}/versions/{}": "account templates",
    "PUT /v4/templates/{}/versions/{}": "account templates",
    "DELETE /v4/templates/{}/versions/{}": "account templates",
    "GET /v1/inboxready/ip_addresses": "Optimize has a description of its own (dossier B5)",
    "GET /v1/inboxready/ip_addresses/{}": "Optimize",
    "GET /v1/inboxready/domains": "Optimize",
    "GET /v1/monitoring/domains": "Optimize",
    "GET /v1/monitoring/domains/{}/blocklists": "Optimize",
    "GET /v1/monitoring/domains/{}/events": "Optimize",
    "GET /v1/blocklist-monitoring/events": "Optimize",
    "GET /v1/alerts/events": "Optimize",
    "GET /v1/reputationanalytics/gpt/domains": "Optimize",
    "GET /v1/alerts/settings": "Optimize",
    "GET /v1/alerts/settings/events": "Optimize",
    "PUT /v1/alerts/settings/webhooks/signing_key": "Optimize",
}

# Answers that differ from their schema on purpose: "METHOD path status" -> why.
OTHER_ANSWERS = {
    "PUT /v3/routes/{} 200": "the recorded answer is flat, without `route` (dossier B4)",
    "POST /v3/lists 200": "recorded as 200, described as 201 (dossier B4)",
    "GET /v3/{}/templates 200": "`items` is null when there are none (dossier B4)",
    "GET /v3/ips 200": "described as a string",
    "GET /v3/ips/{} 200": "described as a string",
    "GET /v3/ip_pools 200": "described as a string",
    "GET /v3/ip_pools/{} 200": "described as a string",
}


@cache
def _described() -> dict[str, Any]:
    """Return the shapes of the vendor's answers: ``operations`` (route, status, schema) and ``components``."""
    document: dict[str, Any] = json.loads(SHAPES.read_text(encoding="utf-8"))
    return document


def _plain(path: str) -> str:
    return re.sub(r"{[^}]*}", "{}", path)


def test_every_route_is_the_vendors_or_a_known_extra() -> None:
    served = {f"{endpoint.method} {_plain(endpoint.path)}" for endpoint in endpoints()}
    unknown = served - set(_described()["operations"])
    assert unknown == set(EXTRA_ROUTES)


def _check(method: str, path: str, answer: Any) -> list[str]:
    """Return what is wrong with an answer according to the description; nothing for a deliberate difference."""
    name = f"{method} {_plain(path)}"
    if name in EXTRA_ROUTES:
        return []
    answers = _described()["operations"][name]
    status = str(answer.status_code) if str(answer.status_code) in answers else "default"
    if f"{name} {answer.status_code}" in OTHER_ANSWERS:
        return []
    if status not in answers:
        return [f"{name}: {answer.status_code} is not described"]
    if answers[status] is None:
        return [] if not answer.content else [f"{name}: {answer.status_code} has no described body"]
    schema = {**answers[status], "components": _described()["components"]}
    raw = Draft202012Validator(schema).iter_errors(answer.json())
    errors = (leaf for error in raw for leaf in _leaves(error))
    return [f"{name}: {error.json_path}: {error.message[:160]}" for error in errors if not _known_slip(error)]


def _leaves(error: Any) -> list[Any]:
    """Return the errors below an error of alternatives that say most: those of the alternative that is not null."""
    if not error.context:
        return [error]
    best = [e for e in error.context if not (e.validator == "type" and e.validator_value == "null")]
    return [leaf for below in best for leaf in _leaves(below)]


def _known_slip(error: Any) -> bool:
    """Return whether this is the description's own slip: dates and names called objects, also in its examples."""
    return error.validator == "type" and error.validator_value == "object" and isinstance(error.instance, str)


_READS = (
    "/v1/keys",
    "/v3/domains/{domain_name}/credentials",
    "/v5/accounts/http_signing_key",
    "/v5/users",
    "/v4/domains",
    "/v4/domains/{name}",
    "/v3/domains/{name}/tracking",
    "/v2/x509/{domain}/status",
    "/v1/dkim/keys",
    "/v4/domains/{authority_name}/keys",
    "/v3/domains/{name}/sending_queues",
    "/v5/accounts/subaccounts",
    "/v2/ip_whitelist",
    "/v3/routes",
    "/v3/domains/{domain}/webhooks",
    "/v1/webhooks",
    "/v3/{domain_name}/templates",
    "/v3/lists",
    "/v3/lists/pages",
    "/v3/{domain_name}/bounces",
    "/v3/{domain_name}/complaints",
    "/v3/{domain_name}/unsubscribes",
    "/v3/{domain_name}/whitelists",
    "/v5/sandbox/auth_recipients",
    "/v3/{domain_name}/events",
    "/v1/thresholds/alerts/send",
    "/v1/thresholds/limits",
    "/v1/thresholds/hits",
    "/v1/dynamic_pools/history",
    "/v3/ips",
    "/v3/ip_pools",
)


async def test_what_is_read_fits_the_description(bench: Any) -> None:
    b = await bench()
    domain = b.drill.story.domains[0].name
    wrong: list[str] = []
    for region in ("us", "eu"):
        name = domain if region == "us" else next(d.name for d in b.drill.story.domains if d.region == "eu")
        for path in _READS:
            host = f"email.{name}" if "x509" in path else name
            answer = await b.call("GET", re.sub(r"{[^}]*}", host, path), region=region)
            assert answer.status_code == 200, (path, answer.text)
            wrong += _check("GET", path, answer)
    stats = await b.call("GET", "/v3/stats/total?event=accepted&event=failed")
    wrong += _check("GET", "/v3/stats/total", stats)
    assert not wrong, "\n".join(wrong)


async def test_what_is_asked_for_in_json_fits_the_description(bench: Any) -> None:
    b = await bench()
    wrong: list[str] = []
    for path, body in (
        ("/v1/analytics/logs", {"duration": "9h", "include_totals": True, "pagination": {"limit": 100}}),
        ("/v1/analytics/metrics", {"duration": "2d", "resolution": "hour", "dimensions": ["time"]}),
        (
            "/v1/analytics/metrics",
            {"duration": "2d", "dimensions": ["domain", "ip"], "include_aggregates": True},
        ),
        ("/v1/analytics/usage/metrics", {"duration": "2d"}),
        (
            "/v2/bounce-classification/metrics",
            {"duration": "48h", "dimensions": ["entity-name", "domain.name"]},
        ),
        ("/v1/analytics/logs", {"duration": "x"}),
        (
            "/v1/analytics/logs",
            {"filter": {"AND": [{"attribute": "api-key-id", "comparator": "=", "values": []}]}},
        ),
        ("/v1/analytics/metrics", {"dimensions": ["api-key-id"]}),
    ):
        wrong += _check("POST", path, await b.call("POST", path, json=body))
    assert not wrong, "\n".join(wrong)


async def test_what_is_written_fits_the_description(bench: Any) -> None:
    b = await bench()
    name = b.drill.story.domains[0].name
    calls: list[tuple[str, str, str, dict[str, Any]]] = [
        ("POST", "/v1/keys", "", {"role": "admin"}),
        ("DELETE", "/v1/keys/{id}", "/v1/keys/nothing", {}),
        ("POST", "/v1/keys/public", "", {}),
        ("POST", "/v3/domains/{d}/credentials", "", {"login": "fresh"}),
        ("PUT", "/v3/domains/{d}/credentials/{spec}", f"/v3/domains/{name}/credentials/fresh", {}),
        ("DELETE", "/v3/domains/{d}/credentials/{spec}", f"/v3/domains/{name}/credentials/fresh", {}),
        ("DELETE", "/v3/domains/{d}/credentials/{spec}", f"/v3/domains/{name}/credentials/postmaster", {}),
        ("POST", "/v5/accounts/http_signing_key", "", {}),
        ("PUT", "/v5/accounts", "/v5/accounts?name=New", {}),
        ("PUT", "/v4/domains/{d}", "", {"archive_to": ""}),
        ("PUT", "/v4/domains/{d}/verify", "", {}),
        ("PUT", "/v3/domains/{d}/tracking/click", "", {"active": "true"}),
        ("PUT", "/v3/domains/{d}/tracking/open", "", {"active": "false"}),
        ("PUT", "/v3/domains/{d}/tracking/unsubscribe", "", {"active": "false"}),
        ("POST", "/v1/dkim/keys", "", {"signing_domain": name, "selector": "z1"}),
        ("PUT", "/v4/domains/{d}/keys/{s}/activate", f"/v4/domains/{name}/keys/z1/activate", {}),
        ("PUT", "/v4/domains/{d}/keys/{s}/deactivate", f"/v4/domains/{name}/keys/z1/deactivate", {}),
        ("DELETE", "/v1/dkim/keys", f"/v1/dkim/keys?signing_domain={name}&selector=z1", {}),
        ("POST", "/v1/dkim_management/domains/{d}/rotate", "", {}),
        ("PUT", "/v5/accounts/limit/custom/monthly", "/v5/accounts/limit/custom/monthly?limit=900", {}),
        ("PUT", "/v5/accounts/limit/custom/monthly", "/v5/accounts/limit/custom/monthly?limit=90000", {}),
        ("DELETE", "/v5/accounts/limit/custom/monthly", "", {}),
        ("PUT", "/v5/accounts/limit/custom/enable", "", {}),
        ("POST", "/v3/domains/{d}/webhooks", "", {"id": "clicked", "url": "https://x.example"}),
        ("POST", "/v3/domains/{d}/webhooks", "", {"id": "clicked", "url": "https://x.example"}),
        (
            "PUT",
            "/v3/domains/{d}/webhooks/{t}",
            f"/v3/domains/{name}/webhooks/clicked",
            {"url": "https://y.example"},
        ),
        ("DELETE", "/v4/domains/{d}/webhooks", f"/v4/domains/{name}/webhooks?url=https://y.example", {}),
        ("POST", "/v1/webhooks", "", {"url": "https://x.example", "event_types": "delivered"}),
        ("POST", "/v1/webhooks", "", {"url": "https://x.example", "event_types": "delivered"}),
        ("DELETE", "/v1/webhooks/{id}", "/v1/webhooks/none", {}),
        ("DELETE", "/v1/webhooks", "/v1/webhooks?all=true", {}),
        ("POST", "/v3/routes", "", {"expression": "catch_all()", "action": "stop()"}),
        ("POST", "/v3/{d}/templates", "", {"name": "t1", "template": "<p>x</p>"}),
        ("GET", "/v3/{d}/templates/{t}", f"/v3/{name}/templates/t1?active=yes", {}),
        ("GET", "/v3/{d}/templates/{t}/versions", f"/v3/{name}/templates/t1/versions", {}),
        ("DELETE", "/v3/{d}/templates/{t}", f"/v3/{name}/templates/t1", {}),
        ("POST", "/v3/{d}/bounces", "", {"address": "a@inbox.example"}),
        ("GET", "/v3/{d}/bounces/{a}", f"/v3/{name}/bounces/a@inbox.example", {}),
        ("DELETE", "/v3/{d}/bounces/{a}", f"/v3/{name}/bounces/a@inbox.example", {}),
        ("POST", "/v3/{d}/whitelists", "", {"domain": "inbox.example"}),
        ("DELETE", "/v3/{d}/whitelists/{a}", f"/v3/{name}/whitelists/inbox.example", {}),
        ("POST", "/v2/ip_whitelist", "", {"address": "nonsense"}),
        ("POST", "/v2/ip_whitelist", "", {"address": "127.0.0.1"}),
        ("DELETE", "/v2/ip_whitelist", "/v2/ip_whitelist?address=127.0.0.1", {}),
        ("POST", "/v3/{d}/messages", "", {}),
        ("POST", "/v3/{d}/messages", "", {"from": "a@b.example", "to": "c@inbox.example", "subject": "x"}),
        ("POST", "/v5/accounts/subaccounts", "/v5/accounts/subaccounts?name=fresh", {}),
        ("DELETE", "/v3/domains/{d}", "", {}),
    ]
    wrong: list[str] = []
    for method, path, address, form in calls:
        await b.control("clock", seconds=4)
        target = address or re.sub(r"{[^}]*}", name, path)
        wrong += _check(method, path, await b.call(method, target, data=form))
    assert not wrong, "\n".join(wrong)
