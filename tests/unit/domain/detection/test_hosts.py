"""Whose host it is, and secrets cut out of URLs."""

from __future__ import annotations

import pytest

from workbench.domain.detection.hosts import (
    CustomerNames,
    holds_secret,
    host_of,
    mail_domains_in,
    scrubbed,
    urls_in,
)

HOME = CustomerNames.of(["mg.acme.example", "news.acme.example", "sandboxabc.mailgun.org"])


@pytest.mark.parametrize(
    "suffix", ["co.uk", "com.br", "ltd.uk", "gob.mx", "github.io", "uk.com", "c.kobe.jp"]
)
def test_two_customers_under_one_public_suffix_are_strangers(suffix: str) -> None:
    home = CustomerNames.of([f"acme.{suffix}"])
    assert home.owns(f"mg.acme.{suffix}")
    assert not home.owns(f"evil.{suffix}")
    assert not home.owns(suffix)


@pytest.mark.parametrize("domain", ["gmail.com", "yahoo.co.uk", "uol.com.br", "gmx.de"])
def test_a_mail_provider_is_nobodys_home(domain: str) -> None:
    home = CustomerNames.of([domain, "mg.acme.example"])
    assert not home.owns(domain)
    score, why = home.doubt(domain)
    assert score == 1
    assert "anybody" in why


def test_the_vendors_sandbox_domain_is_nobodys_home() -> None:
    assert not CustomerNames.of(["mailgun.org", "sandbox1.mailgun.org"]).owns("sandbox2.mailgun.org")
    assert CustomerNames.of(["mailgun.org.acme.example"]).owns("acme.example")


@pytest.mark.parametrize(
    "host", ["acme-mail.example", "acmee.example", "acem.example", "acme.test", "mail-acme.example"]
)
def test_look_alikes_are_named(host: str) -> None:
    score, why = HOME.doubt(host)
    assert score == 2
    assert "acme.example" in why


def test_a_foreign_host_and_an_own_one() -> None:
    assert HOME.doubt("hooks.acme.example")[0] == 0
    assert HOME.doubt("collect.mx-audit.test")[0] == 1
    assert HOME.doubt("")[0] == 1
    assert not HOME.owns("x.mailgun.org")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://hooks.acme.example/mailgun", False),
        ("https://user:pass@hooks.acme.example/in", True),
        ("https://hooks.acme.example/in?token=abc", True),
        ("https://hooks.slack.example/services/T0000/B0000/abcDEF123456ghiJKL7890", True),
        ("http://[broken", True),
    ],
)
def test_urls_that_carry_a_secret(url: str, secret: bool) -> None:
    assert holds_secret(url) is secret


def test_scrubbing_hides_secrets_and_still_shows_a_change() -> None:
    marks: list[str] = []

    def mark(text: str) -> str:
        marks.append(text)
        return f"fp{len(text)}"

    text = 'forward("https://ann:hunter2@drop.example:8443/x?key=s3cret#frag")'
    shown = scrubbed(text, mark)
    assert shown == 'forward("https://‹fp11›@drop.example:8443/x?‹fp10›#‹fp4›")'
    assert marks == ["ann:hunter2", "key=s3cret", "frag"]


def test_hosts_urls_and_mail_domains_in_text() -> None:
    text = 'forward("https://a.example/in"), forward("ann@B.example"), store(notify="http://c.example/n")'
    assert urls_in(text) == ["https://a.example/in", "http://c.example/n"]
    assert mail_domains_in(text) == ["b.example"]
    assert mail_domains_in("From: Shop <{{from}}@%recipient.domain%>") == []
    assert host_of("https://[bad") == ""
