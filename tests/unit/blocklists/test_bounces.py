"""Refusals: what they mean, look-alikes told apart, counting, and pasted notices."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.blocklists.bounces import (
    BounceKind,
    Refusal,
    classify,
    count_refusals,
    meanings,
    provider_of,
    read_notice,
    refusals_by_zone,
)
from workbench.blocklists.catalogue import load

K = BounceKind


SAMPLES = tomllib.loads(Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8"))["refusals"]


@pytest.mark.parametrize(
    "sample", SAMPLES, ids=[f"{sample['meaning']}-{n}" for n, sample in enumerate(SAMPLES)]
)
def test_what_a_refusal_means(sample: dict[str, Any]) -> None:
    found = classify(sample["code"], sample["text"])
    assert found is not None
    assert (found.id, found.kind.value) == (sample["meaning"], sample["kind"])


@pytest.mark.parametrize(
    "text", ["5.1.1 The email account that you tried to reach does not exist", "5.2.2 Mailbox full", "OK", ""]
)
def test_other_failures_mean_nothing_here(text: str) -> None:
    assert classify(550, text) is None


def test_every_meaning_is_complete_and_its_zone_is_in_the_catalogue() -> None:
    catalogue = load()
    known = meanings()
    assert len({meaning.id for meaning in known}) == len(known)
    for meaning in known:
        assert meaning.means and meaning.todo and meaning.provider
        assert not meaning.zone or meaning.zone in catalogue.zones
        assert not meaning.page or meaning.page.startswith("https://")
        if meaning.kind in {K.RECIPIENT, K.RECEIVER, K.RATE, K.AUTHENTICATION, K.CONTENT}:
            assert not meaning.is_listing


@given(st.text(max_size=300), st.sampled_from([None, 250, 421, 550, 999]))
def test_any_text_is_read_without_an_error(text: str, code: int | None) -> None:
    classify(code, text)
    notice = read_notice(text)
    assert all(ord(char) >= 32 for char in notice.reason)


def test_refusals_are_counted_by_provider_and_hour() -> None:
    start = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
    blocked = "5.7.1 part of their network is on our block list (S3140)."
    refusals = [
        Refusal(start + timedelta(minutes=n), 550, blocked, "x.olc.protection.outlook.com", "192.0.2.1")
        for n in range(80)
    ]
    refusals.append(Refusal(start, 550, "5.7.1 blacklisted", "mx1.example.net."))
    refusals.append(Refusal(start, 550, "5.1.1 no such user", "mx1.example.net"))
    refusals.append(Refusal(start, 554, "blocked using bl.spamcop.net", "mx.example.org"))
    counts = count_refusals(refusals)
    found = {(count.hour.hour, count.provider): count.count for count in counts}
    assert found == {
        (15, "Microsoft (Outlook.com)"): 25,
        (14, "Microsoft (Outlook.com)"): 55,
        (14, "example.net"): 1,
        (14, "SpamCop"): 1,
    }
    assert counts[0].hour.hour == 15
    assert counts[0].addresses == ("192.0.2.1",)
    assert refusals_by_zone(counts) == {"bl.spamcop.net": 1}


def test_receiving_hosts_are_named() -> None:
    assert provider_of("gmail-smtp-in.l.google.com") == "Gmail"
    assert provider_of("acme-example.mail.protection.outlook.com") == "Microsoft 365"
    assert provider_of("outlook-com.olc.protection.outlook.com.") == "Microsoft (Outlook.com)"
    assert provider_of("mta5.am0.yahoodns.net") == "Yahoo and AOL"
    assert provider_of("notgoogle.com.evil.example") == "evil.example"
    assert provider_of("") == "unknown"


def test_a_pasted_notice_is_read() -> None:
    notice = read_notice(
        "From: Mail Delivery Subsystem\n\nDelivery to bob@example.org failed:\n"
        "554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org;\n"
        "answered 127.0.0.3, see https://www.spamhaus.org/query/ip/198.51.100.7.\n"
        "Also the domain bad.acme.example and IP 2001:db8::25\x1b[2J\n"
    )
    assert notice.looks_like_a_listing
    assert notice.meaning is not None
    assert notice.meaning.zone == "zen.spamhaus.org"
    assert notice.addresses == ("198.51.100.7", "2001:db8::25", "bad.acme.example")
    assert notice.codes == ("127.0.0.3",)
    assert notice.links == ("https://www.spamhaus.org/query/ip/198.51.100.7",)
    assert "zen.spamhaus.org" in notice.reason
    assert "\x1b" not in repr(notice.reason)


def test_a_notice_that_only_looks_like_a_listing_says_so() -> None:
    notice = read_notice("550 5.7.1 blocked using zen.spamhaus.org; Error: open resolver; 127.255.255.254")
    assert not notice.looks_like_a_listing
    assert notice.meaning is not None
    assert "Not your listing" in notice.meaning.means
    assert [other.id for other in notice.others] == ["spamhaus"]
    nothing = read_notice("Hello, I am on holiday until Monday.")
    assert nothing.meaning is None
    assert not nothing.looks_like_a_listing
    assert read_notice("").reason == ""


# Only that one is anchored to the beginning of the text.
INSIDE = [sample for sample in SAMPLES if sample["meaning"] != "proofpoint-bare"]


@pytest.mark.parametrize(
    "sample", INSIDE, ids=[f"{sample['meaning']}-{n}" for n, sample in enumerate(INSIDE)]
)
def test_recipients_ids_and_addresses_do_not_change_a_meaning(sample: dict[str, Any]) -> None:
    around = f"<someone.else@example.org>: {sample['text']} id a1-20020a05600c0101b0041c8f 198.51.100.200"
    found = classify(sample["code"], around)
    assert found is not None
    assert found.id == sample["meaning"]
