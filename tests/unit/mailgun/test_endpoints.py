"""Which servers may be talked to, and how."""

from __future__ import annotations

import json
from typing import Any

import pytest

from workbench.core.errors import UsageError
from workbench.core.proxies import is_loopback
from workbench.mailgun.endpoints import (
    MAILGUN,
    Endpoints,
    HostPort,
    Region,
    check_address,
    from_base_url,
    from_document,
)

DRILL = {
    "endpoints": {
        "api_us": "http://127.0.0.1:8001/",
        "api_eu": "http://127.0.0.1:8002",
        "storage": ["http://127.0.0.1:8003", "http://127.0.0.1:8004", "http://127.0.0.1:8005"],
        "smtp_us": "127.0.0.1:2525",
        "smtp_eu": ["127.0.0.1:2526", "[::1]:2527"],
        "dns": "127.0.0.1:5353",
    },
    "api_key": "never looked at",
    "web_url": "http://127.0.0.1:8080",
}


def test_the_vendor_has_two_regions_three_storage_hosts_and_three_ports_each() -> None:
    assert MAILGUN.regions == (Region.US, Region.EU)
    assert MAILGUN.home is Region.US
    assert MAILGUN.vendor
    assert len(MAILGUN.storage) == 3
    assert [place.port for place in MAILGUN.smtp[Region.EU]] == [587, 2525, 465]
    assert [MAILGUN.storage_region(host) for host in MAILGUN.storage] == [Region.US, Region.US, Region.EU]


@pytest.mark.parametrize("document", [DRILL, DRILL["endpoints"]])
def test_a_drill_document_is_read_whole_or_by_its_endpoints(document: Any) -> None:
    found = from_document(json.loads(json.dumps(document)))
    assert found.api == {Region.US: "http://127.0.0.1:8001", Region.EU: "http://127.0.0.1:8002"}
    assert found.smtp[Region.EU] == (HostPort("127.0.0.1", 2526), HostPort("::1", 2527))
    assert found.dns == HostPort("127.0.0.1", 5353)
    assert [found.storage_region(host) for host in found.storage] == [Region.US, Region.US, Region.EU]
    assert not found.vendor


def test_the_web_address_stands_beside_the_endpoints() -> None:
    assert from_document(DRILL).web == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"endpoints": {}},
        {"endpoints": []},
        {"api_us": "api.mailgun.net"},
        {"api_us": 7},
    ],
)
def test_a_document_without_a_usable_server_is_refused(document: Any) -> None:
    with pytest.raises(UsageError):
        from_document(document)


@pytest.mark.parametrize("bad", ["127.0.0.1", "127.0.0.1:99999", "", ":25", "host:port"])
def test_smtp_needs_host_and_port(bad: str) -> None:
    document = {"api_us": "http://127.0.0.1:1", "smtp_us": bad or "x"}
    with pytest.raises(UsageError) as caught:
        from_document(document)
    assert "host:port" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://api.mailgun.net", "not encrypted"),
        ("http://127.0.0.1.example.com", "not encrypted"),
        ("http://localhost.example.com:80", "not encrypted"),
        ("https://api:key-secret@api.mailgun.net", "more than"),
        ("https://api.mailgun.net?key=1", "more than"),
        ("ftp://api.mailgun.net", "not a server address"),
        ("api.mailgun.net", "not a server address"),
        ("https://", "not a server address"),
        ("https://api.mailgun.net:notaport", "not a server address"),
        ("http://[::1", "not a server address"),
    ],
)
def test_unsafe_addresses_are_refused_and_secrets_in_them_not_repeated(address: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_address(address)
    assert why in caught.value.what
    assert "key-secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "drill.localhost"])
def test_plain_http_is_for_loopback(host: str) -> None:
    assert is_loopback(host)
    shown = f"[{host}]" if ":" in host else host
    assert check_address(f"http://{shown}:80/") == f"http://{shown}:80"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://api.mailgun.net", Region.US),
        ("https://api.eu.mailgun.net/v3", Region.EU),
        ("https://proxy.eu.example.com/", Region.EU),
        ("http://127.0.0.1:9000/v3", Region.US),
    ],
)
def test_one_base_url_is_one_region(url: str, region: Region) -> None:
    found = from_base_url(url)
    assert found.regions == (region,)
    assert not found.api[region].endswith(("/", "/v3"))


def test_the_vendors_own_base_url_brings_its_storage_and_smtp() -> None:
    assert from_base_url("https://api.eu.mailgun.net").storage == MAILGUN.storage
    assert Region.EU in from_base_url("https://api.eu.mailgun.net").smtp
    other = from_base_url("http://127.0.0.1:9000/v3")
    assert other.storage == ("http://127.0.0.1:9000",)
    assert not other.smtp
    assert other.storage_region(other.storage[0]) is Region.US


def test_only_its_own_origins_belong_to_an_account() -> None:
    assert MAILGUN.owns("https://api.mailgun.net/v3/routes?page=2")
    assert MAILGUN.owns("https://API.mailgun.net:443/")
    assert not MAILGUN.owns("https://api.mailgun.net.evil.example/")
    assert not MAILGUN.owns("http://api.mailgun.net/")


def test_endpoints_without_an_api_server_are_refused() -> None:
    with pytest.raises(UsageError):
        Endpoints(api={})


def test_ports_are_written_so_that_they_can_be_read() -> None:
    assert str(HostPort("::1", 25)) == "[::1]:25"
    assert str(HostPort("smtp.mailgun.org", 587)) == "smtp.mailgun.org:587"
