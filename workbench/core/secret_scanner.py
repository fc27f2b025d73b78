"""Notices a known secret in text that is about to be written, in clear or in a usual disguise.

The forms looked for are those in which secrets really escape: clear, JSON-escaped, URL-encoded, hex, and
base64 at each of its three alignments. The scanner keeps only keyed hashes, so ten thousand secrets can be
guarded for hours without their values lying in memory.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from hashlib import blake2b
from urllib.parse import quote, quote_plus

from workbench.core.redact import Secret

# Shorter values cannot be guarded: they occur by chance in addresses, times and hashes.
SHORTEST = 8
_PREFIX = 8
_DIGEST = 12
# Keys and generated passwords hold none of these in any form, so a text need only be searched in its runs
# of other characters, and only in runs as long as the shortest form.
_BREAK = rb"\s\"',:;{}\[\]()<>"
_BREAKS = re.compile(rb"[" + _BREAK + rb"]")


class SecretScanner:
    """A set of secrets to look for. Adding and scanning are cheap enough for every journal row: one look-up
    for each byte scanned, whatever the number of secrets."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        # By the form's first eight bytes: how long each such form is, and its keyed digest.
        self._forms: dict[int, tuple[tuple[int, bytes], ...]] = {}
        self._shortest = 0
        self._runs: re.Pattern[bytes] | None = None
        self._unbroken = True

    def __repr__(self) -> str:
        return f"SecretScanner({len(self._forms)} forms)"

    def add(self, secret: Secret) -> bool:
        """Look for ``secret`` from now on; False where it is too short (under 8 bytes) to be told from
        ordinary text, so that the caller can say it is not guarded."""
        value = secret.reveal().encode("utf-8", "surrogatepass")
        if len(value) < SHORTEST:
            return False
        for form in _forms(value):
            start = self._place(form[:_PREFIX])
            entry = (len(form), self._digest(form))
            known = self._forms.get(start, ())
            if entry not in known:
                self._forms[start] = (*known, entry)
            self._widen(form)
        return True

    def _widen(self, form: bytes) -> None:
        """Keep the search for runs wide enough for a form; a form with a break in it ends that shortcut."""
        if self._unbroken and _BREAKS.search(form):
            self._unbroken, self._runs = False, None
        elif self._unbroken and (not self._shortest or len(form) < self._shortest):
            self._shortest = len(form)
            self._runs = re.compile(rb"[^" + _BREAK + rb"]{" + str(self._shortest).encode() + rb",}")

    def found_in(self, data: bytes | str) -> bool:
        """Return whether any known secret stands in ``data`` in any form."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        if self._runs is not None:
            return any(self._scan(run.group()) for run in self._runs.finditer(raw))
        return self._scan(raw)

    def _scan(self, raw: bytes) -> bool:
        forms, place = self._forms, self._place
        if not forms:
            return False
        for start in range(len(raw) - _PREFIX + 1):
            candidates = forms.get(place(raw[start : start + _PREFIX]))
            if candidates is not None and self._confirm(raw, start, candidates):
                return True
        return False

    def _confirm(self, raw: bytes, start: int, candidates: tuple[tuple[int, bytes], ...]) -> bool:
        for length, digest in candidates:
            piece = raw[start : start + length]
            if len(piece) == length and self._digest(piece) == digest:
                return True
        return False

    def _digest(self, form: bytes) -> bytes:
        return blake2b(form, digest_size=_DIGEST, key=self._key).digest()

    @staticmethod
    def _place(prefix: bytes) -> int:
        return hash(prefix)


def _forms(value: bytes) -> set[bytes]:
    """All byte strings under which ``value`` is recognised."""
    return {form for form in _each_form(value) if len(form) >= _PREFIX}


def _each_form(value: bytes) -> Iterator[bytes]:
    yield value
    yield value.hex().encode()
    yield value.hex().upper().encode()
    if not value.isalnum():  # In letters and digits there is nothing to escape.
        for url in (quote(value, safe=""), quote(value), quote_plus(value)):
            yield url.encode()
        text = value.decode("utf-8", "surrogatepass")
        for ascii_only in (True, False):
            yield json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogatepass")
    for shift in range(3):
        yield from _base64(value, shift)


def _base64(value: bytes, shift: int) -> Iterator[bytes]:
    """The part of the value's base64 that does not depend on what stands before and after it.

    Base64 turns three bytes into four characters; with ``shift`` unknown bytes in front, the characters
    that hold bits of those bytes, and at the end those that hold bits of what follows, are left out.
    """
    first = -(-shift * 4 // 3)
    whole = (shift + len(value)) * 8 // 6
    encoded = base64.b64encode(bytes(shift) + value)[first:whole]
    yield encoded
    yield encoded.translate(bytes.maketrans(b"+/", b"-_"))
    # Where the encoded text ends up in JSON, some writers escape the slash.
    if b"/" in encoded:
        yield encoded.replace(b"/", b"\\/")
