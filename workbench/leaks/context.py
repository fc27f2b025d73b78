"""The surroundings that decide whether a value of the right shape is a Mailgun secret.

Structure plus context beats entropy (dossier 1.1): a hash has as much entropy as a key. What speaks
against a value is the name it is assigned to (``cache``, ``etag``, ``trace`` …) and values no generator
makes (placeholders, documentation samples); what speaks for it is a Mailgun word nearby.
"""

from __future__ import annotations

import hashlib
import re
from unicodedata import combining, normalize

from workbench.leaks.languages import PLACE_HOLDER_WORDS

# How far a Mailgun word may stand from a value to count as its context, in bytes.
NEAR = 600

# Names a hash, an identifier or a cache entry is given; compared with the identifier left of the value
# and with the words directly before it.
_NOT_A_SECRET = re.compile(
    rb"(?i)(cache|etag|md5|sha\d|sha_|hash|checksum|digest|integrity|trace|span|uuid|guid|build[_-]?id"
    rb"|revision|commit|boundary|message[_-]?id|msgid|request[_-]?id|correlation|fingerprint|asset|session"
    rb"|transaction|blob|layer|bucket|object[_-]?id|nonce|etags|lock|version|artifact|chunk|snapshot)"
)
_MAILGUN = re.compile(rb"(?i)mailgun|(?<![a-z0-9])mg[_-]|(?<![a-z0-9])mg\.[a-z0-9-]+\.[a-z]{2,}")
_NAME_LEFT = re.compile(
    rb"([A-Za-z_$][\w$.\-\[\]]{0,80})[\"'\]\\]{0,4}\s{0,4}(?:=>|:=|[=:,(]|\s)[\s\"'`\\<>(a-z:@]{0,40}$"
)
# Words that stand before a value without being its name: curl options, the scheme of a header, a user.
_NO_NAMES = frozenset({"basic", "user", "u", "api", "key"})
_IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z0-9_.\-]{0,60}")
_PLACEHOLDER = re.compile(
    r"(?ix)^(?:null|none|nil|true|false|empty|undefined|secret|password|p[a4@][s5$]{2}w[o0]rd\d{0,4}|passwd|pass|pwd|changeme|change[_-]me"
    r"|abc\d{1,6}|\.\*.*"
    r"|test(?:ing)?|dummy|placeholder|todo|redacted|hidden|removed|masked|username|user|login|string|required"
    r"|your.*|my[_-]?(?:secret|pass|api|key|mailgun).*|example.*|sample.*|insert.*|enter.*|replace.*"
    r"|some[_-].*|the[_-].*"
    r"|.*(?:password|secret|api[_-]?key|token)[_-]?(?:here|goes|example|value).*|<.*|&lt;.*|\[.*|\{.*|\$.*|%\w+%"
    r"|%[({].*|@\w+@|\#\{.*"
    r"|env\b.*|process\.env.*|os\.(?:environ|getenv).*|getenv.*|config\b.*|settings?\..*|ENV\[.*"
    r"|secrets\..*|vault:.*"
    r"|!(?:secret|vault|Ref|Sub).*|(.)\1*|[x*•.…_-]+|(?:x{3,}|\*\*+|\.\.+).*)$"
)
# Documentation samples, kept as digests so that no scanner trips over this file: the legacy key, the public
# keys and the SMTP passwords of the vendor's old manual and of its API description (dossier 1.1).
_SAMPLES = frozenset(
    {
        "9c846fdf0fa8955c377d",
        "9bd1f158ca1a1b308d32",
        "5618e9b6f97e60097719",
        "0eafb12114bca3257186",
        "7a119c5b1af376d6602f",
        "716dd4c8cd7e36493051",
        "18c543cf09442fbca5e0",
    }
)


def is_sample(value: str) -> bool:
    """Return whether ``value`` is one of the vendor's documentation samples, or typed rather than drawn."""
    body = value.removeprefix("pub").removeprefix("key-")
    if len(body) >= 32 and len(set(body) - {"-"}) < 8:
        return True
    if len(body) >= 32 and (_counts_up(body) or _typed(body)):
        return True
    return hashlib.sha256(value.encode()).hexdigest()[:20] in _SAMPLES


def _counts_up(body: str) -> bool:
    """Whether the value is typed, not drawn: ``0123456789abcdef…`` or one short block over and over."""
    if "0123456789" in body or "abcdef0123" in body or "1234567890" in body:
        return True
    return any(body[:32] == (body[:size] * 32)[:32] for size in (2, 3, 4, 6, 8, 16))


def is_placeholder(value: str) -> bool:
    """Return whether a free-text value stands for a secret instead of being one."""
    return len(value) < 6 or _PLACEHOLDER.match(value) is not None or _spelt_out(value) or _typed(value)


