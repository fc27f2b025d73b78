"""The drill behind a company's network: every call by CONNECT, every certificate signed by the company's CA."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.commands import Commands, ThreadedDrill, threaded_drill
from tests.support.company import CA_NAME, Authority, CompanyProxy, Rules, company_proxy

NAMES = {"api_us": "api.drill.example", "api_eu": "api.eu.drill.example"}
MAIL = {"smtp_us": "smtp.drill.example", "smtp_eu": "smtp.eu.drill.example"}
VARIABLES = (
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "no_proxy",
    "NO_PROXY",
)


class Site:
    """A drill whose servers have names of the outside world, and the proxy that leads there."""

    def __init__(
        self, drill: ThreadedDrill, proxy: CompanyProxy, commands: Commands, authority: Authority
    ) -> None:
        self.drill, self.proxy, self.commands, self.authority = drill, proxy, commands, authority


@pytest.fixture
def site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Site]:
    """Serve the drill behind a proxy that opens TLS."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    authority = Authority(tmp_path)
    with threaded_drill(tmp_path, domains=3, credentials=8, users=3) as drill:
        inside = drill.document["endpoints"]
        rules = Rules(opens=authority)
        for name, host in NAMES.items():
            rules.places[f"{host}:443"] = urlsplit(inside[name]).port or 0
        for number, address in enumerate(inside["storage"]):
            rules.places[f"storage{number}.drill.example:443"] = urlsplit(address).port or 0
        for name, host in MAIL.items():
            rules.places[f"{host}:587"] = int(inside[name].rpartition(":")[2])
        with company_proxy(rules) as proxy:
            commands = Commands(tmp_path, monkeypatch, capsys)
            outside = {
                **{name: f"https://{host}" for name, host in NAMES.items()},
                **{name: f"{host}:587" for name, host in MAIL.items()},
                "storage": [f"https://storage{n}.drill.example" for n in range(len(inside["storage"]))],
            }
            file = tmp_path / "outside.json"
            file.write_text(json.dumps(outside))
            monkeypatch.setenv("WORKBENCH_ENDPOINTS", str(file))
            monkeypatch.setenv("MAILGUN_API_KEY", drill.document["api_key"])
            yield Site(drill, proxy, commands, authority)


def test_the_drill_is_contained_through_a_proxy_with_the_companys_ca(site: Site) -> None:
    site.commands.set(HTTPS_PROXY=site.proxy.url, SSL_CERT_FILE=str(site.authority.file))
    ran = site.commands("contain", "--yes", "--json")
    # 1: access is cut, and what is no key or login (a panel user, queued mail) is still open.
    assert ran.code in (0, 1), ran.out + ran.err
    states = [effect.state.value for effect in site.commands.state().effects.values()]
    assert states and set(states) == {"verified"}
    asked = {line.split(" ")[1] for line in site.proxy.seen}
    assert {f"{host}:443" for host in NAMES.values()} | {f"{MAIL['smtp_us']}:587"} <= asked
    assert all(line.startswith("CONNECT ") for line in site.proxy.seen), "nothing crosses a proxy in clear"


def test_a_ca_file_named_on_the_command_line_and_a_proxy_of_the_configuration_do_too(site: Site) -> None:
    site.commands.home.config_file.write_text(
        f'proxy = "{site.proxy.url}"\nca_file = "{site.authority.file}"\nno_proxy = ["elsewhere.example"]\n'
    )
    assert site.commands("status", "--json").code == 1
    assert site.proxy.seen
    count = len(site.proxy.seen)
    ran = site.commands("status", "--proxy", "direct")
    assert ran.code == 3 and len(site.proxy.seen) == count, "the command line goes before the configuration"


@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
def test_every_variable_other_programs_read_leads_to_the_proxy(site: Site, variable: str) -> None:
    site.commands.set(
        **{variable: site.proxy.url.removeprefix("http://"), "SSL_CERT_FILE": str(site.authority.file)}
    )
    assert site.commands("status").code == 1
    assert site.proxy.seen


