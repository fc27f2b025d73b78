"""What measures are planned from: who needs a role, where production sends from, how long a DKIM key is."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.effects import an_effect
from tests.support.situations import know
from workbench.core.errors import UsageError
from workbench.domain.hardening import facts as hardening_facts
from workbench.domain.hardening import measures
from workbench.domain.model.baseline import AccountBaseline
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.inventory import DomainItem, Inventory, KeyItem, UserItem
from workbench.domain.model.plan import EffectKind, EffectState, Place
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord, State
from workbench.mailgun.endpoints import Region
from workbench.mailgun.models import Domain, Key, User
from workbench.planning import hardening as plans

NOW = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
OLD = datetime(2024, 1, 1, tzinfo=UTC)
PLACE = Place(Region.US)
DOMAIN = "mg.acme.example"
SHORT, LONG = (f"k=rsa; p={base64.b64encode(b'x' * size).decode()}" for size in (162, 294))


def situation(**facts: Any) -> Situation:
    inventory = Inventory()
    inventory.places = (PLACE,)
    inventory.domains[DOMAIN] = DomainItem(Domain(name=DOMAIN, created_at=OLD), PLACE)
    state = State(incident="20261121-140000-abcd", contained_at="2026-11-21T14:30:00Z")
    for name, body in facts.items():
        know(state, name, body)
    return Situation(inventory, state, NOW)


def done(found: Situation, kind: EffectKind, target: str, **params: Any) -> None:
    effect = an_effect(kind, target, PLACE, **params)
    found.state.effects[effect.id] = EffectRecord(
        effect, EffectState.VERIFIED, done_at="2026-11-21T15:00:00Z"
    )


def dkim(*keys: tuple[str, str, bool, str]) -> dict[str, Any]:
    rows = [
        {
            "domain": DOMAIN,
            "selector": selector,
            "active": active,
            "valid": valid,
            "bytes": hardening_facts.public_bytes(record),
            "record": record,
            "sandbox": False,
        }
        for selector, record, active, valid in keys
    ]
    return {"settings_seen": {"dkim": rows, "alerts": [], "at": "2026-11-21T15:30:00Z"}}


@pytest.mark.parametrize(
    ("record", "size"),
    [(SHORT, 162), (LONG, 294), ("k=ed25519; p=AAAA", 0), ("p=not base64!", 0), ("", 0), ("v=DKIM1; p=", 0)],
)
def test_the_length_of_a_key_in_its_record(record: str, size: int) -> None:
    assert hardening_facts.public_bytes(record) == size


def test_who_made_no_key_needs_no_role_that_reads_them() -> None:
    found = situation(hardening_before={"percent": 0, "key_makers": {"u2": 3}})
    for n, role in enumerate(("admin", "developer", "developer", "basic")):
        user = User(id=f"u{n}", email=f"p{n}@acme.example", role=role, is_master=n == 0)
        found.inventory.users[user.id] = UserItem(user, PLACE)
    key = Key(id="aaaaaaaa-11111111", user_name="P1@acme.example")
    found.inventory.keys[key.id] = KeyItem(key, PLACE)
    readers = {one.item.id: (one.keys, one.needs) for one in hardening_facts.credential_readers(found)}
    # One by a key that stands, one by a key that stood before the first cut; the owner is not asked.
    assert readers == {"u1": (1, True), "u2": (3, True)}
    del found.inventory.keys[key.id]
    assert [one.item.id for one in hardening_facts.credential_readers(found) if not one.needs] == ["u1"]
    shown = next(i for i in measures.items(found) if i.id == "credential-readers")
    assert "1 of them made no key that the account showed: p1…@acme.example (developer)" in shown.evidence


def test_only_what_signs_with_a_short_key_alone_gets_a_longer_one() -> None:
    assert hardening_facts.short_keys(situation()) == ([], 0)
    assert hardening_facts.short_keys(situation(**dkim(("a", LONG, True, "valid"))))[0] == []
    both = situation(**dkim(("a", SHORT, True, "valid"), ("b", LONG, True, "valid")))
    assert hardening_facts.short_keys(both)[0] == []
    found = situation(**dkim(("a", SHORT, True, "valid"), ("old", LONG, False, "valid")))
    made = plans.plan(found, ["dkim-keys"])
    assert [(e.kind, e.target, e.params.domain) for e in made] == [
        (EffectKind.DKIM_CREATE, "wb202611", DOMAIN)
    ]


def test_a_new_key_waits_for_its_record_and_is_then_switched_on() -> None:
    keys = (("a", SHORT, True, "valid"), ("wb202611", LONG, False, "unknown"))
    found = situation(**dkim(*keys))
    done(found, EffectKind.DKIM_CREATE, "wb202611", domain=DOMAIN)
    with pytest.raises(UsageError) as nothing:
        plans.plan(found, ["dkim-keys"])
    assert f"wb202611._domainkey.{DOMAIN} TXT" in str(nothing.value.means) and LONG in str(
        nothing.value.means
    )
    published = situation(**dkim(keys[0], ("wb202611", LONG, False, "valid")))
    done(published, EffectKind.DKIM_CREATE, "wb202611", domain=DOMAIN)
    assert [e.kind for e in plans.plan(published, ["dkim-keys"])] == [EffectKind.DKIM_ACTIVATE]


def test_nothing_is_planned_before_access_is_cut_or_for_what_only_people_do() -> None:
    found = situation()
    found.state.contained_at = ""
    with pytest.raises(UsageError, match="not cut"):
        plans.plan(found)
    with pytest.raises(UsageError, match="anything to plan"):
        plans.plan(situation(), ["session-timeouts"])


def test_keys_without_an_end_get_one_the_own_and_the_waiting_stay() -> None:
    found = situation()
    found.own_key_id = "0000aaaa-0000aaaa"
    for key_id in (found.own_key_id, "bbbbbbbb-22222222", "cccccccc-33333333"):
        key = Key(id=key_id, role="developer", kind="user", created_at=OLD)
        found.inventory.keys[key_id] = KeyItem(key, PLACE)
    done(found, EffectKind.KEY_CREATE, "cccccccc-33333333", replaces="cccccccc-33333333", cut="first")
    made = plans.plan(found, ["key-expiry"])
    assert [(e.target, e.given(KeyCreateParams).expiration, e.params.cut) for e in made] == [
        ("bbbbbbbb-22222222", plans.KEY_LIFE, "first")
    ]
    assert any("waits for the hand-over" in line for line in made.left_out)
    assert any("own key" in line for line in made.left_out)


def test_alerts_are_made_once_in_each_region() -> None:
    found = situation()
    names = [e.target for e in plans.plan(found, ["alerts"])]
    assert sorted(names) == sorted(hardening_facts.ALERTS)
    done(found, EffectKind.ALERT_CREATE, names[0])
    assert [e.target for e in plans.plan(found, ["alerts"])] == names[1:]
    # What was made in one region is missing in the other all the same, and the measure is open until then.
    done(found, EffectKind.ALERT_CREATE, names[1])
    assert measures._alerts(found).standing is measures.Standing.GOOD
    found.inventory.places = (PLACE, Place(Region.EU))
    made = plans.plan(found, ["alerts"])
    assert [(e.place.region, e.target) for e in made] == [(Region.EU, name) for name in names]
    assert measures._alerts(found).standing is not measures.Standing.GOOD


def test_tls_that_somebody_turned_off_again_is_turned_on_once_more() -> None:
    found = situation()
    [first] = plans.plan(found, ["domain-tls"])
    found.state.effects[first.id] = EffectRecord(first, EffectState.VERIFIED, done_at="2026-11-21T15:00:00Z")
    done_at = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    for read_at, again in ((done_at - timedelta(minutes=5), False), (done_at + timedelta(minutes=5), True)):
        found.inventory.read_at["domains"] = read_at
        [planned] = plans.plan(found, ["domain-tls"])
        assert (planned.id != first.id) is again


def test_what_this_incident_put_on_the_allowlist_is_its_own_however_the_account_writes_it() -> None:
    found = situation()
    for target in ("198.51.100.7/32", "2001:db8::7/128", "203.0.113.0/24"):
        done(found, EffectKind.ALLOWLIST_ADD, target, own=True)
    waits = an_effect(EffectKind.ALLOWLIST_ADD, "192.0.2.1", PLACE)
    found.state.effects[waits.id] = EffectRecord(waits, EffectState.FAILED)
    made = hardening_facts.made_here(found)
    assert {
        ("allowlist", "198.51.100.7"),
        ("allowlist", "198.51.100.7/32"),
        ("allowlist", "203.0.113.0/24"),
    } <= made
    assert ("allowlist", "2001:db8::7") in made and ("allowlist", "192.0.2.1") not in made


@pytest.mark.parametrize(
    ("metrics", "good"),
    [
        (["complained_rate", "hard_bounce_rate"], True),
        (["delivered_rate"], False),
        (["complained_rate"], False),
    ],
)
def test_a_rule_about_something_else_watches_neither_complaints_nor_bounces(
    metrics: list[str], good: bool
) -> None:
    rules = [{"place": "US", "name": name, "metric": name} for name in metrics]
    found = situation(settings_seen={"alerts": rules, "at": "2026-11-21T15:30:00Z"})
    found.state.baseline = AccountBaseline(settings={f"alert|US|{name}": "f" for name in metrics})
    measure = measures._alerts(found)
    assert (measure.standing is measures.Standing.GOOD) is good
    assert ("none of them on the" in measure.evidence) is not good