_VOCABULARY = frozenset(
    "password passwd passwort pass pwd pw secret secrets key keys api apikey token mailgun smtp mail "  # noqa: SIM905
    "email mg user username login name "
    "your my the a an our some this here goes example sample test testing demo dummy fake change changeme "
    "me replace with insert enter "
    "put paste add set value string text xxx xxxx yyy foo bar baz foobar default admin root qwerty "
    "letmein hello world none null real "
    "actual new old strong super secure very long random generated private public domain com org net "
    "sandbox postmaster and or of from "
    "for in to at is not required optional here123 env prod production staging dev development local "
    "config credential credentials "
    "something whatever todo fixme hunter correct horse battery staple welcome "
    "wrong incorrect invalid abcd be no anything v chars characters letters digits symbols upper lower min "
    "minimum max maximum tests initial original mailbox update updated temp temporary mock mocked stub fixture "
    "second unit integration".split()
)


# Signs written for letters inside a word: ``p@$$w0rd``.
_LEET = str.maketrans("@$0", "aso")


def _spelt_out(value: str) -> bool:
    """Whether a value is made of words that describe one: ``your-mailgun-password1``, ``changeme123``."""
    if not value.isascii():
        # Signs above and below letters: ``tu-contraseña``.
        value = "".join(sign for sign in normalize("NFKD", value) if not combining(sign))
    value = re.sub(r"(?<=[A-Za-z])[@$0]+(?=[A-Za-z])", lambda found: found.group().translate(_LEET), value)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", value)
    rest = re.sub(r"[A-Za-z]+", "", value)
    if not words or re.fullmatch(r"[\W_]*\d{0,4}[\W_]*|[\W_]*", re.sub(r"[-_. ]", "", rest)) is None:
        return False
    # Words of other languages count whole: short ones side by side would spell too many a password.
    return all(word.lower() in PLACE_HOLDER_WORDS or _of_words(word.lower()) for word in words)


# Words of sentences and labels: somebody speaks of a password there.
_SPEECH = frozenset(
    "see set use used ask get new has have must should will can could please same below above page file "  # noqa: SIM905
    "forgot forgotten reset show hide confirm current again here there where which that they them when "
    "with without by on off into via than then was were are been being does did do it its if but so as "
    "enter type save send sent server address account settings manager vault hidden field leave blank empty "
    "encrypted stored kept longer needed least characters only from".split()
)


def is_passphrase(value: str, least: int) -> bool:
    """Return whether a value is made of at least ``least`` words as nobody speaks: a phrase drawn as a password."""
    words = re.split(r"[ ]", value)
    return (
        len(words) >= least
        and all(re.fullmatch(r"[A-Za-z0-9]{2,14}[!?.]?", word) for word in words)
        and not any(word.lower() in _VOCABULARY or word.lower() in _SPEECH for word in words)
        and len({word.lower() for word in words}) == len(words)
    )


def reads_as_word(letters: str) -> bool:
    """Return whether letters can be said, or are a word that describes a setting."""
    low = letters.lower()
    said = len(low) >= 3 and re.search(r"[aeiouy]", low) and not re.search(r"[^aeiouy]{4}", low)
    return bool(said) or low in _VOCABULARY


def _of_words(text: str) -> bool:
    """Whether letters are words of the vocabulary, one after the other: ``notarealpassword``."""
    ends = {0}
    for last in range(1, len(text) + 1):
        if any(text[first:last] in _VOCABULARY for first in ends):
            ends.add(last)
    return len(text) in ends


_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_COUNTED = "1234567890" * 4


def _typed(value: str) -> bool:
    """Whether letters and digits each count on, as nothing drawn does: ``abc123def456``."""
    letters = re.sub(r"[^a-z]", "", value.lower())
    digits = re.sub(r"\D", "", value)
    return len(letters) >= 6 and letters in _ALPHABET and digits in _COUNTED


def mailgun_near(data: bytes, start: int, end: int, reach: int = NEAR) -> bool:
    """Return whether a Mailgun word stands within ``reach`` bytes of ``data[start:end]``."""
    return (
        _MAILGUN.search(data, max(0, start - reach), start) is not None
        or _MAILGUN.search(data, end, end + reach) is not None
    )


def names_mailgun(text: bytes) -> bool:
    """Return whether a text names Mailgun."""
    return _MAILGUN.search(text) is not None


def mailgun_on_line(data: bytes, start: int, end: int) -> bool:
    """Return whether the line around ``data[start:end]`` (at most 400 bytes each way) names Mailgun."""
    left = max(data.rfind(b"\n", 0, start) + 1, start - 400)
    right = data.find(b"\n", end, end + 400)
    return _MAILGUN.search(data, left, end + 400 if right < 0 else right) is not None


def name_before(data: bytes, start: int) -> str:
    """Return the identifier that ``data[start:]`` is assigned to, ``""`` where none can be seen."""
    window = data[max(0, start - 160) : start]
    line = window.rfind(b"\n") + 1
    if not re.search(rb"\w", window[line:]):
        # The value stands alone on its line: its name is on the one before.
        line = window.rfind(b"\n", 0, max(0, line - 1)) + 1
    window = window[line:]
    serialised = re.search(rb's:\d+:\\?"([\w.\-]{1,60})\\?";s:\d+:\\?"$', window)
    if serialised:
        return serialised.group(1).decode("ascii")
    element = re.search(rb"<([\w:.-]{1,60})(?:\s[^<>]{0,80})?>\s{0,8}$", window)
    if element and is_identifier(element.group(1).decode("ascii")):
        return element.group(1).decode("ascii")
    cell = re.search(
        rb"(?i)<t[dh][^>]*>\s*([\w.$\[\]'\"\-]{1,80})\s*</t[dh]>\s*<td[^>]*>(?:\s|<[^>]*>|&quot;|[\"'])*$",
        window,
    )
    found = cell or _NAME_LEFT.search(window)
    if found is None or (cell is None and not _names_what_follows(window, found)):
        return ""
    names = _IDENTIFIER.findall(found.group(1))
    name = names[-1].decode("ascii").strip(".-") if names else ""
    return "" if name.lower() in _NO_NAMES else name


