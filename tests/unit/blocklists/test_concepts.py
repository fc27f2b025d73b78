"""Refusals in anybody's words: judged ones, plain sentences, and sentences made of other words than the code's own."""

from __future__ import annotations

import json
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import fit_concepts
from workbench.blocklists import refusal_concepts
from workbench.blocklists.bounces import TOGETHER, BounceKind, classify
from workbench.blocklists.refusal_rules import LISTINGS
from workbench.blocklists.refusal_text import shape

K = BounceKind
HERE = Path(__file__).parent
JUDGED = [json.loads(line) for line in (HERE / "judged.jsonl").read_text(encoding="utf-8").splitlines()]
PLAIN = tomllib.loads((HERE / "plain.toml").read_text(encoding="utf-8"))
# What "none" stands for in a judgement: anything that says nothing of a listing.
NO_LISTING = [kind.value for kind in K if kind not in LISTINGS]


def _right(row: dict[str, Any]) -> bool:
    found = classify(None, row["text"], row.get("host", ""))
    kinds = [*row["kinds"], *(NO_LISTING if "none" in row["kinds"] else [])]
    who = [name.lower() for name in row.get("who", [])]
    named = not who or any(name in found.provider.lower() for name in who)
    return found.kind.value in kinds and (named or found.provider.startswith("the "))


def test_judged_refusals_are_read_as_they_were_judged() -> None:
    """A row with ``left`` is one that is known to be read wrongly or not at all; each must still be so."""
    assert [row["text"] for row in JUDGED if not _right(row)] == [
        row["text"] for row in JUDGED if row.get("left")
    ]


def test_no_judged_refusal_is_called_a_public_listing_that_is_none() -> None:
    for row in JUDGED:
        if "list" not in row["kinds"]:
            assert classify(None, row["text"], row.get("host", "")).kind is not K.LIST, row["text"]


# ("subject", "what is said of it"): none of these sentences stands in the data.
SPOKEN = {
    K.UNKNOWN_USER: (
        ("user", "recipient", "mailbox", "account", "addressee"),
        (
            "is unknown",
            "does not exist",
            "was not found",
            "has been deleted",
            "is no longer active",
            "is disabled",
        ),
    ),
    K.MAILBOX_FULL: (
        ("mailbox", "inbox", "user's mailbox", "recipient's mailbox"),
        ("is full", "is over quota", "has no space left", "exceeded its storage", "ran out of space"),
    ),
    K.RATE: (
        ("your server", "your host", "this client", "your IP"),
        (
            "sends too fast",
            "exceeded the hourly limit",
            "opened too many connections",
            "sent too many messages per hour",
            "exceeds the sending rate",
        ),
    ),
    K.BLOCK: (
        ("your IP", "this host", "your network", "your server"),
        (
            "is blocked",
            "is banned",
            "is refused",
            "is not welcome here",
            "is forbidden to send",
            "was rejected",
        ),
    ),
    K.CONTENT: (
        ("message", "this mail", "your email", "the letter"),
        (
            "looks like spam",
            "contains a virus",
            "is too large",
            "has a forbidden attachment",
            "was taken for junk",
        ),
    ),
    K.AUTHENTICATION: (
        ("SPF", "DKIM", "DMARC", "reverse DNS"),
        ("check failed", "is missing", "did not pass", "is not set up"),
    ),
    K.SENDER_DNS: (
        ("sender domain", "domain of the sender", "sender's domain"),
        ("does not exist", "cannot be resolved", "has no MX", "was not found", "is unknown"),
    ),
    K.CONNECTION: (
        ("this server", "the service", "our system"),
        (
            "is busy, try again later",
            "is shutting down",
            "is under maintenance",
            "timed out",
            "had an internal error",
        ),
    ),
}
CODES = {
    K.UNKNOWN_USER: ("550 5.1.1 ", "550 ", "554 5.7.1 "),
    K.MAILBOX_FULL: ("452 4.2.2 ", "552 ", "550 "),
    K.RATE: ("421 4.7.0 ", "450 ", "550 5.7.1 "),
    K.BLOCK: ("554 5.7.1 ", "550 ", "521 "),
    K.CONTENT: ("554 5.7.1 ", "550 ", "552 "),
    K.AUTHENTICATION: ("550 5.7.1 ", "550 ", "450 4.7.1 "),
    K.SENDER_DNS: ("553 5.1.8 ", "550 ", "450 "),
    K.CONNECTION: ("421 4.3.2 ", "451 ", "450 "),
}
WRAPPED = (
    "{code}{words}",
    "{code}Sorry, {words}",
    "host mx1.receiver.example[192.0.2.9] said: {code}{words} (in reply to RCPT TO command)",
    "{code}<jo@acme.example>: {words}",
    "SMTP error from remote mail server after end of data: {code}{words}",
)


