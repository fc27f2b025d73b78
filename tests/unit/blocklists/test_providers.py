"""Every provider that is known reads every kind of refusal, and is who refused: the table of providers by kind."""

from __future__ import annotations

import pytest

from workbench.blocklists.bounces import BounceKind, classify
from workbench.blocklists.refusal_rules import load

K = BounceKind
# What any server writes; a provider's own codes must not turn one of them into something else.
TYPICAL = {
    K.UNKNOWN_USER: (
        "550 5.1.1 <jo@acme.example>: Recipient address rejected: User unknown",
        "550 5.1.1 No such user here",
        "550 5.2.1 The mailbox is disabled",
    ),
    K.MAILBOX_FULL: ("452 4.2.2 Mailbox full", "552 5.2.2 Over quota"),
    K.RATE: (
        "421 4.7.0 Too many connections from 192.0.2.4",
        "451 4.7.1 Rate limit exceeded, slow down",
    ),
    K.BLOCK: (
        "554 5.7.1 Your IP address 192.0.2.4 is blocked",
        "550 5.7.1 Access denied, your server is banned",
    ),
    K.REPUTATION: ("554 5.7.1 Rejected due to poor reputation of 192.0.2.4",),
    K.CONTENT: (
        "554 5.7.1 Message rejected as spam",
        "552 5.3.4 Message size exceeds limit",
        "550 5.7.1 Message contains a virus",
    ),
    K.AUTHENTICATION: (
        "550 5.7.23 SPF check failed",
        "550 5.7.1 Email rejected per DMARC policy",
        "550 5.7.25 no PTR record for 192.0.2.4",
    ),
    K.SENDER_DNS: ("450 4.1.8 <a@acme.example>: Sender address rejected: Domain not found",),
    K.GREYLISTING: ("450 4.2.0 <a@acme.example>: Recipient address rejected: Greylisted",),
    K.RECIPIENT: ("550 5.7.1 Sender blocked by recipient",),
    K.CONNECTION: (
        "421 4.3.2 Service shutting down",
        "451 4.3.0 Temporary server error. Please try again later",
    ),
    K.LIST: ("554 5.7.1 Service unavailable; Client host [192.0.2.4] blocked using zen.spamhaus.org",),
}
ABOUT_THE_RECIPIENT = {K.UNKNOWN_USER, K.MAILBOX_FULL, K.RECIPIENT}


@pytest.mark.parametrize("kind", TYPICAL, ids=lambda kind: kind.value)
@pytest.mark.parametrize("receiver", sorted(load().receivers))
def test_each_provider_reads_what_any_server_writes(receiver: str, kind: BounceKind) -> None:
    known = load().receivers[receiver]
    host = f"mx.{known.hosts[0]}"
    for text in TYPICAL[kind]:
        found = classify(None, text, host)
        assert found.kind is kind, text
        if kind is K.LIST:
            assert found.provider == "Spamhaus", text
        elif kind not in ABOUT_THE_RECIPIENT:
            assert found.provider == known.name_of(host), text


def test_a_brand_that_another_runs_is_named_with_who_runs_it() -> None:
    for host, name in (
        ("relay.verizon.net", "Verizon (run by Yahoo)"),
        ("mx.rogers.com", "Rogers (run by Yahoo)"),
        ("mta5.am0.yahoodns.net", "Yahoo and AOL"),
    ):
        assert classify(None, "554 5.7.1 Your IP address 192.0.2.4 is blocked", host).provider == name
