"""The intruder: sends on, comes back through every way that is left open, and gives up when none is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.drills import SMALL
from workbench.drill.world.scenarios import SCENARIOS

HOUR = 3600


async def _wipe_keys(b: Any) -> str:
    """Replace the operator's key and delete every other key of the account; return the new secret."""
    secret: str = (await b.call("POST", "/v1/keys", data={"role": "admin", "description": "rescue"})).json()[
        "key"
    ]["secret"]
    await b.control("clock", seconds=4)
    for key in (await b.get("/v1/keys", key=secret))["items"]:
        if key["id"] != secret[33:]:
            await b.call("DELETE", f"/v1/keys/{key['id']}", key=secret)
    return secret


async def _reset_logins(b: Any, secret: str) -> None:
    for login in b.drill.story.logins:
        path = f"/v3/domains/{login.domain}/credentials/{login.login}"
        answer = await b.call(
            "PUT", path, region=login.region, key=secret, data={"password": "fresh-and-new"}
        )
        assert answer.status_code == 200, answer.text


def _sending(state: Any, actor: str) -> list[str]:
    return [s["ref"] for s in state["senders"] if s["actor"] == actor and s["sending"]]


async def test_deleting_the_stolen_key_stops_that_sender_and_wakes_a_reserve(bench: Any) -> None:
    b = await bench(scenario="stolen-key")
    stolen = b.drill.story.stolen_key
    assert _sending(await b.state(), "intruder") == [stolen.id, stolen.id]
    assert (await b.call("DELETE", f"/v1/keys/{stolen.id}")).status_code == 200
    state = await b.state()
    assert _sending(state, "intruder") == []
    assert stolen.id not in _sending(state, "production")
    await b.control("clock", seconds=120)
    planted = b.planted("key")[0]["id"]
    state = await b.state()
    assert _sending(state, "intruder") == [planted]
    assert [c["id"] for c in state["comebacks"]] == [planted]


async def test_with_every_way_shut_it_stays_quiet(bench: Any) -> None:
    b = await bench()
    secret = await _wipe_keys(b)
    await _reset_logins(b, secret)
    for child in b.planted("subaccount"):
        await b.call("POST", f"/v5/accounts/subaccounts/{child['id']}/disable", key=secret)
    for user in b.planted("user"):
        await b.control("panel", do="delete-user", user=user["id"])
    await b.control("clock", seconds=1.5 * HOUR)
    state = await b.state()
    assert state["intruder_last_hour"] == 0
    assert state["comebacks"] == []
    # Scheduled mail needs no key: it goes out until its queue is purged on the storage host that holds it.
    assert b.drill.intruder.ways() == [("queue", "i-queue")]
    name = b.drill.story.domains[0].name
    body = {"duration": "1h", "resolution": "hour", "dimensions": ["domain"], "metrics": ["delivered_count"]}
    counts = (await b.call("POST", "/v1/analytics/metrics", key=secret, json=body)).json()["items"]
    assert (
        next(item for item in counts if item["dimensions"][0]["value"] == name)["metrics"]["delivered_count"]
        > 50
    )
    for base in b.document["endpoints"]["storage"][:2]:
        assert (await b.http.delete(f"{base}/v3/{name}/envelopes", auth=("api", secret))).json() == {
            "message": "done"
        }
    assert b.drill.intruder.ways() == []
    await b.control("clock", seconds=2 * HOUR)
    counts = (await b.call("POST", "/v1/analytics/metrics", key=secret, json=body)).json()["items"]
    assert [item for item in counts if item["metrics"]["delivered_count"]] == []


async def test_a_stranger_among_the_users_makes_keys_again(bench: Any) -> None:
    b = await bench()
    secret = await _wipe_keys(b)
    await _reset_logins(b, secret)
    (child,) = b.planted("subaccount")
    await b.call("POST", f"/v5/accounts/subaccounts/{child['id']}/disable", key=secret)
    before = {key["id"] for key in (await b.get("/v1/keys", key=secret))["items"]}
    await b.control("clock", seconds=120)
    (new,) = [key for key in (await b.get("/v1/keys", key=secret))["items"] if key["id"] not in before]
    (stranger,) = b.planted("user")
    assert (new["requestor"], new["role"]) == (stranger["name"], "admin")
    assert (await b.state())["intruder_last_hour"] > 0
    # Every return is visible through the API, and each is recorded.
    await b.call("DELETE", f"/v1/keys/{new['id']}", key=secret)
    await b.control("clock", seconds=600)
    comebacks = (await b.state())["comebacks"]
    assert {c["kind"] for c in comebacks} >= {"key", "route"}
    routes = {route["id"] for route in (await b.get("/v3/routes", key=secret))["items"]}
    assert {c["id"] for c in comebacks if c["kind"] == "route" and c["where"] == "us"} <= routes
    await b.control("panel", do="delete-user", user=stranger["id"])
    for key in (await b.get("/v1/keys", key=secret))["items"]:
        if key["id"] != secret[33:]:
            await b.call("DELETE", f"/v1/keys/{key['id']}", key=secret)
    for comeback in (await b.state())["comebacks"]:
        if comeback["kind"] == "credential":
            domain = comeback["id"].partition("@")[2]
            await b.call("DELETE", f"/v3/domains/{domain}/credentials/{comeback['id']}", key=secret)
    count = len((await b.state())["comebacks"])
    await b.control("clock", seconds=2 * HOUR)
    state = await b.state()
    assert (len(state["comebacks"]), state["intruder_last_hour"]) == (count, 0)