@pytest.mark.parametrize("kind", SPOKEN, ids=lambda kind: kind.value)
def test_a_sentence_of_other_words_is_read_in_any_wrapping(kind: BounceKind) -> None:
    subjects, sayings = SPOKEN[kind]
    wrong = []
    for subject, said, code, wrapped in product(subjects, sayings, CODES[kind], WRAPPED):
        text = wrapped.format(code=code, words=f"{subject} {said}")
        found = classify(None, text)
        if found.kind is not kind:
            wrong.append((text, found.kind.value, found.id))
    assert wrong == []


@pytest.mark.parametrize("kind", SPOKEN, ids=lambda kind: kind.value)
def test_what_is_said_first_does_not_matter(kind: BounceKind) -> None:
    subjects, sayings = SPOKEN[kind]
    for subject, said, code in product(subjects, sayings, CODES[kind]):
        found = classify(None, f"{code}{said.removeprefix('is ').removeprefix('was ')}: {subject}")
        assert found.kind in (kind, K.NOT_UNDERSTOOD) or found.kind not in LISTINGS, (subject, said)


def test_plain_sentences_are_read_as_their_kind_or_not_at_all() -> None:
    wrong = {
        sentence
        for kind, sentences in PLAIN.items()
        for sentence in sentences
        if classify(None, sentence).kind.value not in (kind, K.NOT_UNDERSTOOD.value)
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "text",
    [
        "550 5.7.1 zonk",
        "554 fnord grault (XQ-17)",
        "Hello, I am on holiday until Monday.",
        "250 2.0.0 Ok: queued as 4F2A",
        "550",
        "",
    ],
)
def test_words_that_speak_of_nothing_known_stay_not_understood(text: str) -> None:
    assert classify(None, text).kind is K.NOT_UNDERSTOOD


def test_what_is_read_by_its_words_together_says_so_and_names_no_list() -> None:
    found = classify(None, "550 Your machine may not talk to us, it is shunned", "mx.acme.example")
    assert (found.id, found.kind) == (TOGETHER, K.BLOCK)
    assert "no known sentence" in found.means
    assert (found.zone, found.asks, found.ground) == ("", (), "words")


@settings(deadline=None)
@given(st.text(max_size=400))
def test_words_together_never_speak_of_a_list(text: str) -> None:
    found = refusal_concepts.spoken(shape(text).text)
    assert found is None or found.kind in fit_concepts.KINDS
    assert K.LIST not in fit_concepts.KINDS


def test_a_negation_turns_the_word_it_stands_by() -> None:
    read = refusal_concepts.concepts_in
    assert "gone" in read("550 user does not exist")
    assert "gone" in read("550 Benutzer existiert nicht")
    assert "gone" in read("550 mailbox isn't active")
    assert "gone" not in read("550 user exists")
    assert "refused" in read("550 host not allowed")
    assert "refused" in read("550 we don't accept this")


def test_joined_names_are_several_words_and_short_ones_stay_one() -> None:
    read = refusal_concepts.concepts_in
    assert {"recipient", "full"} <= read("550 MailboxFull").keys()
    assert "proof" in read("554 no rDNS")
    assert "message" in read("550 eMail")


def test_letters_with_strokes_and_without_dots_are_read_as_plain_ones() -> None:
    read = refusal_concepts.concepts_in
    assert "content" in read("550 Załącznik")
    assert "recipient" in read("550 KULLANICI kullanıcı")
    assert "full" in read("550 Hộp thư đã đầy")


def test_names_of_hosts_and_links_are_no_words() -> None:
    read = refusal_concepts.concepts_in
    assert read("550 https://spam.acme.example/blocked mx.unknown-user.example") == {}


def test_the_points_are_fitted_to_what_the_tests_hold() -> None:
    """The file is written by a program: who changes words or judged refusals runs it again."""
    names = {concept for concept in refusal_concepts.load().points if " " not in concept}
    document = tomllib.loads(fit_concepts.POINTS.with_name("concepts.toml").read_text(encoding="utf-8"))
    known = {*document["words"], *document["negated"].values(), "always"}
    assert names <= known
    assert f"Fitted to {len(fit_concepts.rows())} judged" in fit_concepts.POINTS.read_text(encoding="utf-8")
