"""What a value must look like to be a secret that has no shape of its own: a password somebody or something drew.

Free text beside a secret's name is as often a place-holder, a piece of code or a value kept encrypted as a password.
"""

from __future__ import annotations

import re

from workbench.leaks import context
from workbench.leaks.fields import Field
from workbench.leaks.model import SHAPE_50
from workbench.leaks.views import plain_of

# What Mailgun drew in its first years. Never base64 of a text, which has capitals.
OLD = re.compile(r"(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{12}")
HEX32 = re.compile(r"[0-9a-f]{32}")
SHAPED = re.compile(r"(?:pub)?key-[0-9a-z-]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
# Stored by software that keeps the key elsewhere: useless to whoever reads it here.
_ENCRYPTED = re.compile(
    r"(?i)^(?:enc[:(\[]|\{(?:aes|cipher|bcrypt|noop|ssha)|\{[a-z0-9+/=]{24,}\}|vault:|ansible_vault"
    r"|!vault|\*[0-9A-F]{40}$|\$(?:2[aby]|argon2|apr1|[156])\$|gaaaaa"
    r"|eyJ|AQICAH|AgB[A-Za-z0-9+/]{40}|-----BEGIN|file:|op://|ref\+|arn:|sops:|pass:|keyring:|kms:|ssm:)"
)


# The server a password is for is not the password.
_HOST = re.compile(r"(?i)[\w.-]*\bmailgun\.(?:org|net|com)(?::\d{1,5})?")
# An address of a machine, a version, a date.
_NUMBERS = re.compile(r"\d{1,4}(?:[.:/-]\d{1,4}){2,5}")
# Identifiers one inside the other: words, with a number behind at most.
_WORD = r"[A-Za-z_$]*(?:[a-z]{3}[A-Za-z_]*\d{0,3}|[A-Za-z_]\d?)"
_CODE = re.compile(rf"{_WORD}(?:(?:[._]|->|::){_WORD})+(?:\[\d*\]?)?|@{{1,2}}{_WORD}(?:[._]{_WORD})*")


def encrypted(value: str) -> bool:
    """Return whether a value is kept encrypted, hashed or elsewhere: it opens nothing."""
    return _ENCRYPTED.match(value) is not None


def plausible(field: Field) -> bool:
    """Return whether the value of a field may be a password: no place-holder, no code, no words."""
    value = field.value
    if value.startswith("--") and not field.quoted:
        return False
    if (
        context.is_placeholder(value)
        or _ENCRYPTED.match(value)
        or value.startswith(("&quot;", "&#", "&lt;", "&amp;"))
        or "://" in value
        or _HOST.fullmatch(value)
        or _NUMBERS.fullmatch(value)
        or not 6 <= len(value) <= 100
    ):
        return False
    if _ADDRESS.fullmatch(value) or (
        (stored := plain_of(value.encode())) and encrypted(stored.decode("ascii"))
    ):
        return False
    # An upper-case name with underscores is the next constant of a list, not a value.
    if re.match(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+(?:=|$)", value):
        return False
    if " " in value.strip():
        return context.is_passphrase(value, 3 if field.quoted else 4)
    if re.fullmatch(r"@?[A-Za-z_$][\w.$>-]*\(?.*\)?", value) and "(" in value:
        return False
    if (
        len(value) >= 40
        and re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", value)
        and plain_of(value.encode()) is None
    ):
        # Longer than any password Mailgun makes, and no text inside: encrypted by whoever stored it.
        return False
    letters, digits = any(c.isalpha() for c in value), any(c.isdigit() for c in value)
    marked = field.quoted or field.separator.rstrip()[-1:] in (b"<", b">", b"`")
    if marked:
        return (
            len(set(value)) >= 4
            and (digits or not value.islower() or len(value) >= 12)
            and value[0] not in "$%{<"
        )
    # Unquoted text may be code (password = form.password): a drawn value has letters and digits.
    return (
        letters
        and (digits or _no_word(value))
        and (field.style == "command-line" or _CODE.fullmatch(value) is None)
    )


def _no_word(value: str) -> bool:
    """Whether letters without a digit are neither a word nor an identifier made of words: ``pZqNARUd!gQzRDr``."""
    if re.fullmatch(r"[A-Za-z!#%&*+@^~?]{10,64}", value) is None or value.islower() or value.isupper():
        return False
    # What is drawn changes its case at every other letter, an identifier once a word.
    if value.isalpha() and len(re.findall(r"[a-z](?=[A-Z])", value)) < 3:
        return False
    words = re.findall(r"[A-Z]{2,5}(?=[A-Z][a-z]|$)|[A-Z]?[a-z]+", value)
    return sum(len(word) for word in words if context.reads_as_word(word)) < 0.6 * len(value)


def password_like(value: str) -> bool:
    """Return whether a token that nothing names reads as a password: not a host, an address, a path, a time, a word."""
    if re.match(r"[\w.+%-]+@[\w-]+\.[\w.-]+", value) or re.fullmatch(
        r"(?i)\[?[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,12}\]?(?::\d+)?(?:/\S*)?", value
    ):
        return False
    if re.fullmatch(
        r"[\d.:/T+Z-]+|[a-z]+|[A-Z][a-z]+|[A-Z_]+|--?[\w-]+(?:=.*)?|[./~][\w./-]+|\w+=.*|\d{1,5}", value
    ):
        return False
    return _no_word(value) or (any(c.isdigit() for c in value) and any(c.isalpha() for c in value))


def drawn(value: str) -> bool:
    """Return whether a value looks drawn: the old generated form, hex, or several kinds of signs."""
    if OLD.fullmatch(value) or HEX32.fullmatch(value) or SHAPE_50.fullmatch(value):
        return True
    kinds = (
        any(c.islower() for c in value),
        any(c.isupper() for c in value),
        any(c.isdigit() for c in value),
    )
    return (
        len(value) >= 10
        and sum(kinds) + any(not c.isalnum() for c in value) >= 3
        and not re.match(r"[A-Za-z]+[.:/]", value)
    )
