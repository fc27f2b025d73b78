"""Names: canonical forms and what stands in front of a zone."""

from __future__ import annotations

import ipaddress

import dns.name
import dns.reversename
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.blocklists.names import (
    Role,
    Subject,
    SubjectKind,
    canonical_domain,
    query_labels,
    reverse_ip4,
    reverse_ip6,
)
from workbench.blocklists.wire import wire_labels
from workbench.core.errors import UsageError


@given(st.ip_addresses(v=4))
def test_reversed_ip4_is_what_dnspython_reverses(address: ipaddress.IPv4Address) -> None:
    expected = dns.reversename.from_address(str(address)).to_text().removesuffix(".in-addr.arpa.")
    assert reverse_ip4(str(address)) == expected


@given(st.ip_addresses(v=6))
def test_reversed_ip6_is_32_nibbles_as_dnspython_has_them(address: ipaddress.IPv6Address) -> None:
    expected = dns.reversename.from_address(str(address)).to_text().removesuffix(".ip6.arpa.")
    # dnspython files IPv4-mapped addresses under in-addr.arpa; here they never arrive (see canonical).
    if address.ipv4_mapped is None:
        assert reverse_ip6(str(address)) == expected
    assert len(reverse_ip6(str(address)).split(".")) == 32


@given(st.ip_addresses())
def test_every_address_is_a_subject_and_parsing_is_stable(address: ipaddress.IPv4Address) -> None:
    subject = Subject.parse(str(address))
    assert Subject.parse(subject.value) == subject
    assert subject.role is Role.SENDING_IP


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=5), st.sampled_from(["com", "example", "co.uk", "de"]))
def test_domains_survive_case_dots_and_the_wire(labels: list[str], ending: str) -> None:
    domain = ".".join([*labels, ending])
    assert canonical_domain(f" {domain.upper()}. ") == domain
    assert wire_labels(domain) + b"\0" == dns.name.from_text(domain).to_wire()
    registered = query_labels(domain, SubjectKind.DOMAIN, registered=True)
    assert domain == registered or domain.endswith("." + registered)


@given(st.text(max_size=80))
def test_no_text_gets_through_that_dns_could_not_carry(text: str) -> None:
    try:
        subject = Subject.parse(text)
    except UsageError:
        return
    labels = query_labels(subject.value, subject.kind)
    assert labels.isascii()
    assert all(1 <= len(label) <= 63 for label in labels.split("."))
    assert wire_labels(labels)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("192.0.2.1", "192.0.2.1", SubjectKind.IP4),
        ("[192.0.2.1]", "192.0.2.1", SubjectKind.IP4),
        ("::ffff:192.0.2.1", "192.0.2.1", SubjectKind.IP4),
        ("2001:DB8::0:1", "2001:db8::1", SubjectKind.IP6),
        ("Mail.Example.COM.", "mail.example.com", SubjectKind.DOMAIN),
        ("münchen.example", "xn--mnchen-3ya.example", SubjectKind.DOMAIN),
        ("_dmarc.example.com", "_dmarc.example.com", SubjectKind.DOMAIN),
    ],
)
def test_canonical_forms(text: str, value: str, kind: SubjectKind) -> None:
    subject = Subject.parse(text)
    assert (subject.value, subject.kind) == (value, kind)


@pytest.mark.parametrize(
    "text",
    ["", "nodots", "a..b", "1.2.3", "1.2.3.4.5", "a b.example", "-x.example", "x" * 64 + ".example", "e\x1bvil.example",
     "fe80::1%eth0", "user@example.com", "https://example.com/", ".".join(["a" * 60] * 5) + ".example"],
)  # fmt: skip
def test_what_is_neither_address_nor_domain_is_refused_in_harmless_words(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Subject.parse(text)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("mail.acme.co.uk", "acme.co.uk"),
        ("acme.co.uk", "acme.co.uk"),
        ("co.uk", "co.uk"),
        ("mail.acme.de", "acme.de"),
        # Names below co.com and uk.com are sold one by one, as below a country's.
        ("mail.acme.co.com", "acme.co.com"),
        ("mail.acme.ltd.uk", "acme.ltd.uk"),
    ],
)
def test_registered_domains(domain: str, registered: str) -> None:
    assert query_labels(domain, SubjectKind.DOMAIN, registered=True) == registered
