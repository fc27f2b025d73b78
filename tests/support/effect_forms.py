"""What the journal held of each kind of effect before its parameters had types: rows of then must open for ever.

Taken from ``Effect.to_json`` and the plans of then; nothing here is ever changed, a new form is added beside the old.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.domain.model.plan import EffectKind


class Form(NamedTuple):
    """A kind, the digits of the id on ``TARGET`` in the US region, and the parameters as the journal held them."""

    kind: str
    digits: str
    params: dict[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """Return the effect as a row of then holds it."""
        return {
            "id": f"{self.kind}-{self.digits}",
            "kind": self.kind,
            "target": TARGET,
            "region": "us",
            "subaccount": None,
            "params": self.params,
            "after": ["key.create-0123456789"],
            "rank": 500,
            "what": "what it does",
            "breaks": "nothing",
            "undo": "cannot be undone",
            "why": "every key could have been exposed",
        }


TARGET = "target-1"
_USE = {
    "last_hour": 412,
    "last_used": "2026-11-21T13:58:00Z",
    "addresses": ["192.0.2.7", "203.0.113.9"],
    "more_addresses": 3,
    "strange": ["203.0.113.9"],
    "looks": "both",
}
FORMS = (
    Form(
        "key.create",
        "a39269b478",
        {
            "name": "prod-web",
            "role": "admin",
            "kind": "user",
            "domain_name": None,
            "domain_region": None,
            "expiration": None,
            "replaces": "old-id",
            "own": False,
            "cut": "now",
            "credential": "key:old-id",
            "use": _USE,
        },
    ),
    Form(
        "key.create",
        "a39269b478",
        {
            "name": "prod-web",
            "role": "admin",
            "kind": "user",
            "domain_name": None,
            "domain_region": None,
            "expiration": None,
            "replaces": "old-id",
            "own": True,
            "cut": "own",
            "credential": "key:old-id",
            "use": {},
        },
    ),
    Form(
        "key.create",
        "d9bc43ded9",
        {
            "name": "prod-web for mg.acme.example",
            "role": "sending",
            "kind": "domain",
            "domain_name": "mg.acme.example",
            "domain_region": "eu",
            "expiration": 7776000,
            "replaces": "old-id",
            "own": False,
            "cut": "first",
            "credential": "key:old-id",
            "use": _USE,
            "asks": "its role is not known",
            "lesser": True,
            "instance": "mg.acme.example",
            "harden": True,
        },
    ),
    Form(
        "key.delete",
        "fe904d20de",
        {
            "name": "prod-web",
            "role": "admin",
            "kind": "user",
            "own": False,
            "cut": "now",
            "credential": "key:old-id",
            "use": _USE,
        },
    ),
    Form(
        "key.delete",
        "fe904d20de",
        {
            "name": "panel",
            "role": None,
            "kind": None,
            "own": True,
            "cut": "own",
            "credential": "key:old-id",
            "use": {},
        },
    ),
    Form(
        "smtp.create",
        "e42336d592",
        {
            "domain": "mg.acme.example",
            "replaces": "app@mg.acme.example",
            "cut": "first",
            "credential": "smtp:app@mg.acme.example",
            "use": _USE,
        },
    ),
    Form(
        "smtp.reset",
        "6956c723b1",
        {
            "domain": "mg.acme.example",
            "stranger": False,
            "cut": "now",
            "credential": "smtp:app@mg.acme.example",
            "use": {},
        },
    ),
    Form(
        "smtp.reset",
        "3c2da22ff6",
        {
            "domain": "mg.acme.example",
            "stranger": True,
            "cut": "now",
            "credential": "smtp:app@mg.acme.example",
            "use": _USE,
            "instance": "2",
        },
    ),
    Form(
        "smtp.delete",
        "b89bd41c49",
        {"domain": "mg.acme.example", "credential": "smtp:app@mg.acme.example", "use": _USE},
    ),
    Form(
        "smtp.delete",
        "4ebde323d6",
        {"domain": "mg.acme.example", "credential": "smtp:app@mg.acme.example", "use": {}, "instance": "2"},
    ),
    Form("queue.purge", "f93b9740c4", {}),
    Form("queue.purge", "bd081b20e1", {"instance": "2"}),
    Form("limit.set", "3a33271be5", {"limit": 1000, "previous": 90000, "instance": "1000"}),
    Form("limit.set", "db44679c67", {"limit": 90000, "previous": None, "instance": "restore-41"}),
    Form("limit.clear", "828311afce", {"limit": None, "previous": None, "instance": "restore-41"}),
    Form("subaccount.disable", "c5315ce09c", {"instance": "0"}),
    Form("subaccount.enable", "cde9c2d34b", {"instance": "1"}),
    Form("domain.delete", "947f13bc9d", {"typed": True}),
    Form(
        "domain.update",
        "9a06438c6c",
        {
            "fields": {"archive_to": ""},
            "instance": "archive_to",
            "about": "archive-to:US/mg.acme.example:https://x.example/in",
        },
    ),
    Form(
        "domain.update",
        "994107fa8d",
        {
            "fields": {"wildcard": False},
            "instance": "wildcard#2",
            "about": "domain-setting:US/mg.acme.example:wildcard",
        },
    ),
    Form(
        "domain.update",
        "e66aa7df82",
        {"fields": {"require_tls": True, "skip_verification": False}, "instance": "tls"},
    ),
    Form("signing_key.renew", "1849c7a78c", {"instance": "0"}),
    Form("public_key.renew", "55ea54c31a", {"instance": "0"}),
    Form("route.delete", "5da1740716", {"about": "route:US:r1"}),
    Form("route.delete", "e744d70fa0", {"about": "route:US:r1", "instance": "#2"}),
    Form(
        "route.delete",
        "5da1740716",
        {"about": "route:US:r1", "expression": "catch_all()", "hosts": ["x.example"]},
    ),
    Form(
        "webhook.delete",
        "8bc078a88d",
        {
            "domain": "mg.acme.example",
            "url": "https://x.example/in",
            "about": "webhook:US/mg.acme.example/opened:https://x.example/in",
        },
    ),
    Form("account_webhook.delete", "6556e064e0", {"about": "webhook:US:w1"}),
    Form("allowlist.add", "07b009c5c6", {"description": "this host", "own": True, "instance": "17"}),
    Form("allowlist.remove", "70813f2b24", {"description": "", "instance": "17"}),
    Form(
        "allowlist.remove",
        "70813f2b24",
        {"description": "office", "instance": "17", "about": "allowlist:account:192.0.2.7"},
    ),
    Form(
        "list.close",
        "97600fb6e4",
        {"access_level": "everyone", "about": "mailing-list:US:all@mg.acme.example"},
    ),
    Form(
        "dkim.deactivate",
        "a3ae48e4ad",
        {
            "domain": "mg.acme.example",
            "selector": "k2",
            "instance": "mg.acme.example",
            "about": "dkim-key:US/mg.acme.example:k2",
        },
    ),
    Form(
        "tracking.footer",
        "d5b1619a11",
        {"domain": "mg.acme.example", "about": "tracking:US/mg.acme.example:mg.acme.example"},
    ),
    Form("sandbox_recipient.delete", "83bcf18154", {"about": "sandbox-recipient:account:x@y.example"}),
    Form(
        "suppression_allow.delete",
        "af0265454b",
        {
            "domain": "mg.acme.example",
            "instance": "mg.acme.example",
            "about": "suppression-allow:US/mg.acme.example:y.example",
        },
    ),
    Form(
        "suppression.lift",
        "9ec7eedd2f",
        {"domain": "mg.acme.example", "table": "bounces", "instance": "mg.acme.example/bounces"},
    ),
    Form(
        "alert.create",
        "fa62357b31",
        {
            "rule": {
                "metric": "complained_rate",
                "comparator": ">",
                "limit": "0.001",
                "dimension": "domain",
                "period": "1h",
                "alert_channels": ["email"],
            }
        },
    ),
    Form(
        "dkim.create",
        "24633d39fa",
        {"domain": "mg.acme.example", "bits": 2048, "instance": "mg.acme.example"},
    ),
    Form("dkim.activate", "ace77050cf", {"domain": "mg.acme.example", "instance": "mg.acme.example"}),
    Form("dkim.rotate", "2064cd585d", {"domain": "mg.acme.example", "before": ["k1", "k2"]}),
    Form(
        "template.delete",
        "0df9894931",
        {"domain": "", "name": "welcome", "instance": "", "about": "template:US:welcome"},
    ),
    Form(
        "template.activate",
        "bf3ec850d5",
        {
            "domain": "mg.acme.example",
            "name": "welcome",
            "tag": "v1",
            "instead": "v2",
            "instance": "mg.acme.example",
            "about": "template:US/mg.acme.example:welcome",
        },
    ),
    Form(
        "template.headers",
        "7e16c66bd7",
        {
            "domain": "mg.acme.example",
            "name": "welcome",
            "tag": "v1",
            "headers": {"From": "a@mg.acme.example"},
            "taken": ["Reply-To"],
            "instance": "mg.acme.example",
            "about": "template:US/mg.acme.example:welcome",
        },
    ),
    Form("rule.delete", "dc065adff7", {"book": "limits", "instance": "limits", "about": "limit-rule:US:all"}),
    Form(
        "rule.set",
        "9dc5f851fe",
        {
            "book": "alerts/send",
            "rule": {
                "metric": "hard_bounce_rate",
                "comparator": ">",
                "limit": "0.05",
                "dimension": "domain",
                "filters": [],
                "description": "",
                "period": "1d",
                "alert_channels": ["email"],
            },
            "was": "hard_bounce_rate > 0.9",
            "instance": "alerts/send",
            "about": "alert:US:bounces",
        },
    ),
    Form(
        "rule.set",
        "c990ffa0ca",
        {
            "book": "limits",
            "rule": {
                "metric": "hard_bounce_rate",
                "comparator": ">",
                "limit": "0.05",
                "dimension": "ip",
                "filters": [
                    {"attribute": "domain", "comparator": "=", "values": [{"value": "mg.acme.example"}]}
                ],
                "description": "ours",
            },
            "was": "hard_bounce_rate >= 0.9",
            "instance": "limits#2",
            "about": "limit-rule:US:bounces",
        },
    ),
)
BY_KIND = {EffectKind(form.kind): form for form in FORMS}
