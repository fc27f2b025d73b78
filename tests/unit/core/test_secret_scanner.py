"""Known secrets are noticed in every usual disguise, and nothing else is."""

from __future__ import annotations

import base64
import json
import random
import string
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.redact import Secret
from workbench.core.secret_scanner import SecretScanner
from workbench.vault.passphrases import new_smtp_password

PLAIN = "Vq3kL9wZr5TnB8xYc2MdP7sGf4HjA6eu"
HARD = 'p@ss "wörd"/\\+&=?%~ß∑\n end'


def scanner(*values: str) -> SecretScanner:
    made = SecretScanner()
    for value in values:
        assert made.add(Secret(value))
    return made


def disguises(value: str) -> dict[str, bytes]:
    raw = value.encode()
    return {
        "clear": raw,
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "url": quote(value, safe="").encode(),
        "url path": quote(value).encode(),
        "form": urlencode({"password": value}).encode(),
        "json": json.dumps({"password": value}).encode(),
        "json utf-8": json.dumps({"password": value}, ensure_ascii=False).encode(),
        "base64": base64.b64encode(raw),
        "base64 url": base64.urlsafe_b64encode(raw),
        "basic auth": base64.b64encode(b"api:" + raw),
        "auth plain": base64.b64encode(b"\0postmaster@mg.acme.example\0" + raw),
        "auth plain, longer": base64.b64encode(b"\0postmaster@mg.acme.example.\0" + raw + b"!"),
        "auth plain, longest": base64.b64encode(b"\0postmaster@mg.acme.example..\0" + raw + b"!!"),
        "data url in json": json.dumps(base64.b64encode(b"x" + raw).decode()).replace("/", "\\/").encode(),
    }


@pytest.mark.parametrize("value", [PLAIN, HARD])
@pytest.mark.parametrize("form", disguises("x"))
def test_every_disguise_is_noticed_anywhere_in_the_text(value: str, form: str) -> None:
    guard = scanner(value)
    disguised = disguises(value)[form]
    for data in (disguised, b"x" * 7 + disguised, disguised + b"tail", b'{"a":"' + disguised + b'"}'):
        assert guard.found_in(data)
    assert not guard.found_in(disguised[: len(disguised) // 3])


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40),
    st.binary(max_size=5),
    st.binary(),
)
def test_base64_is_noticed_whatever_stands_around_the_secret(value: str, before: bytes, after: bytes) -> None:
    guard = scanner(PLAIN)
    if guard.add(Secret(value)):
        assert guard.found_in(base64.b64encode(before + value.encode() + after))


def test_text_is_scanned_as_its_bytes() -> None:
    guard = scanner(HARD)
    assert guard.found_in(f"before {HARD} after")
    assert guard.found_in("\ud800" + HARD)
    assert not guard.found_in(HARD[:-1])


def test_short_values_are_said_not_to_be_guarded() -> None:
    guard = SecretScanner()
    assert not guard.add(Secret("acme123"))
    assert not guard.found_in("acme123")
    assert guard.add(Secret("acme1234"))
    assert guard.found_in("acme1234")


def test_an_empty_scanner_and_empty_data_find_nothing() -> None:
    assert not SecretScanner().found_in("anything at all")
    assert not scanner(PLAIN).found_in("")


def test_secrets_that_begin_alike_are_told_apart() -> None:
    guard = scanner("key-aaaa-first", "key-aaaa-second-and-longer")
    assert guard.found_in("x key-aaaa-second-and-longer")
    assert guard.found_in("x key-aaaa-first")
    assert not guard.found_in("x key-aaaa-secon")


def test_ten_thousand_secrets_are_all_found_and_ordinary_rows_are_not() -> None:
    random_text = random.Random(7)
    guard = SecretScanner()
    secrets = [new_smtp_password() for _ in range(10_000)]
    for secret in secrets:
        guard.add(secret)
    for secret in secrets[::500]:
        assert guard.found_in(f'{{"note":"x{secret.reveal()}y"}}')
        assert guard.found_in(base64.b64encode(b"postmaster:" + secret.reveal().encode()))
    for _ in range(200):
        row = "".join(random_text.choices(string.ascii_letters + string.digits, k=300))
        assert not guard.found_in(row)


def test_the_scanner_keeps_no_value() -> None:
    guard = scanner(PLAIN)
    assert PLAIN not in repr(vars(guard))
    assert PLAIN.encode().hex() not in repr(vars(guard))
