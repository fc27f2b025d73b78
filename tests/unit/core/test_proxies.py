"""Which way a connection leaves: order of the places that name a proxy, exceptions, what is never repeated."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.errors import UsageError
from workbench.core.proxies import choose, parse

HOST = "api.mailgun.net"


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        (
            {"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1", "ALL_PROXY": "http://c:1"},
            "https_proxy",
        ),
        ({"HTTPS_PROXY": "http://b:1", "all_proxy": "http://c:1"}, "HTTPS_PROXY"),
        ({"all_proxy": "c:1", "ALL_PROXY": "http://d:1"}, "all_proxy"),
        ({"ALL_PROXY": "http://d:1"}, "ALL_PROXY"),
        ({"HTTPS_PROXY": "socks5://s:1", "ALL_PROXY": "http://d:1"}, "ALL_PROXY"),
    ],
)
def test_the_environment_is_read_in_the_order_of_other_programs(environ: dict[str, str], source: str) -> None:
    routes = choose(environ)
    proxy = routes.to(HOST, 443)
    assert proxy is not None and proxy.source == source
    assert [one.name for one in routes.named if one.used] == [source]
    assert {one.name for one in routes.named} == set(environ), "every place that names one is told"


@pytest.mark.parametrize(
    "environ", [{}, {"HTTP_PROXY": "http://a:1"}, {"HTTPS_PROXY": ""}, {"ALL_PROXY": "socks5://a"}]
)
def test_nothing_usable_named_goes_straight(environ: dict[str, str]) -> None:
    routes = choose(environ)
    assert routes.to(HOST, 443) is None
    assert all(not one.used for one in routes.named)


@pytest.mark.parametrize("port", ["notaport", "99999", "0"])
def test_a_port_that_is_none_is_said(port: str) -> None:
    (named,) = choose({"HTTPS_PROXY": f"http://a:{port}"}).named
    assert not named.used and named.why == "its port is no number from 1 to 65535"


def test_the_command_line_goes_before_the_configuration_and_both_before_the_environment() -> None:
    environ = {"HTTPS_PROXY": "http://env:1"}
    asked = choose(environ, asked="http://flag:1", configured="http://file:1")
    assert str(asked.proxy) == "http://flag:1 (from --proxy)"
    assert str(choose(environ, configured="http://file:1").proxy) == "http://file:1 (from config.toml)"
    for direct in (choose(environ, asked="direct"), choose(environ, configured="direct")):
        assert direct.proxy is None and "not used: " in direct.unused()


@pytest.mark.parametrize(
    ("exceptions", "host", "port", "straight"),
    [
        ("*", HOST, 443, True),
        ("mailgun.net", HOST, 443, True),
        (".mailgun.net", HOST, 443, True),
        ("*.mailgun.net", HOST, 443, True),
        ("API.Mailgun.NET.", HOST, 443, True),
        ("gun.net", HOST, 443, False),
        ("api.mailgun.net:443", HOST, 443, True),
        ("api.mailgun.net:8443", HOST, 443, False),
        ("a.example, mailgun.net", HOST, 443, True),
        ("a.example b.example", HOST, 443, False),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("2001:db8::/32", "2001:db8::1", 443, True),
        ("", HOST, 443, False),
        (",", HOST, 443, False),
        ("10.0.0.0/8", HOST, 443, False),
    ],
)
def test_exceptions(exceptions: str, host: str, port: int, straight: bool) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        routes = choose({"HTTPS_PROXY": "http://p:1", name: exceptions})
        assert (routes.to(host, port) is None) is straight
    kept = choose({"HTTPS_PROXY": "http://p:1"}, excepted=exceptions.replace(",", " ").split())
    assert (kept.to(host, port) is None) is straight


@given(
    st.sampled_from(["127.0.0.1", "127.9.9.9", "::1", "localhost", "drill.localhost"]), st.integers(1, 65535)
)
def test_this_very_machine_is_always_reached_straight(host: str, port: int) -> None:
    assert choose({"ALL_PROXY": "http://p:1"}, asked="http://q:2").to(host, port) is None


@given(st.ip_addresses(v=4), st.integers(8, 32))
def test_an_address_is_excepted_exactly_within_its_network(address: ipaddress.IPv4Address, bits: int) -> None:
    network = ipaddress.ip_network((int(address), bits), strict=False)
    routes = choose({"HTTPS_PROXY": "http://p:1", "NO_PROXY": str(network)})
    outside = ipaddress.ip_address((int(network.network_address) - 1) % 2**32)
    assert routes.to(str(address), 443) is None
    assert (
        address.is_loopback
        or outside.is_loopback
        or outside in network
        or routes.to(str(outside), 443) is not None
    )


PASSWORD = "hunter2-of-the-proxy"


@given(st.text(max_size=30), st.sampled_from(["http", "https", "socks5", "", "ftp", "[::"]))
def test_whatever_an_address_holds_no_message_repeats_its_password(junk: str, scheme: str) -> None:
    address = f"{scheme}://jo:{PASSWORD}@{junk}"
    said = ""
    try:
        proxy = parse(address, "--proxy")
        said = f"{proxy} {proxy!r} {proxy.url}"
    except UsageError as error:
        said = f"{error} {error.what} {error.means}"
    routes = choose({"HTTPS_PROXY": address})
    assert PASSWORD not in said + repr(routes) + routes.unused()


def test_login_and_password_are_unquoted_for_the_header() -> None:
    proxy = parse("http://jo%40acme:p%3Aw@proxy.example:3128")
    assert proxy.authorization() == b"Basic am9AYWNtZTpwOnc="
    assert parse("http://proxy.example").authorization() == b""
    assert (parse("http://p.example").port, parse("https://p.example").port) == (80, 443)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("proxy.example:3128", "http://proxy.example:3128"),
        (" proxy.example:3128/ ", "http://proxy.example:3128"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
        ("jo:hunter2@proxy.example:3128", "http://proxy.example:3128"),
        ("localhost:3128", "http://localhost:3128"),
    ],
)
def test_host_and_port_alone_are_an_http_proxy_wherever_they_are_named(address: str, url: str) -> None:
    asked = choose({}, asked=address).proxy
    assert asked is not None and (asked.url, asked.source) == (url, "--proxy")
    configured = choose({}, configured=address).proxy
    assert configured is not None and (configured.url, configured.source) == (url, "config.toml")
    named = choose({"HTTPS_PROXY": address}).proxy
    assert named is not None and named.url == url


@pytest.mark.parametrize("address", ["driect", "proxy.example", "jo:word@proxy.example", "none"])
def test_a_word_without_scheme_and_port_is_no_proxy(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        choose({}, asked=address)
    assert "it names no port" in refused.value.what and "direct means none" in refused.value.means
