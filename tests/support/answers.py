"""Answers in the shapes of the real API, for every endpoint that is read; names, ids and addresses are made up.

``standing`` says what a shape rests on: *recorded* (an official SDK keeps an answer of the real API as a test
recording), *documented* (the vendor's description or an SDK's own mock), *assumed* (neither; the client expects it).
``source`` and ``date`` name the recording or page. The table in docs/vendor-facts.md is made from these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workbench.mailgun import account, content, credentials, domains, evidence, keys, settings, thresholds
from workbench.mailgun.client import Mailgun
from workbench.mailgun.endpoints import Region
from workbench.mailgun.evidence_models import Book

US = Region.US
D = "mg.acme.example"
T0, T1 = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
RECORDED, DOCUMENTED, ASSUMED = "recorded", "documented", "assumed"
Ask = Callable[[Mailgun], Awaitable[Any]]


@dataclass(frozen=True)
class Shape:
    """One endpoint: how it is asked, an answer, where its list is (``""`` for a single thing), what it rests on."""

    endpoint: str
    ask: Ask
    body: dict[str, Any]
    rows: str
    standing: str
    source: str
    date: str = ""


async def _all(pages: Any) -> list[Any]:
    from workbench.mailgun.pagination import whole

    return await whole(pages)


KEY = {
    "id": "1a2b3c4d-12ab34cd",
    "description": "prod",
    "kind": "user",
    "role": "admin",
    "created_at": "2024-11-27T11:44:11",
    "updated_at": "2024-11-27T11:44:11",
    "domain_name": "",
    "requestor": "ada@acme.example",
    "user_name": "Ada",
    "is_disabled": False,
}
DOMAIN = {
    "created_at": "Mon, 24 Feb 2025 22:44:03 GMT",
    "id": "67bcf633",
    "is_disabled": False,
    "name": D,
    "require_tls": False,
    "skip_verification": False,
    "smtp_login": f"postmaster@{D}",
    "spam_action": "tag",
    "state": "active",
    "type": "custom",
    "web_prefix": "email",
    "web_scheme": "http",
    "wildcard": False,
}
USER = {
    "id": "5f01aa",
    "email": "ada@acme.example",
    "name": "Ada",
    "role": "admin",
    "activated": True,
    "is_disabled": False,
    "is_master": True,
    "tfa_enabled": True,
    "tfa_active": True,
    "tfa_created_at": "2022-12-20T16:52:01.892000",
    "password_updated_at": "2022-12-20T16:52:01.892000",
    "auth": {"method": "classic", "prior_method": None},
}
DNS = {
    "is_active": True,
    "cached": [],
    "name": f"pic._domainkey.{D}",
    "record_type": "TXT",
    "valid": "valid",
    "value": "k",
}
ROUTE = {
    "actions": ['forward("ops@acme.example")'],
    "created_at": "Mon, 27 Jan 2025 17:45:19 GMT",
    "description": "support",
    "expression": 'match_recipient("help@acme.example")',
    "id": "6797c62f",
    "priority": 10,
}
BOUNCE = {
    "address": "gone@example.net",
    "code": "550",
    "error": "no such user",
    "created_at": "Thu, 26 Mar 2026 12:59:15 UTC",
}
TEMPLATE = {
    "name": "welcome",
    "description": "",
    "createdAt": "Sun, 15 Oct 2023 15:33:22 UTC",
    "createdBy": "",
    "id": "b689",
}


def _two(item: dict[str, Any], field: str, other: str) -> list[dict[str, Any]]:
    return [item, {**item, field: other}]


def _rows(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: body, "paging": {"next": "", "previous": ""}}


SHAPES: tuple[Shape, ...] = (
    Shape(
        "GET /v1/keys",
        lambda c: keys.list_keys(c, kind="user"),
        {"items": _two(KEY, "id", "2b3c4d5e-23bc45de"), "total_count": 2},
        "items",
        DOCUMENTED,
        "SPEC; mocks of GO and JS",
        "2026",
    ),
    Shape(
        "GET /v3/domains/{domain}/credentials",
        lambda c: credentials.list_credentials(c, D, region=US),
        {
            "items": [
                {
                    "login": f"{n}@{D}",
                    "mailbox": f"{n}@{D}",
                    "created_at": "Wed, 08 Mar 2023 23:34:57 +0000",
                    "size_bytes": None,
                }
                for n in ("postmaster", "app")
            ],
            "total_count": 2,
        },
        "items",
        RECORDED,
        "PY and GO, credentials",
        "2023-03",
    ),
    Shape(
        "GET /v5/users",
        lambda c: account.list_users(c),
        {"users": _two(USER, "id", "5f02bb"), "total": 2},
        "users",
        DOCUMENTED,
        "SPEC; PY users",
        "2026",
    ),
    Shape(
        "GET /v5/accounts/subaccounts",
        lambda c: account.list_subaccounts(c),
        {
            "subaccounts": [
                {"id": "aa11", "name": "shop", "status": "open"},
                {"id": "bb22", "name": "lab", "status": "closed"},
            ],
            "total": 2,
        },
        "subaccounts",
        RECORDED,
        "REC subaccounts.yml",
        "2023-11-20",
    ),
    Shape(
        "GET /v2/ip_whitelist",
        lambda c: account.get_allowlist(c),
        {
            "addresses": [
                {"ip_address": "192.0.2.5", "description": "office"},
                {"ip_address": "198.51.100.3", "description": ""},
            ]
        },
        "addresses",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v5/accounts/limit/custom/monthly",
        lambda c: account.get_limit(c),
        {"limit": 100000, "current": 4711, "period": "1m"},
        "",
        DOCUMENTED,
        "SPEC; mock of GO",
        "2026",
    ),
    Shape(
        "GET /v4/domains",
        lambda c: domains.list_domains(c, region=US),
        {"total_count": 2, "items": _two(DOMAIN, "name", "news.acme.example")},
        "items",
        RECORDED,
        "REC domains.yml",
        "2025-02-24",
    ),
    Shape(
        "GET /v4/domains/{domain}",
        lambda c: domains.get_domain(c, D, region=US),
        {"domain": DOMAIN, "receiving_dns_records": [DNS], "sending_dns_records": [DNS]},
        "",
        RECORDED,
        "REC domains.yml",
        "2025-02-24",
    ),
    Shape(
        "GET /v3/domains/{domain}/tracking",
        lambda c: domains.get_tracking(c, D, region=US),
        {
            "tracking": {
                "open": {"active": False, "place_at_the_top": False},
                "click": {"active": False},
                "unsubscribe": {"active": False, "html_footer": "<p>bye</p>", "text_footer": "bye"},
                "web_scheme": "https",
            }
        },
        "",
        RECORDED,
        "REC domains.yml",
        "2025-02-24",
    ),
    Shape(
        "GET /v3/domains/{domain}/sending_queues",
        lambda c: domains.sending_queues(c, D, region=US),
        {
            "regular": {"is_disabled": False, "disabled": {"until": "", "reason": ""}},
            "scheduled": {"is_disabled": False, "disabled": {"until": "", "reason": ""}},
        },
        "",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v4/domains/{domain}/keys",
        lambda c: domains.domain_dkim_keys(c, D, region=US),
        {"items": [{"signing_domain": D, "selector": s, "dns_record": DNS} for s in ("pic", "mx")]},
        "items",
        RECORDED,
        "REC domains.yml",
        "2025-02-24",
    ),
    Shape(
        "GET /v3/routes",
        lambda c: settings.list_routes(c, region=US),
        {"items": _two(ROUTE, "id", "6797c630"), "total_count": 2},
        "items",
        RECORDED,
        "REC routes.yml",
        "2025-01-27",
    ),
    Shape(
        "GET /v3/domains/{domain}/webhooks",
        lambda c: settings.domain_webhooks(c, D, region=US),
        {
            "webhooks": {
                "accepted": {"urls": ["https://hooks.acme.example/a"]},
                "clicked": {"urls": ["https://hooks.acme.example/c"]},
            }
        },
        "",
        RECORDED,
        "REC webhooks.yml",
        "2023-11-05",
    ),
    Shape(
        "GET /v1/webhooks",
        lambda c: settings.account_webhooks(c, region=US),
        {
            "webhooks": [
                {
                    "webhook_id": w,
                    "description": "",
                    "url": "https://hooks.acme.example/",
                    "event_types": ["delivered"],
                    "created_at": "2026-01-05T10:00:00.000Z",
                }
                for w in ("wh_1", "wh_2")
            ]
        },
        "webhooks",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v3/ip_pools",
        lambda c: settings.list_ip_pools(c, region=US),
        {
            "ip_pools": [
                {"pool_id": p, "name": "main", "description": "", "ips": ["192.0.2.9"], "is_linked": False}
                for p in ("p1", "p2")
            ],
            "message": "success",
        },
        "ip_pools",
        DOCUMENTED,
        "SPEC; mock of JS",
        "2026",
    ),
    Shape(
        "GET /v3/ips",
        lambda c: settings.list_ips(c, region=US),
        {
            "items": ["192.0.2.9", "192.0.2.10"],
            "total_count": 2,
            "details": [{"ip": "192.0.2.9", "dedicated": True}],
        },
        "items",
        DOCUMENTED,
        "SPEC; mock of GO",
        "2026",
    ),
    Shape(
        "GET /v1/dynamic_pools/history",
        lambda c: settings.pool_history(c, region=US),
        {
            "items": [
                {
                    "id": i,
                    "domain_name": D,
                    "new_band": "good",
                    "prev_band": "poor",
                    "timestamp": "2026-01-05T10:00:00Z",
                }
                for i in ("h1", "h2")
            ]
        },
        "items",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v5/sandbox/auth_recipients",
        lambda c: settings.sandbox_recipients(c),
        {
            "recipients": [
                {"email": "ada@acme.example", "activated": True},
                {"email": "ben@acme.example", "activated": False},
            ]
        },
        "recipients",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v1/thresholds/alerts/send",
        lambda c: thresholds.list_rules(c, Book.ALERT, region=US),
        {
            "items": [
                {"name": n, "metric": "delivered_count", "comparator": ">", "limit": "100"}
                for n in ("burst", "bounces")
            ]
        },
        "items",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v3/{domain}/bounces",
        lambda c: _all(content.iter_suppressions(c, D, "bounces", region=US)),
        {"items": _two(BOUNCE, "address", "left@example.net")},
        "items",
        RECORDED,
        "REC suppressions.yml",
        "2026-03-26",
    ),
    Shape(
        "GET /v3/{domain}/whitelists",
        lambda c: _all(content.iter_whitelist(c, D, region=US)),
        {
            "items": [
                {"value": v, "type": "domain", "reason": "", "createdAt": "Thu, 26 Mar 2026 12:59:15 UTC"}
                for v in ("a.example", "b.example")
            ]
        },
        "items",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
    Shape(
        "GET /v3/{domain}/templates",
        lambda c: _all(content.iter_templates(c, D, region=US)),
        {"items": _two(TEMPLATE, "name", "reset")},
        "items",
        RECORDED,
        "REC templates.yml",
        "2023-10-15",
    ),
    Shape(
        "GET /v3/{domain}/templates/{name}",
        lambda c: content.get_template(c, D, "welcome", region=US),
        {
            "template": {
                **TEMPLATE,
                "version": {
                    "tag": "v2",
                    "template": "{{x}}",
                    "engine": "handlebars",
                    "mjml": "",
                    "createdAt": "Sun, 15 Oct 2023 17:19:10 UTC",
                    "comment": "",
                    "active": True,
                    "id": "3661",
                    "headers": {"Subject": "{{subject}}"},
                },
            }
        },
        "",
        RECORDED,
        "REC templates.yml",
        "2023-10-15",
    ),
    Shape(
        "GET /v3/lists/pages",
        lambda c: _all(content.iter_lists(c, region=US)),
        {
            "items": [
                {
                    "address": f"{n}@{D}",
                    "name": n,
                    "description": "",
                    "access_level": "readonly",
                    "reply_preference": "list",
                    "created_at": "Sun, 26 Jan 2025 17:45:19 -0000",
                    "members_count": 3,
                }
                for n in ("news", "staff")
            ]
        },
        "items",
        RECORDED,
        "REC mailing_list.yml (without pages)",
        "2025-01-26",
    ),
    Shape(
        "POST /v1/analytics/metrics",
        lambda c: evidence.metrics(c, region=US, start=T0, end=T1, names=("accepted_count",)),
        {
            "start": "",
            "end": "",
            "resolution": "hour",
            "pagination": {"sort": "", "skip": 0, "limit": 1500, "total": 2},
            "items": [
                {
                    "dimensions": [{"dimension": "time", "value": "Wed, 27 Nov 2024 12:00:00 +0000"}],
                    "metrics": {"accepted_count": n, "opened_rate": "0.0000"},
                }
                for n in (1, 2)
            ],
        },
        "items",
        RECORDED,
        "REC metrics.yml",
        "2024-11-28",
    ),
    Shape(
        "POST /v1/analytics/logs",
        lambda c: _all(evidence.iter_logs(c, region=US, start=T0, end=T1)),
        {
            "start": "",
            "end": "",
            "items": [
                {
                    "id": i,
                    "event": "accepted",
                    "@timestamp": "2025-06-25T17:19:51.166Z",
                    "account": {"id": "123"},
                    "method": "HTTP",
                    "originating-ip": "203.0.113.7",
                    "api-key-id": "1a2b3c4d-12ab34cd",
                    "domain": {"name": D},
                    "recipient": "alex@example.net",
                }
                for i in ("e1", "e2")
            ],
            "pagination": {"total": 2},
        },
        "items",
        RECORDED,
        "REC logs.yml",
        "2025-06-25",
    ),
    Shape(
        "GET /v3/stats/total",
        lambda c: evidence.stats_total(c, region=US),
        {
            "start": "",
            "end": "",
            "resolution": "hour",
            "stats": [{"time": "Mon, 24 Feb 2025 22:00:00 UTC", "accepted": {"total": n}} for n in (3, 4)],
        },
        "stats",
        RECORDED,
        "REC domains.yml (of a domain)",
        "2025-02-24",
    ),
    Shape(
        "GET /v5/accounts/http_signing_key",
        lambda c: account.get_signing_key(c),
        {"http_signing_key": "key-0123456789abcdef0123456789abcdef"},
        "",
        DOCUMENTED,
        "SPEC",
        "2026",
    ),
)
