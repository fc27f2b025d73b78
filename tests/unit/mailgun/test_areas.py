"""What each function of the areas sends, and what it makes of the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, form_of, gather_pages, reply
from workbench.core.errors import Forbidden, Incomplete, NotAuthorised, NotFound, UnreadableAnswer
from workbench.core.redact import Secret
from workbench.mailgun import (
    account,
    content,
    credentials,
    domains,
    evidence,
    keys,
    queues,
    settings,
    thresholds,
)
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import MAILGUN, Region
from workbench.mailgun.evidence_models import Book

D = "mg.acme.example"
US = Region.US
HOUR = [{"dimension": "time", "value": "Wed, 01 Nov 2023 00:00:00 +0000"}]
SECRET = "fedcba9876543210fedcba9876543210-0a1b2c3d-4e5f6071"


async def test_keys_of_every_kind_are_listed_once() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        found = {None: ["a", "b"], "user": ["a"], "domain": ["c"], "web": ["d"]}[
            request.url.params.get("kind")
        ]
        return reply({"items": [{"id": name} for name in found], "total_count": len(found)})

    client, api = fake_client(handle)
    assert [key.id for key in await keys.list_keys(client)] == ["a", "b", "c", "d"]
    assert len(api.requests) == 4
    assert [key.id for key in await keys.list_keys(client, kind="web")] == ["d"]


async def test_a_new_key_keeps_its_secret_out_of_sight() -> None:
    client, api = fake_client(
        [
            reply(
                {
                    "message": "great success",
                    "key": {"id": "0a1b2c3d-4e5f6071", "role": "admin", "secret": SECRET},
                }
            )
        ]
    )
    new = await keys.create_key(client, role="admin", description="incident", expiration=3600)
    assert new.key.id == "0a1b2c3d-4e5f6071"
    assert new.secret.reveal() == SECRET
    assert SECRET not in repr(new)
    assert form_of(api.last) == {
        "role": ["admin"],
        "kind": ["user"],
        "description": ["incident"],
        "expiration": ["3600"],
    }


@pytest.mark.parametrize(
    "document", [{}, {"key": None}, {"key": {}}, {"key": []}, {"key": {"id": "x", "secret": ""}}]
)
async def test_a_new_key_without_its_secret_is_said_loudly(document: Any) -> None:
    client, api = fake_client([reply(document)])
    with pytest.raises(UnreadableAnswer, match="does not show"):
        await keys.create_key(client, role="admin")
    assert len(api.requests) == 1


async def test_creating_a_key_is_never_repeated_by_itself_and_deleting_is() -> None:
    client, api = fake_client([httpx.ReadTimeout("slow"), reply()])
    with pytest.raises(Exception, match="No answer"):
        await keys.create_key(client, role="admin")
    client, api = fake_client([httpx.ReadTimeout("slow"), reply({"message": "key deleted"})])
    await keys.delete_key(client, "0a1b2c3d-4e5f6071")
    assert [request.method for request in api.requests] == ["DELETE"] * 2


async def test_whoami_takes_any_answer_of_a_living_key() -> None:
    named = {"x-mailgun-key-id": "0a1b2c3d-4e5f6071"}
    for answer in (
        reply({"limit": 1}, headers=named),
        reply({"message": "No threshold for account"}, 404, named),
        reply({"message": "role"}, 403, named),
    ):
        client, _ = fake_client([answer])
        assert await keys.whoami(client) == "0a1b2c3d-4e5f6071"
    client, _ = fake_client([httpx.Response(401, text="Forbidden")])
    with pytest.raises(NotAuthorised):
        await keys.whoami(client)


async def test_resetting_a_login_names_its_local_part_and_is_repeated() -> None:
    client, api = fake_client([reply(status=502), reply({"message": "Password changed"})])
    done = await credentials.reset_credential(client, D, f"news@{D}", Secret("p" * 32), region=Region.EU)
    assert str(api.last.url) == f"https://api.eu.mailgun.net/v3/domains/{D}/credentials/news"
    assert form_of(api.last) == {"password": ["p" * 32]}
    assert (done.password, done.message) == (None, "Password changed")


async def test_a_password_the_server_chose_is_a_secret_and_not_asked_for_twice() -> None:
    client, api = fake_client(
        [reply({"credentials": {f"news@{D}": SECRET}, "note": "once"}), reply(status=502)]
    )
    made = await credentials.reset_credential(client, D, "news", region=US)
    assert made.login == f"news@{D}"
    assert made.password == Secret(SECRET)
    with pytest.raises(Exception, match="502"):
        await credentials.reset_credential(client, D, "news", region=US)
    assert len(api.requests) == 2


@pytest.mark.parametrize(
    ("login", "local"),
    [
        (f"news@{D}", "news"),
        (f"news@{D.upper()}", "news"),
        ("news", "news"),
        ("news@other.example", "news@other.example"),
        (f"a@b@{D}", "a@b"),
        (f"@{D}", f"@{D}"),
    ],
)
def test_local_parts(login: str, local: str) -> None:
    assert credentials.local_part(login, D) == local
    assert credentials.full_login("news", D) == f"news@{D}"


async def test_a_domain_is_read_with_the_dns_records_beside_it() -> None:
    record = {"name": "s1._domainkey", "record_type": "TXT", "valid": "valid", "cached": []}
    client, _ = fake_client(
        [reply({"domain": {"name": D, "wildcard": True}, "sending_dns_records": [record]})]
    )
    domain = await domains.get_domain(client, D, region=US)
    assert domain.wildcard
    assert domain.sending_dns_records[0].name == "s1._domainkey"
    client, _ = fake_client([reply({"message": "x"})])
    with pytest.raises(UnreadableAnswer):
        await domains.get_domain(client, D, region=US)


async def test_a_purge_asks_every_storage_host_and_reports_each() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if "west1.api" in request.url.host and "us" in request.url.host:
            return reply({"message": "domain not found"}, 404)
        return reply({"message": "done"})

    client, api = fake_client(handle)
    results = await queues.purge_queue(client, D)
    assert {request.url.host for request in api.requests} == {host.split("//")[1] for host in MAILGUN.storage}
    assert [result.message for result in results] == ["done", "", "done"]
    assert [result.absent for result in results] == [False, True, False]
    assert [result.region for result in results] == [US, US, Region.EU]


async def test_no_limit_is_none_and_a_refusal_is_an_error() -> None:
    client, _ = fake_client(
        [reply({"message": "No threshold for account"}, 404), reply({"message": "no"}, 403)]
    )
    assert await account.get_limit(client) is None
    with pytest.raises(Forbidden):
        await account.get_limit(client)
    client, api = fake_client(
        [reply({"limit": 10000, "current": 7, "period": "1m"}), reply({"success": True})]
    )
    limit = await account.get_limit(client, child="sub-1", region=Region.EU)
    assert limit is not None
    assert (limit.limit, limit.current) == (10000, 7)
    await account.set_limit(client, 5000)
    assert api.last.url.params["limit"] == "5000"
    assert "/subaccounts/sub-1/limit/" in str(api.requests[0].url)


async def test_the_signing_key_is_a_secret_with_a_fingerprint() -> None:
    client, _ = fake_client([reply({"http_signing_key": "key-abc"})] * 2)
    assert repr(await account.get_signing_key(client)) == "Secret(••••)"
    print_ = await account.signing_key_fingerprint(client, b"k")
    assert print_ == Secret("key-abc").fingerprint(b"k")


async def test_domain_webhooks_of_both_forms_and_odd_ones() -> None:
    found = {
        "opened": {"urls": ["https://a", "https://b"]},
        "clicked": {"url": "https://old"},
        "delivered": None,
        "accepted": {"urls": [7, "https://c"]},
        "complained": "x",
    }
    client, _ = fake_client([reply({"webhooks": found})])
    with pytest.raises(Incomplete) as caught:
        await settings.domain_webhooks(client, D, region=US)
    assert [hooks.urls for hooks in caught.value.rows] == [
        {
            "opened": ["https://a", "https://b"],
            "clicked": ["https://old"],
            "accepted": ["https://c"],
        }
    ]
    assert caught.value.lost == ("delivered", "accepted", "complained")


@pytest.mark.parametrize("odd", [None, 7, "x", [{"url": "https://evil.example"}]])
async def test_null_or_another_thing_where_webhooks_belong_is_not_none(odd: Any) -> None:
    client, _ = fake_client([reply({"webhooks": odd})])
    with pytest.raises(UnreadableAnswer):
        await settings.domain_webhooks(client, D, region=US)


@pytest.mark.parametrize(
    "entry", [None, {}, {"urls": None}, {"urls": [None]}, {"urls": {"a": 1}}, {"url": 0}]
)
async def test_an_event_type_without_addresses_that_can_be_read_is_named(entry: Any) -> None:
    client, _ = fake_client([reply({"webhooks": {"opened": entry, "clicked": {"urls": ["https://a"]}}})])
    with pytest.raises(Incomplete) as caught:
        await settings.domain_webhooks(client, D, region=US)
    assert (caught.value.rows[0].urls, caught.value.lost) == ({"clicked": ["https://a"]}, ("opened",))


async def test_addresses_and_their_details_are_joined() -> None:
    document = {
        "items": ["192.0.2.1", "192.0.2.2"],
        "details": [{"ip": "192.0.2.1", "is_on_warmup": True}, "odd"],
    }
    client, _ = fake_client([reply(document)])
    found = await settings.list_ips(client, region=US, dedicated=True)
    assert [(ip.ip, ip.is_on_warmup, ip.dedicated) for ip in found] == [
        ("192.0.2.1", True, True),
        ("192.0.2.2", None, True),
    ]


async def test_metrics_turn_rates_into_numbers_and_leave_out_nulls() -> None:
    row = {
        "dimensions": [{"dimension": "time", "value": "Wed, 01 Nov 2023 00:00:00 +0000"}],
        "metrics": {
            "accepted_count": 40,
            "clicked_rate": "0.8300",
            "opened_count": None,
            "bounce_rate": "n/a",
        },
    }
    client, api = fake_client([reply({"items": [row]})])
    [found] = await evidence.metrics(client, region=US, start=START, end=START, names=["accepted_count"])
    assert found.metrics == {"accepted_count": 40, "clicked_rate": 0.83}
    assert found.time is not None
    assert found.time.year == 2023
    assert api.last.method == "POST"


@pytest.mark.parametrize(
    "odd",
    [
        "a text in a row's place",
        {"dimensions": HOUR, "metrics": {"accepted_count": -3}},
        {"dimensions": HOUR, "metrics": {"accepted_count": "many"}},
        {"dimensions": HOUR, "metrics": {"accepted_count": True}},
        {"dimensions": HOUR, "metrics": {"accepted_count": "inf"}},
        {"dimensions": [{"dimension": "time", "value": "soon"}], "metrics": {"accepted_count": 3}},
        {"dimensions": None, "metrics": {"accepted_count": 3}},
    ],
)
async def test_a_count_that_cannot_be_is_not_nought(odd: object) -> None:
    good = {"dimensions": HOUR, "metrics": {"accepted_count": 5}}
    client, _ = fake_client([reply({"items": [good, odd]})])
    with pytest.raises(Incomplete) as told:
        await evidence.metrics(client, region=US, start=START, end=START, names=["accepted_count"])
    assert [row.metrics for row in told.value.rows] == [{"accepted_count": 5.0}]
    assert "1 count" in told.value.what


async def test_old_statistics() -> None:
    stat = {"time": "Fri, 01 Apr 2012 00:00:00 UTC", "accepted": {"incoming": 2, "outgoing": 1, "total": 3}}
    client, api = fake_client([reply({"stats": [stat]}), reply({"stats": [7]})])
    [row] = await evidence.stats_total(client, region=US, domain=D)
    assert (row.total("accepted"), row.total("failed")) == (3, 0)
    assert api.last.url.params.get_list("event") == ["accepted", "delivered", "failed", "complained"]
    with pytest.raises(UnreadableAnswer):
        await evidence.stats_total(client, region=US)


Call = Callable[[Mailgun], Awaitable[Any]]
PATHS: list[tuple[str, str, Call]] = [
    ("POST", "/v1/keys/public", lambda c: keys.regenerate_public_key(c)),
    ("POST", f"/v3/domains/{D}/credentials", lambda c: credentials.create_credential(c, D, "x", region=US)),
    (
        "DELETE",
        f"/v3/domains/{D}/credentials/x",
        lambda c: credentials.delete_credential(c, D, "x", region=US),
    ),
    ("PUT", f"/v4/domains/{D}", lambda c: domains.update_domain(c, D, {"archive_to": ""}, region=US)),
    ("DELETE", f"/v3/domains/{D}", lambda c: domains.delete_domain(c, D, region=US)),
    ("GET", f"/v3/domains/{D}/sending_queues", lambda c: domains.sending_queues(c, D, region=US)),
    ("GET", f"/v3/domains/{D}/tracking", lambda c: domains.get_tracking(c, D, region=US)),
    (
        "PUT",
        f"/v3/domains/{D}/tracking/open",
        lambda c: domains.set_tracking(c, D, "open", region=US, active=True),
    ),
    ("GET", f"/v4/domains/{D}/keys", lambda c: domains.domain_dkim_keys(c, D, region=US)),
    (
        "PUT",
        f"/v4/domains/{D}/keys/s1/activate",
        lambda c: domains.set_dkim_active(c, D, "s1", active=True, region=US),
    ),
    ("POST", "/v1/dkim/keys", lambda c: domains.create_dkim_key(c, D, "s1", region=US)),
    ("POST", "/v5/accounts/subaccounts/7/disable", lambda c: account.disable_subaccount(c, "7", reason="x")),
    ("POST", "/v5/accounts/subaccounts/7/enable", lambda c: account.enable_subaccount(c, "7")),
    ("DELETE", "/v5/accounts/limit/custom/monthly", lambda c: account.delete_limit(c)),
    ("GET", "/v2/ip_whitelist", lambda c: account.get_allowlist(c)),
    ("POST", "/v2/ip_whitelist", lambda c: account.add_allowed(c, "192.0.2.1", "us")),
    ("DELETE", "/v2/ip_whitelist", lambda c: account.remove_allowed(c, "192.0.2.1")),
    ("POST", "/v5/accounts/http_signing_key", lambda c: account.regenerate_signing_key(c)),
    ("DELETE", "/v3/routes/r1", lambda c: settings.delete_route(c, "r1", region=US)),
    ("DELETE", f"/v4/domains/{D}/webhooks", lambda c: settings.remove_webhook_address(c, D, "u", region=US)),
    ("GET", "/v1/webhooks", lambda c: settings.account_webhooks(c, region=US)),
    ("DELETE", "/v1/webhooks/w1", lambda c: settings.delete_account_webhook(c, "w1", region=US)),
    ("GET", "/v3/ip_pools", lambda c: settings.list_ip_pools(c, region=US)),
    ("GET", "/v1/dynamic_pools/history", lambda c: settings.pool_history(c, region=US)),
    ("GET", "/v5/sandbox/auth_recipients", lambda c: settings.sandbox_recipients(c)),
    ("DELETE", "/v5/sandbox/auth_recipients/a@b", lambda c: settings.delete_sandbox_recipient(c, "a@b")),
    ("GET", f"/v3/{D}/templates/t", lambda c: content.get_template(c, D, "t", region=US)),
    (
        "GET",
        "/v4/templates/t/versions/v1",
        lambda c: content.get_template(c, None, "t", region=US, version="v1"),
    ),
    ("GET", f"/v3/{D}/templates/t/versions", lambda c: content.template_versions(c, D, "t", region=US)),
    ("DELETE", f"/v3/{D}/whitelists/a@b", lambda c: content.delete_whitelist_entry(c, D, "a@b", region=US)),
    ("GET", "/v1/thresholds/hits", lambda c: thresholds.threshold_hits(c, region=US)),
    ("GET", "/v1/thresholds/alerts/send", lambda c: thresholds.list_rules(c, Book.ALERT, region=US)),
    ("GET", "/v1/thresholds/limits", lambda c: thresholds.list_rules(c, Book.LIMIT, region=US)),
    (
        "POST",
        "/v1/thresholds/alerts/send",
        lambda c: thresholds.create_rule(c, Book.ALERT, {"name": "a"}, region=US),
    ),
    (
        "DELETE",
        "/v1/thresholds/alerts/send/a",
        lambda c: thresholds.delete_rule(c, Book.ALERT, "a", region=US),
    ),
    (
        "POST",
        "/v2/bounce-classification/metrics",
        lambda c: evidence.bounce_classification(c, region=US, start=START, end=START),
    ),
    ("GET", "/v4/domains", lambda c: domains.list_domains(c, region=US)),
    ("GET", "/v5/users", lambda c: account.list_users(c)),
    ("GET", "/v5/accounts/subaccounts", lambda c: account.list_subaccounts(c)),
    ("GET", "/v3/routes", lambda c: settings.list_routes(c, region=US)),
    ("GET", f"/v3/domains/{D}/credentials", lambda c: credentials.list_credentials(c, D, region=US)),
    ("GET", "/v1/dkim/keys", lambda c: gather_pages(domains.iter_dkim_keys(c, region=US, domain=D))),
    ("GET", "/v4/templates", lambda c: gather_pages(content.iter_templates(c, None, region=US))),
    ("GET", "/v3/lists/pages", lambda c: gather_pages(content.iter_lists(c, region=US))),
    ("GET", "/v3/lists/l@d/members/pages", lambda c: gather_pages(content.iter_members(c, "l@d", region=US))),
    (
        "GET",
        f"/v3/{D}/complaints",
        lambda c: gather_pages(content.iter_suppressions(c, D, "complaints", region=US)),
    ),
    ("GET", f"/v3/{D}/whitelists", lambda c: gather_pages(content.iter_whitelist(c, D, region=US))),
]
# One answer that holds what any of these functions looks for, in the vendor's shape.
EVERYTHING = {
    "message": "done",
    "key": "pubkey-1",
    "http_signing_key": "key-1",
    "domain": {"name": D},
    "id": "1",
    "name": "n",
    "tracking": {"open": {"active": True}},
    "template": {"name": "t"},
    "regular": {"is_disabled": False},
    "items": [],
    "addresses": [],
    "webhooks": [],
    "ip_pools": [],
    "recipients": [],
    "stats": [],
    "users": [],
    "subaccounts": [],
    "limit": 1000,
}


@pytest.mark.parametrize(("method", "path", "call"), PATHS, ids=[f"{m} {p}" for m, p, _ in PATHS])
async def test_each_function_calls_its_endpoint(method: str, path: str, call: Call) -> None:
    client, api = fake_client(lambda request: reply(EVERYTHING))
    await call(client)
    assert (api.requests[0].method, api.requests[0].url.path) == (method, path)


@pytest.mark.parametrize(("method", "path", "call"), PATHS, ids=[f"{m} {p}" for m, p, _ in PATHS])
async def test_a_refusal_reaches_the_caller(method: str, path: str, call: Call) -> None:
    client, _ = fake_client(lambda request: reply({"message": "no"}, 403))
    with pytest.raises(Forbidden):
        await call(client)


async def test_gone_is_told_so_that_a_delete_can_be_taken_as_done() -> None:
    client, _ = fake_client(lambda request: reply({"message": "no key matching id"}, 404))
    with pytest.raises(NotFound):
        await keys.delete_key(client, "x")
