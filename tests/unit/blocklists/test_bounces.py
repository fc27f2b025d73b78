"""Refusals: what each entry of the data means, who is believed to have said it, look-alikes, and counting."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.blocklists.bounces import TOGETHER, BounceKind, classify, meanings, provider_of
from workbench.blocklists.catalogue import load
from workbench.blocklists.refusal_counts import Refusal, count_refusals, judge, refusals_by_zone
from workbench.blocklists.refusal_rules import RefusalRule
from workbench.blocklists.refusal_rules import load as load_rules
from workbench.blocklists.refusal_text import masked, shape

K = BounceKind
SAMPLES = tomllib.loads(Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8"))["refusals"]
RULES = meanings()
# Words are anybody's; an entry among the codes belongs to the provider it names.
CODES = [rule for rule in RULES if rule.of]
BARE = {TOGETHER, *(rule.id for rule in RULES if rule.stage in ("statuses", "replies"))}


def _id(rule: RefusalRule) -> str:
    return rule.id


@pytest.mark.parametrize(
    "sample", SAMPLES, ids=[f"{sample['meaning']}-{n}" for n, sample in enumerate(SAMPLES)]
)
def test_what_a_refusal_means(sample: dict[str, Any]) -> None:
    found = classify(sample.get("code"), sample["text"], sample.get("host", ""))
    assert found.kind.value == sample["kind"]
    # Whether the words together or the code alone decide depends on points that are fitted anew.
    assert sample["meaning"] in (found.id, *(BARE if found.id in BARE else ()))
    assert sample.get("who", "") in found.provider


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_every_entry_reads_its_own_example_and_tells_where_it_was_read(rule: RefusalRule) -> None:
    found = classify(None, rule.example)
    assert (found.id, found.kind) == (rule.id, rule.kind)
    assert found.provider and found.means and found.todo
    assert "{" not in found.means + found.todo
    assert not found.page or found.page.startswith("https://")
    # Every source carries its date: (2025-11).
    assert rule.source.rstrip(")")[-7:-3].isdigit()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.stage == "lists"], ids=_id)
def test_a_recipient_that_is_not_there_is_no_listing_at_whose_product_is_named(rule: RefusalRule) -> None:
    zone = rule.zone
    names = {rule.owner, *((zone.owner.name, zone.name) if zone else ())} - {""}
    for words in ("Recipient address rejected: User unknown", "mailbox over quota", "no such user here"):
        for name in names:
            found = classify(None, f"550 5.1.1 <jo@acme.example>: {words}; this server asks {name}")
            assert not found.is_listing, (name, words)


@pytest.mark.parametrize("host", ["m42.mailgun.net", "mail-ed1-f44.google.com", "mout.gmx.net"])
@pytest.mark.parametrize(
    "words",
    [
        "{}[192.0.2.7] is blocked",
        "{} is not welcome here",
        "<{}>: Client host rejected",
        "host {} [192.0.2.7] black listed #120",
        "host {} [192.0.2.7] from unknown TLD",
        "host {} (192.0.2.7): not allowed to send here",
    ],
)
def test_a_host_that_is_refused_is_not_the_one_who_refuses(host: str, words: str) -> None:
    found = classify(None, f"554 5.7.1 {words.format(host)}")
    assert found.provider in ("the receiver", "an unnamed list")


@pytest.mark.parametrize("said", [" said: 550 ", ": 550 ", "\n    550 ", " refused to talk to me: 550 "])
def test_a_host_that_is_quoted_before_its_reply_is_the_one_who_refuses(said: str) -> None:
    found = classify(
        None, f"SMTP error after RCPT TO:<jo@acme.example>: host mx00.gmx.net [192.0.2.7]{said}unknown user"
    )
    assert (found.kind, found.provider) == (K.UNKNOWN_USER, "GMX, web.de and 1&1 (United Internet)")


def test_a_word_that_begins_like_a_providers_code_is_not_its() -> None:
    assert classify(None, "450 Erste Zustellung, bitte wiederholen").provider == "the receiver"
    assert classify(None, "550 5.7.1 @: Recipient address rejected: ERS-QIL.").provider == "Trend Micro ERS"
    assert classify(None, "554 5.7.1 combined RBL+RHSBL check").provider != "Trend Micro ERS"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Recipient undeliverable", K.UNKNOWN_USER),
        ("Helo hostname does not match", K.AUTHENTICATION),
        ("executable attachment", K.CONTENT),
        ("sender domain does not exist", K.SENDER_DNS),
        ("too many messages from your host", K.RATE),
    ],
)
@pytest.mark.parametrize(
    "policy",
    ["Rejecting due to security policy - {}", "Policy rejection: {}", "Refused by our local policy: {}"],
)
def test_what_a_policy_is_about_decides_not_that_it_is_one(policy: str, said: str, kind: BounceKind) -> None:
    assert classify(None, f"550 5.7.1 {policy.format(said)}").kind is kind


ADVICE = (
    " Please make sure that you have SPF, DKIM and a reverse name and are not on any black lists.",
    " If you were blacklisted at Spamhaus, slow down and clean your list.",
    " Make sure your mailbox is not full and your attachment is no virus.",
    " For more information on our blocklists see https://www.acme.example/reputation",
)


@pytest.mark.parametrize("advice", ADVICE)
@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("550 5.7.1 Your message was classified as spam.", K.CONTENT),
        ("550 5.1.1 No such user here.", K.UNKNOWN_USER),
        ("552 5.2.2 The mailbox of the recipient is full.", K.MAILBOX_FULL),
        ("550 5.7.25 Your server has no reverse DNS.", K.AUTHENTICATION),
        ("421 4.7.0 Too many connections from your host.", K.RATE),
    ],
)
def test_what_is_advised_is_not_the_reason(reason: str, kind: BounceKind, advice: str) -> None:
    assert classify(None, reason + advice).kind is kind


@pytest.mark.parametrize(
    "where", ["", "from your location [192.0.2.4]", "for <jo@acme.example>, we don't know you"]
)
def test_a_relay_that_is_denied_is_no_block_whatever_stands_beside_it(where: str) -> None:
    for said in ("relaying denied", "Relay access denied", "we do not relay", "relay not permitted"):
        assert classify(None, f"553 sorry, {said} {where}".strip()).kind is K.CONNECTION


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.kind is K.LIST], ids=_id)
def test_every_list_has_a_page_to_ask(rule: RefusalRule) -> None:
    assert classify(None, rule.example).page


@pytest.mark.parametrize("zone", ["dnsbl.acme-filter.example", "bl.acme.example", "acme-dnsbl.mail.example"])
@pytest.mark.parametrize(
    "words",
    [
        "Mail from 192.0.2.4 refused by blackhole site {}",
        "451 4.7.1 Temporarily refused, your IP appears in {}",
        "550 5.7.0 Connection denied: {} says spam source",
        "550 adresse IP 192.0.2.4 sur liste noire {}",
        "550 You are blacklisted ({})",
    ],
)
def test_a_strange_list_is_called_by_its_zone_wherever_that_stands(words: str, zone: str) -> None:
    found = classify(None, words.format(zone))
    assert (found.kind, found.provider) == (K.LIST, zone)


@pytest.mark.parametrize(
    "words",
    [
        "connect to bl1.acme.example[192.0.2.9]:25: Connection refused",
        "lost connection with bl.mail.acme.example[192.0.2.9] while receiving the greeting",
        "host bl.mail.acme.example[192.0.2.9] said: 550 5.1.1 <jo@acme.example>: User unknown",
        "host rbl.mail.acme.example[192.0.2.9] said: 452 4.2.2 Mailbox full",
    ],
)
def test_a_host_on_the_way_is_no_list_though_it_is_called_like_one(words: str) -> None:
    assert not classify(None, words).is_listing


def test_ids_are_unique_and_zones_are_the_catalogues() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.zone is None or rule.zone.name in load().zones for rule in RULES)


@pytest.mark.parametrize("rule", CODES, ids=_id)
def test_a_providers_code_never_claims_what_another_host_refused(rule: RefusalRule) -> None:
    other = "mx1.seznam.cz" if rule.of != "seznam" else "mx.free.fr"
    found = classify(None, rule.example, other)
    assert found.id != rule.id
    assert load_rules().receivers[rule.of].name != found.provider


@pytest.mark.parametrize("rule", CODES, ids=_id)
def test_the_receiving_host_is_enough_to_know_the_provider(rule: RefusalRule) -> None:
    host = f"mx.{load_rules().receivers[rule.of].hosts[0]}"
    assert classify(None, rule.example, host).id == rule.id
    assert (
        classify(None, f"host {host}[198.51.100.9] said: {rule.example} (in reply to RCPT TO command)").id
        == rule.id
    )


@pytest.mark.parametrize("rule", RULES, ids=_id)
def test_wrapping_recipients_and_ids_do_not_change_a_meaning(rule: RefusalRule) -> None:
    code, _, rest = rule.example.partition(" ")
    if len(code) != 3 or code[0] not in "45":
        return
    words = rest.split()
    wrapped = "\n".join(
        [
            f"{code}-{' '.join(words[:4])}",
            *(f"{code}-{' '.join(words[n : n + 4])}" for n in range(4, len(words), 4)),
        ]
    )
    assert classify(None, wrapped).id == rule.id
    said = f"host mx.receiver.example[198.51.100.200] said: {rule.example} id a1-20020a05600c0101b0041c8f"
    anchored = any("$" in pattern.pattern or "^" in pattern.pattern for pattern in rule.any_of)
    if not anchored:
        assert classify(None, said).id == rule.id


@pytest.mark.parametrize("name", sorted(load().zones))
def test_every_zone_of_the_catalogue_is_known_where_a_refusal_names_it(name: str) -> None:
    zone = load().zones[name]
    for phrase in (
        "Client host [192.0.2.4] blocked using {}",
        "192.0.2.4 listed at {}",
        "IP found in {}; see our page",
    ):
        found = classify(None, f"554 5.7.1 Service unavailable; {phrase.format(name)}", "mx.receiver.example")
        assert (found.kind, found.provider, found.zone) == (K.LIST, zone.owner.name, zone.name), phrase
        assert (found.tier, found.do_not_pay) == (int(zone.tier), zone.do_not_pay), phrase


def test_whom_a_refusal_says_to_write_to_tells_who_refuses() -> None:
    text = "521 5.5.0 Your IP [192.0.2.4] has been blacklisted. Please contact abuse@kpn.com for more information."
    found = classify(None, text)
    assert (found.kind, found.provider) == (K.BLOCK, "KPN")
    other = classify(None, "550 5.1.1 <jo@kpn.com>: Recipient address rejected: User unknown")
    assert other.kind is K.UNKNOWN_USER


def test_a_mark_of_one_provider_claims_no_other() -> None:
    found = classify(
        None, "550 5.7.1 Access from ip address 192.0.2.4 blocked. Visit https://postmaster.mail.ru"
    )
    assert (found.kind, found.provider) == (K.BLOCK, "Mail.ru")


def test_a_list_that_nobody_here_knows_is_named_and_a_dead_one_is_the_receivers_mistake() -> None:
    stranger = classify(None, "550 5.7.1 client blocked using rbl.private.example")
    assert (stranger.kind, stranger.provider, stranger.zone) == (K.LIST, "rbl.private.example", "")
    dead = classify(None, "550 5.7.1 client blocked using dul.njabl.org")
    assert (dead.kind, dead.is_listing) == (K.RECEIVER, False)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist", K.UNKNOWN_USER),
        ("550 5.2.2 Mailbox full", K.MAILBOX_FULL),
        ("451 4.7.1 Greylisting in action, please come back later", K.GREYLISTING),
        ("554 5.7.1 192.0.2.4 is not listed at zen.example; rejected, the user is unknown", K.UNKNOWN_USER),
        ("User jo (jo@acme.example) not listed in public Name & Address Book", K.UNKNOWN_USER),
        ("connect to mx.acme.example[198.51.100.7]:25: Connection timed out", K.CONNECTION),
        ("550 5.7.1 zonk", K.NOT_UNDERSTOOD),
        ("OK", K.NOT_UNDERSTOOD),
        ("", K.NOT_UNDERSTOOD),
    ],
)
def test_what_is_no_listing_never_becomes_one(text: str, kind: BounceKind) -> None:
    found = classify(None, text)
    assert (found.kind, found.is_listing) == (kind, False)


@pytest.mark.parametrize(
    ("text", "kind", "provider"),
    [
        # Stalwart's own report of what the other server said.
        (
            "host 'mx01.mail.icloud.com' rejected command 'RCPT TO:<jo@icloud.com>' with code 550 (5.1.1) 'user gone'",
            K.UNKNOWN_USER,
            "Apple iCloud",
        ),
        (
            "host 'mx.acme.example' rejected command 'DATA' with code 554 (5.7.1) 'blocked using bl.spamcop.net'",
            K.LIST,
            "SpamCop (Cisco)",
        ),
        # Reasons written as one name, and files of the server itself, whose names say nothing.
        ("550 BAD_RECIPIENT - see http://mail.acme.example/why", K.UNKNOWN_USER, "the receiver"),
        (
            "451 4.3.0 cannot write /var/spool/quarantine/spam-a1b2.gz, try later",
            K.CONNECTION,
            "the receiver",
        ),
    ],
)
def test_how_a_server_wraps_a_refusal_changes_nothing(text: str, kind: BounceKind, provider: str) -> None:
    found = classify(None, text)
    assert (found.kind, found.provider) == (kind, provider)


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, 250, 421, 550, 999]), st.text(max_size=40))
def test_any_text_is_read_without_an_error(text: str, code: int | None, host: str) -> None:
    assert classify(code, text, host).provider


def test_a_receivers_query_key_is_neither_kept_nor_part_of_the_meaning() -> None:
    key = "abcdefghijklmnopqrstuvwxyz"
    text = f"554 5.7.1 Sender address [jo@acme.example] blocked using {key}.zrd.dq.spamhaus.net; domain too young"
    assert key not in masked(text)
    assert key not in shape(text).text
    found = classify(None, text)
    assert (found.id, found.zone) == ("spamhaus-zrd", "zrd.dq.spamhaus.net")


def test_refusals_are_counted_by_provider_and_hour_and_none_is_dropped() -> None:
    start = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
    blocked = "5.7.1 part of their network is on our block list (S3140)."
    refusals = [
        Refusal(start + timedelta(minutes=n), 550, blocked, "x.olc.protection.outlook.com", "192.0.2.1")
        for n in range(80)
    ]
    refusals.append(Refusal(start, 550, "5.7.1 blacklisted", "mx1.example.net."))
    refusals.append(Refusal(start, 550, "5.1.1 no such user", "mx1.example.net"))
    refusals.append(Refusal(start, 554, "blocked using bl.spamcop.net", "mx.example.org"))
    refusals.append(Refusal(start, 554, "5.7.1 zonk one", "mx.example.org"))
    refusals.append(Refusal(start, 554, "5.7.1 zonk two", "mx.example.org"))
    counts = count_refusals(judge(refusals))
    assert sum(count.count for count in counts) == len(refusals)
    found = {(count.hour.hour, count.provider, count.meaning.kind): count.count for count in counts}
    assert found == {
        (15, "Microsoft (Outlook.com)", K.BLOCK): 25,
        (14, "Microsoft (Outlook.com)", K.BLOCK): 55,
        (14, "example.net", K.BLOCK): 1,
        (14, "example.net", K.UNKNOWN_USER): 1,
        (14, "SpamCop (Cisco)", K.LIST): 1,
        (14, "example.org", K.NOT_UNDERSTOOD): 2,
    }
    assert counts[0].hour.hour == 15
    assert counts[0].addresses == ("192.0.2.1",)
    remainder = next(count for count in counts if not count.meaning.understood)
    assert remainder.samples == ("5.7.1 zonk one", "5.7.1 zonk two")
    assert refusals_by_zone(counts) == {"bl.spamcop.net": 1}


def test_receiving_hosts_are_named() -> None:
    assert provider_of("gmail-smtp-in.l.google.com") == "Gmail"
    assert provider_of("acme-example.mail.protection.outlook.com") == "Microsoft 365"
    assert provider_of("outlook-com.olc.protection.outlook.com.") == "Microsoft (Outlook.com)"
    assert provider_of("mta5.am0.yahoodns.net") == "Yahoo and AOL"
    assert provider_of("notgoogle.com.evil.example") == "evil.example"
    assert provider_of("") == "unknown"
