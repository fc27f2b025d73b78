"""API keys, authentication, roles and limits of the simulated account, over real sockets."""

from __future__ import annotations

import base64
from typing import Any

import pytest

FORBIDDEN = (401, "Forbidden", 'Basic realm="MG API"')


def _outcome(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.text, answer.headers.get("www-authenticate", "")


async def test_the_default_account_has_the_promised_size(bench: Any) -> None:
    b = await bench()
    keys = await b.get("/v1/keys")
    assert keys["total_count"] == 9
    assert all(len(key["id"]) == 17 and key["id"][8] == "-" for key in keys["items"])
    us, eu = await b.get("/v4/domains"), await b.get("/v4/domains", region="eu")
    assert us["total_count"] + eu["total_count"] == 12
    logins = 0
    for region, page in (("us", us), ("eu", eu)):
        for domain in page["items"]:
            logins += len((await b.get(f"/v3/domains/{domain['name']}/credentials", region=region))["items"])
    assert logins == 36
    assert (await b.get("/v5/users"))["total"] == 5
    assert (await b.get("/v5/accounts/subaccounts"))["total"] == 1


async def test_a_new_keys_secret_is_shown_once_and_ends_in_its_id(bench: Any) -> None:
    b = await bench()
    made = (await b.call("POST", "/v1/keys", data={"role": "admin", "description": "new"})).json()
    secret = made["key"]["secret"]
    assert made["message"] == "great success"
    assert len(secret) == 50
    assert secret[33:] == made["key"]["id"]
    listed = next(key for key in (await b.get("/v1/keys"))["items"] if key["id"] == made["key"]["id"])
    assert "secret" not in listed
    answer = await b.call("GET", "/v4/domains", region="eu", key=secret)
    assert (answer.status_code, answer.headers["x-mailgun-key-id"]) == (200, made["key"]["id"])


async def test_multipart_is_understood_as_well_as_urlencoded(bench: Any) -> None:
    b = await bench()
    fields = {"role": (None, "basic"), "description": (None, "zwei\nZeilen")}
    made = (await b.call("POST", "/v1/keys", files=fields)).json()
    assert (made["key"]["role"], made["key"]["description"]) == ("basic", "zwei\nZeilen")


async def test_a_key_cannot_be_deleted_in_its_first_seconds(bench: Any) -> None:
    b = await bench()
    key = (await b.call("POST", "/v1/keys", data={"role": "basic"})).json()["key"]
    early = await b.call("DELETE", f"/v1/keys/{key['id']}")
    assert (early.status_code, early.json()) == (
        400,
        {"message": "an error occurred, please try again later"},
    )
    await b.control("clock", seconds=4)
    late = await b.call("DELETE", f"/v1/keys/{key['id']}")
    assert (late.status_code, late.json()) == (200, {"message": "key deleted"})
    again = await b.call("DELETE", f"/v1/keys/{key['id']}")
    assert (again.status_code, again.json()) == (404, {"message": "no key matching id"})


async def test_a_deleted_key_answers_401_as_plain_text_at_once_even_our_own(bench: Any) -> None:
    b = await bench()
    own = b.drill.story.operator_key
    assert (await b.call("DELETE", f"/v1/keys/{own.id}")).status_code == 200
    answer = await b.call("GET", "/v1/keys")
    assert _outcome(answer) == FORBIDDEN
    assert answer.headers["content-type"].startswith("text/plain")
    assert "x-mailgun-key-id" not in answer.headers


@pytest.mark.parametrize(
    "header",
    [
        None,
        "Basic " + base64.b64encode(b"api:key-00000000000000000000000000000000").decode(),
        "Basic !!!",
        "Bearer x",
    ],
)
async def test_anything_but_a_living_key_is_refused(bench: Any, header: str | None) -> None:
    b = await bench()
    headers = {"Authorization": header} if header else {}
    answer = await b.http.get(b.document["endpoints"]["api_us"] + "/v1/keys", headers=headers)
    assert _outcome(answer) == FORBIDDEN


async def test_session_keys_are_listed_only_when_asked_for_and_expire(bench: Any) -> None:
    b = await bench(scenario="panel-session")
    assert "web" not in {key["kind"] for key in (await b.get("/v1/keys"))["items"]}
    (web,) = (await b.get("/v1/keys?kind=web"))["items"]
    assert web["expires_at"] > web["created_at"]
    assert (await b.call("GET", "/v1/keys?kind=other")).status_code == 400
    secret = next(key.secret for key in b.drill.story.keys if key.kind == "web")
    assert (await b.call("GET", "/v1/keys", key=secret)).status_code == 200
    await b.control("clock", seconds=86400)
    assert _outcome(await b.call("GET", "/v1/keys", key=secret)) == FORBIDDEN


async def test_a_key_without_the_admin_role_is_told_so_and_named(bench: Any) -> None:
    b = await bench(scenario="non-admin")
    answer = await b.call("GET", "/v1/keys")
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert answer.headers["x-mailgun-key-id"] == b.drill.story.operator_key.id
    assert (await b.call("GET", "/v4/domains")).status_code == 200
    login = b.drill.story.logins[0]
    reset = await b.call("PUT", f"/v3/domains/{login.domain}/credentials/{login.login}")
    assert reset.status_code == 403


async def test_the_key_quota(bench: Any) -> None:
    b = await bench(scenario="quota-full")
    answer = await b.call("POST", "/v1/keys", data={"role": "admin"})
    assert (answer.status_code, answer.json()) == (
        403,
        {"message": "could not create key, account limit reached"},
    )


async def test_a_small_plan_refuses_what_it_does_not_hold(bench: Any) -> None:
    b = await bench(scenario="small-plan")
    refused = await b.call("POST", "/v1/keys", data={"role": "basic"})
    assert refused.status_code == 402
    assert "upgrade your account" in refused.json()["Reason"]
    assert (await b.call("POST", "/v1/keys", data={"role": "admin"})).status_code == 200
    for path in ("/v5/accounts/subaccounts", "/v1/inboxready/ip_addresses"):
        assert (await b.call("GET", path)).status_code == 403
    logs = (
        await b.call("POST", "/v1/analytics/logs", json={"duration": "5d", "pagination": {"limit": 1}})
    ).json()
    (url,) = logs["items"][0]["storage"]["url"]
    assert (await b.http.get(url, auth=("api", b.drill.api_key))).status_code == 404


async def test_a_sending_key_opens_only_its_own_domain(bench: Any) -> None:
    b = await bench()
    key = next(key for key in b.drill.story.keys if key.kind == "domain" and key.region == "us")
    assert (await b.call("GET", "/v4/domains", key=key.secret)).status_code == 401
    probe = await b.call("POST", f"/v3/{key.domain}/messages", key=key.secret)
    assert probe.status_code == 400
    other = next(d.name for d in b.drill.story.domains if d.name != key.domain and d.region == "us")
    assert (await b.call("POST", f"/v3/{other}/messages", key=key.secret)).status_code == 401


async def test_legacy_secrets_have_no_tail(bench: Any) -> None:
    b = await bench(scenario="legacy-keys")
    legacy = [key for key in b.drill.story.keys if key.secret.startswith("key-")]
    assert legacy
    listed = {key["id"] for key in (await b.get("/v1/keys"))["items"]}
    for key in legacy:
        assert key.id in listed
        assert key.id not in key.secret
    answer = await b.call(
        "GET", "/v4/domains?limit=1", key=next(k.secret for k in legacy if k.role == "admin")
    )
    assert answer.headers["x-mailgun-key-id"] in {key.id for key in legacy}


async def test_keys_are_global_but_a_region_may_know_none(bench: Any) -> None:
    b = await bench(scenario="one-region")
    assert (await b.call("GET", "/v1/keys")).status_code == 200
    assert _outcome(await b.call("GET", "/v1/keys", region="eu")) == FORBIDDEN


async def test_the_allowlist_binds_with_its_first_entry_for_api_and_smtp(bench: Any) -> None:
    b = await bench()
    login = b.drill.story.logins[0]
    account = b.drill.account
    assert account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
    await b.call("POST", "/v2/ip_whitelist", data={"address": "203.0.113.0/24", "description": "x"})
    assert _outcome(await b.call("GET", "/v4/domains")) == FORBIDDEN
    assert not account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
    await b.control("panel", do="allow", address="127.0.0.0/8")
    assert (await b.call("GET", "/v4/domains")).status_code == 200
    assert account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")


async def test_only_a_session_key_belongs_to_a_user(bench: Any) -> None:
    b = await bench(scenario="panel-session")
    answer = await b.call("GET", "/v5/users/me")
    assert (answer.status_code, answer.json()) == (403, {"message": "Incompatible key for this endpoint"})
    secret = next(key.secret for key in b.drill.story.keys if key.kind == "web")
    me = await b.get("/v5/users/me", key=secret)
    assert me["id"] == b.planted("user")[0]["id"]


async def test_in_the_laggy_scenario_changes_take_effect_seconds_later(bench: Any) -> None:
    b = await bench(scenario="laggy")
    key = (await b.call("POST", "/v1/keys", data={"role": "admin"})).json()["key"]
    assert (await b.call("GET", "/v1/keys", key=key["secret"])).status_code == 401
    await b.control("clock", seconds=4)
    assert (await b.call("GET", "/v1/keys", key=key["secret"])).status_code == 200
    await b.call("DELETE", f"/v1/keys/{b.drill.story.operator_key.id}")
    assert key["id"] in (await b.call("GET", "/v1/keys")).text
    login = b.drill.story.logins[0]
    path = f"/v3/domains/{login.domain}/credentials/{login.login}"
    await b.call("PUT", path, key=key["secret"], data={"password": "brand-new-one"})
    for password in ("brand-new-one", login.password):
        assert b.drill.account.authenticate_smtp(login.region, login.login, password, "127.0.0.1")
    await b.control("clock", seconds=10)
    assert (await b.call("GET", "/v1/keys")).status_code == 401
    assert not b.drill.account.authenticate_smtp(login.region, login.login, login.password, "127.0.0.1")
    page = (await b.call("POST", "/v1/analytics/logs", key=key["secret"], json={})).json()
    assert page["items"][0]["@timestamp"] < "2026-11-21T13:51"


async def test_session_keys_pass_the_allowlist(bench: Any) -> None:
    b = await bench(scenario="panel-session")
    secret = next(key.secret for key in b.drill.story.keys if key.kind == "web")
    await b.call("POST", "/v2/ip_whitelist", data={"address": "203.0.113.9"})
    assert (await b.call("GET", "/v1/keys")).status_code == 401
    assert (await b.call("GET", "/v1/keys", key=secret)).status_code == 200


async def test_the_lockout_scenario_locks_the_responder_out(bench: Any) -> None:
    b = await bench(scenario="lockout")
    assert _outcome(await b.call("GET", "/v1/keys")) == FORBIDDEN


async def test_the_date_of_every_answer_is_the_simulated_one(bench: Any) -> None:
    b = await bench()
    await b.control("clock", seconds=86400)
    for path in ("/v1/keys", "/nowhere"):
        assert (await b.call("GET", path)).headers["date"].startswith("Sun, 22 Nov 2026 14:0")


async def test_above_the_rate_each_family_says_so_in_its_own_words(bench: Any) -> None:
    b = await bench(rate=3)
    answers = [await b.call("GET", "/v4/domains?limit=1") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert 1 <= answers[3].json()["retry-seconds"] <= 60
    domain = b.drill.story.domains[0].name
    bounces = [await b.call("GET", f"/v3/{domain}/bounces") for _ in range(4)]
    assert bounces[0].headers["x-request-limit"] == "3"
    assert bounces[3].status_code == 429
    # Resets are epoch milliseconds of the simulated clock.
    assert int(bounces[3].headers["x-request-reset"]) // 1000 - b.drill.account.now() < 61
    sent = [await b.call("POST", f"/v3/{domain}/messages") for _ in range(4)]
    assert sent[3].status_code == 429
    assert "account-requests-per-sec limit exceeded" in sent[3].json()["message"]
    lists = [await b.call("GET", "/v3/lists") for _ in range(4)]
    assert lists[3].json() == {"message": "Too Many Requests"}


async def test_latency_is_added_to_every_call(bench: Any) -> None:
    b = await bench(latency_ms=30)
    assert (await b.call("GET", "/v1/keys")).elapsed.total_seconds() >= 0.03


async def test_a_wrong_path_answers_html(bench: Any) -> None:
    b = await bench()
    answer = await b.call("GET", "/v3/lists/")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<h1>Not Found</h1>" in answer.text
