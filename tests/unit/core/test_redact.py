"""Secrets that cannot be printed by accident; outside text made harmless."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import traceback
import unicodedata
from functools import cache

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from tests.support.amount import amount
from workbench.core.redact import MARKS, MASK, Secret, json_escaped, key_tail, masked, short_address, visible

values = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=60)
long_values = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=40)


@given(long_values)
def test_no_text_form_gives_the_value_away(value: str) -> None:
    secret = Secret(value)
    forms = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>80}",
        f"{secret!r}",
        f"{[secret]}",
        f"{ {'k': secret} }",
    ]
    forms += ["{} {!r}".format(secret, secret), json.dumps([str(secret)])]  # noqa: UP032
    assert not [form for form in forms if value in form]
    assert str(secret) == MASK
    assert secret.reveal() == value


@given(long_values)
def test_it_is_in_no_traceback_and_no_log(value: str) -> None:
    secret = Secret(value)
    try:
        raise ValueError(f"failed with {secret}")
    except ValueError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    # The bare value is a local of this very function; what the secret shows of itself is looked at.
    assert f"secret = {secret!r}" in text
    record = logging.LogRecord("x", logging.INFO, "f", 1, "it is %s", (secret,), None)
    assert value not in record.getMessage()


def test_it_cannot_be_pickled_copied_hashed_or_made_of_nothing() -> None:
    secret = Secret("a value")
    for attempt in (lambda: pickle.dumps(secret), lambda: copy.copy(secret), lambda: copy.deepcopy(secret)):
        with pytest.raises(TypeError, match="cannot be pickled"):
            attempt()
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)
    for nothing in ("", None, 5, b"x"):
        with pytest.raises(TypeError, match="non-empty string"):
            Secret(nothing)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")
    assert not hasattr(secret, "__len__")


@given(values, values)
def test_equality_and_fingerprints_follow_the_value(one: str, two: str) -> None:
    assert (Secret(one) == Secret(two)) == (one == two)
    assert (Secret(one).fingerprint(b"k") == Secret(two).fingerprint(b"k")) == (one == two)
    assert Secret(one).fingerprint(b"k") != Secret(one).fingerprint(b"other")
    assert Secret(one) != one


@given(st.text(max_size=300), st.integers(1, 400))
def test_visible_text_is_one_line_of_harmless_characters_of_bounded_length(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}]
    body = shown.rpartition("…(+")[0] if "…(+" in shown and "…(+" not in text else shown
    assert len(body) <= limit or "…(+" in text
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.text(max_size=200))
def test_what_is_made_visible_stays_so(text: str) -> None:
    assert visible(visible(text, 10_000), 10_000) == visible(text, 10_000)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202egnp", "\\u202egnp"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("ünï漢", "ünï漢"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("Vi\u1ec7t Nam, \u0e1b\u0e49\u0e32", "Vi\u1ec7t Nam, \u0e1b\u0e49\u0e32"),
        ("Z" + "\u0336" * 40 + "algo", "Z" + "\u0336" * 4 + "…(+36)algo"),
        ("\u0301a", "\\u0301a"),
        ("a \u0301", "a \\u0301"),
        ("admin\u3164", "admin\\u3164"),
        ("admin\u00a0", "admin\\xa0"),
        ("\u2764\ufe0f", "\u2764\\ufe0f"),
        ("\u1112" + "\u1161" * 9, "\u1112" + "\u1161" * 4 + "…(+5)"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("A" * 500, "A" * 400 + "…(+100)"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("address", "short"),
    [
        ("margaret@acme.example", "ma…@acme.example"),
        ("x@y", "x…@y"),
        ("no address", "no address"),
        ("@y", "@y"),
    ],
)
def test_short_addresses(address: str, short: str) -> None:
    assert short_address(address) == short


def test_the_tail_of_a_key_is_four_characters() -> None:
    assert key_tail("01234567-89abcdef") == "…cdef"


# The oracle is the Unicode tables of another library (regex), not the ones the code looks into.
@cache
def of_unicode() -> str:
    """Return every character of Unicode; of those in a row that are alike unassigned, private or letters without
    case, each row's first and last and every sixteenth between them (``WORKBENCH_WHOLE=1``: all)."""
    alike = ("Cn", "Co", "Cs", "Lo")
    every, found = amount(16, whole=1), []
    before, kind = "", unicodedata.category(chr(0))
    for code in range(sys.maxunicode + 1):
        after = unicodedata.category(chr(code + 1)) if code < sys.maxunicode else ""
        if code % every == 0 or not (before == kind == after and kind in alike):
            found.append(chr(code))
        before, kind = kind, after
    return "".join(found)


def test_no_character_of_unicode_that_draws_nothing_is_left_as_it_is() -> None:
    hiding = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{DI}[\p{Zs}--[ ]]]", regex.V1)
    for char in of_unicode():
        shown = visible(f"a{char}b")
        if hiding.match(char):
            assert char not in shown, hex(ord(char))
        assert len(shown) <= 12


def test_no_mark_of_unicode_stands_on_nothing_or_piles_up() -> None:
    # None of the characters that are passed over is a mark.
    for char in regex.findall(r"\p{M}", of_unicode()):
        assert char not in visible(char + "x"), hex(ord(char))
        assert char not in visible(" " + char), hex(ord(char))
        assert visible("a" + char * 50).count(char) <= MARKS, hex(ord(char))


@given(
    st.text(
        alphabet=st.one_of(
            st.characters(), st.sampled_from("e\u0301\u0336\u20dd\u3164\u1161\u11a8\ufe0f\u200d \u05d0\u05b8")
        ),
        max_size=120,
    ),
    st.integers(1, 200),
)
def test_no_grapheme_is_a_flood_and_none_is_cut_in_two(text: str, limit: int) -> None:
    shown = visible(text, limit)
    for cluster in regex.findall(r"\X", shown):
        assert len(regex.findall(r"\p{M}", cluster)) <= MARKS
    assert len(shown) <= limit + len("…(+120)…(+120)")
    assert visible(shown, 10_000) == shown


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=60), max_size=3))
def test_a_json_document_keeps_its_values_and_draws_nothing_hidden(values: dict[str, str]) -> None:
    dumped = json_escaped(json.dumps(values, ensure_ascii=False, indent=1))
    assert json.loads(dumped) == values
    for line in dumped.splitlines():
        assert visible(line, 100_000) == line


def test_outside_text_with_a_secret_s_shape_is_masked_on_every_way_out() -> None:
    key = "0123456789abcdef0123456789abcdef-01234567-89abcdef"
    for text in (
        key,
        f"works {key}!",
        f"https://x.example/{key}?a",
        "pubkey-" + "a1" * 16,
        "KEY-" + "B2" * 16,
    ):
        shown = visible(text)
        assert key not in shown and "a1a1a1" not in shown and "B2B2B2" not in shown
        assert "‹secret …" in shown
        assert masked(text) == masked(masked(text))
    # Ids, hashes and uuids are no secrets.
    for text in ("01234567-89abcdef", "f" * 64, "0a1b2c3d-0000-1111-2222-333344445555", "x" * 300):
        assert masked(text) == text
