"""The catalogue: every zone complete, no duplicates, dead zones kept out, the operator's changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.blocklists.zonekit import ANY, COMMON
from workbench.blocklists.catalogue import Catalogue, load, parse
from workbench.blocklists.names import Role, Subject, SubjectKind
from workbench.blocklists.zones import RFC_ENTRIES, Terms, Tier, is_code
from workbench.core.errors import UsageError
from workbench.core.redact import Secret

SHIPPED = load()
NEW: dict[str, Any] = {**COMMON, "zone": "own.list.test", "title": "Own", "lists": ["ip4"], "codes": ANY}


@pytest.mark.parametrize("name", sorted(SHIPPED.zones))
def test_every_zone_is_complete(name: str) -> None:
    zone = SHIPPED.zones[name]
    assert zone.title and zone.why and zone.terms_note and zone.ends and zone.owner.name
    assert zone.lists and zone.codes
    assert zone.tier in Tier
    assert 0 < zone.wait_hours <= 24 * 30
    assert 15 <= zone.recheck_minutes <= 24 * 60
    assert set(zone.health) == set(zone.lists)
    assert zone.page.startswith("https://") or zone.asked_by == "nobody"
    assert zone.owner.asks
    assert zone.enabled == (not zone.off_reason)
    assert zone.enabled == (zone.terms.on_by_default and name != "hostkarma.junkemailfilter.com")
    assert not zone.unsure.endswith(".")


def test_zones_that_need_registration_or_exclude_commercial_use_are_off() -> None:
    for zone in SHIPPED.zones.values():
        if zone.terms in {Terms.REGISTRATION, Terms.NON_COMMERCIAL, Terms.KEY, Terms.UNKNOWN}:
            assert not zone.enabled
            assert zone.off_reason


def test_every_zone_of_a_paying_list_says_do_not_pay() -> None:
    paying = {zone.name for zone in SHIPPED.zones.values() if zone.do_not_pay}
    assert paying >= {"dnsbl-1.uceprotect.net", "dnsbl-3.uceprotect.net", "ips.backscatterer.org"}
    assert all("ot pay" in SHIPPED.zones[name].do_not_pay for name in paying)


def test_enabled_zones_come_by_importance_and_take_what_they_list() -> None:
    enabled = SHIPPED.enabled()
    assert [zone.tier for zone in enabled] == sorted(zone.tier for zone in enabled)
    assert {zone.name for zone in (*enabled, *SHIPPED.switched_off())} == set(SHIPPED.zones)
    for zone in SHIPPED.zones_for(Subject.parse("acme.example")):
        assert SubjectKind.DOMAIN in zone.lists


def test_lists_about_intruders_are_asked_for_intruders_only() -> None:
    authbl = SHIPPED.zones["authbl.dq.spamhaus.net"]
    assert authbl.takes(SubjectKind.IP4, Role.INTRUDER_IP)
    assert not authbl.takes(SubjectKind.IP4, Role.SENDING_IP)
    assert not SHIPPED.zones["bl.spamcop.net"].takes(SubjectKind.IP4, Role.INTRUDER_IP)


@pytest.mark.parametrize(
    "name",
    ["dnsbl.sorbs.net", "spam.dnsbl.sorbs.net", "ix.dnsbl.manitu.net", "cbl.abuseat.org", "SORBS.NET."],
)
def test_retired_zones_are_known_and_cannot_come_back(name: str) -> None:
    retired = SHIPPED.retired_as(name)
    assert retired is not None
    assert retired.reason
    with pytest.raises(UsageError, match="must not be asked"):
        SHIPPED.with_overrides(enable=[name])
    with pytest.raises(UsageError, match="must not be asked"):
        SHIPPED.with_overrides(add=[{**NEW, "zone": name}])


def test_no_live_zone_is_retired_and_every_retired_zone_has_a_reason() -> None:
    assert not [name for name in SHIPPED.zones if SHIPPED.retired_as(name)]
    assert len({entry.zone for entry in SHIPPED.retired}) == len(SHIPPED.retired)
    assert all(entry.reason for entry in SHIPPED.retired)


def test_parts_of_zen_are_found_under_their_own_names() -> None:
    for name in ("sbl.spamhaus.org", "XBL.spamhaus.org", "cbl.abuseat.org", "zen.spamhaus.org."):
        found = SHIPPED.find(name)
        assert found is not None
        assert found.name == "zen.spamhaus.org"
    assert SHIPPED.find("nothing.example") is None
    assert SHIPPED.find("evil.sbl.example") is None


def test_the_operator_adds_ranks_enables_and_drops() -> None:
    changed = SHIPPED.with_overrides(
        add=[NEW],
        rank={"b.barracudacentral.org": 1},
        enable=["zen.spamhaus.org", "b.barracudacentral.org"],
        drop=["bl.spamcop.net"],
    )
    assert changed.zones["own.list.test"].owner.id == "own.list.test"
    assert changed.zones["own.list.test"].health == {SubjectKind.IP4: RFC_ENTRIES[SubjectKind.IP4]}
    assert changed.zones["b.barracudacentral.org"].tier is Tier.MAJOR
    assert changed.zones["zen.spamhaus.org"].enabled
    assert "bl.spamcop.net" not in changed.zones
    assert "bl.spamcop.net" in SHIPPED.zones
    assert not SHIPPED.zones["zen.spamhaus.org"].enabled


def test_a_key_comes_from_the_vault_and_is_never_shown() -> None:
    key = Secret("a1b2c3d4e5f6a7b8c9d0e1f2a3")
    asked: list[str] = []

    def vault(name: str) -> Secret | None:
        asked.append(name)
        return key

    changed = SHIPPED.with_overrides(enable=["zen.dq.spamhaus.net"], key=vault)
    zone = changed.zones["zen.dq.spamhaus.net"]
    assert zone.enabled
    assert asked == ["blocklists/spamhaus-dqs"]
    assert zone.suffix() == key.reveal() + ".zen.dq.spamhaus.net"
    assert key.reveal() not in f"{zone!r} {changed!r} {zone.name}"


def test_without_its_key_a_zone_stays_off_and_says_which_entry_it_needs() -> None:
    for source in (None, lambda _: None):
        zone = SHIPPED.with_overrides(enable=["zen.dq.spamhaus.net"], key=source).zones["zen.dq.spamhaus.net"]
        assert not zone.enabled
        assert "blocklists/spamhaus-dqs" in zone.off_reason


def test_what_cannot_be_a_key_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as caught:
        SHIPPED.with_overrides(enable=["zen.dq.spamhaus.net"], key=lambda _: Secret("two labels.example"))
    assert "two labels" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tier": 5}, "tier"),
        ({"tier": True}, "tier"),
        ({"tierr": 1}, "tierr"),
        ({"lists": ["ip5"]}, "lists"),
        ({"lists": []}, "lists"),
        ({"codes": []}, "codes"),
        ({"codes": [{"code": "10.0.0.1", "means": "x"}]}, "codes"),
        ({"codes": [{"code": "127.0.0.9-2", "means": "x"}]}, "codes"),
        ({"codes": [{"code": "127.0.0.300", "means": "x"}]}, "codes"),
        ({"codes": [{"code": "any", "means": "x"}, {"code": "any", "means": "y"}]}, "codes"),
        ({"codes": [{"code": "3", "means": "x"}], "encoding": "bits"}, "codes"),
        ({"terms": "free"}, "terms"),
        ({"terms": "key"}, "key"),
        ({"wait_hours": 0}, "wait_hours"),
        ({"ends": ""}, "ends"),
        ({"zone": "not a zone"}, "zone"),
        ({"health": {"ip4": {"listed": "127.0.0.2"}}}, "health"),
        ({"health": {"domain": {"listed": "a", "absent": "b"}}}, "health"),
        ({"good": {"127.0.0.2": ""}}, "good"),
    ],
)
def test_a_table_with_a_mistake_is_refused_and_the_field_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(UsageError, match=f"field {field}:"):
        SHIPPED.with_overrides(add=[{**NEW, **change}])


def test_unknown_names_ranks_and_doubles_are_refused() -> None:
    with pytest.raises(UsageError, match="No blocklist zone"):
        SHIPPED.with_overrides(drop=["nothing.example"])
    with pytest.raises(UsageError, match="not 1, 2, 3 or 4"):
        SHIPPED.with_overrides(rank={"bl.spamcop.net": 0})
    with pytest.raises(UsageError, match="already"):
        SHIPPED.with_overrides(add=[{**NEW, "zone": "bl.spamcop.net"}])


def test_a_catalogue_that_is_no_toml_or_holds_a_zone_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="not valid TOML"):
        parse("[[zones")
    zone = (
        '[[zones]]\nzone="a.test"\ntitle="A"\nowner="o"\nlists=["ip4"]\nscope="address"\ntier=1\nwhy="x"\n'
        'terms="open"\nterms_note="x"\nends="x"\nasked_by="nobody"\nwait_hours=1\nrecheck_minutes=60\n'
        'codes=[{code="any",means="x"}]\n'
    )
    head = 'revision="1"\n[owners.o]\nname="O"\nasks=["x"]\n'
    tail = '[[retired]]\nzone="old.test"\nstate="dead"\nreason="gone"\n'
    assert isinstance(parse(head + zone + tail), Catalogue)
    with pytest.raises(UsageError, match="twice"):
        parse(head + zone + zone + tail)
    with pytest.raises(UsageError, match="must not be asked"):
        parse(head + zone.replace("a.test", "old.test") + tail)


def test_codes_are_addresses_ranges_or_bits() -> None:
    assert is_code("127.0.1.102-199", bits=False)
    assert is_code("any", bits=False)
    assert not is_code("any", bits=True)
    assert is_code("128", bits=True)
    assert not is_code("128", bits=False)
    assert not is_code("127.0.0.2-999", bits=False)