# A comma or a blank also parts the cells of a table and the words of a sentence: there only a word that speaks
# of a secret is a name, and behind a comma only the first argument of a call.
_TELLING = re.compile(
    rb"(?i)(?:pass|pwd|secret|token|key|smtp|mail|sign|webhook|auth|credential|(?:^|_)mg_)[a-z_.-]*$"
)
_FIRST_ARGUMENT = re.compile(rb"\w\s{0,4}\(\s{0,4}\\?[\"'`]?$")


def _names_what_follows(window: bytes, found: re.Match[bytes]) -> bool:
    """Whether the identifier is a name, not the value before in a list, a table or a sentence."""
    name = found.group(1)
    between = window[found.end(1) :].lstrip(b"\"'])\\")
    before = window[: found.start(1)]
    if between[:1] == b":" and between[1:2] not in b" \t" and before[-1:] == b":":
        return False
    telling = not any(48 <= char <= 57 for char in name) and _TELLING.search(name) is not None
    if before[-1:] and before[-1] in b"@%!*+/&~^?" and not telling:
        # The end of something longer that holds other characters than a name may.
        return False
    if between.lstrip()[:1] == b",":
        return _FIRST_ARGUMENT.search(before) is not None
    if between.lstrip()[:1] in (b"=", b":", b"("):
        return True
    return telling


_ASIDE = re.compile(rb"(?:[ \t;,](?://|#|--)|/\*)[^\n]{0,200}")


def mailgun_aside(data: bytes, end: int) -> bool:
    """Return whether the line behind a value names Mailgun only in passing, late in a comment on something else."""
    line = data[end : end + 400].partition(b"\n")[0]
    comment = _ASIDE.search(line)
    if comment is None or _MAILGUN.search(line, 0, comment.start()):
        return False
    named = _MAILGUN.search(comment.group())
    return named is not None and named.start() > 8


# Names of attributes and properties that hold identifiers: a key of that shape under them opens nothing.
_IDENTIFIES = re.compile(
    r"(?i)(?:^|[._-])(?:data-(?!\w*(?:secret|token|api|mailgun|pass))[\w-]+|alias|name|kid|(?-i:\w*[a-z]I[dD]s?)|wire:key|v-key"
    r"|class|classname|id|sid|for|href|aria-\w+|remember|forget|session\w*"
    r"|sess_?id|phpsessid|message[_-]?id|request[_-]?id|trace[_-]?id|span[_-]?id|etag|nonce|csrf\w*|u?guid|uuid"
    r"|checksum|digest|md5|sha\d*)$"
)
# The key of something: what the word before says it opens, or what it tells apart.
_KEY_OF = re.compile(r"(?i)([a-z]+?)[._-]?keys?$")
_OPENING = frozenset(
    "api private secret signing access auth mailgun mg public pub sending send mail email smtp prod production live "  # noqa: SIM905
    "test my the old new domain app account client service webhook us eu your our master server backup".split()
)
_HOSTS = re.compile(
    rb"(?i)https?://(?:[a-z0-9-]+\.)+[a-z]{2,}|[\"'\s/@]((?:[a-z0-9-]+\.)+(?:com|net|org|io|co|cn|dev|app|eu|de|fr|in|ru|uk"
    rb"|cloud))\b"
)


def is_identifier(name: str) -> bool:
    """Return whether a name is one that identifiers are given: a CSS class, a session, a message."""
    of = _KEY_OF.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name))
    return _IDENTIFIES.search(name) is not None or (of is not None and of[1].lower() not in _OPENING)


def another_service(data: bytes, start: int, end: int) -> bool:
    """Return whether a host that is not Mailgun's stands near a value, and none of Mailgun's does."""
    near = data[max(0, start - NEAR) : start] + b"\n" + data[end : end + NEAR]
    return not _MAILGUN.search(near) and _HOSTS.search(near) is not None


def speaks_against(data: bytes, start: int, end: int) -> bool:
    """Return whether the words directly before or after mark a hash, a cache entry or a file name."""
    line = max(data.rfind(b"\n", 0, start) + 1, start - 60)
    before = data[line:start]
    if _NOT_A_SECRET.search(before):
        return True
    # hashed assets and cache files: <value>.js, /<value>/, name_<value>.bin
    after = data[end : end + 12]
    return re.match(
        rb"\.(?:[a-z]{1,5}|[a-z0-9]{2,4}\.[a-z]{2,3})\b", after
    ) is not None and not after.startswith(b".mailgun")
