"""Zones for tests: what rbldnsd serves, and catalogue entries that describe it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.blocklists.catalogue import load
from workbench.blocklists.zones import Zone

COMMON: Mapping[str, Any] = {
    "scope": "address",
    "tier": 2,
    "why": "a test",
    "terms": "open",
    "terms_note": "free",
    "ends": "by itself",
    "asked_by": "anyone",
    "wait_hours": 24,
    "recheck_minutes": 60,
    "page": "https://list.test/removal",
}
ANY = [{"code": "any", "means": "listed"}]

TABLES: Mapping[str, Mapping[str, Any]] = {
    "ip4.bl.test": {
        "lists": ["ip4"],
        "codes": [
            {"code": "127.0.0.2", "means": "spam source", "part": "SPAM"},
            {"code": "127.0.0.4-7", "means": "exploited"},
        ],
        "good": {"127.0.0.20": "a good sender"},
    },
    "ip6.bl.test": {"lists": ["ip6"], "codes": ANY},
    "dom.bl.test": {
        "lists": ["domain"],
        "encoding": "bits",
        "codes": [{"code": "8", "means": "phishing"}, {"code": "64", "means": "abuse"}],
    },
    "reg.bl.test": {"lists": ["domain"], "domain_form": "registered", "codes": ANY},
    "dead.bl.test": {"lists": ["ip4"], "codes": ANY},
    "all.bl.test": {"lists": ["ip4"], "codes": ANY},
    "refuse.bl.test": {
        "lists": ["ip4"],
        "codes": ANY,
        "errors": {"127.255.255.254": "public resolvers are refused"},
    },
    "unserved.bl.test": {"lists": ["ip4"], "codes": ANY},
}

ZONES: Mapping[str, tuple[str, list[str]]] = {
    "ip4.bl.test": (
        "ip4set",
        [
            ":127.0.0.2:Spam from $, see https://list.test/$",
            "127.0.0.2",
            "198.18.0.1",
            "198.18.1.0/24 :127.0.0.5:exploited host $",
            "198.18.2.1 :127.0.0.20:well known",
            "198.18.2.2 :127.0.0.99:something new",
        ],
    ),
    "ip6.bl.test": (
        "ip6trie",
        [":127.0.0.2:IPv6 spam", "::ffff:7f00:2/128", "2001:db8:1::/48", "!2001:db8:1::5/128"],
    ),
    "dom.bl.test": (
        "dnset",
        [
            ":127.0.0.64:abused domain",
            "test",
            "bad.example.com",
            ".worse.example.com :127.0.0.72:phishing and abuse",
        ],
    ),
    "reg.bl.test": ("dnset", [":127.0.0.2:registered name", "test", "acme.co.uk"]),
    "dead.bl.test": ("ip4set", [":127.0.0.2:emptied", "203.0.113.77"]),
    "all.bl.test": ("ip4trie", [":127.0.0.2:parked", "0.0.0.0/0"]),
    "refuse.bl.test": ("ip4trie", [":127.255.255.254:query refused", "0.0.0.0/0"]),
}


def make_zones(**more: Mapping[str, Any]) -> dict[str, Zone]:
    """Return the test zones as the catalogue reads them, by name; ``more`` adds fields to every table."""
    tables = [
        {**COMMON, "zone": name, "title": name.upper(), **table, **more} for name, table in TABLES.items()
    ]
    catalogue = load().with_overrides(add=tables)
    return {name: catalogue.zones[name] for name in TABLES}


def one_zone(name: str, **fields: Any) -> Zone:
    """Return a single test zone with these fields on top of the common ones."""
    table = {**COMMON, "zone": name, "title": name.upper(), "lists": ["ip4"], "codes": ANY, **fields}
    return load().with_overrides(add=[table]).zones[name]