async def test_a_route_that_taps_reset_mails_gives_the_panel_away_again(bench: Any) -> None:
    b = await bench(scenario="panel-session")
    secret = await _wipe_keys(b)
    for key in (await b.get("/v1/keys?kind=web", key=secret))["items"]:
        await b.call("DELETE", f"/v1/keys/{key['id']}", key=secret)
    (stranger,) = b.planted("user")
    await b.control("panel", do="delete-user", user=stranger["id"])
    await b.control("clock", seconds=600)
    assert (await b.state())["comebacks"] == []
    tapped = next(user for user in (await b.get("/v5/users", key=secret))["users"] if "@mg." in user["email"])
    await b.control("panel", do="reset-password", user=tapped["id"])
    await b.control("clock", seconds=120)
    (back,) = (await b.state())["comebacks"]
    assert back["through"] == f"session {tapped['id']}"
    (route,) = b.planted("route")
    assert (await b.call("DELETE", f"/v3/routes/{route['id']}", key=secret)).status_code == 200
    await b.control("panel", do="reset-password", user=tapped["id"])
    await b.call("DELETE", f"/v1/keys/{back['id']}", key=secret)
    assert b.drill.intruder.ways() == []


async def test_production_stands_still_until_its_application_has_the_new_secret(bench: Any) -> None:
    b = await bench()
    old = b.drill.story.stolen_key
    secret = await _wipe_keys(b)
    assert _sending(await b.state(), "production") == [
        login.login for login in b.drill.story.logins if login.owner == "production"
    ]
    nothing = await b.control("adopt", old=old.id, secret="never-heard-of-it")
    assert nothing == {"adopted": []}
    adopted = (await b.control("adopt", old=old.id, secret=secret))["adopted"]
    assert adopted == ["prod-web on web-1"]
    sending = _sending(await b.state(), "production")
    assert secret[33:] in sending
    # Whoever deploys twice has one application with one credential, not two of them.
    assert (await b.control("adopt", old=old.id, secret=secret))["adopted"] == adopted
    assert _sending(await b.state(), "production") == sending
    await b.control("clock", seconds=HOUR)
    body = {"events": ["accepted"], "duration": "1h", "pagination": {"limit": 100}}
    entries = (await b.call("POST", "/v1/analytics/logs", key=secret, json=body)).json()["items"]
    mine = [e for e in entries if e.get("api-key-id") == secret[33:]]
    assert mine
    assert {e["originating-ip"] for e in mine} == {b.drill.story.host("web").ip}


async def test_time_alone_ends_what_a_late_change_left_open(bench: Any) -> None:
    b = await bench(scenario="laggy")
    stolen = b.drill.story.stolen_key
    assert (await b.call("DELETE", f"/v1/keys/{stolen.id}")).status_code == 200
    assert stolen.id in _sending(await b.state(), "intruder")
    await b.control("clock", seconds=30)
    assert stolen.id not in _sending(await b.state(), "intruder")


async def test_the_abuse_of_a_web_form_follows_the_new_key(bench: Any) -> None:
    b = await bench(scenario="site-abuse")
    key = next(key for key in b.drill.story.keys if key.name == "prod-web")
    secret = await _wipe_keys(b)
    await b.control("adopt", old=key.id, secret=secret)
    assert _sending(await b.state(), "intruder") == [secret[33:]]
    await b.control("panel", do="fix-site")
    assert _sending(await b.state(), "intruder") == []


async def test_disabling_the_rogue_subaccount_stops_it(bench: Any) -> None:
    b = await bench(scenario="subaccount")
    (child,) = b.planted("subaccount")
    assert (await b.state())["intruder_last_hour"] > 300
    path = f"/v5/accounts/subaccounts/{child['id']}"
    assert (await b.call("POST", f"{path}/disable?reason=abuse")).json()["subaccount"]["status"] == "disabled"
    again = await b.call("POST", f"{path}/disable")
    assert again.status_code == 400
    assert _sending(await b.state(), "intruder") == []
    gone = await b.call("DELETE", "/v5/accounts/subaccounts", headers={"X-Mailgun-On-Behalf-Of": child["id"]})
    assert gone.json() == {"message": "Subaccount successfully deleted"}
    assert (await b.get("/v5/accounts/subaccounts"))["total"] == 0
    assert (await b.get("/v5/accounts/subaccounts?closed=true"))["total"] == 1


