"""What must be true around a value of a key's shape before it counts as one."""

from __future__ import annotations

import re

from workbench.leaks import context

# What may stand directly before a value: nothing of a longer word, or the end of an escape (\n, %3A, \u0022).
_FREE_LEFT = re.compile(
    rb"(?:^|[^0-9A-Za-z_.#-]|\\[nrt]|%[0-9A-Fa-f]{2}|\\[ux][0-9A-Fa-f]{2,4}|--|(?<![0-9a-z])key-"
    rb"|(?<![0-9a-f])[=:]-)$"
)
_FREE_RIGHT = re.compile(rb"(?![0-9A-Za-z]|-[0-9A-Za-z])")


def packed_in(data: bytes, start: int, end: int, *, binary: bool) -> bool:
    """Return whether a value in binary data stands as its own string: a length, a tag or another value touches it.

    ``binary`` says that the buffer holds NUL bytes (given as line ends); elsewhere only a byte no text has will do.
    """
    if not binary:
        return _NO_TEXT.search(data[max(0, start - 2) : start]) is not None
    around = data[max(0, start - 120) : start] + data[end : end + 120]
    return _NO_TEXT.search(around) is not None or b"\n" in around or len(around) < 40


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\xff]")


def dashed_key(data: bytes, start: int, end: int, body: bytes, name: str) -> bool:
    """Return whether a ``key-`` with dashes inside is named or addressed as a key, as those of the first years were."""
    if sum(48 <= char <= 57 for char in body) < 4 or b"--" in body:
        return False
    return context.mailgun_near(data, start, end) or _OWN_NAME.search(name) is not None


def stands_free(data: bytes, start: int, end: int) -> bool:
    """Return whether nothing of a longer word touches a value."""
    left = data[max(0, start - 6) : start]
    return _FREE_LEFT.search(left) is not None and _FREE_RIGHT.match(data, end) is not None


def legacy_in_context(data: bytes, start: int, end: int, name: str, *, public: bool) -> bool:
    """Return whether a ``key-`` is Mailgun's; as a common cache key it needs a word, a name or userinfo."""
    against = context.speaks_against(data, start, end)
    if public:
        return not against or context.mailgun_near(data, start, end)
    if context.is_identifier(name) or _tells_apart(data, start, end):
        return False
    if data[max(0, start - 4) : start].lower() == b"api:":
        return context.mailgun_near(data, start, end) or not context.another_service(data, start, end)
    if _OWN_NAME.search(name) and not _CACHE_NAME.search(name):
        return True
    if _HANDED_OVER.search(data[max(0, start - 200) : start]):
        return True
    if _CACHE_NAME.search(name) or _names_a_file(data, start, end):
        return False
    if against:
        line = data[data.rfind(b"\n", 0, start) + 1 : start]
        return context.names_mailgun(line[-400:]) and not _cached(data, start, end)
    if context.mailgun_near(data, start, end):
        return not _cached(data, start, end) and _stands_as_key(data, start, name)
    # A file that holds nothing but the key: what `echo key > file` leaves.
    return len(data) <= 200 and data.strip(b" \t\r\n\"'") == data[start:end]


def _tells_apart(data: bytes, start: int, end: int) -> bool:
    """Whether a key tells one thing from another: an element, a member of an object, what a store is asked for."""
    before = data[max(0, start - 160) : start]
    if before[-1:] in b"\"'`" and _MEMBER.match(data, end):
        return True
    if _INDENT.search(before) and _NAMES_A_TEXT.match(data, end):
        return True
    attribute = _ELEMENT.search(before)
    if attribute is not None and not _OWN_NAME.search(attribute[1].decode("ascii")):
        return True
    entered = _ENTERED.search(before)
    if entered is not None and not _HOLDER.search(entered[1].decode("ascii")):
        return True
    return _ASKED_FOR.search(before) is not None


def _stands_as_key(data: bytes, start: int, name: str) -> bool:
    """Whether a ``key-`` near Mailgun's name stands where a key does: in something called so, spoken of, or alone."""
    from workbench.leaks.nesting import parents

    line = data[data.rfind(b"\n", 0, start) + 1 : start][-400:]
    listed = _LISTED.search(line)
    if listed is not None and context.is_identifier(listed[1].decode("ascii")):
        return False
    for parent, _ in parents(data, start):
        if _CACHE_NAME.search(parent):
            return False
        if "mailgun" in parent.lower():
            return True
    if context.names_mailgun(line):
        return True
    if name:
        return _HOLDER.search(name) is not None
    return _SPOKEN_OF.search(line) is not None or not line.strip(b" \t\"'`*>-")


def _cached(data: bytes, start: int, end: int) -> bool:
    """Whether the line around a key speaks of a cache, whose keys are written so too."""
    before = data[max(data.rfind(b"\n", 0, start) + 1, start - 200) : start]
    after = data[end : end + 40].split(b"\n", 1)[0]
    return _CACHE_LINE.search(before) is not None or _CACHE_LINE.search(after) is not None


