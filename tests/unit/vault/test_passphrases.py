"""Passphrases judged and read, passwords made."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from workbench.core.errors import UsageError
from workbench.core.redact import Secret
from workbench.vault import passphrases
from workbench.vault.passphrases import (
    ENOUGH,
    SMTP_ALPHABET,
    check_new,
    forget_judge,
    generate_passphrase,
    judge,
    judged,
    new_smtp_password,
    passphrase_from_environment,
    passphrase_from_file,
)


@pytest.mark.parametrize("weak", ["letmein1", "mailgun1", "qwertyuiop", "aaaaaaaaaaaa", "2026-11-21"])
def test_weak_passphrases_are_told_in_words(weak: str) -> None:
    verdict = judge(Secret(weak))
    assert verdict.score < ENOUGH
    assert not verdict.good_enough
    assert verdict.words.endswith(".")
    assert weak not in verdict.words


def test_the_account_s_own_words_do_not_count() -> None:
    value = Secret("acmewidgets-newsletter")
    assert judge(value, ("acmewidgets", "newsletter")).score < judge(value).score


def test_a_very_long_passphrase_is_judged_not_refused() -> None:
    assert judge(Secret("correct horse battery staple " * 40)).good_enough


def test_while_it_is_typed_the_same_is_said() -> None:
    for text in ("letmein1", "correct horse battery staple"):
        whole = judge(Secret(text))
        assert judged(Secret(text)) == (whole.words, whole.good_enough)


def test_a_passphrase_may_end_in_any_letter(tmp_path: Path) -> None:
    assert passphrase_from_file(write(tmp_path / "phrase", b"pass phraseXX\r\n")) == Secret("pass phraseXX")


def test_a_judge_that_was_let_go_comes_back() -> None:
    before = judge(Secret("correct horse battery staple"))
    forget_judge()
    assert not [name for name in sys.modules if name.partition(".")[0] == "zxcvbn"]
    assert judge(Secret("correct horse battery staple")) == before


def test_generated_passphrases_are_strong_typable_and_different() -> None:
    made = {generate_passphrase().reveal() for _ in range(50)}
    assert len(made) == 50
    for text in made:
        assert re.fullmatch(r"([a-z]{4}-){5}[a-z]{4}", text)
        assert judge(Secret(text)).score == 4


def test_typed_twice() -> None:
    good = generate_passphrase().reveal()
    assert check_new(good, good) == Secret(good)
    with pytest.raises(UsageError, match="differ") as caught:
        check_new(good, good + "x")
    assert (caught.value.means, caught.value.todo) == ("Nothing was saved.", "Type both again.")
    with pytest.raises(UsageError, match="empty") as caught:
        check_new("", "")
    assert caught.value.todo == "Type one, or take the one offered."
    with pytest.raises(UsageError, match="too weak") as caught:
        check_new("password1", "password1")
    assert "password1" not in str(caught.value)
    assert caught.value.means == judge(Secret("password1")).words
    assert caught.value.todo == "Take a longer one, or the one offered."
    ours = "acmewidgets-newsletter"
    check_new(ours, ours)
    with pytest.raises(UsageError, match="too weak"):
        check_new(ours, ours, (ours,))


def write(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "content",
    [
        b"pass phrase",
        b"pass phrase\n",
        b"pass phrase\r\n",
        b"pass phrase\nnot this",
        b"pass phrase\nnor\nthis\n",
    ],
)
def test_the_first_line_of_an_owner_only_file_is_the_passphrase(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "phrase", content)
    assert passphrase_from_file(path) == Secret("pass phrase")
    assert passphrase_from_environment({"WORKBENCH_PASSPHRASE_FILE": str(path)}) == Secret("pass phrase")
    assert passphrase_from_environment({}) is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_passphrase_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "phrase", b"pass phrase", mode)
    with pytest.raises(UsageError, match=f"mode is {mode:04o}") as caught:
        passphrase_from_file(path)
    assert "chmod 600" in caught.value.todo and caught.value.means == "The vault stays locked."
    assert caught.value.exit_code == 2


def test_other_unusable_passphrase_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        passphrase_from_file(tmp_path / "missing")
    with pytest.raises(UsageError, match="empty") as empty:
        passphrase_from_file(write(tmp_path / "empty", b"\n"))
    with pytest.raises(UsageError, match="not UTF-8") as binary:
        passphrase_from_file(write(tmp_path / "binary", b"\xff\xfe"))
    assert empty.value.means == binary.value.means == "The vault stays locked."
    with pytest.raises(UsageError, match="larger"):
        passphrase_from_file(write(tmp_path / "large", b"x" * 5000))
    (tmp_path / "link").symlink_to(write(tmp_path / "phrase", b"pass phrase"))
    with pytest.raises(UsageError, match="symbolic link"):
        passphrase_from_file(tmp_path / "link")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(UsageError, match="not a regular file"):
        passphrase_from_file(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        passphrase_from_file(tmp_path)


def test_every_letter_of_an_smtp_password_is_as_likely() -> None:
    left = [passphrases._LETTERS[byte] for byte in range(256) if byte not in passphrases._UNEVEN]
    assert {chr(letter): left.count(letter) for letter in left} == dict.fromkeys(SMTP_ALPHABET, 4)


def test_smtp_passwords_fit_the_vendor_and_every_configuration_file() -> None:
    made = {new_smtp_password().reveal() for _ in range(300)}
    assert len(made) == 300
    for text in made:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{31}", text)
        assert re.search(r"[a-z]", text)
        assert re.search(r"[A-Z]", text)
        assert re.search(r"[0-9]", text)