async def test_deleting_a_domain_runs_in_the_background(bench: Any) -> None:
    b = await bench()
    name = b.drill.story.domains[1].name
    assert "background" in (await b.call("DELETE", f"/v3/domains/{name}")).json()["message"]
    assert name in {d["name"] for d in (await b.get("/v4/domains"))["items"]}
    await b.control("clock", seconds=60)
    assert name not in {d["name"] for d in (await b.get("/v4/domains"))["items"]}
    assert (await b.call("GET", f"/v4/domains/{name}")).status_code == 404
    sandbox = next(d.name for d in b.drill.story.domains if d.kind == "sandbox")
    assert (await b.call("DELETE", f"/v3/domains/{sandbox}")).status_code == 400


async def _limit_is_shown(b: Any, item: Any) -> bool:
    answer = await b.call("GET", "/v5/accounts/limit/custom/monthly", region=item["where"][0])
    return bool(answer.json()["limit"] == item["limit"])


async def _wildcard_is_shown(b: Any, item: Any) -> bool:
    region, domain = item["where"]
    answer = await b.call("GET", f"/v4/domains/{domain}", region=region)
    return bool(answer.json()["domain"]["wildcard"] is True)


async def _emptiness_is_shown(b: Any, item: Any) -> bool:
    region, domain = item["where"]
    answer = await b.call("GET", f"/v3/{domain}/complaints", region=region)
    return bool(answer.json()["items"] == [])


async def _silence_is_shown(b: Any, item: Any) -> bool:
    region, domain = item["where"]
    answer = await b.call("GET", f"/v3/{domain}/unsubscribes?limit=1000", region=region)
    return item["name"] in {entry["address"] for entry in answer.json()["items"]}


# What the intruder changed has no id of its own: the API shows it by the value it has now.
CHANGES = {
    "limit": _limit_is_shown,
    "domain-setting": _wildcard_is_shown,
    "suppressions-emptied": _emptiness_is_shown,
    "suppression": _silence_is_shown,
}


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_every_planted_thing_is_shown_by_the_api_under_its_id(bench: Any, name: str) -> None:
    b = await bench(scenario=name, **SMALL)
    if name == "lockout":
        await b.control("panel", do="allow", address="127.0.0.1")
    if name in ("non-admin", "empty", "no-domains"):
        assert b.truth["planted"] == []
        return
    shown = await _everything(b)
    changed = [item for item in b.truth["planted"] if item["kind"] in CHANGES]
    missing = [item for item in b.truth["planted"] if item not in changed and item["id"] not in shown]
    assert missing == []
    assert [item for item in changed if not await CHANGES[item["kind"]](b, item)] == []
    assert len(b.truth["planted"]) == len({(item["kind"], item["id"]) for item in b.truth["planted"]})


async def _everything(b: Any) -> str:
    """Return the text of everything an inventory reads."""
    texts: list[str] = []

    async def read(path: str, region: str) -> None:
        texts.append((await b.call("GET", path, region=region)).text)

    for region in b.drill.story.scenario.regions:
        for path in (
            "/v1/keys",
            "/v1/keys?kind=web",
            "/v5/users",
            "/v5/accounts/subaccounts",
            "/v2/ip_whitelist",
            "/v5/sandbox/auth_recipients",
            "/v3/routes",
            "/v1/webhooks",
            "/v3/lists",
            "/v1/dkim/keys?limit=100",
            "/v1/thresholds/alerts/send",
            "/v4/domains?limit=1000",
        ):
            await read(path, region)
        for domain in b.drill.world.tenants[b.drill.world.main].regions[region].domains:
            for path in ("domains/{}/credentials", "domains/{}/webhooks", "domains/{}/tracking"):
                await read("/v3/" + path.format(domain), region)
            for path in ("templates", "whitelists"):
                await read(f"/v3/{domain}/{path}", region)
    return "".join(texts).replace("\\/", "/")


async def test_listings_come_on_days_0_1_and_3_expire_and_return(bench: Any) -> None:
    b = await bench(scenario="stolen-key")
    listings = b.drill.account.listings
    ip, domain = b.drill.story.sending_ips["us"][0], b.drill.story.domains[0].name
    day = 86400

    def listed() -> set[str]:
        zones = ("bl.spamcop.net", "zen.spamhaus.org", "b.barracudacentral.org", "dbl.spamhaus.org")
        return {z for z in zones if listings.lookup(z, domain if z.startswith("dbl") else ip)}

    assert listed() == {"bl.spamcop.net"}
    await b.control("clock", seconds=day + 60)
    assert listed() == {"bl.spamcop.net", "zen.spamhaus.org", "b.barracudacentral.org"}
    await b.control("clock", seconds=2 * day)
    assert "dbl.spamhaus.org" in listed()
    # A removal while the abuse goes on does not last.
    await b.control("removal", zone="b.barracudacentral.org", subject=ip)
    assert "b.barracudacentral.org" not in listed()
    await b.control("clock", seconds=13 * 3600)
    assert "b.barracudacentral.org" in listed()
    await _wipe_keys(b)
    await b.control("removal", zone="b.barracudacentral.org", subject=ip)
    await b.control("clock", seconds=6 * day)
    assert listed() == set()
    other = b.drill.story.sending_ips["us"][1]
    assert listings.lookup("bl.spamcop.net", other) is None