def _names_a_file(data: bytes, start: int, end: int) -> bool:
    """Whether a key is a file's name or the last part of a path."""
    return (
        _EXTENSION.match(data, end) is not None
        or _PATH_BEFORE.search(data[max(0, start - 8) : start]) is not None
    )


# A key as a part of a path: of an address at Mailgun itself, or behind a part that says so.
_HANDED_OVER = re.compile(
    rb"(?i)https?://[\w.-]{0,40}\bmailgun\.(?:net|org|com)/[^\s\"'<>]{0,120}/$"
    rb"|mailgun(?:\+\w{1,12})?://[^\s\"'<>]{0,120}/$"
    rb"|mailgun[^\s\"'<>]{0,80}/(?:api[_-]?key|key|token|secret|auth)/$"
)
_EXTENSION = re.compile(rb"\.[a-z][a-z0-9]{1,4}(?![\w.(])")
_PATH_BEFORE = re.compile(rb"[a-z0-9_-]/$")
# An attribute of an element on a page, or a member of what a program makes one from.
_ELEMENT = re.compile(
    rb"(?i)(?:<(?:li|div|span|tr|td|a|ul|ol|p|option|img|button|section|article|label|svg|path|form|table)"
    rb"(?:\s[^<>]{0,100})?\s|\b(?:createElement|jsxs?|h)\(\s{0,4}[\"'\w.]{1,40}\s{0,4},\s{0,4}\{[^{}]{0,80}?)"
    rb"([:\w.-]{1,40})(?:=\{?|:\s{0,2})[\"'`]{0,2}$"
)
# What a field of a form holds, behind the field's name.
_ENTERED = re.compile(rb"(?i)<input\b[^<>]{0,80}\bname=[\"']([\w.\[\]-]{1,40})[\"'][^<>]{0,60}\bvalue=[\"']$")
# An element of a list, behind the list's name.
_LISTED = re.compile(
    rb"([\w.-]{1,60})[\"']?\s{0,4}[:=]\s{0,4}\[\s{0,4}(?:[\"'][^\"'\]]{1,80}[\"']\s{0,4},\s{0,4}){0,40}[\"']$"
)
# Names of what holds any value, or a key, as a word of theirs.
_HOLDER = re.compile(
    r"(?i)key|mailgun|^mg|value|content|default|string|data|text|secret|token|auth|api|user|private|live|prod|^\w$"
)
# A word for it before a value, or the user that every key has.
_SPOKEN_OF = re.compile(rb"(?i)(?:key|token|secret|api)\w{0,20}(?![\w-])[^\n]{1,30}$")
# The name of a member: its value follows.
_MEMBER = re.compile(rb"[\"'`](?::(?!:)|\s{1,4}:(?![:\w])|\s{0,4}=>)")
# A name at the beginning of its line, and the text it stands for.
_INDENT = re.compile(rb"(?:^|\n)[ \t]{0,40}(?:-[ \t])?[\"']?$")
_NAMES_A_TEXT = re.compile(rb"[\"']?[ \t]{0,4}(?::[ \t]|=(?!=))[ \t]{0,4}\S")
# A store, a page or a catalogue of texts is asked for what it holds under a key; or a word says that it is a name.
_ASKED_FOR = re.compile(
    rb"(?i)(?<![a-z])(?:m?get|set|put|has|add|del|delete|remove|forget|remember|incr|decr|touch|exists|expire|fetch|pull|"
    rb"lookup|lock|acquire|release|getItem|setItem|removeItem|getElementById|querySelector|closest|t|trans|translate|__|_"
    rb"|gettext|publish|subscribe|emit)\(\s{0,4}[\"'`][\w:./-]{0,40}$"
    rb"|[\"'`](?!\w{0,20}(?:api|key|secret|token))[\w.-]{1,30}:$"
    rb"|\{\s{0,4}\"S\":\s{0,4}\"$|\b(?:partition|offset)=[^\n]{0,100}\bkey=$"
    rb"|(?<![\w-])(?:id|ref|topic|job|task|lock|acquired|released|label|tag|branch|anchor|node|record|row|item|entry|file"
    rb"|object|alias|hash|slug)[#:]?[ \t]{1,4}$"
)
_OWN_NAME = re.compile(
    r"(?i)mailgun|(?:^|[._-])mg[._-]|api[._-]?key|apikey|secret|token|password|passwd|credential|auth"
)
_CACHE_LINE = re.compile(
    rb"(?i)cache[\w-]*\s{0,4}(?:=|:|\(|(?:miss|hit|store|key)\w*\b)|\bcached\b|_cache[\"']|\bttl\b|\betag\b"
    rb"|hash\s$|\b(?-i:M?GET|SET|SETEX|H[GS]ET|DEL|EXPIRE)\s$"
    rb"|^(?:[<>]\s)?(?:gets?|set|add|delete|incr|touch|value)\s$"
    rb"|\b(?-i:M?GET|SET|SETEX|SETNX|H[GS]ET|HGETALL|DEL|EXISTS|EXPIRE|TTL)\s[\w:.-]{1,60}:$"
)
_CACHE_NAME = re.compile(r"(?i)cache|redis|memo|etag|hash|store")
