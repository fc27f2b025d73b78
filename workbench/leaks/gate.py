"""The one gate: whatever leaves the search beside a secret shows nothing of that or of another one.

A name, a login, a path or an address comes from the same hostile text as the secret, so any of them may be one:
the cell before a key in a table, the password in the URL on the next line, a file named after a key. Three
things are masked: what has the shape of a secret, what is itself a match (or is assigned to a name that speaks
of a secret) nearby, and what was the password part of a URL.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.core.redact import MASK
from workbench.leaks import context
from workbench.leaks.model import CommitRef, LeakPlace, Match, Neighbour

# Fields come from this close to their match, in bytes (the widest window of the placements and a bit).
NEAR = 1300
# A shorter piece hides by chance in ordinary words.
_SHORTEST = 5

# Tokens whose shape alone gives them away: Mailgun's, the best known other vendors', password hashes, JWTs.
_SHAPES = re.compile(
    r"[0-9a-fA-F]{32}-[0-9a-fA-F]{8}-[0-9a-fA-F]{8}|(?:pub)?key-[0-9A-Za-z-]{28,64}"
    r"|\b(?:sk|rk|pk)_(?:live|test)_\w{10,}|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}"
    r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bglpat-[\w-]{16,}|\bxkeysib-[\w-]{16,}|\bre_\w{20,}|\bmd-[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?|\$(?:2[aby]|apr1|5|6|argon2\w*)\$[^\s\"']{10,}"
)
_USERINFO = re.compile(r"(?i)([a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,200}:)[^\s\"'<>]+@")
# A name or a login is short and wordy; this many turns between letters and digits is something drawn.
_DRAWN = re.compile(r"(?:[A-Za-z]+\d+){2}|(?:\d+[A-Za-z]+){2}|[0-9a-fA-F]{16,}")
_WORD = re.compile(r"[0-9A-Za-z]+")

_URL_PASSWORD = re.compile(rb"(?i)[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,200}:([^\s\"'<>]{1,300})@")
_NAMED_SECRET = re.compile(
    rb"(?i)(?:pass|pwd|secret|token|api_?key|credential|_key)[\w.-]{0,40}[\"'\])\\]{0,4}[ \t]{0,8}"
    rb"(?:=>|:=|[=:,;]|[ \t])[ \t]{0,8}(?:s:\d{1,4}:)?\\?[\"'`]?([^\s\"'`<>\\,;]{5,200})"
)
# Two words with a colon between and a host after: user and password without a scheme.
_PAIR = re.compile(
    rb"(?i)(?<![\w.+-])(?!(?:static|plain|login|auth|user(?:name)?|[uir]|[\w.-]{0,40}mailgun\.(?:org|net)):)"
    rb"[\w.+-]{1,64}:"
    rb"([^\s:@/\"'<>]{5,200})@[a-z0-9.-]{3,}"
)


def masked_text(text: str, hidden: Iterable[str] = ()) -> str:
    """Return ``text`` with everything of a secret's shape, every URL password and every hidden value masked."""
    if not text:
        return text
    for value in hidden:
        if len(value) >= _SHORTEST and value in text:
            text = text.replace(value, MASK)
    if "://" in text:
        text = _USERINFO.sub(rf"\g<1>{MASK}@", text)
    return _SHAPES.sub(MASK, text)


def masked_name(name: str, hidden: Iterable[str] = ()) -> str:
    """Return a variable's name as it may be shown, ``""`` where it is, or holds, something drawn."""
    shown = masked_text(name, hidden)
    return "" if MASK in shown or _drawn(shown) else shown


def masked_login(login: str, hidden: Iterable[str] = ()) -> str:
    """Return a login as it may be shown, ``""`` where any part of it is a secret: half a login helps nobody."""
    shown = masked_text(login, hidden)
    if MASK in shown or "://" in shown:
        return ""
    local = shown.partition("@")[0]
    return "" if len(local) >= 16 and _drawn(local) else shown


def _drawn(text: str) -> bool:
    return any(len(word) >= 8 and _DRAWN.search(word) for word in _WORD.findall(text))


def cleared(data: bytes, matches: list[Match]) -> list[Match]:
    """Return the matches of one buffer with names and logins that hold no secret of their neighbourhood.

    ``matches`` are in the order of position. Takes linear time however many there are.
    """
    if not any(match.name or match.login for match in matches):
        return matches
    hidden = _hidden(data, matches)
    places = [at for at, _ in hidden]
    out = []
    for match in matches:
        if match.name or match.login:
            first, last = match.start - NEAR, match.start + NEAR
            near = {value for _, value in hidden[bisect_left(places, first) : bisect_left(places, last)]}
            near.add(match.secret.reveal())
            match = replace(match, name=masked_name(match.name, near), login=masked_login(match.login, near))
        out.append(match)
    return out


def _hidden(data: bytes, matches: Sequence[Match]) -> list[tuple[int, str]]:
    """Return position and text of everything around ``matches`` that must not be shown."""
    found: list[tuple[int, str]] = [(match.start, match.secret.reveal()) for match in matches]
    reached = 0
    for match in matches:
        first, last = max(reached, match.start - NEAR, 0), match.start + NEAR
        if first >= last:
            continue
        reached = last
        for rule in (_URL_PASSWORD, _NAMED_SECRET, _PAIR):
            for hit in rule.finditer(data, max(0, first - 300), min(len(data), last + 300)):
                value = hit.group(1).decode("utf-8", "replace")
                if not _harmless(value):
                    found.append((hit.start(1), value))
    found.sort()
    return found


# An address of plain words: what stands beside a credential as its user.
_MAILBOX = re.compile(r"[a-z]+(?:[._+-][a-z]+){0,4}@[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def _harmless(value: str) -> bool:
    """Whether a value beside a secret's name is itself only a name, a place-holder or a call."""
    if _MAILBOX.fullmatch(value):
        return True
    return len(value) < _SHORTEST or context.is_placeholder(value) or value.replace("_", "").isupper()


class Gate:
    """The gate for what is gathered over many files: paths, addresses of sites, authors, progress, errors.

    ``values`` are every secret found or given; those without a shape of their own are looked for in each text.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted(
            {value for value in values if not _SHAPES.fullmatch(value)}, key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """Return any text as it may be shown."""
        return masked_text(text, self._values)

    def place(self, place: LeakPlace) -> LeakPlace:
        """Return a place with every text of it as it may be shown."""
        return replace(
            place,
            root=self.text(place.root),
            path=self.text(place.path),
            inside=self.text(place.inside),
            name=masked_name(place.name, self._values),
            login=masked_login(place.login, self._values),
            first_commit=self._commit(place.first_commit),
            last_commit=self._commit(place.last_commit),
            neighbours=tuple(
                Neighbour(name, one.vendor, one.same)
                for one in place.neighbours
                if (name := masked_name(one.name, self._values))
            ),
        )

    def _commit(self, ref: CommitRef | None) -> CommitRef | None:
        return None if ref is None else replace(ref, author=self.text(ref.author))
