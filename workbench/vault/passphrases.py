"""Passphrases and passwords: judged in plain words, read from owner-only files, made at random."""

from __future__ import annotations

import os
import secrets
import string
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.core.atomic_files import read_private
from workbench.core.errors import UsageError
from workbench.core.redact import Secret

# zxcvbn's own scale is 0 to 4. Below 3 ("safely unguessable") a stolen vault file falls within days even
# through the key derivation used here.
ENOUGH = 3
PASSPHRASE_FILE = "WORKBENCH_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable, not a passphrase
LOST_WITHOUT_IT = (
    "Without this passphrase the new credentials in the vault are lost: nobody can recover it. "
    "Write it down, and keep it away from this host."
)
# zxcvbn refuses longer input (its matching is quadratic); judging the beginning errs on the weak side.
_JUDGED = 72
_FILE_LIMIT = 4096

SMTP_PASSWORD_LENGTH = 32  # the longest a chosen SMTP password may be (dossier, credentials)
# Letters and digits only: safe unquoted in shells, URLs, YAML, ini and PHP files, and for AUTH LOGIN.
SMTP_ALPHABET = string.ascii_letters + string.digits
# The letter that a random byte stands for, every one for as many bytes; those left over stand for none.
_EVEN = 256 - 256 % len(SMTP_ALPHABET)
_LETTERS = bytes(ord(SMTP_ALPHABET[byte % len(SMTP_ALPHABET)]) for byte in range(256))
_UNEVEN = bytes(range(_EVEN, 256))

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"
_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Judgement:
    """What zxcvbn thinks of a passphrase: ``score`` 0 to 4, whether it is ``good_enough``, and ``words``
    for the screen (never a part of the passphrase)."""

    score: int
    good_enough: bool
    words: str


_WORDS = (
    "Far too easy to guess.",
    "Very easy to guess.",
    "Easy to guess for somebody who has a copy of the vault file.",
    "Hard to guess.",
    "Very hard to guess.",
)


def judge(passphrase: Secret, about: tuple[str, ...] = ()) -> Judgement:
    """Return how well ``passphrase`` resists guessing; ``about`` are words an attacker would try first
    (account, domain and user names)."""
    from zxcvbn import zxcvbn

    result = zxcvbn(passphrase.reveal()[:_JUDGED], user_inputs=list(about))  # type: ignore[no-untyped-call]
    score = int(result["score"])
    feedback = result["feedback"]
    # The hints are zxcvbn's fixed sentences; they describe the pattern and never quote the passphrase.
    hints = [text for text in (feedback["warning"], *feedback["suggestions"]) if text]
    words = " ".join([_WORDS[score], *(hint if hint.endswith(".") else f"{hint}." for hint in hints)])
    return Judgement(score, score >= ENOUGH, words)


def judged(passphrase: Secret) -> tuple[str, bool]:
    """Return the judgement as a screen shows it while somebody types: its words, and whether it is good enough."""
    found = judge(passphrase)
    return found.words, found.good_enough


def check_new(first: str, second: str, about: tuple[str, ...] = ()) -> Secret:
    """Return the passphrase typed twice as a Secret; UsageError says why it cannot be taken."""
    if not first:
        raise UsageError("The passphrase is empty.", todo="Type one, or take the one offered.")
    if first != second:
        raise UsageError("The two passphrases differ.", "Nothing was saved.", "Type both again.")
    passphrase = Secret(first)
    verdict = judge(passphrase, about)
    if not verdict.good_enough:
        raise UsageError(
            "The passphrase is too weak to guard the new credentials.",
            verdict.words,
            "Take a longer one, or the one offered.",
        )
    return passphrase


def forget_judge() -> None:
    """Let go of zxcvbn and its word lists, some 10 MB: once a vault stands nobody asks; who does loads it again."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "zxcvbn"]:
        # Emptied, not only dropped: functions and their module hold each other until a full collection.
        vars(sys.modules.pop(name)).clear()


def generate_passphrase() -> Secret:
    """Return a passphrase to write down: six groups of two random syllables, about 75 bits."""
    groups = (
        "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2))
        for _ in range(_GROUPS)
    )
    return Secret("-".join(groups))


def passphrase_from_file(path: Path) -> Secret:
    """Return the first line of an owner-only file; UsageError with the reason where it cannot be used."""
    todo = f"Make it a plain file only you can read: chmod 600 {path}"
    try:
        data, _ = read_private(path, _FILE_LIMIT)
    except OSError as error:
        raise UsageError(
            f"The passphrase file {path} was refused: {error.strerror}.", "The vault stays locked.", todo
        ) from None
    try:
        line = data.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise UsageError(
            f"The passphrase file {path} is not UTF-8 text.", "The vault stays locked."
        ) from None
    if not line:
        raise UsageError(f"The first line of the passphrase file {path} is empty.", "The vault stays locked.")
    return Secret(line)


def passphrase_from_environment(environ: Mapping[str, str] | None = None) -> Secret | None:
    """Return the passphrase of ``WORKBENCH_PASSPHRASE_FILE``, or None where the variable is not set."""
    name = (os.environ if environ is None else environ).get(PASSPHRASE_FILE, "")
    return passphrase_from_file(Path(name)) if name else None


def new_smtp_password() -> Secret:
    """Return a new SMTP password: 32 letters and digits (190 bits) from the system's random source.

    It begins with a letter and holds both cases and a digit, so that no configuration format takes it for
    a number and no password policy refuses it.
    """
    while True:
        # One draw for all of its letters: thousands of logins may wait for theirs.
        drawn = secrets.token_bytes(2 * SMTP_PASSWORD_LENGTH).translate(_LETTERS, _UNEVEN)
        text = drawn[:SMTP_PASSWORD_LENGTH].decode("ascii")
        if len(text) < SMTP_PASSWORD_LENGTH:
            continue
        classes = (str.islower, str.isupper, str.isdigit)
        if text[0].isalpha() and all(any(map(kind, text)) for kind in classes):
            return Secret(text)
