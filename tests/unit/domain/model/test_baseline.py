"""The baseline: the same in the journal as ever, what was not read is never told as empty, the first word stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.situations import NOW, OWN, US, key, situation
from workbench.domain.detection.changes import baseline
from workbench.domain.model.hash_chain import canonical
from workbench.domain.model.inventory import Gap, Inventory, UserItem
from workbench.mailgun.models import AccountWebhook, Limit, Route, Subaccount, User

WHOLE: dict[str, Any] = {
    "allowlist": ["192.0.2.7"],
    "domain_fields": {
        "mg.acme.example": {
            "archive_to": "acecf5f2f7f9",
            "encrypt_incoming_message": "7128a746d94d",
            "mailfrom_host": "d0024e275144",
            "message_ttl": "30ddee754506",
            "require_tls": "f65839a3b8a3",
            "skip_verification": "b39266e630aa",
            "spam_action": "92f1a6d0e70c",
            "tracking_host": "13e11d673c0d",
            "use_automatic_sender_security": "70d3a948d1b7",
            "web_prefix": "dfaa14ca4668",
            "web_scheme": "a1df78c926cd",
            "wildcard": "1248083f737f",
        }
    },
    "domains": ["mg.acme.example"],
    "keys": [OWN, "prod-id"],
    "limits": {"US": 90000},
    "logins": ["a@mg.acme.example"],
    "partial": ["logins"],
    "routes": ["r1"],
    "routes_content": {"r1": "e323ddbeb8f4"},
    "subaccount_status": {"s1": "open"},
    "subaccounts": ["s1"],
    "user_addresses": {"u1": "fdcefe92e686", "u2": ""},
    "user_dates": {"u1": "2024-01-01T00:00:00Z", "u2": ""},
    "user_roles": {"u1": "admin", "u2": "no role (disabled)"},
    "users": ["u1", "u2"],
    "webhooks": ["w1"],
    "webhooks_content": {"w1": "f6422de3c989"},
}


def inventory() -> Inventory:
    """Return an account of which everything was read, the logins in part."""
    made = datetime(2024, 1, 1, tzinfo=UTC)
    found = situation(
        [key("prod")],
        ["a@mg.acme.example"],
        allowlist=["192.0.2.7"],
        subaccounts=[Subaccount(id="s1", name="shop", status="open")],
        limits={US: Limit(limit=90000, current=3)},
    ).inventory
    found.users["u1"] = UserItem(
        User(id="u1", email="ann@acme.example", role="admin", password_updated_at=made), US
    )
    found.users["u2"] = UserItem(User(id="u2", is_disabled=True), US)
    found.routes["r1"] = Route(id="r1", expression="catch_all()", actions=("stop()",))
    found.webhooks["w1"] = AccountWebhook(webhook_id="w1", url="https://acme.example/in")
    found.read_at |= dict.fromkeys(("routes", "webhooks"), NOW)
    found.gaps["logins"] = Gap("logins", US, "page 2 was refused")
    return found


def written(body: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(canonical(body))
    return made


def test_the_journal_keeps_the_form_it_always_had() -> None:
    assert written(baseline(inventory())) == WHOLE
