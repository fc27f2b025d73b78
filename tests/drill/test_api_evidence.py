"""Logs and metrics: they agree with each other and with the ground truth, page cleanly and cost nothing to keep."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest


async def _all_logs(b: Any, body: dict[str, Any], region: str = "us") -> list[dict[str, Any]]:
    """Read every page of a log request."""
    entries: list[dict[str, Any]] = []
    token = None
    while True:
        paging = {**body.get("pagination", {}), **({"token": token} if token else {})}
        answer = await b.call(
            "POST", "/v1/analytics/logs", region=region, json={**body, "pagination": paging}
        )
        assert answer.status_code == 200, answer.text
        page = answer.json()
        if not page["items"]:
            return entries
        entries += page["items"]
        token = page["pagination"]["next"]


@pytest.mark.parametrize("order", ["timestamp:asc", "timestamp:desc"])
async def test_pages_hold_every_entry_once_and_in_order(bench: Any, order: str) -> None:
    b = await bench()
    entries = await _all_logs(b, {"duration": "2h", "pagination": {"sort": order}})
    assert len(entries) > 4000
    assert len({entry["id"] for entry in entries}) == len(entries)
    stamps = [entry["@timestamp"] for entry in entries]
    assert stamps == sorted(stamps, reverse=order.endswith("desc"))


async def test_the_links_lead_back_and_to_both_ends(bench: Any) -> None:
    b = await bench()

    async def page(token: str | None) -> dict[str, Any]:
        paging = {"limit": 10, **({"token": token} if token else {})}
        body = {"end": "Sat, 21 Nov 2026 13:00:00 +0000", "duration": "1h", "pagination": paging}
        answer: dict[str, Any] = (await b.call("POST", "/v1/analytics/logs", json=body)).json()
        return answer

    first = await page(None)
    second = await page(first["pagination"]["next"])
    back = await page(second["pagination"]["previous"])
    assert [e["id"] for e in back["items"]] == [e["id"] for e in first["items"]]
    last = await page(first["pagination"]["last"])
    assert last["items"][-1]["@timestamp"] < first["items"][-1]["@timestamp"]
    assert (await page(last["pagination"]["next"]))["items"] == []


async def test_counts_of_metrics_and_logs_agree_even_for_the_running_hour(bench: Any) -> None:
    b = await bench()
    await b.control("clock", seconds=1000)
    entries = Counter(e["event"] for e in await _all_logs(b, {"start": "Sat, 21 Nov 2026 12:00:00 +0000"}))
    body = {
        "start": "Sat, 21 Nov 2026 12:00:00 +0000",
        "resolution": "hour",
        "dimensions": ["time"],
        "metrics": ["accepted_count", "delivered_count", "failed_count", "opened_count", "complained_count"],
        "include_aggregates": True,
    }
    metrics = (await b.call("POST", "/v1/analytics/metrics", json=body)).json()
    total = metrics["aggregates"]["metrics"]
    for event in ("accepted", "delivered", "failed", "opened", "complained"):
        assert total[f"{event}_count"] == entries[event], event
    hours = [sum(item["metrics"].values()) for item in metrics["items"]]
    assert [item["dimensions"][0]["value"][17:22] for item in metrics["items"]] == ["12:00", "13:00", "14:00"]
    assert all(hours)


async def test_dimensions_add_up_and_rates_are_text(bench: Any) -> None:
    b = await bench()

    async def rows(*dimensions: str, **more: Any) -> list[dict[str, Any]]:
        body = {
            "duration": "2d",
            "dimensions": dimensions,
            "metrics": ["accepted_count", "bounce_rate"],
            **more,
        }
        answer = await b.call("POST", "/v1/analytics/metrics", json={**body, "pagination": {"limit": 1000}})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    whole = sum(row["metrics"]["accepted_count"] for row in await rows("domain"))
    for dimensions in (("ip",), ("recipient_provider",), ("domain", "recipient_domain"), ("time", "domain")):
        assert sum(row["metrics"]["accepted_count"] for row in await rows(*dimensions)) == whole
    domain = b.drill.story.domains[0].name
    only = {
        "AND": [{"attribute": "domain", "comparator": "=", "values": [{"label": domain, "value": domain}]}]
    }
    (row,) = await rows("domain", filter=only)
    assert row["dimensions"][0]["value"] == domain
    assert isinstance(row["metrics"]["bounce_rate"], str)


async def test_the_total_is_the_number_of_entries(bench: Any) -> None:
    b = await bench(scenario="stolen-login")
    end = "Sat, 21 Nov 2026 13:30:00 +0000"
    for more in ({}, {"events": ["failed", "clicked"]}):
        body = {"end": end, "duration": "7h", "include_totals": True, **more}
        entries = await _all_logs(b, body)
        page = (await b.call("POST", "/v1/analytics/logs", json=body)).json()
        assert page["pagination"]["total"] == page["aggregates"]["all"] == len(entries)


async def test_no_filter_on_what_would_tell_the_culprit(bench: Any) -> None:
    b = await bench()
    for attribute in ("api-key-id", "originating-ip", "method"):
        bad = {"filter": {"AND": [{"attribute": attribute, "comparator": "=", "values": [{"value": "x"}]}]}}
        answer = await b.call("POST", "/v1/analytics/logs", json=bad)
        assert answer.status_code == 400
        assert attribute in answer.json()["message"]


async def test_the_log_tells_production_and_intruder_apart_as_the_truth_does(bench: Any) -> None:
    b = await bench()
    entries = await _all_logs(b, {"duration": "1h", "events": ["accepted"]})
    groups = {
        (group["credential"], ip): group["actor"]
        for group in b.truth["groups"]
        if group["credential_kind"] == "key"
        for ip in group["ips"]
    }
    seen = Counter(groups[(e["api-key-id"], e["originating-ip"])] for e in entries if e["method"] == "http")
    assert seen["intruder"] > 1000
    assert seen["production"] > 5
    stolen = b.drill.story.stolen_key.id
    addresses = {e["originating-ip"] for e in entries if e.get("api-key-id") == stolen}
    assert b.drill.story.host("web").ip in addresses
    assert addresses & set(b.drill.story.intruder_ips)
    smtp = [e for e in entries if e["method"] == "smtp"]
    assert smtp
    assert all("api-key-id" not in e for e in smtp)


async def test_nothing_is_older_than_the_retention(bench: Any) -> None:
    b = await bench(scenario="stolen-login", domains=1, credentials=2)
    body = {"duration": "30d", "pagination": {"sort": "timestamp:asc", "limit": 1}}
    oldest = (await b.call("POST", "/v1/analytics/logs", json=body)).json()["items"][0]
    assert oldest["@timestamp"] >= "2026-11-16T14:00:00"


async def test_the_older_log_pages_by_links_and_ends_with_an_empty_page(bench: Any) -> None:
    b = await bench(scenario="stolen-login")
    domain = b.drill.story.domains[0].name
    path = (
        f"/v3/{domain}/events?begin=Sat, 21 Nov 2026 12:00:00 %2B0000&ascending=yes&limit=40&event=accepted"
    )
    seen: list[dict[str, Any]] = []
    while True:
        page = await b.get(path)
        if not page["items"]:
            break
        seen += page["items"]
        link = urlsplit(page["paging"]["next"])
        assert f"http://{link.netloc}" == b.document["endpoints"]["api_us"]
        path = link.path
    assert len(seen) > 60
    assert all(isinstance(e["timestamp"], float) and e["event"] == "accepted" for e in seen)
    assert [e["timestamp"] for e in seen] == sorted(e["timestamp"] for e in seen)


async def test_a_stored_message_is_read_from_its_storage_host(bench: Any) -> None:
    b = await bench()
    page = (await b.call("POST", "/v1/analytics/logs", json={"events": ["accepted"]})).json()
    entry = page["items"][3]
    (url,) = entry["storage"]["url"]
    assert url.startswith(tuple(b.document["endpoints"]["storage"]))
    message = (await b.http.get(url, auth=("api", b.drill.api_key))).json()
    assert message["Subject"] == entry["message"]["headers"]["subject"]
    assert entry["originating-ip"] in message["message-headers"][0][1]
    gone = await b.http.get(url[:-3] + "AAA", auth=("api", b.drill.api_key))
    assert gone.status_code == 404


async def test_subaccounts_count_only_when_asked_for(bench: Any) -> None:
    b = await bench(scenario="subaccount")
    body = {"duration": "2d", "dimensions": ["subaccount"], "metrics": ["accepted_count"]}
    alone = (await b.call("POST", "/v1/analytics/metrics", json=body)).json()["items"]
    both = (await b.call("POST", "/v1/analytics/metrics", json={**body, "include_subaccounts": True})).json()[
        "items"
    ]
    assert (len(alone), len(both)) == (1, 2)
    (child,) = b.planted("subaccount")
    headers = {"X-Mailgun-On-Behalf-Of": child["id"]}
    domains = (await b.call("GET", "/v4/domains", headers=headers)).json()["items"]
    assert [d["subaccount_id"] for d in domains] == [child["id"]]
    strange = await b.call("GET", "/v4/domains", headers={"X-Mailgun-On-Behalf-Of": "nobody"})
    assert strange.status_code == 404


async def test_the_month_counts_against_the_custom_limit_and_stops_sending(bench: Any) -> None:
    b = await bench()
    limit = "/v5/accounts/limit/custom"
    assert (await b.call("GET", f"{limit}/monthly")).json() == {"message": "No threshold for account"}
    low = await b.call("PUT", f"{limit}/monthly?limit=999")
    assert low.json() == {"message": "The limit parameter minumum is 1000"}
    assert (await b.call("PUT", f"{limit}/monthly?limit=1000")).json() == {"success": True}
    shown = await b.get(f"{limit}/monthly")
    assert shown["current"] > 10000
    assert not any(s["sending"] for s in (await b.state())["senders"] if s["region"] == "us")
    assert any(s["sending"] for s in (await b.state())["senders"] if s["region"] == "eu")
    assert (await b.call("PUT", f"{limit}/enable")).json() == {"success": True}
    assert any(s["sending"] for s in (await b.state())["senders"] if s["region"] == "us")


async def test_a_million_entries_need_no_memory_until_they_are_read(bench: Any) -> None:
    b = await bench(scenario="agency", seed=3)
    for stream in b.drill.world.streams.values():
        stream.rate *= 200
    body = {"duration": "3d", "dimensions": ["time"], "resolution": "hour", "metrics": ["accepted_count"]}
    metrics = (await b.call("POST", "/v1/analytics/metrics", json=body)).json()
    assert sum(item["metrics"]["accepted_count"] for item in metrics["items"]) > 1_000_000


async def test_a_messy_log_is_the_same_mess_every_time(bench: Any) -> None:
    b = await bench(scenario="messy-logs")
    body = {"start": "Sat, 21 Nov 2026 12:00:00 +0000", "end": "Sat, 21 Nov 2026 13:00:00 +0000"}
    entries = await _all_logs(b, body)
    assert entries == await _all_logs(b, body)
    assert any("message" not in entry for entry in entries)
    assert any("domain" not in entry for entry in entries)
    assert any(entry["@timestamp"] == "not a date" for entry in entries)
    assert len({entry["id"] for entry in entries}) < len(entries)
    stamps = [entry["@timestamp"] for entry in entries if entry["@timestamp"] != "not a date"]
    assert stamps != sorted(stamps, reverse=True)
    metrics = {**body, "dimensions": ["time"], "resolution": "hour", "metrics": ["accepted_count"]}
    items = (await b.call("POST", "/v1/analytics/metrics", json=metrics)).json()["items"]
    accepted = {entry["id"] for entry in entries if entry["event"] == "accepted"}
    assert items[0]["metrics"]["accepted_count"] < 0.98 * len(accepted)
