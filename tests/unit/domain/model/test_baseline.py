"""The baseline: the same in the journal as ever, what was not read is never told as empty, the first word stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.situations import NOW, OWN, US, Story, key, situation
from workbench.core.redact import Secret
from workbench.domain.detection.changes import baseline
from workbench.domain.model.baseline import AccountBaseline
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
    assert written(baseline(inventory()).body()) == WHOLE


def test_what_is_written_is_read_again_and_what_a_later_version_adds_is_left_alone() -> None:
    later = {**WHOLE, "settings": {"route|US|r1": "ab"}, "settings_unread": [], "senders": ["key:a"]}
    assert written(AccountBaseline.from_body(later).body()) == later
    assert AccountBaseline.from_body({**later, "not known yet": [1]}) == AccountBaseline.from_body(later)


def test_a_list_that_held_nothing_is_not_one_that_nobody_read() -> None:
    read, unread = AccountBaseline.from_body({"keys": [], "logins": []}), AccountBaseline()
    assert read and not unread and AccountBaseline.from_body({}) == unread
    assert (read.body(), unread.body()) == ({"keys": (), "logins": ()}, {})
    assert (read.had_key("k"), read.had_login("a@b")) == (False, False)
    assert (unread.had_key("k"), unread.had_login("a@b")) == (True, True)
    assert (read.list_of("keys"), read.list_of("users")) == ((), None)


def test_what_is_read_later_moves_nothing_that_was_known() -> None:
    story = Story().add("snapshot.stored", part="0a", baseline={"keys": ["a"], "partial": ["keys"]})
    story.add("baseline.added", baseline={"keys": ["b"], "logins": ["x"], "partial": ["keys", "logins"]})
    known = story.add("snapshot.stored", part="0b", baseline={"settings": {"s": "1"}}).state().baseline
    partial = ("keys", "logins")
    assert known == AccountBaseline(keys=("a",), logins=("x",), settings={"s": "1"}, partial=partial)
    now = AccountBaseline(keys=("c",), users=("u",), domains=(), partial=("domains", "keys"))
    assert now.beyond(known) == AccountBaseline(
        users=("u",), domains=(), partial=("domains", "keys", "logins")
    )
    assert not known.beyond(known)


def test_a_baseline_that_cannot_be_read_costs_its_row_alone() -> None:
    story = Story().add("snapshot.stored", part="0a", baseline={"keys": ["a"]})
    state = story.add("baseline.added", baseline={"logins": 7, "users": ["u"]}).state()
    assert (state.unread_rows, state.baseline) == ([2], AccountBaseline(keys=("a",)))


def test_no_secret_enters_it() -> None:
    with pytest.raises(TypeError, match="Secret"):
        AccountBaseline(keys=(Secret("hunter2hunter2"),)).body()  # type: ignore[arg-type]
