"""What a bare value must look like: passwords hold dots too, code is made of words."""

from __future__ import annotations

import pytest

from workbench.leaks.fields import Field
from workbench.leaks.patterns import Scanner
from workbench.leaks.values import plausible

BLOCK = "SMTP_HOST=smtp.mailgun.org\nSMTP_USER=postmaster@mg.acme.example\nSMTP_PASSWORD={}\n"


def field(value: str, style: str = "") -> Field:
    return Field("password", value, 0, 10, 10 + len(value), b"=", False, style)


@pytest.mark.parametrize(
    "code", ["form.password2", "cfg.smtp1.pw2", "utils.base64", "self.config.smtp_pass1"]
)
def test_code_is_no_password_but_an_argument_is_no_code(code: str) -> None:
    assert not plausible(field(code))
    assert plausible(field(code, "command-line"))


@pytest.mark.parametrize("value", ["EFOFA.pMqp359", "kT7.wz9QxB", "q_4Zr.x8Lm0"])
def test_a_drawn_value_with_a_dot_is_no_code(value: str) -> None:
    assert plausible(field(value))


@pytest.mark.parametrize("value", ["pZHNARDUd!gQzRDr", "xQwRtPlKjHgFdSaZ", "mKvT!pQzRw#xLb"])
def test_a_drawn_value_without_a_digit_is_no_word(value: str) -> None:
    assert plausible(field(value))
    assert [match.secret.reveal() for match in Scanner().scan(BLOCK.format(value).encode())] == [value]


@pytest.mark.parametrize(
    "code", ["smtpPassword", "mailgunSmtpPwd", "passwordFromVault", "PasswordAuthentication", "mySmtpMgPwd"]
)
def test_an_identifier_is_a_word(code: str) -> None:
    assert not plausible(field(code))


@pytest.mark.parametrize("written", ["{}", '"{}"', "'{}'"])
def test_a_phrase_of_words_is_a_password(written: str) -> None:
    phrase = "violet tractor nine lagoon"
    found = Scanner().scan(BLOCK.format(written.format(phrase)).encode())
    assert [match.secret.reveal() for match in found] == [phrase]


@pytest.mark.parametrize(
    "speech",
    [
        "Forgot your password",
        "see the vault for it",
        "same as the panel login",
        "Wrong login or password",
        "Passwort vergessen bitte hier",
    ],
)
def test_what_somebody_says_of_a_password_is_none(speech: str) -> None:
    assert Scanner().scan(BLOCK.format(f'"{speech}"').encode()) == []


@pytest.mark.parametrize(
    "line",
    [
        "cache miss for key-{} (mailgun templates)",
        "12:00:01 cache store key-{} for the mailgun list",
        "GET key-{} (mailgun templates) ttl 300",
    ],
)
def test_the_key_of_a_cache_is_no_secret_whatever_it_caches(line: str) -> None:
    assert Scanner().scan(line.format("5e6049eb12e1b411002f13f303929733").encode()) == []