def test_a_certificate_of_an_unknown_issuer_is_its_own_error_and_names_it(site: Site) -> None:
    site.commands.set(HTTPS_PROXY=site.proxy.url)
    ran = site.commands("status")
    assert ran.code == 3
    for words in (CA_NAME, "does not verify", "--ca-file", "administrator", "never switched off"):
        assert words in ran.err, words
    ran = site.commands("doctor", "--json")
    (api,) = [check for check in ran.document["checks"] if check["name"] == "API US"]
    assert api["verdict"] == "bad" and CA_NAME in api["found"] and "--ca-file" in api["todo"]


@pytest.mark.parametrize("term", [(-1500, -1100), (1100, 1500)])
def test_a_clock_off_by_years_is_named_where_certificates_are_out_of_time(
    site: Site, term: tuple[int, int]
) -> None:
    site.authority.term = term
    site.commands.set(HTTPS_PROXY=site.proxy.url, SSL_CERT_FILE=str(site.authority.file))
    ran = site.commands("status")
    assert ran.code == 3
    for words in ("does not verify", "It is valid from", "this host's clock says", "date -u"):
        assert words in ran.err, words


def test_smtp_that_the_proxy_refuses_is_cannot_tell_with_a_way_to_prove_elsewhere(site: Site) -> None:
    site.proxy.rules.ports = frozenset({443})
    site.commands.set(HTTPS_PROXY=site.proxy.url, SSL_CERT_FILE=str(site.authority.file))
    ran = site.commands("doctor", "--json")
    (mail,) = [check for check in ran.document["checks"] if check["name"] == "SMTP US"]
    assert mail["verdict"] == "warn" and "403" in mail["found"] and "contain --verify" in mail["todo"]
    ran = site.commands("contain", "--yes")
    assert ran.code in (0, 1)
    assert "contain --verify" in ran.out + ran.err


@pytest.mark.parametrize(
    ("rules", "words"),
    [({"tunnels": False}, "does not tunnel"), ({"login": "jo:s3cr3t-pw"}, "wants a login")],
)
def test_a_proxy_that_gives_no_tunnel_is_refused_in_words(
    site: Site, rules: dict[str, object], words: str
) -> None:
    for name, value in rules.items():
        setattr(site.proxy.rules, name, value)
    site.commands.set(HTTPS_PROXY=site.proxy.url, SSL_CERT_FILE=str(site.authority.file))
    ran = site.commands("status")
    assert ran.code == 3 and words in ran.err and "Mailgun's proxy" not in ran.err


def test_a_login_in_the_address_opens_the_proxy_and_is_never_shown(site: Site) -> None:
    site.proxy.rules.login = "jo:s3cr3t-pw"
    address = site.proxy.url.replace("://", "://jo:s3cr3t-pw@")
    site.commands.set(HTTPS_PROXY=address, SSL_CERT_FILE=str(site.authority.file))
    for command in ("status", "doctor"):
        ran = site.commands(command)
        assert ran.code in (0, 1) and "s3cr3t-pw" not in ran.out + ran.err
    site.commands.set(SSL_CERT_FILE="", NO_PROXY="*")
    assert site.commands("status").code == 3, "the exceptions go before the proxy"


def test_doctor_says_which_variable_is_used_and_which_is_ignored(site: Site) -> None:
    site.commands.set(
        https_proxy=site.proxy.url,
        ALL_PROXY="socks5h://127.0.0.1:1",
        HTTP_PROXY="http://127.0.0.1:2",
        NO_PROXY="intranet.example",
        SSL_CERT_FILE=str(site.authority.file),
    )
    checks = {check["name"]: check for check in site.commands("doctor", "--json").document["checks"]}
    assert "is used" in checks["proxy: https_proxy"]["found"]
    assert "ignored" in checks["proxy: ALL_PROXY"]["found"]
    assert "plain HTTP" in checks["proxy: HTTP_PROXY"]["found"]
    assert "intranet.example" in checks["proxy: exceptions"]["found"]
    assert str(site.authority.file) in checks["certificates"]["found"]
