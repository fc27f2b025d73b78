"""Recall and precision on the labelled corpus, as the figures the project promises."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

import pytest

from tests.unit.leaks.corpus import BASE36, Draw, look_alikes, own_passwords, packed, secrets
from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.leaks.model import KnownValue, SecretKind
from workbench.leaks.patterns import Scanner
from workbench.leaks.stream import scan_blocks


def values(scanner: Scanner, data: bytes) -> set[str]:
    return {match.secret.reveal() for match in scanner.scan(data)}


def test_shapes_in_context_are_found_with_their_exact_value() -> None:
    scanner = Scanner()
    samples = [*secrets(), *own_passwords()]
    missed = [sample.label for sample in samples if sample.value not in values(scanner, sample.data)]
    assert len(samples) > 1000
    assert len(missed) <= len(samples) * 0.02, missed


def test_nothing_else_is_taken_for_a_secret() -> None:
    scanner = Scanner()
    true, false = 0, []
    for sample in [*secrets(), *own_passwords(), *look_alikes()]:
        found = values(scanner, sample.data)
        true += sample.value in found
        false += [sample.label] * len(found - {sample.value})
    assert true / (true + len(false)) >= 0.95, false


def test_every_look_alike_stays_quiet_by_itself() -> None:
    scanner = Scanner()
    loud = {sample.label for sample in look_alikes(seed=77) if scanner.scan(sample.data)}
    assert len(loud) <= 2, loud


def disguises(value: str) -> dict[str, bytes]:
    raw = value.encode()
    login = b"postmaster@mg.example.com"
    plain = {
        "bare": raw,
        "dsn": b"mailgun+smtp://user:" + quote(value, safe="").encode() + b"@default",
        "basic header": b"Authorization: Basic " + base64.b64encode(b"api:" + raw),
        "base64": base64.b64encode(raw),
        "base64 shifted by one": base64.b64encode(b"x" + raw + b"yy"),
        "base64 shifted by two": base64.b64encode(b"xx" + raw + b"y"),
        "base64 url-safe": base64.urlsafe_b64encode(raw),
        "base64 of login and password": base64.b64encode(b"\0" + login + b"\0" + raw),
        "base64 of utf-16": base64.b64encode(value.encode("utf-16-le")),
        "url-escaped": quote(value, safe="").encode(),
        "url-escaped dashes": quote(value, safe="").replace("-", "%2D").encode(),
        "json": json.dumps({"x": value}).encode(),
        "json slashes": json.dumps({"x": value}).replace("/", "\\/").encode(),
        "json utf-8": json.dumps({"x": value}, ensure_ascii=False).encode(),
        "html": html.escape(value).encode(),
        "php-serialised": f's:{len(raw)}:"{value}";'.encode(),
        "userinfo": b"https://api:" + quote(value, safe="").encode() + b"@example.com/",
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "utf-16": value.encode("utf-16"),
        "utf-16-be": value.encode("utf-16-be"),
        "no boundary": b"abc123" + raw + b"def456",
    }
    wrapped = base64.encodebytes(b"A=1\nB=2\nSOME_LONGER_NAME=" + raw + b"\nMORE=" + b"z" * 60)
    return plain | ({"base64 in lines": wrapped} if len(raw) >= 36 else {})


HARD = 'pä/ss"w\\ö+rd&<%>?'
DRAW = Draw(5)


VALUES = {
    "current": DRAW.current(),
    "legacy": DRAW.legacy(),
    "old password": DRAW.old_password(),
    "own password": DRAW.own_password(),
    "chosen": DRAW.text(BASE36 + BASE36.upper(), 32),
    "hard": HARD,
}


@pytest.mark.parametrize(
    ("shape", "form"), [(shape, form) for shape in VALUES for form in disguises(VALUES[shape])]
)
def test_an_exact_value_is_found_in_every_form(shape: str, form: str) -> None:
    value = VALUES[shape]
    every = disguises(value)
    scanner = Scanner([KnownValue("vault: prod", Secret(value), SecretKind.SMTP_PASSWORD)], shapes=False)
    noise = b"some text before it\n" * 3
    for data in (every[form], noise + every[form], every[form] + b"\n" + noise):
        if form.startswith("utf-16") and data is not every[form]:
            continue
        matches = scanner.scan(data)
        assert {match.secret.reveal() for match in matches} == {value}, form
        assert all(match.known == "vault: prod" for match in matches)
    assert not scanner.scan(every[form][: len(every[form]) // 2])


def test_an_exact_value_hides_nothing_of_the_shape_search() -> None:
    one, other = DRAW.current(), DRAW.current()
    scanner = Scanner([KnownValue("old key", Secret(one), SecretKind.API_KEY)])
    text = f"MAILGUN_SECRET={one}\nMAILGUN_API_KEY={other}\n".encode()
    found = {match.secret.reveal(): match for match in scanner.scan(text)}
    assert found[one].known == "old key"
    assert found[other].known == ""
    assert (found[one].line, found[other].line) == (0, 1)
    assert found[other].name == "MAILGUN_API_KEY"


def test_a_value_too_short_to_be_searched_for_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as caught:
        Scanner([KnownValue("login x", Secret("abcde"), SecretKind.SMTP_PASSWORD)])
    assert "abcde" not in str(caught.value)


@pytest.mark.parametrize("block", [1000, 4096, 65537])
def test_a_stream_gives_each_secret_once_wherever_the_blocks_are_cut(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.leaks.stream.BLOCK", 20_000)
    draw = Draw(9)
    lines, expected = [], []
    for number in range(4000):
        if number % 97 == 0:
            value = draw.current() if number % 2 else draw.legacy()
            expected.append((number, value))
            lines.append(f"MAILGUN_API_KEY={value}")
        else:
            lines.append("x" * (number % 90))
    data = "\n".join(lines).encode()
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    found = [(match.line, match.secret.reveal()) for match in scan_blocks(blocks, Scanner())]
    assert found == expected


def test_a_secret_across_two_blocks_of_utf_16_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.leaks.stream.BLOCK", 20_000)
    value = Draw(3).current()
    data = ("filler line\n" * 1500 + f"MAILGUN_SECRET={value}\n" + "filler line\n" * 900).encode("utf-16-le")
    cut = data.find(value.encode("utf-16-le")) + 31
    found = [match.secret.reveal() for match in scan_blocks([data[:cut], data[cut:]], Scanner())]
    assert found == [value]


def test_kinds_follow_the_words_around_the_value() -> None:
    draw = Draw(21)
    key = draw.current()
    cases = {
        f"MAILGUN_API_KEY={key}": SecretKind.API_KEY,
        f"SMTP_PASSWORD={key}": SecretKind.SMTP_PASSWORD,
        f"MAILGUN_WEBHOOK_SIGNING_KEY={key}": SecretKind.SIGNING_KEY,
        f"MAILGUN_SENDING_KEY={key}": SecretKind.SENDING_KEY,
        f"hello {key}": SecretKind.UNKNOWN_50,
        f"MAILGUN_PUBKEY={draw.public()}": SecretKind.PUBLIC_KEY,
    }
    scanner = Scanner()
    assert {text: scanner.scan(text.encode())[0].kind for text in cases} == cases


def test_logins_are_read_beside_the_password() -> None:
    text = (
        "MAIL_HOST=smtp.mailgun.org\nMAIL_USERNAME=news@mg.example.com\nMAIL_PASSWORD=" + DRAW.old_password()
    )
    (match,) = Scanner().scan(text.encode())
    assert match.login == "news@mg.example.com"
    assert match.name == "MAIL_PASSWORD"


def test_arbitrary_bytes_never_break_the_scanner() -> None:
    draw = Draw(4)
    scanner = Scanner([KnownValue("k", Secret(draw.current()), SecretKind.API_KEY)])
    for size in (0, 1, 33, 5000):
        data = draw.random.randbytes(size)
        for piece in (data, b"mailgun" + data, b"postmaster@" + data + b"mailgun://" + data, packed(data)):
            assert isinstance(scanner.scan(piece), list)


def test_thousands_of_hits_in_one_buffer_take_linear_time() -> None:
    draw = Draw(8)
    line = "INSERT INTO t VALUES ('mailgun','{}');\n"
    data = "".join(line.format(draw.current()) for _ in range(4000)).encode()
    assert len(Scanner().scan(data)) == 4000
